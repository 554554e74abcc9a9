"""Seldon, SageMaker, Vertex AI and Azure ML: recorded requests, and containers whose environment is all there is."""

import json
import os
import shutil
import socket
import subprocess
import time

import pytest
import requests

from conftest import BINARY, IRIS

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
    assert refused.json()["status"]["status"] == "FAILURE" and "strData" in refused.json()["status"]["info"]
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
