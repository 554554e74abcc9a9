"""Slipway started as TorchServe is, by its command line and config.properties: its ports, its keys, its gRPC services. Clients
are made from the protos inside TorchServe's own package; what is expected was answered by TorchServe 0.12.0 itself."""

import json
import stat
import subprocess
import time

import requests

from conftest import ROOT, Server
from torchserve_store import (FAILED, LABELS, MISSING, ROWS, archives, ask, bearer, error, free_ports, keys, original, python,
                              store)  # noqa: F401


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
