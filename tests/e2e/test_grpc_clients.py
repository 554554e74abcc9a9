"""gRPC clients of all languages, each on its official library, and the tools people use: grpcurl, ghz, h2load."""

import base64
import json
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

import pytest

from conftest import IRIS, ROOT

SERVICE = "inference.GRPCInferenceService"
ROW = {"model_name": "iris", "id": "seven", "inputs": [
    {"name": "x", "datatype": "FP64", "shape": [1, 4], "contents": {"fp64_contents": [5.1, 3.5, 1.4, 0.2]}}]}


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed: tools/setup test")
    return found


def client(language):
    built = subprocess.run([ROOT / "tools" / "grpc_client", language], capture_output=True, text=True, timeout=600)
    assert built.returncode == 0, built.stderr[-3000:]
    return built.stdout.strip()


def answers(language, server, needs):
    for name in needs:
        tool(name)
    done = subprocess.run([client(language), f"127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_go_client(iris):
    assert answers("go", iris, ["protoc"]) == {
        "health": "SERVING", "ready": True, "typed": "setosa", "id": "go", "request_id": ["from-go"], "raw": "setosa",
        "unknown": "NotFound", "late": "DeadlineExceeded", "streamed": 50}


def test_the_java_client(iris):
    assert answers("java", iris, ["mvn", "javac", "protoc"]) == {
        "ready": True, "typed": "setosa", "id": "java", "raw": "setosa", "unknown": "NOT_FOUND",
        "late": "DEADLINE_EXCEEDED", "streamed": 50}


def test_the_cpp_client(iris):
    assert answers("cpp", iris, ["grpc_cpp_plugin", "protoc"]) == {
        "ready": True, "typed": "setosa", "id": "cpp", "raw": "setosa", "unknown": 5, "late": 4, "streamed": 50}


def grpcurl(server, *command, flags=(), ok=True):
    done = subprocess.run([tool("grpcurl"), "-plaintext", *flags, f"127.0.0.1:{server.port}", *command],
                          capture_output=True, text=True, timeout=30)
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout if ok else done.stderr


def call(server, method, body, *flags, ok=True):
    return grpcurl(server, f"{SERVICE}/{method}", flags=("-d", json.dumps(body), *flags), ok=ok)


def test_grpcurl_needs_no_proto_files(iris):
    assert grpcurl(iris, "list").split() == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", SERVICE,
        "org.pytorch.serve.grpc.inference.InferenceAPIsService",
        "org.pytorch.serve.grpc.management.ManagementAPIsService",
        "tensorflow.serving.ModelService", "tensorflow.serving.PredictionService"]
    assert f"{SERVICE}.ModelInfer" in grpcurl(iris, "list", SERVICE).split()
    assert "rpc ModelInfer ( .inference.ModelInferRequest )" in grpcurl(iris, "describe", SERVICE + ".ModelInfer")
    assert "repeated bytes raw_input_contents = 7;" in grpcurl(iris, "describe", "inference.ModelInferRequest")
    answer = json.loads(call(iris, "ModelInfer", ROW))
    assert answer["id"] == "seven" and base64.b64decode(answer["outputs"][0]["contents"]["bytesContents"][0]) == b"setosa"
    assert json.loads(grpcurl(iris, "grpc.health.v1.Health/Check"))["status"] == "SERVING"
    assert json.loads(call(iris, "ModelReady", {"name": "iris"}))["ready"] is True
    error = call(iris, "ModelInfer", {"model_name": "rose"}, ok=False)
    assert "Code: NotFound" in error and "rose" in error
    assert "Symbol not found" in grpcurl(iris, "describe", "inference.Nothing", ok=False)
    assert "PermissionDenied" in call(iris, "RepositoryModelLoad", {"model_name": "iris"}, ok=False)


def test_grpcurl_sends_and_shows_metadata(iris):
    shown = call(iris, "ModelInfer", ROW, "-v", "-H", "x-request-id: mine")
    assert "x-request-id: mine" in shown and "setosa" in base64.b64decode(
        re.search(r'"bytesContents": \[\s*"([^"]+)"', shown)[1]).decode()


def test_ghz_at_full_load(iris, tmp_path):
    data = tmp_path / "row.json"
    data.write_text(json.dumps(ROW))
    done = subprocess.run([tool("ghz"), "--insecure", "--call", SERVICE + ".ModelInfer", "-D", data, "-n", "5000", "-c", "64",
                           "--connections", "4", "-O", "json", f"127.0.0.1:{iris.port}"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["statusCodeDistribution"] == {"OK": 5000} and not report["errorDistribution"]


def frame(message):
    return b"\0" + struct.pack(">I", len(message)) + message


def test_sigterm_under_the_load_of_ghz_loses_no_call(start, tmp_path):
    """Calls that were begun are answered; the client begins the others anew elsewhere."""
    server = start(IRIS, "--drain-delay", "500ms")
    data = tmp_path / "row.json"
    data.write_text(json.dumps(ROW))
    load = subprocess.Popen([tool("ghz"), "--insecure", "--call", SERVICE + ".ModelInfer", "-D", data, "-z", "20s", "-c", "16",
                             "--connections", "2", "-O", "json", f"127.0.0.1:{server.port}"], stdout=subprocess.PIPE, text=True)
    output = []
    reader = threading.Thread(target=lambda: output.append(load.stdout.read()))
    reader.start()
    deadline = time.monotonic() + 30
    while int(re.search(r'slipway_grpc_responses_total{code="OK"} (\d+)\n', server.get("/metrics").text)[1]) <= 100:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    assert server.stop() == 0
    load.send_signal(signal.SIGINT)
    reader.join(60)
    load.wait(10)
    report = json.loads(output[0])
    # What is tried when nobody listens any more cannot be answered: Unavailable, "connection refused".
    lost = [text for text in report["errorDistribution"] if not re.search("connection refused|Canceled", text)]
    assert report["statusCodeDistribution"]["OK"] > 100 and not lost, report["errorDistribution"]


def test_curl_and_nghttp_speak_the_wire(iris, tmp_path):
    """What a client without a gRPC library sees: a 200, the frame, the status in the trailers."""
    body = tmp_path / "ready.bin"
    body.write_bytes(frame(b"\x0a\x04iris"))
    url = f"{iris.url}/{SERVICE}/ModelReady"
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    done = subprocess.run([tool("curl"), "-s", "-S", "-v", "--http2-prior-knowledge", *headers, "--data-binary", f"@{body}", url],
                          capture_output=True, timeout=30)
    assert done.stdout == frame(b"\x08\x01") and b"< grpc-status: 0" in done.stderr, done
    done = subprocess.run([tool("nghttp"), "-v", "-d", body, *headers, url], capture_output=True, timeout=30)
    assert b"grpc-status: 0" in done.stdout
    body.write_bytes(frame(b"\xff"))
    done = subprocess.run([tool("nghttp"), "-v", "-d", body, *headers, url], capture_output=True, timeout=30)
    assert b"grpc-status: 3" in done.stdout and b"malformed" in done.stdout


def test_h2load_keeps_many_streams_open(iris, tmp_path):
    message = b"\x0a\x04iris\x2a\x0d\x0a\x01x\x12\x04FP64\x1a\x02\x01\x04\x3a\x20" + struct.pack("<4d", 5.1, 3.5, 1.4, 0.2)
    body = tmp_path / "infer.bin"
    body.write_bytes(frame(message))
    done = subprocess.run([tool("h2load"), "-n", "20000", "-c", "4", "-m", "32", "-d", body, "-H", "content-type: application/grpc",
                           "-H", "te: trailers", f"{iris.url}/{SERVICE}/ModelInfer"], capture_output=True, text=True, timeout=120)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    text = iris.get("/metrics").text
    assert float(re.search(r'slipway_grpc_responses_total\{code="OK"\} (\S+)', text)[1]) >= 20000
