"""Seldon, SageMaker, Vertex AI and Azure ML: recorded requests, and containers whose environment is all there is."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
import requests

from conftest import BINARY, IRIS, ROOT, Server

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
CSV = "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"
LINES = "".join(json.dumps({"features": row}) + "\n" for row in ROWS)
PREFIXES = ("SAGEMAKER_", "AIP_", "AZUREML_", "SLIPWAY_")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Container:
    """`slipway serve` with nothing but variables, as a platform starts it."""

    def __init__(self, port, *arguments, health="/livez", **variables):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([BINARY, "serve", *map(str, arguments)], env={**clean, **variables},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(self.url + health, timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(self.process.communicate()[1])

    def post(self, path, body, **headers):
        data = body if isinstance(body, str) else json.dumps(body)
        return requests.post(self.url + path, data=data, headers=headers, timeout=30)

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(IRIS, folder / "model.joblib")
    return folder


@pytest.fixture
def container():
    running = []

    def begin(*arguments, **options):
        running.append(Container(*arguments, **options))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def test_seldon_predictions(iris):
    for data in ({"ndarray": ROWS}, {"names": ["a", "b", "c", "d"], "ndarray": ROWS},
                 {"tensor": {"shape": [2, 4], "values": ROWS[0] + ROWS[1]}}):
        answer = iris.post("/api/v1.0/predictions", {"data": data, "meta": {"puid": "p"}})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["meta"]["puid"] == "p"
        assert len(body["data"]["names"]) == 3
        if "tensor" in data:
            assert body["data"]["tensor"]["shape"] == [2, 3]
            values = body["data"]["tensor"]["values"]
        else:
            values = sum(body["data"]["ndarray"], [])
        expected = sum(iris.post("/predict?proba=1", {"features": ROWS}).json()["probabilities"], [])
        assert values == expected
    refused = iris.post("/api/v1.0/predictions", {"strData": "hello"})
    assert refused.status_code == 400
    assert refused.json()["status"]["status"] == 1 and "strData" in refused.json()["status"]["info"]
    assert iris.get("/health/ping").text == "pong"
    assert iris.post("/api/v1.0/feedback", {"reward": 1.0}).status_code == 200


@pytest.mark.parametrize("content_type, body", [
    ("text/csv", CSV), ("application/json", json.dumps({"instances": [{"features": row} for row in ROWS]})),
    ("application/json", json.dumps({"instances": ROWS})), ("application/json", json.dumps(ROWS)),
    ("application/jsonlines", LINES)])
def test_sagemaker_invocations(container, model_folder, content_type, body):
    port = free_port()
    server = container(port, model_folder, health="/ping", SAGEMAKER_BIND_TO_PORT=str(port))
    expected = requests.post(server.url + "/predict", json={"features": ROWS}, timeout=30).json()["prediction"]
    answer = server.post("/invocations", body, **{"Content-Type": content_type, "Accept": "text/csv",
                                                  "X-Amzn-SageMaker-Custom-Attributes": "trace=7"})
    assert answer.status_code == 200, answer.text
    assert answer.text.split() == expected
    assert answer.headers["X-Amzn-SageMaker-Custom-Attributes"] == "trace=7"
    assert answer.headers["Content-Type"].startswith("text/csv")
    for accept in ("application/json", "*/*"):
        predictions = server.post("/invocations", body, **{"Content-Type": content_type, "Accept": accept}).json()["predictions"]
        assert [each["predicted_label"] for each in predictions] == expected
        assert all(len(each["score"]) == 3 for each in predictions)
    lines = server.post("/invocations", body, **{"Content-Type": content_type, "Accept": "application/jsonlines"}).text
    assert [json.loads(line)["predicted_label"] for line in lines.splitlines()] == expected
    assert requests.get(server.url + "/models", timeout=30).json()["models"][0]["modelName"] == "model"
    assert server.post("/models", {"model_name": "a", "url": "/a"}).status_code == 403


def test_vertex_reads_its_variables_alone(container, model_folder):
    port = free_port()
    server = container(port, health="/health/of/it", AIP_MODE="PREDICTION", AIP_HTTP_PORT=str(port),
                       AIP_HEALTH_ROUTE="/health/of/it", AIP_PREDICT_ROUTE="/v1/endpoints/9/deployedModels/7:predict",
                       AIP_STORAGE_URI=str(model_folder))
    answer = server.post("/v1/endpoints/9/deployedModels/7:predict", {"instances": ROWS, "parameters": {"a": 1}})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["predictions"]) == 2 and answer.json()["deployedModelId"] == "7"


def test_vertex_says_that_it_cannot_read_a_bucket():
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    ended = subprocess.run([BINARY, "serve"], env={**clean, "AIP_STORAGE_URI": "gs://bucket/model"}, capture_output=True,
                           text=True, timeout=60)
    assert ended.returncode == 1 and "gs://bucket/model" in ended.stderr


def test_azure_ml_reads_its_variables(container, model_folder):
    port = free_port()
    server = container(port, "--port", port, health="/readyz", AZUREML_MODEL_DIR=str(model_folder))
    assert requests.get(server.url + "/", timeout=30).text == "Healthy"
    expected = requests.post(server.url + "/predict", json={"features": ROWS}, timeout=30).json()["prediction"]
    for body in ({"data": ROWS}, {"input_data": ROWS}, {"Inputs": {"data": ROWS}, "GlobalParameters": 1.0}):
        assert server.post("/score", body, **{"Content-Type": "application/json"}).json() == expected
    assert requests.get(server.url + "/swagger.json", timeout=30).json()["swagger"] == "2.0"


def test_variables_of_two_platforms_decide_nothing(container, model_folder):
    port = free_port()
    server = container(port, model_folder, "--port", port, AZUREML_MODEL_DIR="/a", AIP_MODE="PREDICTION")
    assert requests.get(server.url + "/", timeout=30).text != "Healthy"


CLIENTS = ROOT / "tests" / "e2e" / "clients"


def python_of(name):
    made = subprocess.run([ROOT / "tools/venv", name, CLIENTS / name / "requirements.txt"], check=True, capture_output=True,
                          text=True, timeout=1200)
    return made.stdout.strip() + "/bin/"


@contextlib.contextmanager
def original(port, health, *arguments, **variables):
    """Another server, until it has answered and as long as it is wanted."""
    process = subprocess.Popen([str(argument) for argument in arguments], env={**os.environ, **variables},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            assert time.monotonic() < deadline and process.poll() is None, arguments
            try:
                requests.get(url + health, timeout=5)
                break
            except requests.RequestException:
                time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def seldon_original():
    port = free_port()
    with original(port, "/health/ping", python_of("seldon") + "python", CLIENTS / "seldon" / "original.py", "serve", IRIS,
                  port) as url:
        yield url


SELDON_BODIES = [
    {"data": {"ndarray": ROWS}}, {"data": {"names": ["a", "b", "c", "d"], "ndarray": ROWS}},
    {"data": {"tensor": {"shape": [2, 4], "values": ROWS[0] + ROWS[1]}}},
    {"data": {"ndarray": ROWS[:1]}, "meta": {"puid": "p", "tags": {"a": 1, "b": "c"}}},
]


@pytest.mark.parametrize("body", SELDON_BODIES)
def test_seldon_answers_as_its_microservice(iris, seldon_original, body):
    ours = iris.post("/api/v1.0/predictions", body).json()
    theirs = requests.post(seldon_original + "/api/v1.0/predictions", json=body, timeout=30).json()
    assert ours["data"].keys() == theirs["data"].keys() and ours["data"]["names"] == theirs["data"]["names"]
    form = "tensor" if "tensor" in theirs["data"] else "ndarray"
    values = [answer["data"]["tensor"]["values"] if form == "tensor" else sum(answer["data"]["ndarray"], [])
              for answer in (ours, theirs)]
    assert values[0] == pytest.approx(values[1], rel=1e-9)
    for key, value in theirs["meta"].items():
        assert ours["meta"][key] == value


@pytest.mark.parametrize("body", ["{nope", "", "{}", "[]"])
def test_seldon_refuses_as_its_microservice(iris, seldon_original, body):
    ours = iris.post("/api/v1.0/predictions", body)
    theirs = requests.post(seldon_original + "/api/v1.0/predictions", data=body, headers={"Content-Type": "application/json"},
                           timeout=30)
    assert ours.status_code == theirs.status_code == 400
    for field in ("code", "reason", "status"):
        assert ours.json()["status"][field] == theirs.json()["status"][field]


def test_seldons_client_goes_on(iris):
    def told(name):
        lines = [line for line in iris.get("/metrics").text.splitlines() if line.startswith(name + "{")]
        return float(lines[0].split()[-1]) if lines else 0

    before = told("seldon_api_model_feedback_total"), told("seldon_api_model_feedback_reward_total")
    done = subprocess.run([python_of("seldon") + "python", CLIENTS / "seldon" / "original.py", "ask", f"127.0.0.1:{iris.port}"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    got = json.loads(done.stdout)
    for payload in ("ndarray", "tensor"):
        success, answer = got[payload]
        assert success and list(answer["data"]) == ["names", payload] and got["feedback " + payload]
    assert got["plain"][0] and got["no model"] == [False, "404:Not Found"]
    after = told("seldon_api_model_feedback_total"), told("seldon_api_model_feedback_reward_total")
    assert after == (before[0] + 2, before[1] + 1)


@pytest.fixture(scope="module")
def azure_original():
    port = free_port()
    with original(port, "/", python_of("azure") + "azmlinfsrv", "--entry_script", CLIENTS / "azure" / "score.py", "--port", port,
                  MODEL_FILE=str(IRIS)) as url:
        yield url


def test_azure_ml_answers_as_its_server(iris, azure_original):
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    for body in ({"data": ROWS}, {"input_data": ROWS}, {"input_data": {"columns": names, "index": [0, 1], "data": ROWS}},
                 {"input_data": {"data": ROWS, "index": [0, 1], "columns": names}, "params": {}}):
        for ids in ({}, {"x-ms-request-id": "abc"}, {"x-ms-client-request-id": "cli"}):
            ours, theirs = (requests.post(url + "/score", json=body, headers=ids, timeout=30) for url in (iris.url, azure_original))
            assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), (body, ours.text)
            assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]
            if ids:
                assert ours.headers["x-ms-request-id"] == theirs.headers["x-ms-request-id"]


@pytest.mark.parametrize("data, message", [
    ({"columns": ["a"], "data": [[1]]}, "is missing"), ({"columns": 3, "data": []}, "a list of names"),
    ({"columns": ["sepal_length"]}, "is missing"), ({}, '"data"'), ({"data": [[1, 2]]}, "4 columns"),
    ({"data": [1, 2]}, "lists of values"), ({"data": 1}, "a list of rows"), ({"data": []}, "no rows"),
])
def test_azure_ml_frames_that_are_wrong(iris, data, message):
    answer = iris.post("/score", {"input_data": data})
    assert answer.status_code == 400 and message in answer.json()["error"], answer.text


def sagemaker_toolkit(script, *arguments, stdin=b""):
    """Runs a line of Python that has SageMaker's own encoder and decoder."""
    code = "import sys, json, numpy as np; from sagemaker_inference import encoder, decoder\n" + script
    done = subprocess.run([python_of("sagemaker") + "python", "-c", code, *arguments], input=stdin, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("content_type", ["application/x-npy", "text/csv", "application/json"])
def test_sagemaker_reads_what_its_toolkit_writes(iris, content_type):
    body = sagemaker_toolkit("data = encoder.encode(np.array(json.loads(sys.argv[1])), sys.argv[2])\n"
                             "sys.stdout.buffer.write(data if isinstance(data, bytes) else data.encode())",
                             json.dumps(ROWS), content_type)
    server = Server(IRIS, "--compat", "sagemaker,simple")
    try:
        expected = server.post("/predict", {"features": ROWS}).json()["prediction"]
        for accept in ("application/x-npy", "text/csv"):
            answer = server.http.post(server.url + "/invocations", data=body, timeout=30,
                                      headers={"Content-Type": content_type, "Accept": accept})
            assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, accept)
            read = sagemaker_toolkit("got = decoder.decode(sys.stdin.buffer.read(), 'application/x-npy') if sys.argv[1] != 'text/csv' "
                                     "else np.array(sys.stdin.read().split())\nprint(json.dumps(got.tolist()))", accept,
                                     stdin=answer.content)
            assert json.loads(read) == expected
        unasked = server.http.post(server.url + "/invocations", data=body, headers={"Content-Type": content_type}, timeout=30)
        assert unasked.headers["Content-Type"].startswith("application/x-npy" if "npy" in content_type else "application/json")
        for accept, status in (("text/html", 406), ("text/csv;q=0", 406), ("application/json;q=0.5, text/csv", 200)):
            got = server.http.post(server.url + "/invocations", data=body, timeout=30,
                                   headers={"Content-Type": content_type, "Accept": accept})
            assert got.status_code == status
        broken = server.http.post(server.url + "/invocations", data=b"\x93NUMPY\x01\x00", timeout=30,
                                  headers={"Content-Type": "application/x-npy"})
        assert broken.status_code == 400 and ".npy" in broken.json()["error"]
    finally:
        server.stop()


def test_sagemaker_loads_models_until_memory_is_full(tmp_path, monkeypatch, start):
    monkeypatch.setenv("SLIPWAY_ADMIN_TOKEN", "secret")
    for name in ("first", "second"):
        folder = tmp_path / "models" / name / "model"
        folder.mkdir(parents=True)
        shutil.copy(IRIS, folder / "model.joblib")
    (tmp_path / "served").mkdir()
    shutil.copy(IRIS, tmp_path / "served" / "kept.joblib")
    admin = {"Authorization": "Bearer secret", "Content-Type": "application/json"}

    def load(server, name, url=None):
        return server.post("/models", {"model_name": name, "url": str(url or tmp_path / "models" / name / "model")}, headers=admin)

    server = start(tmp_path / "served", "--compat", "sagemaker,all", "--allow-folder", tmp_path / "models")
    assert load(server, "first").status_code == 200
    assert load(server, "first").status_code == 409
    answer = server.post("/models/first/invoke", {"instances": ROWS})
    assert answer.status_code == 200 and len(answer.json()["predictions"]) == 2
    targeted = server.post("/invocations", {"instances": ROWS}, headers={"Content-Type": "application/json",
                                                                         "X-Amzn-SageMaker-Target-Model": "first.tar.gz"})
    assert targeted.json() == answer.json()
    assert load(server, "other", tmp_path).status_code == 403  # neither served nor allowed
    assert load(server, "none", tmp_path / "models" / "none").status_code in (400, 404)
    assert server.http.delete(server.url + "/models/first", headers=admin, timeout=30).status_code == 200
    assert server.post("/models/first/invoke", {"instances": ROWS}).status_code in (404, 503)
    assert load(server, "first").status_code == 200
    (tmp_path / "empty").mkdir()
    small = Server(tmp_path / "empty", "--compat", "sagemaker,all", "--allow-folder", tmp_path / "models", "--memory-budget", "1k")
    try:
        assert load(small, "second").status_code == 507
    finally:
        small.stop()
