"""TorchServe's three interfaces and its gRPC services. Archives are written by torch-model-archiver, clients made from the
protos inside TorchServe's own package; what is expected was answered by TorchServe 0.12.0 itself."""

import json
import socket

import requests

from conftest import DATA, IRIS, run
from torchserve_store import (ADMIN, LABELS, MISSING, ROWS, SERVE, archives, ask, error, predict, python, register, server,
                              store)  # noqa: F401


def test_models_come_and_go_with_their_versions(server, store):
    assert ask(server, "GET", "/ping") == {"status": "Healthy"}
    assert ask(server, "GET", "/models") == {"models": []}
    assert predict(server, ROWS, "nope", 404) == error(404, "ModelNotFoundException", MISSING)
    assert register(server, "url=iris-1.0.mar&initial_workers=2&synchronous=true") == {
        "status": 'Model "iris" Version: 1.0 registered with 2 initial workers'}
    assert register(server, "url=iris-1.0.mar", 409) == error(
        409, "ConflictStatusException", "Model version 1.0 is already registered for model iris")
    assert register(server, "url=iris-2.0.mar") == {
        "status": 'Model "iris" Version: 2.0 registered with 0 initial workers. '
                  "Use scale workers API to add workers for the model."}
    assert predict(server, ROWS) == predict(server, ROWS, "iris/1.0") == predict(server, ROWS, "iris/2.0") == LABELS
    assert predict(server, ROWS, "iris/9.0", 404) == error(
        404, "ModelVersionNotFoundException", "Model version: 9.0 does not exist for model: iris")
    described = ask(server, "GET", "/models/iris")
    assert [one["modelVersion"] for one in described] == ["1.0"]
    assert described[0]["modelUrl"] == "iris-1.0.mar" and described[0]["runtime"] == "python"
    assert described[0]["minWorkers"] == len(described[0]["workers"]) == 2
    assert described[0]["loadedAtStartup"] is False and described[0]["workers"][0]["status"] == "READY"
    assert sorted(one["modelVersion"] for one in ask(server, "GET", "/models/iris/all")) == ["1.0", "2.0"]
    custom = ask(server, "GET", "/models/iris/2.0?customized=true")[0]["customizedMetadata"]
    assert custom["library"] == "scikit-learn" and len(custom["inputs"]) == 4 and "predict" in custom["outputs"]
    assert ask(server, "PUT", "/models/iris/2.0/set-default") == {
        "status": 'Default version successfully updated for model "iris" to "2.0"'}
    assert [one["modelVersion"] for one in ask(server, "GET", "/models/iris")] == ["2.0"]
    assert ask(server, "DELETE", "/models/iris/2.0", 403) == error(
        403, "InvalidModelVersionException", "Cannot remove default version for model iris")
    assert ask(server, "DELETE", "/models/iris/1.0") == {"status": 'Model "iris" unregistered'}
    assert predict(server, ROWS, "iris/1.0", 404)["type"] == "ModelVersionNotFoundException"
    assert predict(server, ROWS) == LABELS
    assert ask(server, "DELETE", "/models/iris") == {"status": 'Model "iris" unregistered'}
    assert predict(server, ROWS, status=404) == error(404, "ModelNotFoundException", "Model not found: iris")
    assert ask(server, "GET", "/models") == {"models": []}
    assert register(server, "url=iris-1.0.mar")["status"].startswith('Model "iris" Version: 1.0')
    assert predict(server, ROWS) == LABELS


def test_what_a_registration_may_name(server, store):
    assert register(server, "", 400) == error(400, "BadRequestException", "Parameter url is required.")
    assert register(server, "url=nope.mar", 404) == error(404, "ModelNotFoundException", "Model not found at: nope.mar")
    assert register(server, "url=../x.mar", 404)["message"] == "Relative path is not allowed in url: ../x.mar"
    assert register(server, "url=/etc/passwd", 404)["type"] == "ModelNotFoundException"
    assert register(server, "url=https://example.com/a.mar", 404)["type"] == "ModelNotFoundException"
    assert register(server, "url=iris-1.0.mar&runtime=foo", 400)["message"] == "Invalid RuntimeType value: foo"
    broken = ask(server, "POST", "/models", 500, data='{"url":', headers={**ADMIN, "Content-Type": "application/json"})
    assert broken["type"] == "JsonSyntaxException"
    for name, what in (("eager", "eager PyTorch model"), ("script", "TorchScript program")):
        refused = register(server, f"url={name}.mar", 400)
        assert refused["type"] == "InvalidModelException" and what in refused["message"], refused
        assert ask(server, "GET", f"/models/{name}", 404)["type"] == "ModelNotFoundException"
    body = {"url": "iris-2.0.mar", "model_name": "other", "initial_workers": 1, "synchronous": False}
    assert ask(server, "POST", "/models", 202, json=body) == {"status": "Processing worker updates..."}
    assert register(server, "url=packed.tar.gz&model_name=packed&initial_workers=1") == {
        "status": 'Model "packed" Version: 3 registered with 1 initial workers'}
    (store / "plain.joblib").write_bytes(IRIS.read_bytes())
    assert "registered" in register(server, "url=plain.joblib")["status"]
    for name in ("other", "packed", "plain"):
        assert predict(server, ROWS, name) == LABELS
    listed = ask(server, "GET", "/models?limit=2")
    assert [one["modelName"] for one in listed["models"]] == ["other", "packed"] and listed["nextPageToken"] == "2"
    assert [one["modelName"] for one in ask(server, "GET", "/models?next_page_token=2")["models"]] == ["plain"]
    (store / "bomb.mar").write_bytes(b"PK\x03\x04" + b"\x00" * 100)
    assert register(server, "url=bomb.mar", 400)["type"] == "InvalidModelException"


def test_workers_are_noted_and_told(server):
    register(server, "url=iris-1.0.mar")
    assert ask(server, "PUT", "/models/iris?min_worker=3", 202) == {"status": "Processing worker updates..."}
    assert len(ask(server, "GET", "/models/iris")[0]["workers"]) == 3
    assert ask(server, "PUT", "/models/iris/1.0?min_worker=1&synchronous=true") == {
        "status": "Workers scaled to 1 for model: iris, version: 1.0"}
    assert ask(server, "PUT", "/models/iris?min_worker=2&max_worker=1", 400) == error(
        400, "BadRequestException", "max_worker cannot be less than min_worker.")
    assert ask(server, "PUT", "/models/nope?min_worker=2", 404) == error(404, "ModelNotFoundException", MISSING)
    assert ask(server, "PUT", "/models/iris/9/set-default", 404) == error(
        404, "ModelVersionNotFoundException", "Model version 9 does not exist for model iris")
    assert ask(server, "PUT", "/models/nope/9/set-default", 404) == error(404, "ModelNotFoundException", MISSING)
    assert ask(server, "PATCH", "/models/iris", 405)["type"] == "MethodNotAllowedException"
    assert ask(server, "GET", "/no/such/thing", 404) == error(
        404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document.")
    assert ask(server, "OPTIONS", "/models/iris")["openapi"] == "3.0.1"
    assert "/predictions/{model_name}" in ask(server, "OPTIONS", "/")["paths"]
    for method, path in (("POST", "/models?url=iris-2.0.mar"), ("PUT", "/models/iris/1.0/set-default"),
                         ("DELETE", "/models/iris")):
        assert ask(server, method, path, 403, headers={})["code"] == 403


def test_bodies_of_every_kind(start):
    case = json.loads((DATA / "1.7.2" / "nested_stack_of_pipelines.json").read_text())
    server = start(*SERVE, IRIS, "--model", f"mixed={DATA / '1.7.2' / case['file']}")
    assert predict(server, ROWS) == LABELS
    assert predict(server, ROWS[0]) == "setosa"
    assert predict(server, ROWS[:1]) == ["setosa"]
    for key in ("instances", "data", "inputs"):
        assert predict(server, {key: ROWS}) == LABELS
    assert predict(server, {"instances": [{"data": row} for row in ROWS]}) == LABELS
    url = server.url + "/predictions/iris"
    assert requests.post(url, files={"data": json.dumps(ROWS)}, timeout=30).json() == LABELS
    assert requests.post(url, data={"body": json.dumps(ROWS)}, timeout=30).json() == LABELS
    assert requests.put(url, data="5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n", timeout=30).json() == LABELS
    assert ask(server, "POST", "/v1/models/iris:predict", json={"instances": ROWS}) == {"predictions": LABELS}
    assert ask(server, "POST", "/v1/models/nope:predict", 404, json={"instances": ROWS}) == error(
        404, "ModelNotFoundException", MISSING)
    assert ask(server, "POST", "/invocations?model_name=iris", json=ROWS) == LABELS
    assert ask(server, "POST", "/models/iris/invoke", json=ROWS) == LABELS
    assert ask(server, "POST", "/explanations/iris", 501, json=ROWS)["code"] == 501
    for wrong in ("[[1, 2", "[[1, 2]]", '[["a", 1, 2, 3]]', "[]", "", "{}", "7"):
        got = predict(server, wrong, status=503)
        assert got["type"] == "InternalServerException" and got["message"].startswith("Prediction failed"), wrong
    rows = [[float(cell["f"]) if isinstance(cell, dict) else cell for cell in row] for row in case["rows"]]
    expected = case["outputs"]["predict"]["values"]
    named = [dict(zip(case["columns"], row)) for row in rows]
    assert predict(server, json.dumps(named), "mixed") == expected
    whole = next(i for i, row in enumerate(rows) if all(cell is not None and cell == cell for cell in row))
    form = requests.post(server.url + "/predictions/mixed", data=named[whole], timeout=30)
    assert form.json() == expected[whole]


def test_metrics_have_the_original_names(start):
    page = start("--compat", "torchserve-metrics,torchserve", IRIS)
    assert "slipway_" in page.get("/metrics").text
    names = "?name[]=ts_inference_requests_total&name%5B%5D=ts_inference_latency_microseconds"
    server = start("--compat", "torchserve,torchserve-metrics", IRIS)
    for version in ("iris", "iris", "iris/1"):
        predict(server, ROWS, version)
    text = server.get("/metrics" + names).text
    host = socket.gethostname()
    assert f'ts_inference_requests_total{{model_name="iris",model_version="default",hostname="{host}"}} 2' in text
    assert f'ts_inference_requests_total{{model_name="iris",model_version="1",hostname="{host}"}} 1' in text
    assert "ts_inference_latency_microseconds" in text and "ts_queue" not in text and "slipway" not in text


def test_archives_are_served_without_any_dialect(archives, start, tmp_path):
    server = start(archives / "iris-1.0.mar")
    assert server.post("/predict", {"features": ROWS[0]}).json()["prediction"] in ("setosa", ["setosa"])
    assert server.get("/v2/models/iris").status_code == 200
    for name in ("iris-1.0.mar", "iris-2.0.mar"):
        (tmp_path / name).write_bytes((archives / name).read_bytes())
    both = start("--compat", "torchserve,torchserve-management,kserve-v2", tmp_path)
    assert sorted(one["modelVersion"] for one in ask(both, "GET", "/models/iris/all")) == ["1.0", "2.0"]
    assert ask(both, "GET", "/models/iris")[0]["modelVersion"] == "2.0"
    assert both.get("/v2/models/iris/versions/1.0").status_code == both.get("/v2/models/iris/versions/2").status_code == 200
    refused = run("inspect", archives / "script.mar")
    assert refused.returncode != 0 and "TorchScript" in refused.stderr + refused.stdout
