"""The service around the models: pages, headers, limits, metrics, logs, several files, stopping."""

import concurrent.futures
import gzip
import json
import shutil
import socket
import subprocess
import threading
import time

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from conftest import BINARY, DATA, IRIS, Server, run

ROW = {"features": [5.1, 3.5, 1.4, 0.2]}


def talk(server, raw, seconds=10):
    """Sends raw bytes and reads until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as peer:
        peer.sendall(raw)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
        return answer


def test_the_landing_page_shows_a_curl_line_for_each_model(iris):
    page = iris.get("/")
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "iris" in page.text and "curl" in page.text


def test_request_ids_and_trace_context_are_answered(iris):
    answer = iris.post("/predict", ROW, headers={
        "X-Request-Id": "check-17", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    assert answer.headers["X-Request-Id"] == "check-17"
    assert "0af7651916cd43dd8448eb211c80319c" in answer.headers["traceparent"]
    assert iris.post("/predict", ROW).headers["X-Request-Id"]


def test_gzip_goes_both_ways(iris):
    body = gzip.compress(json.dumps({"features": [ROW["features"]] * 500}).encode())
    answer = iris.post("/predict", body, headers={"Content-Encoding": "gzip", "Accept-Encoding": "gzip"})
    assert answer.json()["prediction"] == ["setosa"] * 500
    assert answer.headers["Content-Encoding"] == "gzip"
    assert iris.post("/predict", b"not gzip", headers={"Content-Encoding": "gzip"}).status_code == 400


def test_chunked_bodies_expect_continue_and_pipelining(iris):
    body = json.dumps(ROW).encode()

    def pieces():
        for at in range(0, len(body), 7):
            yield body[at:at + 7]

    assert iris.http.post(iris.url + "/predict", data=pieces(), timeout=10).json()["prediction"] == ["setosa"]
    one = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    last = one.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert talk(iris, one * 5 + last).count(b"setosa") == 6
    with socket.create_connection(("127.0.0.1", iris.port), timeout=10) as peer:
        peer.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body))
        assert peer.recv(4096).startswith(b"HTTP/1.1 100")
        peer.sendall(body)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
    assert b"setosa" in answer


def test_http_1_0_and_head_are_answered(iris):
    answer = talk(iris, b"GET /v2/health/live HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.") and b" 200 " in answer.split(b"\r\n")[0]
    head = iris.http.head(iris.url + "/v2", timeout=10)
    assert head.status_code == 200 and head.content == b"" and int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("raw", [
    b"nonsense\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x00\x05hello",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
])
def test_malformed_http_is_refused_and_others_go_on(iris, raw):
    try:
        answer = talk(iris, raw)
    except ConnectionResetError:
        answer = b""
    assert answer == b"" or answer.split(b" ")[1][:1] in (b"4", b"5"), answer[:100]
    assert iris.post("/predict", ROW).status_code == 200


def test_an_oversized_body_is_413(start):
    server = start(IRIS, "--max-body", "10k")
    try:
        assert server.post("/predict", "[" + "1," * 20000 + "1]").status_code == 413
    except requests.ConnectionError:
        pass  # the answer may be cut off by the close while the body is still being sent
    assert server.post("/predict", ROW).status_code == 200
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n"
    assert b" 413 " in talk(server, head).split(b"\r\n")[0]


def test_slow_senders_are_cut_off(start):
    server = start(IRIS, "--header-timeout", "500ms")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost:")
        began = time.monotonic()
        while peer.recv(4096):
            pass
        assert time.monotonic() - began < 8
    assert server.post("/predict", ROW).status_code == 200


def test_metrics_are_prometheus_text_and_count(iris):
    def total():
        families = list(text_string_to_metric_families(iris.get("/metrics").text))
        assert families
        return {family.name: family for family in families}

    before = total()
    for _ in range(5):
        iris.post("/predict", ROW)
    iris.post("/predict", "{")
    after = total()
    assert set(before) <= set(after)
    # Seldon's are there once a client has sent feedback.
    assert all(name.startswith(("slipway_", "process_", "seldon_api_model_feedback")) for name in after)
    requests_before = sum(s.value for f in before.values() for s in f.samples if s.name.endswith("requests_total"))
    requests_after = sum(s.value for f in after.values() for s in f.samples if s.name.endswith("requests_total"))
    assert requests_after >= requests_before + 6
    assert any(s.labels.get("model") == "iris" for f in after.values() for s in f.samples)


def test_the_access_log_is_ecs_json(start, tmp_path):
    log = tmp_path / "access.json"
    server = start(IRIS, "--access-log", log)
    server.post("/predict", ROW, headers={"X-Request-Id": "logged-1"})
    server.post("/predict", "{")
    assert server.stop() == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    text = log.read_text()
    assert all("@timestamp" in line for line in lines)
    assert "logged-1" in text and "iris" in text and "sha256" in text
    assert len(lines) >= 2


def test_a_directory_serves_every_model_and_a_broken_one_stops_none(start, tmp_path):
    shutil.copy(IRIS, tmp_path / "iris.joblib")
    shutil.copy(IRIS, tmp_path / "second.joblib")
    shutil.copy(DATA / "hostile" / "system_call.pkl", tmp_path / "evil.pkl")
    shutil.copy(DATA / "unsupported" / "three_gaps.pkl", tmp_path / "gaps.pkl")
    shutil.copy(DATA / "hostile" / "truncated_forest.pkl", tmp_path / "cut.pkl")
    server = start(tmp_path, cwd=tmp_path)
    for name in ("iris", "second"):
        assert server.post(f"/models/{name}/predict", ROW).json()["prediction"] == ["setosa"]
    for name in ("evil", "gaps", "cut"):
        answer = server.post(f"/models/{name}/predict", ROW)
        assert answer.status_code in (404, 503), answer.text
        assert server.get(f"/v2/models/{name}/ready").status_code != 200
    assert not (tmp_path / "slipway_canary_was_run").exists()


def test_a_port_in_use_is_one_clear_error(iris):
    done = run("serve", IRIS, "--port", iris.port)
    assert done.returncode == 1
    assert str(iris.port) in done.stderr and "use" in done.stderr


def test_settings_come_from_environment_and_file_and_unknown_ones_are_refused(tmp_path):
    config = tmp_path / "slipway.yaml"
    config.write_text(f"paths: [{IRIS}]\nname: flower\nport: 0\n")
    process = subprocess.Popen([BINARY, "serve", "--config", config], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        answer = requests.post(f"http://127.0.0.1:{port}/models/flower/predict", json=ROW, timeout=10)
        assert answer.json()["prediction"] == ["setosa"]
    finally:
        process.terminate()
        assert process.wait(20) == 0
    config.write_text("prot: 9000\n")
    done = run("serve", IRIS, "--config", config)
    assert done.returncode == 1 and "prot" in done.stderr and "port" in done.stderr


def test_stopping_under_traffic_loses_no_request():
    server = Server(IRIS, "--drain-delay", "1s").wait_ready()
    stopping, failures, answered = threading.Event(), [], []

    def client(number):
        """A load balancer's view: fresh and kept connections, until readiness says no, then no new requests."""
        session = requests.Session()
        while not stopping.is_set():
            if number % 2:
                session = requests.Session()
            try:
                answer = session.post(server.url + "/predict", json=ROW, timeout=10)
                (answered if answer.status_code == 200 else failures).append(answer.status_code)
                if session.get(server.url + "/v2/health/ready", timeout=10).status_code == 503:
                    for _ in range(5):
                        answer = session.post(server.url + "/predict", json=ROW, timeout=10)
                        (answered if answer.status_code == 200 else failures).append(answer.status_code)
                    return "saw 503"
            except requests.RequestException as error:
                failures.append(repr(error))
                return "failed"
        return "stopped"

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client, number) for number in range(8)]
        time.sleep(0.7)
        began = time.monotonic()
        assert server.stop() == 0
        took = time.monotonic() - began
        stopping.set()
        ends = [future.result() for future in clients]
    assert failures == []
    assert len(answered) > 50
    assert ends == ["saw 503"] * 8
    assert 0.9 < took < 20


def test_requests_sent_before_the_signal_are_answered():
    server = Server(IRIS).wait_ready()
    rows = json.dumps({"features": [ROW["features"]] * 200000}).encode()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        busy = pool.submit(requests.post, server.url + "/predict", data=rows, timeout=60)
        time.sleep(0.05)
        assert server.stop() == 0
        answer = busy.result()
    assert answer.status_code == 200 and len(answer.json()["prediction"]) == 200000
