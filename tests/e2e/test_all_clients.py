"""The real clients of all systems at once, against one server on one port with the default dialects: each sees what it saw
alone."""

import concurrent.futures
import json
import os
import re
import subprocess
import sys

import pytest

from conftest import DATA, IRIS, ROOT, Server

HERE = ROOT / "tests" / "e2e"
CASES = DATA / "1.7.2"
ROUNDS = 3
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROW = dict(zip(NAMES, [5.1, 3.5, 1.4, 0.2]))

TRITON = """
import sys, numpy, tritonclient.{0} as triton
client = triton.InferenceServerClient("127.0.0.1:" + sys.argv[1])
inputs = []
for name, value in {1}.items():
    inputs.append(triton.InferInput(name, [1, 1], "FP64"))
    inputs[-1].set_data_from_numpy(numpy.array([[value]]))
for _ in range(50):
    answer = client.infer("iris", inputs, outputs=[triton.InferRequestedOutput("predict_proba")])
print(answer.as_numpy("predict_proba").tolist(), client.is_model_ready("iris"))
"""
MLFLOW = """
import sys, pandas
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
client = ScoringServerClient("127.0.0.1", int(sys.argv[1]))
for _ in range(20):
    answer = client.invoke(pandas.DataFrame([{0}])).get_predictions()
print(answer.iloc[:, 0].tolist())
"""
OPENSCORING = """
import sys
from openscoring import Openscoring
client = Openscoring("http://127.0.0.1:" + sys.argv[1] + "/openscoring")
for _ in range(20):
    answer = client.evaluate("iris", {0})
print(answer)
"""
PLAIN = """
import sys, requests
session, url = requests.Session(), "http://127.0.0.1:" + sys.argv[1]
row = {0}
for _ in range(50):
    answers = [session.post(url + path, json=body).text for path, body in [
        ("/predict", row), ("/v1/models/iris:predict", {{"instances": [row]}}), ("/score", {{"data": [row]}}),
        ("/models/iris/invoke", {{"instances": [row]}}), ("/predictions/iris", [row]),
        ("/v1/endpoints/1/deployedModels/1:predict", {{"instances": [row]}})]]
print(answers)
"""


def python_of(name, requirements):
    made = subprocess.run([ROOT / "tools" / "venv", name, requirements], capture_output=True, text=True, timeout=1200)
    assert made.returncode == 0, made.stderr[-3000:]
    return made.stdout.strip() + "/bin/python"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    models = tmp_path_factory.mktemp("all") / "models.yaml"
    models.write_text(json.dumps({"models": [
        {"name": "iris", "path": str(IRIS), "labels": {"canary": 1}},
        {"name": "mixed", "path": str(CASES / json.loads((CASES / "nested_stack_of_pipelines.json").read_text())["file"])},
        {"name": "line", "path": str(CASES / json.loads((CASES / "linear_regression.json").read_text())["file"])}]}))
    server = Server(models, "--default-model", "iris").wait_ready()
    yield str(server.port)
    assert server.stop() == 0


@pytest.fixture(scope="module")
def clients(port, tmp_path_factory):
    """{name: command}"""
    calls = tmp_path_factory.mktemp("torchserve") / "calls.json"
    calls.write_text(json.dumps([["inference", "Ping", {}, []]] + [
        ["inference", "Predictions", {"modelName": "iris", "input": {"data": json.dumps(ROW)}}, []]] * 50 + [
        ["management", "ListModels", {"limit": 10}, []]]))
    torchserve = python_of("torchserve", HERE / "torchserve_requirements.txt")
    tfserving = python_of("tfserving", HERE / "tfserving_requirements.txt")
    own = {name: python_of(name, HERE / "clients" / name / "requirements.txt") for name in ("mlflow", "seldon", "openscoring")}
    return {
        "triton over HTTP": [sys.executable, "-c", TRITON.format("http", ROW), port],
        "triton over gRPC": [sys.executable, "-c", TRITON.format("grpc", ROW), port],
        "plain": [sys.executable, "-c", PLAIN.format(ROW), port],
        "tensorflow-serving-api": [tfserving, HERE / "clients" / "tfserving_client.py", port,
                                   CASES / "nested_stack_of_pipelines.json", CASES / "linear_regression.json"],
        "torchserve": [torchserve, HERE / "clients" / "torchserve_client.py", port, port, calls],
        "mlflow": [own["mlflow"], "-c", MLFLOW.format(ROW), port],
        "openscoring": [own["openscoring"], "-c", OPENSCORING.format(ROW), port],
        "seldon": [own["seldon"], HERE / "clients" / "seldon" / "original.py", "ask", f"127.0.0.1:{port}"],
    }


def seen(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300,
                          env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 0, done.stderr[-3000:]
    text = re.sub(r"""(['"]puid['"]): ?['"][^'"]*['"]""", r'\1: ""', done.stdout)
    if not text.startswith('{"'):
        return text
    result = json.loads(text)
    result.pop("errors", None)  # they list tensors in the order of the client's maps, which changes
    return result


def test_each_client_sees_beside_the_others_what_it_saw_alone(clients):
    alone = {name: seen(command) for name, command in clients.items()}
    assert all(alone.values())
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        for _ in range(ROUNDS):
            beside = dict(zip(clients, pool.map(seen, clients.values())))
            assert beside == alone
