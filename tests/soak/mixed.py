#!/usr/bin/env python3
"""All protocols at once, for a while, while the model is reloaded every second: no request may fail.

    tests/soak/mixed.py [--seconds 60] [--binary build/release/slipway]

One server, one port. The requests over REST are the examples that the server itself gives for each dialect (its OpenAPI
document), and those of CSV and Arrow; over gRPC KServe v2, TensorFlow Serving, TorchServe and health, as messages that protoc writes.
Each answer must be the one that was given before the load, byte for byte. Needs Python with grpcio, and protoc; Arrow is
left out where pyarrow is not installed.
"""

import argparse
import http.client
import importlib.util
import io
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "src" / "protocols" / "proto"
IRIS = ROOT / "examples" / "iris" / "iris.joblib"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
REST_CLIENTS = 3
ARROW = "application/vnd.apache.arrow.stream"
LOADS = re.compile(r'^slipway_model_loads_total\{[^}]*result="ok"[^}]*\} (\d+)', re.MULTILINE)


def encoded(proto, message, text):
    return subprocess.run(["protoc", f"-I{PROTOS}", proto, f"--encode={message}"], input=text.encode(), capture_output=True,
                          check=True).stdout


def grpc_calls():
    """{name: (method, request)}"""
    columns = "".join(f'inputs {{ name: "{name}" datatype: "FP64" shape: 1 contents {{ fp64_contents: 1.5 }} }} '
                      for name in NAMES)
    tensors = "".join(f'inputs {{ key: "{name}" value {{ dtype: DT_DOUBLE tensor_shape {{ dim {{ size: 1 }} }} '
                      "double_val: 1.5 } } " for name in NAMES)
    spec = 'model_spec { name: "iris" } '
    return {
        "ModelInfer": ("/inference.GRPCInferenceService/ModelInfer",
                       encoded("inference.proto", "inference.ModelInferRequest", 'model_name: "iris" ' + columns)),
        "Predict": ("/tensorflow.serving.PredictionService/Predict",
                    encoded("tensorflow_serving.proto", "tensorflow.serving.PredictRequest",
                            spec + tensors + 'output_filter: "predict"')),
        "Predictions": ("/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions",
                        encoded("torchserve_inference.proto", "org.pytorch.serve.grpc.inference.PredictionsRequest",
                                'model_name: "iris" input { key: "data" value: "[1.5, 1.5, 1.5, 1.5]" }')),
        "Health": ("/grpc.health.v1.Health/Check", b""),
    }


def rest_calls(port):
    """{name: (path, headers, body)}"""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/models/iris/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    found = {}
    for path, operations in paths.items():
        content = operations["post"]["requestBody"]["content"]["application/json"]["example"]
        found[path] = (path, {"Content-Type": "application/json"}, json.dumps(content).encode())
    table = ",".join(NAMES) + "\n" + "1.5,1.5,1.5,1.5\n" * 3
    found["CSV"] = ("/predict", {"Content-Type": "text/csv", "Accept": "text/csv"}, table.encode())
    found["MLflow, CSV"] = ("/invocations", {"Content-Type": "text/csv"}, table.encode())
    if importlib.util.find_spec("pyarrow") is not None:
        import pyarrow  # noqa: PLC0415
        from pyarrow import ipc  # noqa: PLC0415

        rows, sink = pyarrow.table({name: [1.5, 2.5] for name in NAMES}), io.BytesIO()
        with ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        found["Arrow"] = ("/predict", {"Content-Type": ARROW, "Accept": ARROW}, sink.getvalue())
    return found


def ask(connection, call):
    path, headers, body = call
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def without_ids(body):
    """Seldon makes a puid for each request."""
    return re.sub(rb'"puid":"[^"]*"', b"", body)


def rest_client(port, stop, report):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    calls = rest_calls(port)
    wanted = {name: ask(connection, call) for name, call in calls.items()}
    failures = [f"{name}: {status} {body[:200]}" for name, (status, body) in wanted.items() if status != 200]
    counts = dict.fromkeys(calls, 0)
    while not stop.is_set() and len(failures) < 10:
        for name, call in calls.items():
            try:
                status, body = ask(connection, call)
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{name}: {error!r}")
                connection.close()
                continue
            if status != 200 or without_ids(body) != without_ids(wanted[name][1]):
                failures.append(f"{name}: {status} {body[:200]}")
            counts[name] += 1
    report.put((counts, failures))


def grpc_client(port, stop, report):
    import grpc  # noqa: PLC0415

    counts, failures = {}, []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        calls = {name: (channel.unary_unary(method), request) for name, (method, request) in grpc_calls().items()}
        wanted = {name: call(request, timeout=30) for name, (call, request) in calls.items()}
        while not stop.is_set() and len(failures) < 10:
            for name, (call, request) in calls.items():
                try:
                    if call(request, timeout=30) != wanted[name]:
                        failures.append(f"{name}: another answer")
                except grpc.RpcError as error:
                    failures.append(f"{name}: {error.code()} {error.details()}")
                counts[name] = counts.get(name, 0) + 1
    report.put((counts, failures))


def loads(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return sum(map(int, LOADS.findall(answer.read().decode())))


def run(options, folder):
    shutil.copy(IRIS, folder / "iris.joblib")
    server = subprocess.Popen([options.binary, "serve", folder, "--port", "0", "--log-level", "error"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    port = int(re.search(r"listening on http://\S+:(\d+)", server.stdout.readline()).group(1))
    stop, report = multiprocessing.Event(), multiprocessing.Queue()
    clients = [rest_client] * REST_CLIENTS + [grpc_client]
    processes = [multiprocessing.Process(target=client, args=(port, stop, report)) for client in clients]
    for process in processes:
        process.start()
    before, begin = loads(port), time.monotonic()
    while time.monotonic() - begin < options.seconds and server.poll() is None:
        time.sleep(1)
        shutil.copy(IRIS, folder / ".new")
        os.replace(folder / ".new", folder / "iris.joblib")
    reloads = loads(port) - before
    stop.set()
    reports = [report.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    server.send_signal(signal.SIGTERM)
    exit_code = server.wait(40)
    failures = [failure for _, some in reports for failure in some]
    counts = {}
    for some, _ in reports:
        for name, count in some.items():
            counts[name] = counts.get(name, 0) + count
    for name, count in counts.items():
        print(f"mixed: {count:>8} {name}")
    for failure in failures[:10]:
        print("mixed:", failure)
    print(f"mixed: {sum(counts.values())} answers of {len(counts)} calls, {len(failures)} failures, {reloads} reloads in "
          f"{options.seconds:.0f} s, exit {exit_code}")
    return not failures and exit_code == 0 and reloads >= options.seconds * 0.8 and min(counts.values()) > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--binary", default=os.environ.get("SLIPWAY_BIN", ROOT / "build" / "release" / "slipway"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ok = run(options, pathlib.Path(folder))
    print("mixed: ok" if ok else "mixed: FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
