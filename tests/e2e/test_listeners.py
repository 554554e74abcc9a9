"""Several listeners of one program: TCP, Unix sockets, inherited sockets, admin apart; real clients."""

import http.client
import os
import re
import socket
import stat
import subprocess
import sys

import grpc
import pytest
import requests

from conftest import BINARY, IRIS, Server, run

ROW = b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
PROBE = "/v2/health/ready"


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "30", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))

    def ask(self, method, path, body=None):
        self.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self.getresponse()
        return answer.status, answer.read().decode()


def health_of(target, credentials=None):
    """The gRPC health service by the official client: 1 is SERVING."""
    channel = (grpc.insecure_channel(target) if credentials is None
               else grpc.secure_channel(target, credentials))
    with channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        return check(b"", timeout=30)


def ports(server, count):
    found = re.findall(r"(?:listening|and) on https?://\S+:(\d+)", "".join(server.log))
    assert len(found) == count, server.log
    return [int(port) for port in found]


def wait_gone(path):
    assert not os.path.exists(path)


def test_one_server_listens_on_tcp_and_unix_sockets(start, tmp_path):
    path = tmp_path / "a.sock"
    server = start(IRIS, "--listen", f"unix:{path}", "--listen", "127.0.0.1:0", "--loops", "2")
    first, second = ports(server, 2)
    assert requests.get(f"http://127.0.0.1:{second}{PROBE}", timeout=30).status_code == 200
    assert first == server.port
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    for version in "--http1.1", "--http2-prior-knowledge":
        answer = curl(version, "--unix-socket", path, "http://localhost/predict", "--json", ROW.decode())
        assert '"prediction":["setosa"]' in answer.stdout, answer
    assert health_of(f"unix:{path}") == b"\x08\x01"
    assert server.stop() == 0
    wait_gone(path)


def test_listeners_come_from_the_configuration_file(tmp_path):
    path = tmp_path / "a.sock"
    config = tmp_path / "slipway.yaml"
    config.write_text(f"""
port: 0
listeners:
  - {{address: "unix:{path}", mode: 0600}}
  - {{address: "127.0.0.1:0", protocols: [http2, grpc]}}
""")
    server = Server(IRIS, "--config", config).wait_ready()
    try:
        _, grpc_port = ports(server, 2)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert UnixConnection(path).ask("GET", PROBE)[0] == 200
        refused = requests.get(f"http://127.0.0.1:{grpc_port}{PROBE}", timeout=30)
        assert refused.status_code == 505
        assert health_of(f"127.0.0.1:{grpc_port}") == b"\x08\x01"
        answer = curl("--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_code}",
                      f"http://127.0.0.1:{grpc_port}{PROBE}")
        assert answer.stdout == "200"
    finally:
        assert server.stop() == 0


def test_the_environment_names_several_listeners(start, tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPWAY_LISTEN", f"unix:{tmp_path}/a.sock 127.0.0.1:0,protocols=http1")
    monkeypatch.setenv("SLIPWAY_HTTP2_MAX_STREAMS", "7")
    server = start(IRIS)
    ports(server, 2)
    assert UnixConnection(tmp_path / "a.sock").ask("GET", PROBE)[0] == 200
    told = subprocess.run(["nghttp", "-nv", f"{server.url}/v2"], capture_output=True, text=True, timeout=60)
    assert "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):7" in told.stdout, told


def test_a_listener_for_grpc_alone_refuses_the_rest(start):
    server = start(IRIS, "--listen", "127.0.0.1:0,protocols=grpc")
    _, port = ports(server, 2)
    assert health_of(f"127.0.0.1:{port}") == b"\x08\x01"
    answer = curl("--http2-prior-knowledge", "-w", "%{http_code}", f"http://127.0.0.1:{port}{PROBE}")
    assert answer.stdout.endswith("415"), answer
    assert "Only gRPC" in answer.stdout


def test_an_admin_unix_socket_is_its_owners_and_trusted(start, tmp_path):
    path = tmp_path / "admin.sock"
    server = start(IRIS, "--admin", f"unix:{path}")
    assert f"admin calls on unix:{path}" in "".join(server.log)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    unload = "/v2/repository/models/iris/unload"
    assert server.post(unload, {}).status_code == 403
    assert UnixConnection(path).ask("POST", unload, "{}")[0] == 200
    assert UnixConnection(path).ask("POST", "/v2/repository/models/iris/load", "{}")[0] == 200
    assert server.stop() == 0
    wait_gone(path)


def test_a_dead_servers_socket_is_replaced_and_a_live_ones_is_not(start, tmp_path):
    path = tmp_path / "a.sock"
    first = start(IRIS, "--listen", f"unix:{path}")
    failed = run("serve", IRIS, "--listen", f"unix:{path}")
    assert failed.returncode == 1 and "is in use" in failed.stderr
    assert UnixConnection(path).ask("GET", PROBE)[0] == 200
    first.process.kill()
    first.process.wait()
    assert path.exists()
    start(IRIS, "--listen", f"unix:{path}")
    assert UnixConnection(path).ask("GET", PROBE)[0] == 200


@pytest.mark.parametrize("listen, words", [
    ("nonsense", "expected HOST:PORT"),
    ("127.0.0.1:0,speed=9", "speed=9"),
    ("unix:/no/such/folder/a.sock", "No such file"),
    ("unix:" + "x" * 200, "107"),
    ("systemd", "no such socket"),
    ("0.0.0.0:0,admin", "--admin-token"),
])
def test_wrong_listeners_are_told_at_start(listen, words):
    failed = run("serve", IRIS, "--port", "0", "--listen", listen)
    assert failed.returncode == 1
    assert words in failed.stderr, failed.stderr


def launch_with_sockets(sockets, names, *arguments, **variables):
    """As systemd does: the descriptors from 3 on, and LISTEN_PID the program's own."""
    launcher = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
high = [os.dup2(fd, 200 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""
    fds = ",".join(str(s.fileno()) for s in sockets)
    return subprocess.Popen(
        [sys.executable, "-c", launcher, fds, names, BINARY, "serve", *map(str, arguments)],
        pass_fds=[s.fileno() for s in sockets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, **variables})


def test_sockets_of_the_service_manager_are_served_and_left_to_it(tmp_path):
    path = tmp_path / "admin.sock"
    tcp, admin = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    admin.bind(str(path))
    admin.listen()
    port = tcp.getsockname()[1]
    for _ in range(2):  # the second one takes over from the first
        server = launch_with_sockets([tcp, admin], "web:admin", IRIS, "--loops", "2",
                                     "--listen", "systemd:web", "--listen", "systemd:admin,admin")
        assert requests.get(f"http://127.0.0.1:{port}/v2/health/live", timeout=30).status_code == 200
        for line in server.stdout:
            if "admin calls on" in line:
                break
        assert UnixConnection(path).ask("POST", "/v2/repository/models/iris/load", "{}")[0] == 200
        server.terminate()
        assert server.wait(30) == 0
        server.stdout.close()
        assert path.exists()
    tcp.close()
    admin.close()
