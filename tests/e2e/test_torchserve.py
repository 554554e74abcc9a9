"""TorchServe's three interfaces and its gRPC services. Archives are written by torch-model-archiver, clients made from the
protos inside TorchServe's own package; what is expected was answered by TorchServe 0.12.0 itself."""

import json
import pathlib
import socket
import stat
import subprocess
import time
import zipfile

import pytest
import requests

from conftest import DATA, IRIS, ROOT, Server, run

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
LABELS = ["setosa", "virginica"]
MISSING = "Model not found: nope"
ADMIN = {"Authorization": "Bearer letmein"}
SERVE = ("--compat", "torchserve,torchserve-management,torchserve-metrics", "--admin-token", "letmein")


@pytest.fixture(scope="session")
def python():
    made = subprocess.run([ROOT / "tools/venv", "torchserve", ROOT / "tests/e2e/torchserve_requirements.txt"],
                          check=True, capture_output=True, text=True)
    return pathlib.Path(made.stdout.strip()) / "bin" / "python"


@pytest.fixture(scope="session")
def archives(python, tmp_path_factory):
    """iris-1.0.mar, iris-2.0.mar, folder.tar.gz with a model inside; eager.mar, script.mar without one."""
    folder = tmp_path_factory.mktemp("archives")
    (folder / "handler.py").write_text("raise RuntimeError('never run')\n")
    (folder / "net.py").write_text("class Net: pass\n")
    for name, inner in (("eager.pt", "data.pkl"), ("script.pt", "constants.pkl")):
        with zipfile.ZipFile(folder / name, "w") as made:
            made.writestr("archive/" + inner, b"\x80\x02}q\x00.")

    def archive(name, version, file, **options):
        further = [text for key, value in options.items() for text in ("--" + key.replace("_", "-"), str(value))]
        subprocess.run([python.with_name("torch-model-archiver"), "--model-name", name, "--version", version,
                        "--serialized-file", file, "--handler", folder / "handler.py", "--export-path", folder, "-f",
                        *further], check=True, capture_output=True)

    for version in ("2.0", "1.0"):
        archive("iris", version, IRIS)
        (folder / "iris.mar").rename(folder / f"iris-{version}.mar")
    archive("packed", "3", IRIS, archive_format="tgz")
    archive("eager", "1.0", folder / "eager.pt", model_file=folder / "net.py")
    archive("script", "1.0", folder / "script.pt")
    return folder


@pytest.fixture
def store(archives, tmp_path):
    """A model store of its own for each test."""
    for archive in [*archives.glob("*.mar"), *archives.glob("*.tar.gz")]:
        (tmp_path / archive.name).write_bytes(archive.read_bytes())
    return tmp_path


@pytest.fixture
def server(store, start):
    """One port for all three, with no model at the start."""
    made = Server(*SERVE, "--model-store", store)
    yield made
    assert made.stop() == 0


def ask(server, method, path, status=200, headers=ADMIN, **options):
    url = server if isinstance(server, str) else server.url
    got = requests.request(method, url + path, timeout=30, headers=headers, **options)
    assert got.status_code == status, got.text
    return got.json()


def error(code, kind, message):
    return {"code": code, "type": kind, "message": message}


def register(server, query, status=200):
    return ask(server, "POST", "/models?" + query, status)


def predict(server, body, path="iris", status=200, **headers):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return ask(server, "POST", "/predictions/" + path, status, data=body,
               headers={"Content-Type": "application/json", **headers})


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


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def original(store, tmp_path_factory):
    """Started as TorchServe is, with its configuration file: five ports, keys, registrations enabled."""
    folder = tmp_path_factory.mktemp("torchserve")
    ports = free_ports(5)
    (folder / "config.properties").write_text(
        "inference_address=http://127.0.0.1:%d\nmanagement_address=http://127.0.0.1:%d\n"
        "metrics_address=http://127.0.0.1:%d\ngrpc_inference_port=%d\ngrpc_management_port=%d\n"
        "load_models=iris=iris-1.0.mar\nenable_model_api=true\ndefault_workers_per_model=2\n" % tuple(ports))
    servers = []

    def begin(*arguments):
        made = Server("--compat=torchserve", "--start", "--foreground", "--ncs", "--model-store", store, "--ts-config",
                      folder / "config.properties", *arguments, cwd=folder)
        servers.append(made)
        made.ports, made.folder = ports, folder
        made.inference, made.management, made.metrics = (f"http://127.0.0.1:{port}" for port in ports[:3])
        return made.wait_ready()

    yield begin
    for made in servers:
        assert made.stop() == 0


def keys(server):
    return json.loads((server.folder / "key_file.json").read_text())


def bearer(key):
    return {"Authorization": "Bearer " + key}


FAILED = error(400, "InvalidKeyException",
               "Token Authorization failed. Token either incorrect, expired, or not provided correctly")


def test_keys_are_asked_for_and_renewed(original):
    server = original()
    file = server.folder / "key_file.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = keys(server)
    management, inference = first["management"]["key"], first["inference"]["key"]
    path = "/predictions/iris"
    for headers in ({}, bearer("x"), bearer(management), {"Authorization": inference}, bearer(first["API"]["key"])):
        assert ask(server.inference, "POST", path, 400, headers=headers, json=ROWS) == FAILED
        assert ask(server.inference, "GET", "/ping", 400, headers=headers) == FAILED
    assert ask(server.inference, "POST", path, headers=bearer(inference), json=ROWS) == LABELS
    assert ask(server.management, "GET", "/models", 400, headers=bearer(inference)) == FAILED
    assert ask(server.management, "POST", "/models?url=iris-2.0.mar", 400, headers={}) == FAILED
    assert "2.0" in ask(server.management, "POST", "/models?url=iris-2.0.mar", headers=bearer(management))["status"]
    token = "/token?type=inference"
    assert ask(server.management, "GET", token, 400, headers=bearer(management))["type"] == "InvalidKeyException"
    assert ask(server.management, "GET", "/token?type=x", 400, headers=bearer(first["API"]["key"]))["code"] == 400
    assert requests.get(server.management + token, headers=bearer(first["API"]["key"]), timeout=30).status_code == 200
    second = keys(server)
    assert second["inference"]["key"] != inference and second["management"] == first["management"]
    assert second["API"] == first["API"] and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ask(server.inference, "POST", path, 400, headers=bearer(inference), json=ROWS) == FAILED
    assert ask(server.inference, "POST", path, headers=bearer(second["inference"]["key"]), json=ROWS) == LABELS
    assert "ts_inference_requests_total" in requests.get(server.metrics + "/metrics", timeout=30).text


def test_keys_expire(original):
    server = original("--token-expiry", "1s")
    expires = keys(server)["inference"]
    assert expires["expiration time"].endswith("Z")
    time.sleep(1.2)
    assert ask(server.inference, "POST", "/predictions/iris", 400, headers=bearer(expires["key"]), json=ROWS) == FAILED


def test_each_interface_has_its_own_port_and_keys_can_be_off(original):
    server = original("--disable-token-auth")
    assert not (server.folder / "key_file.json").exists()
    assert ask(server.inference, "POST", "/predictions/iris", json=ROWS, headers={}) == LABELS
    assert ask(server.inference, "GET", "/nothing", 404, headers={})["type"] == "ResourceNotFoundException"
    assert ask(server.management, "POST", "/models?url=iris-2.0.mar", headers={})["status"].startswith("Model")
    assert [one["modelName"] for one in ask(server.management, "GET", "/models", headers={})["models"]] == ["iris"]


def test_registrations_are_off_unless_enabled(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("off")
    ports = free_ports(5)
    (folder / "c").write_text("inference_address=http://127.0.0.1:%d\nmanagement_address=http://127.0.0.1:%d\n"
                              "metrics_address=http://127.0.0.1:%d\ngrpc_inference_port=%d\n"
                              "grpc_management_port=%d\n" % tuple(ports))
    server = Server("--compat=torchserve", "--foreground", "--model-store", store, "--models", "iris=iris-1.0.mar",
                    "--ts-config", folder / "c", "--disable-token-auth", cwd=folder).wait_ready()
    management = f"http://127.0.0.1:{ports[1]}"
    assert ask(management, "POST", "/models?url=iris-2.0.mar", 405, headers={}) == error(
        405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")
    assert ask(management, "DELETE", "/models/iris", 405, headers={})["code"] == 405
    assert server.stop() == 0


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


def test_grpc_with_stubs_of_its_own_protos(original, python, tmp_path):
    server = original()
    found = keys(server)
    inference, management = ([["authorization", "Bearer " + found[name]["key"]]] for name in ("inference", "management"))

    def request(model="iris", **fields):
        return {"model_name": model, "input": {"data": json.dumps(ROWS)}, **fields}

    calls = [
        ["inference", "Ping", {}, inference],
        ["inference", "Ping", {}, []],
        ["inference", "Predictions", request(), inference],
        ["inference", "Predictions", request(), management],
        ["inference", "Predictions", request("nope"), inference],
        ["inference", "Predictions", request(model_version="8"), inference],
        ["inference", "Predictions", {"input": {"data": "[]"}}, inference],
        ["inference", "Predictions", {"model_name": "iris", "input": {"data": "[[1"}}, inference],
        ["inference", "StreamPredictions", request(), inference],
        ["inference", "StreamPredictions", request("nope"), inference],
        ["inference", "StreamPredictions2", [request(sequence_id="s"), request("nope", sequence_id="s"), request(),
                                             request(sequence_id="s")], inference],
        ["management", "ListModels", {"limit": 10}, management],
        ["management", "ListModels", {}, inference],
        ["management", "DescribeModel", {"model_name": "iris", "customized": True}, management],
        ["management", "DescribeModel", {"model_name": "nope"}, management],
        ["management", "RegisterModel", {"url": "iris-1.0.mar"}, management],
        ["management", "RegisterModel", {"url": "nope.mar"}, management],
        ["management", "RegisterModel", {}, management],
        ["management", "RegisterModel", {"url": "script.mar"}, management],
        ["management", "RegisterModel", {"url": "iris-2.0.mar", "initial_workers": 1, "synchronous": True}, management],
        ["management", "ScaleWorker", {"model_name": "iris", "min_worker": 1, "synchronous": True}, management],
        ["management", "ScaleWorker", {"model_name": "iris", "min_worker": 2, "max_worker": 1}, management],
        ["management", "SetDefault", {"model_name": "iris", "model_version": "2.0"}, management],
        ["management", "SetDefault", {"model_name": "iris", "model_version": "9"}, management],
        ["management", "UnregisterModel", {"model_name": "nope"}, management],
        ["management", "UnregisterModel", {"model_name": "iris"}, management],
        ["management", "UnregisterModel", {"model_name": "iris", "model_version": "1.0"}, management],
        ["inference", "Predictions", request(model_version="1.0"), inference],
    ]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    made = subprocess.run([python, ROOT / "tests/e2e/clients/torchserve_client.py", str(server.ports[3]),
                           str(server.ports[4]), tmp_path / "calls.json"], capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    got = json.loads(made.stdout)

    def failed(code, message, kind=None):
        return {"code": code, "details": message + ("\n" + kind if kind else "")}

    package = "org.pytorch.serve.archive.model."
    refused = failed("PERMISSION_DENIED", FAILED["message"])
    answer = {"prediction": LABELS, "status": None}
    missing = failed("INTERNAL", MISSING, package + "ModelNotFoundException")
    assert got[:7] == [
        {"answers": ['{\n  "status": "Healthy"\n}']}, refused, {"answers": [answer]}, refused, missing,
        failed("INTERNAL", "Model version: 8 does not exist for model: iris", package + "ModelVersionNotFoundException"),
        failed("INTERNAL", "Parameter model_name is required.", "BadRequestException.()")]
    assert got[7]["code"] == "UNAVAILABLE" and got[7]["details"].startswith("Prediction failed")
    assert got[7]["details"].endswith("\norg.pytorch.serve.http.InternalServerException")
    assert got[8:10] == [{"answers": [answer]}, missing]
    stream = got[10]["answers"]
    assert stream[0] == stream[3] == answer
    assert stream[1]["status"] == {"code": 13, "message": MISSING}
    assert stream[2]["status"] == {"code": 13, "message": "Parameter sequenceId is required."}
    assert [one["modelName"] for one in json.loads(got[11]["answers"][0])["models"]] == ["iris"]
    assert got[12] == refused
    assert json.loads(got[13]["answers"][0])[0]["customizedMetadata"]["library"] == "scikit-learn"
    assert got[14] == failed("NOT_FOUND", MISSING, package + "ModelNotFoundException")
    assert got[15]["code"] == "UNKNOWN"
    assert got[16] == failed("NOT_FOUND", "Model not found at: nope.mar", package + "ModelNotFoundException")
    assert got[17] == failed("INVALID_ARGUMENT", "Parameter url is required.", "org.pytorch.serve.http.BadRequestException")
    assert got[18]["code"] == "INVALID_ARGUMENT" and "TorchScript" in got[18]["details"]
    assert got[19] == {"answers": ['Model "iris" Version: 2.0 registered with 1 initial workers']}
    assert got[20] == {"answers": ["Workers scaled to 1 for model: iris"]}
    assert got[21]["code"] == "INVALID_ARGUMENT"
    assert got[22] == {"answers": ['Default version successfully updated for model "iris" to "2.0"']}
    assert got[23] == failed("NOT_FOUND", "Model version 9 does not exist for model iris",
                             package + "ModelVersionNotFoundException")
    assert got[24] == failed("NOT_FOUND", MISSING, package + "ModelNotFoundException")
    assert got[25]["code"] == "UNKNOWN"
    assert got[26] == {"answers": ['Model "iris" unregistered']}
    assert got[27]["code"] == "INTERNAL"
