"""What stands before and around the server: balancers (PROXY protocol), web pages (CORS), systemd."""

import json
import os
import re
import signal
import socket
import struct
import subprocess

import pytest
import requests

from conftest import BINARY, IRIS, run
from test_listeners import PROBE, curl, ports

PAGE = "https://app.example.com"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def ask_raw(port, data):
    """Everything that comes back until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(4096):
            answer += part
        return answer


def proxy_v2(source="192.0.2.7", further=b""):
    body = socket.inet_aton(source) + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 4660, 443) + further
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


def test_the_balancers_header_names_the_client(start, tmp_path):
    log = tmp_path / "access.log"
    server = start(IRIS, "--access-log", log, "--listen", "127.0.0.1:0,proxy")
    _, port = ports(server, 2)
    request = f"GET {PROBE} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
    assert ask_raw(port, proxy_v2(further=b"\x04\x00\x03abc") + request).startswith(b"HTTP/1.1 200")
    answer = curl("--haproxy-protocol", f"http://127.0.0.1:{port}/v2", "-w", "%{http_code}")
    assert answer.stdout.endswith("200")  # version 1, the client is curl itself
    for wrong in (request, b"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n" + request, SIGNATURE + b"\x21\x11\xff\xff",
                  b"\x16\x03\x01\x00\x05hello"):
        assert ask_raw(port, wrong) == b""
    assert ask_raw(server.port, proxy_v2() + request).startswith(b"HTTP/1.1 400")  # not asked for
    assert server.stop() == 0
    clients = [json.loads(line)["client.address"] for line in log.read_text().splitlines()
               if "192.0.2.7" in line]
    assert clients == ["192.0.2.7"]


def test_named_pages_may_read_answers_and_others_not(start):
    server = start(IRIS, "--cors-origin", PAGE, "--cors-origin", "http://localhost:3000",
                   "--cors-max-age", "10m")
    allowed = server.get("/v2", headers={"Origin": PAGE})
    assert allowed.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in allowed.headers["Vary"]
    other = server.get("/v2", headers={"Origin": "https://evil.example"})
    assert other.status_code == 200 and "Access-Control-Allow-Origin" not in other.headers
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type"}
    preflight = server.http.options(server.url + "/predict", headers=asked, timeout=30)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Max-Age"] == "600"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    predicted = server.post("/predict", {"instances": [[5.1, 3.5, 1.4, 0.2]]},
                            headers={"Origin": PAGE, "Content-Type": "application/json"})
    assert predicted.json() == {"prediction": ["setosa"]}
    assert predicted.headers["Access-Control-Allow-Origin"] == PAGE
    failed = server.post("/predict", "nonsense", headers={"Origin": PAGE})
    assert failed.status_code >= 400 and failed.headers["Access-Control-Allow-Origin"] == PAGE
    http2 = curl("--http2-prior-knowledge", "-i", "-H", f"Origin: {PAGE}", f"{server.url}/v2")
    assert f"access-control-allow-origin: {PAGE}" in http2.stdout


def test_without_cors_no_page_may(iris):
    answer = iris.get("/v2", headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_wrong_origin_is_told_at_start():
    failed = run("serve", IRIS, "--port", "0", "--cors-origin", "app.example.com")
    assert failed.returncode == 1 and "https://app.example.com" in failed.stderr


class ServiceManager:
    """The datagram socket that systemd would listen on."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(60)

    def next(self):
        return self.socket.recv(4096).decode()


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_hears_of_readiness_reload_life_and_stop(tmp_path, abstract):
    name = f"slipway-{os.getpid()}" if abstract else str(tmp_path / "notify")
    manager = ServiceManager("\0" + name if abstract else name)
    variables = {"NOTIFY_SOCKET": ("@" if abstract else "") + name, "WATCHDOG_USEC": "200000"}
    server = subprocess.Popen([BINARY, "serve", IRIS, "--port", "0", "--loops", "2"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, **variables})

    def wait_for(words):
        while words not in (heard := manager.next()):
            assert heard == "WATCHDOG=1"
        return heard

    wait_for("READY=1")
    for _ in range(3):
        assert manager.next() == "WATCHDOG=1"
    server.send_signal(signal.SIGHUP)
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", wait_for("RELOADING"))
    wait_for("READY=1")
    server.terminate()
    wait_for("STOPPING=1")
    assert server.wait(30) == 0
    server.stdout.close()


def test_the_descriptor_limit_is_raised_to_what_connections_need():
    server = subprocess.Popen(["bash", "-c", 'ulimit -Sn 64; exec "$0" "$@"', BINARY, "serve", IRIS, "--port",
                               "0", "--max-connections", "500"], stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)$", server.stdout.readline()).group(1))
    held = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(300)]
    assert requests.get(f"http://127.0.0.1:{port}{PROBE}", timeout=30).status_code == 200
    for connection in held:
        connection.close()
    server.terminate()
    assert server.wait(30) == 0
    server.stdout.close()
