"""HTTP/2 peers that mean harm, against the real program: each is ended or held back, memory stays bounded, others are served."""

import json
import pathlib
import re
import socket
import ssl
import struct
import time

import pytest

import tls_files
from conftest import IRIS

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
GET = b"\x82\x86\x84\x41\x01h"  # :method GET, :scheme http, :path /, :authority h
ROW = json.dumps({"features": [5.1, 3.5, 1.4, 0.2]})


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def memory_mib(server):
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def connect(server, *settings, tls_port=None):
    made = socket.create_connection(("127.0.0.1", tls_port or server.port), timeout=20)
    if tls_port:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        made = context.wrap_socket(made)
    made.sendall(PREFACE + frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *entry) for entry in settings)))
    return made


def send_until_refused(made, chunks):
    """Sends without reading; false if the server closed the connection before the end."""
    try:
        for chunk in chunks:
            made.sendall(chunk)
        return True
    except (ConnectionError, socket.timeout, ssl.SSLError):
        return False


def ended(made):
    """Reads to the end; the error code of the GOAWAY, or None if there was none."""
    received = b""
    try:
        while piece := made.recv(65536):
            received += piece
    except (ConnectionError, ssl.SSLError):
        pass
    for at in range(len(received) - 16):
        if received[at:at + 9] == frame(GOAWAY, 0, 0, b"x" * 8)[:9]:
            return struct.unpack(">I", received[at + 13:at + 17])[0]
    return None


FLOODS = {
    "pings": [frame(PING, 0, 0, b"12345678") * 1000] * 200,
    "settings": [frame(SETTINGS, 0, 0) * 1000] * 200,
    "priorities": [b"".join(frame(PRIORITY, 0, 2 * i + 1, b"\0\0\0\0\x10") for i in range(1000))] * 200,
    "resets": [b"".join(frame(HEADERS, END_HEADERS, 2 * i + 1, GET) + frame(RST_STREAM, 0, 2 * i + 1, b"\0\0\0\x08")
                        for i in range(n, n + 1000)) for n in range(0, 100_000, 1000)],
    "continuations": [frame(HEADERS, 0, 1, GET)] + [frame(CONTINUATION, 0, 1, b"\x82" * 100) * 100] * 200,
    "empty data": [frame(HEADERS, END_HEADERS, 1, b"\x83" + GET[1:])] + [frame(DATA, 0, 1) * 1000] * 200,
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_ends_its_connection_and_no_other(start, tmp_path, flood, tls):
    listen, port = [], None
    if tls:
        certificate, key = tls_files.make(tmp_path, "server")
        listen = ["--listen", f"127.0.0.1:0,cert={certificate},key={key}"]
    server = start(IRIS, "--loops", "1", *listen)
    if tls:
        port = int(re.search(r"and on https://\S+:(\d+)", "".join(server.log))[1])
    before = memory_mib(server)
    attackers = [connect(server, tls_port=port) for _ in range(4)]
    for attacker in attackers:
        send_until_refused(attacker, FLOODS[flood])
        assert server.post("/predict", ROW).status_code == 200
    for attacker in attackers:
        ended(attacker)  # and not: waits for more
    assert memory_mib(server) < before + 32
    assert server.stop() == 0


def test_header_bombs_are_not_unpacked(start):
    server = start(IRIS)
    before = memory_mib(server)
    # An entry of 4,000 bytes goes into the dynamic table and is then named 12,000 times by one byte: 48 MB a request.
    entry = b"\x40\x01x\x7f\xa1\x1e" + b"v" * 4000
    attackers = [connect(server) for _ in range(8)]
    for attacker in attackers:
        block = GET + entry + b"\xbe" * 12_000
        send_until_refused(attacker, [frame(HEADERS, END_HEADERS | END_STREAM, 1, block)] +
                           [frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, GET + b"\xbe" * 16_000) for i in range(1, 20)])
    assert server.post("/predict", ROW).status_code == 200
    assert memory_mib(server) < before + 32
    for attacker in attackers:
        attacker.close()
    assert server.stop() == 0


def test_readers_that_open_no_window_are_reset(start):
    server = start(IRIS, "--write-timeout", "1s")
    before = memory_mib(server)
    attackers = [connect(server, (4, 0)) for _ in range(20)]  # SETTINGS_INITIAL_WINDOW_SIZE 0
    for attacker in attackers:
        attacker.sendall(b"".join(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, GET) for i in range(100)))
    time.sleep(2.5)
    for attacker in attackers:
        attacker.settimeout(5)
        received = b""
        while frame(RST_STREAM, 0, 199, b"\0\0\0\x08") not in received:  # CANCEL, of the last stream
            received += attacker.recv(65536)
        attacker.close()
    assert memory_mib(server) < before + 64
    assert server.post("/predict", ROW).status_code == 200
    assert server.stop() == 0


def test_uploads_that_never_end_are_answered_and_their_memory_given_back(start):
    server = start(IRIS, "--body-timeout", "1s")
    attackers = [connect(server) for _ in range(10)]
    for attacker in attackers:
        for i in range(20):
            attacker.sendall(frame(HEADERS, END_HEADERS, 2 * i + 1, b"\x83" + GET[1:]) + frame(DATA, 0, 2 * i + 1, b"x" * 10_000))
    deadline = time.monotonic() + 20
    while "slipway_transport_timeouts_total 200" not in server.get("/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.post("/predict", ROW).status_code == 200
    assert server.stop() == 0
