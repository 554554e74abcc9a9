"""Clients of TorchServe's gRPC services, made from the protos inside its own package, against one server.

    python torchserve_client.py INFERENCE_PORT MANAGEMENT_PORT CALLS.json

CALLS is a list of [service, method, request, metadata]; service is "inference" or "management", the bytes of a request's
inputs are texts. Prints a list of what came back: {"answers": [...]}, or {"code", "details"}.
"""

import importlib
import json
import pathlib
import sys
import tempfile
import zipfile

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from grpc_tools import protoc


def stubs():
    spec = importlib.util.find_spec("ts")
    jar = pathlib.Path(spec.submodule_search_locations[0]) / "frontend" / "model-server.jar"
    folder = tempfile.mkdtemp()
    protos = ["inference.proto", "management.proto", "google/rpc/status.proto"]
    with zipfile.ZipFile(jar) as archive:
        for name in protos:
            archive.extract(name, folder)
    include = pathlib.Path(importlib.util.find_spec("grpc_tools").submodule_search_locations[0]) / "_proto"
    assert protoc.main(["", f"-I{folder}", f"-I{include}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                        *(f"{folder}/{name}" for name in protos)]) == 0
    sys.path.insert(0, folder)
    return [importlib.import_module(name) for name in
            ("inference_pb2", "inference_pb2_grpc", "management_pb2", "management_pb2_grpc")]


def message(inference, management, method, fields):
    if method == "Ping":
        return Empty()
    name = {"ScaleWorker": "ScaleWorkerRequest"}.get(method, method + "Request")
    if "Predictions" in method:
        made = inference.PredictionsRequest()
        for key, value in fields.pop("input", {}).items():
            made.input[key] = value.encode()
        return json_format.ParseDict(fields, made)
    return json_format.ParseDict(fields, getattr(management, name)())


def plain(answer):
    if hasattr(answer, "prediction"):
        text = answer.prediction.decode()
        status = {"code": answer.status.code, "message": answer.status.message} if answer.HasField("status") else None
        return {"prediction": json.loads(text) if text else None, "status": status}
    return answer.msg if hasattr(answer, "msg") else answer.health


def main():
    inference, inference_grpc, management, management_grpc = stubs()
    services = {
        "inference": inference_grpc.InferenceAPIsServiceStub(grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")),
        "management": management_grpc.ManagementAPIsServiceStub(grpc.insecure_channel(f"127.0.0.1:{sys.argv[2]}"))}
    results = []
    for service, method, request, metadata in json.loads(pathlib.Path(sys.argv[3]).read_text()):
        call = getattr(services[service], method)
        options = {"timeout": 30, "metadata": [tuple(pair) for pair in metadata]}
        try:
            if method == "StreamPredictions2":
                sent = iter([message(inference, management, method, one) for one in request])
                answers = list(call(sent, **options))
            else:
                sent = message(inference, management, method, request)
                answers = list(call(sent, **options)) if method == "StreamPredictions" else [call(sent, **options)]
            results.append({"answers": [plain(answer) for answer in answers]})
        except grpc.RpcError as error:
            results.append({"code": error.code().name, "details": error.details()})
    print(json.dumps(results))


if __name__ == "__main__":
    main()
