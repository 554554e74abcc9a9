"""TensorFlow Serving's own client reloads the list of models.

    python tfserving_reload.py TARGET TOKEN [ROOTS KEY CERTIFICATE] < lists

Each line is a list as ModelServerConfig's text ("" for none at all); prints one JSON line for each: the code and the
message, and the states of the models a, b and c thereafter. With PEM files the channel is one of TLS.
"""

import json
import sys

import grpc
from google.protobuf import text_format, wrappers_pb2  # noqa: F401: registers Int64Value
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2, model_service_pb2_grpc

target, token, *pem = sys.argv[1:]
if pem:
    roots, key, certificate = (open(path, "rb").read() if path != "-" else None for path in pem)
    channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots, key, certificate))
else:
    channel = grpc.insecure_channel(target)
models = model_service_pb2_grpc.ModelServiceStub(channel)
metadata = [("authorization", "Bearer " + token)] if token != "-" else []


def states(name):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    try:
        got = models.GetModelStatus(request, timeout=30)
    except grpc.RpcError as failure:
        return failure.code().name
    return sorted(one.version for one in got.model_version_status if one.state == 30)


for line in sys.stdin:
    request = model_management_pb2.ReloadConfigRequest()
    if json.loads(line):
        text_format.Parse(json.loads(line), request.config)
    try:
        answer = models.HandleReloadConfigRequest(request, timeout=30, metadata=metadata)
        outcome = ["OK", answer.status.error_code]
    except grpc.RpcError as failure:
        outcome = [failure.code().name, failure.details()]
    print(json.dumps([outcome, {name: states(name) for name in "abc"}]), flush=True)
