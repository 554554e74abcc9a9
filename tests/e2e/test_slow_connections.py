"""Thousands of connections that dawdle: memory stays bounded, others are served, all are ended in time.

SLIPWAY_SLOW_CONNECTIONS sets how many (2,000); the limits on descriptors of this process and the program must allow them.
"""

import os
import pathlib
import re
import resource
import socket

import pytest

import tls_files
from conftest import IRIS
from test_listeners import ports

COUNT = int(os.environ.get("SLIPWAY_SLOW_CONNECTIONS", "2000"))
BYTES_EACH_MAX = 64 * 1024
ROW = '{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
CLIENT_HELLO_START = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 32


def memory_bytes(server):
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < COUNT + 200:
        pytest.skip(f"{hard} descriptors are too few for {COUNT} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_slow_connections_cost_little_and_hold_up_nobody(start, many_descriptors, tmp_path):
    certificate, key = tls_files.make(tmp_path, "server")
    server = start(IRIS, "--loops", "2", "--max-connections", COUNT + 100, "--listen",
                   f"127.0.0.1:0,cert={certificate},key={key}", "--header-timeout", "10m",
                   "--tls-handshake-timeout", "10m")
    plain_port, tls_port = ports(server, 2)
    before = memory_bytes(server)
    plain, tls = [], []
    request = b"GET /v2/health/ready HTTP/1.1\r\nHost: h\r\nX-Slow: " + b"s" * 1000
    for _ in range(COUNT // 2):
        plain.append(socket.create_connection(("127.0.0.1", plain_port), timeout=60))
        plain[-1].sendall(request[:1])
        tls.append(socket.create_connection(("127.0.0.1", tls_port), timeout=60))
        tls[-1].sendall(CLIENT_HELLO_START[:12])
    for turn in range(1, 20):
        for connection in plain:
            connection.sendall(request[turn:turn + 1])
        for connection in tls:
            connection.sendall(CLIENT_HELLO_START[11 + turn:12 + turn])
        assert server.post("/predict", ROW).text == '{"prediction":["setosa"]}'
    grown = memory_bytes(server) - before
    print(f"{COUNT} slow connections: {grown / 2**20:.1f} MiB, {grown / COUNT / 1024:.1f} KiB each")
    assert grown < COUNT * BYTES_EACH_MAX
    metrics = server.get("/metrics").text
    assert int(re.search(r"^slipway_connections_open\S* (\d+)", metrics, re.M)[1]) > COUNT
    for connection in plain + tls:
        connection.close()
    assert server.stop() == 0


def test_slow_ones_are_ended_by_their_time_limits(start, tmp_path):
    certificate, key = tls_files.make(tmp_path, "server")
    server = start(IRIS, "--listen", f"127.0.0.1:0,cert={certificate},key={key}", "--header-timeout", "1s",
                   "--tls-handshake-timeout", "1s")
    plain_port, tls_port = ports(server, 2)
    plain = [socket.create_connection(("127.0.0.1", plain_port), timeout=60) for _ in range(50)]
    tls = [socket.create_connection(("127.0.0.1", tls_port), timeout=60) for _ in range(50)]
    for connection in plain:
        connection.sendall(b"GET / HT")
    for connection in tls:
        connection.sendall(CLIENT_HELLO_START)
    assert all(connection.recv(4096).startswith(b"HTTP/1.1 408") for connection in plain)
    assert all(connection.recv(4096) == b"" for connection in tls)
