"""What each protocol costs: one row of iris in every dialect, beside KServe v2 over REST.

One server, pinned to core 0, speaks all of them; the load, pinned to core 1, asks one after the other, round
after round. A row is the median of the rounds; "CPU ratio" is a protocol's CPU per request over that of KServe v2
over REST in the same round (goal: at most 1.5). CSV and Arrow are forms of the simple interface.

usage: protocol_bench.py SLIPWAY_BINARY MODEL [--rounds N] [--seconds S] [--json FILE] [--only TEXT] [--arrow FILE]
Needs wrk, h2load, curl and protoc. FILE holds a row as an Arrow stream.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from servers import HERE, ONE_ROW, h2load, interleaved, options_of, slipway_server, wrk
from wire_bench import GRPC_TYPE, INFER_CALL, INFER_PATH, check_grpc, grpc_frame, infer_json, infer_message, print_table

PROTOS = HERE.parent / "src/protocols/proto"
CONNECTIONS = 32
ARROW = "application/vnd.apache.arrow.stream"
ROW = ONE_ROW[0]
CSV = ",".join(map(str, ROW)) + "\n"


def encoded(proto, message, text):
    """A message of one of the repository's .proto files, from protobuf's text format."""
    return subprocess.run(["protoc", f"-I{PROTOS}", proto, f"--encode={message}"], input=text.encode(),
                          capture_output=True, check=True).stdout


def rest_calls():
    """{name: (path, body, headers)}; KServe v2 first."""
    rows = {"instances": ONE_ROW}
    return {
        "KServe v2 REST": (INFER_PATH, infer_json(ONE_ROW), {}),
        "simple": ("/predict", {"features": ONE_ROW}, {}),
        "simple, CSV": ("/predict", CSV, {"Content-Type": "text/csv", "Accept": "text/csv"}),
        "TensorFlow Serving REST": ("/v1/models/iris:predict", rows, {}),
        "MLflow": ("/invocations", {"inputs": ONE_ROW}, {}),
        "MLflow, CSV": ("/invocations", "a,b,c,d\n" + CSV, {"Content-Type": "text/csv"}),
        "Seldon": ("/api/v1.0/predictions", {"data": {"ndarray": ONE_ROW}}, {}),
        "Vertex AI": ("/v1/endpoints/1/deployedModels/1:predict", rows, {}),
        "Openscoring": ("/openscoring/model/iris",
                        {"id": "1", "arguments": {f"x{i}": value for i, value in enumerate(ROW)}}, {}),
        "TorchServe": ("/predictions/iris", rows, {}),
        "SageMaker": ("/models/iris/invoke", rows, {}),
        "SageMaker, CSV": ("/models/iris/invoke", CSV, {"Content-Type": "text/csv", "Accept": "text/csv"}),
        "Azure ML": ("/score", {"data": ONE_ROW}, {}),
    }


def grpc_calls():
    """{name: (path, message)}"""
    values = " ".join(f"double_val: {value}" for value in ROW)
    predict = ('model_spec { name: "iris" } inputs { key: "inputs" value { dtype: DT_DOUBLE tensor_shape '
               f"{{ dim {{ size: 1 }} dim {{ size: 4 }} }} {values} }} }} output_filter: \"predict\"")
    return {
        "KServe v2 gRPC": (INFER_CALL, infer_message(ONE_ROW)),
        "TensorFlow Serving gRPC": ("/tensorflow.serving.PredictionService/Predict",
                                    encoded("tensorflow_serving.proto", "tensorflow.serving.PredictRequest", predict)),
        "TorchServe gRPC": ("/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions",
                            encoded("torchserve_inference.proto", "org.pytorch.serve.grpc.inference.PredictionsRequest",
                                    'model_name: "iris" input { key: "data" value: "' + json.dumps(ROW) + '" }')),
    }


def check_rest(server, name, path, body_file, headers):
    fields = [part for key, value in headers.items() for part in ("-H", f"{key}: {value}")]
    out = subprocess.run(["curl", "-s", "-w", "%{http_code}", *fields, "--data-binary", f"@{body_file}",
                          f"http://127.0.0.1:{server.port}{path}"], capture_output=True, check=True).stdout
    if not out.endswith(b"200"):
        sys.exit(f"protocol_bench: {name} is refused: {out!r}")


def loads(server, work, options):
    found = {}
    calls = rest_calls()
    if options.arrow:
        calls["simple, Arrow"] = ("/predict", pathlib.Path(options.arrow).read_bytes(),
                                  {"Content-Type": ARROW, "Accept": ARROW})
    for number, (name, (path, body, headers)) in enumerate(calls.items()):
        content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"Content-Type": "application/json", **headers}
        file = work / f"{number}.body"
        file.write_bytes(content)
        check_rest(server, name, path, file, headers)
        found[name] = lambda file=file, path=path, headers=headers: wrk(
            server, file, CONNECTIONS, options.seconds, path=path, headers=headers)
    for number, (name, (path, message)) in enumerate(grpc_calls().items()):
        file = work / f"{number}.grpc"
        file.write_bytes(grpc_frame(message))
        check_grpc(server, path, file)
        for connections, streams in ((CONNECTIONS, 1), (4, 32)):
            found[f"{name}, {connections} x {streams}"] = lambda file=file, path=path, c=connections, s=streams: h2load(
                server, file, c, s, options.seconds, path=path, headers=GRPC_TYPE)
    first = next(iter(found))
    return {name: run for name, run in found.items() if name == first or options.only in name}


def main():
    options = options_of(__doc__, ("binary", "model"), ("wrk", "h2load", "taskset", "curl", "protoc"),
                         "protocols whose name holds this, beside the first", [("--arrow", "a row as an Arrow stream")])
    with tempfile.TemporaryDirectory() as folder:
        server = slipway_server(options.binary, options.model)
        server.start()
        try:
            report = interleaved(loads(server, pathlib.Path(folder), options), options.rounds)
        finally:
            server.stop()
    print_table(f"iris, 1 row, HTTP/1.1 with {CONNECTIONS} connections; gRPC with connections x streams", report)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
