"""HTTP/2 and REST on one port with real clients: curl, nghttp, h2load, h2spec."""

import json
import re
import shutil
import signal
import subprocess

import pytest

from conftest import IRIS

BODY = json.dumps({"features": [5.1, 3.5, 1.4, 0.2]})


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def curl(*arguments):
    done = subprocess.run([tool("curl"), "-s", "-S", "-m", "30", *map(str, arguments)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_speaks_either_protocol_to_the_same_port(iris):
    for flag, version in [("--http2-prior-knowledge", "2"), ("--http1.1", "1.1")]:
        answer = curl(flag, "-d", BODY, iris.url + "/predict", "-w", "\n%{http_code} %{http_version}").decode()
        body, note = answer.rsplit("\n", 1)
        assert json.loads(body)["prediction"] == ["setosa"] and note == f"200 {version}"


def test_curl_gets_errors_compression_and_heads_over_http2(iris):
    assert curl("--http2-prior-knowledge", "-d", "{", iris.url + "/predict", "-w", "%{http_code}", "-o", "/dev/null") == b"400"
    assert curl("--http2-prior-knowledge", iris.url + "/none", "-w", "%{http_code}", "-o", "/dev/null") == b"404"
    assert b"slipway_build_info" in curl("--http2-prior-knowledge", "--compressed", iris.url + "/metrics")
    head = curl("--http2-prior-knowledge", "-I", iris.url + "/metrics").decode()
    assert head.startswith("HTTP/2 200") and "content-length: " in head


def test_a_client_that_asks_for_an_upgrade_is_served_over_http1(iris):
    answer = curl("--http2", "-d", BODY, iris.url + "/predict", "-w", "\n%{http_version}").decode()
    assert "setosa" in answer and answer.endswith("1.1")


def test_nghttp_multiplexes(iris):
    done = subprocess.run([tool("nghttp"), "-n", "-s", *[f"{iris.url}/v2/models/iris?{i}" for i in range(50)]],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\s200\s.*/v2/models/iris\?", done.stdout)) == 50, done.stdout


def test_h2load_at_full_load(iris, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(BODY)
    done = subprocess.run([tool("h2load"), "-n", "20000", "-c", "8", "-m", "32", "-d", body, iris.url + "/predict"],
                          capture_output=True, text=True, timeout=120)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    assert "status codes: 20000 2xx" in done.stdout


def test_h2spec_finds_no_more_than_the_exceptions_that_the_documents_name(iris):
    done = subprocess.run([tool("h2spec"), "-h", "127.0.0.1", "-p", str(iris.port), "-P", "/v2/health/live", "-o", "5"],
                          capture_output=True, text=True, timeout=300)
    failed = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout)
    assert failed and int(failed[1]) > 140 and int(failed[4]) <= 3, done.stdout[-4000:]


def test_sigterm_under_the_load_of_http2_clients(start, tmp_path):
    """Each stream that was begun is answered; what the client begins later it knows to be refused."""
    server = start(IRIS, "--drain-delay", "500ms")
    body = tmp_path / "body.json"
    body.write_text(BODY)
    load = subprocess.Popen([tool("h2load"), "-n", "2000000", "-c", "4", "-m", "16", "-d", body, server.url + "/predict"],
                            stdout=subprocess.PIPE, text=True)
    while "slipway_transport_requests_total 0" in server.get("/metrics").text:
        pass
    server.process.send_signal(signal.SIGTERM)
    assert server.stop() == 0  # 0: every accepted request had been answered
    load.communicate(timeout=60)
