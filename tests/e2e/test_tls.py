"""TLS of the real program with real clients: curl, nghttp, openssl, requests, grpcio."""

import concurrent.futures
import re
import signal
import socket
import ssl
import subprocess
import time

import grpc
import pytest
import requests

import tls_files
from conftest import IRIS, Server, run
from test_http2 import tool
from test_listeners import PROBE, curl, health_of, ports

PREDICT = '{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
SETOSA = '{"prediction":["setosa"]}'


class TlsServer(Server):
    """--port speaks TLS with server.pem of the folder; requests trust ca.pem."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        super().__init__(IRIS, "--tls-cert", folder / "server.pem", "--tls-key", folder / "server.key",
                         *arguments)
        self.url = f"https://localhost:{self.port}"
        self.http = self.client()

    def client(self):
        """A session of requests that trusts our CA, whatever the environment says."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.folder / "ca.pem")
        return session

    def openssl(self, *arguments, text=""):
        """openssl s_client, which sends the text and then ends."""
        return tls_files.openssl("s_client", "-connect", f"127.0.0.1:{self.port}", *arguments, input=text)

    def wait_log(self, words):
        deadline = time.monotonic() + 60
        while words not in "".join(self.log):
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def serial(self):
        """Of the certificate that new connections get."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("tls"))


def make_files(folder):
    tls_files.make_ca(folder)
    tls_files.make(folder, "server", issuer="ca")
    tls_files.make(folder, "client", issuer="ca", purpose="clientAuth")
    tls_files.make(folder, "stranger")
    return folder


@pytest.fixture(scope="module")
def server(files):
    server = TlsServer(files, "--loops", "2").wait_ready()
    yield server
    assert server.stop() == 0


@pytest.fixture
def start_tls():
    servers = []

    def begin(*arguments):
        servers.append(TlsServer(*arguments))
        return servers[-1]

    yield begin
    for server in servers:
        if server.process.poll() is None:
            assert server.stop() == 0


def test_requests_and_curl_speak_to_it(server, files):
    assert server.post("/predict", PREDICT).text == SETOSA
    for version, shown in ("--http1.1", "1.1"), ("--http2", "2"):
        answer = curl(version, "--cacert", files / "ca.pem", "-w", " %{http_version}", "--json", PREDICT,
                      f"{server.url}/predict")
        assert answer.stdout == f"{SETOSA} {shown}", answer
    refused = curl(f"{server.url}{PROBE}")
    assert "certificate" in refused.stderr  # unknown to whoever does not trust our CA


@pytest.mark.parametrize("version", ["--tlsv1.2", "--tlsv1.3"])
def test_both_versions_are_spoken(server, files, version):
    answer = curl(version, "--tls-max", version[-3:], "--cacert", files / "ca.pem", f"{server.url}{PROBE}",
                  "-w", "%{http_code}")
    assert answer.stdout.endswith("200"), answer


def test_nghttp_multiplexes(server):
    done = subprocess.run(["nghttp", "-nas", "-m", "50", "--no-verify-peer", f"{server.url}/v2"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    assert len(re.findall(r"\s200\s+\d+\w*\s+/v2", done.stdout)) == 50, done.stdout


def test_the_official_grpc_client_asks_for_health(server, files):
    credentials = grpc.ssl_channel_credentials((files / "ca.pem").read_bytes())
    assert health_of(f"localhost:{server.port}", credentials) == b"\x08\x01"


def test_only_mozillas_intermediate_profile_is_agreed_on(server):
    for flag, words in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        done = server.openssl(flag)
        assert re.search(rf"New, {words}, Cipher is [A-Z]", done.stdout), done.stdout
        assert "Secure Renegotiation IS" in done.stdout and "Compression: NONE" in done.stdout
    for refused in (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM"], ["-curves", "X448"]):
        done = server.openssl(*refused)
        assert done.returncode != 0 and "Cipher is (NONE)" in done.stdout, (refused, done.stdout)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed_on_any_loop(server, tmp_path, version):
    saved = str(tmp_path / "session.pem")
    request = f"GET {PROBE} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    first = server.openssl(version, "-sess_out", saved, "-ign_eof", text=request)
    assert "New, TLS" in first.stdout and "HTTP/1.1 200 OK" in first.stdout
    for _ in range(6):
        again = server.openssl(version, "-sess_in", saved, "-ign_eof", text=request)
        assert "Reused, TLS" in again.stdout and "HTTP/1.1 200 OK" in again.stdout, again.stdout


def test_plain_http_is_told_and_the_connection_ends(server):
    answer = curl(f"http://127.0.0.1:{server.port}/", "-w", "%{http_code}")
    assert "A plain HTTP request was sent to an HTTPS port" in answer.stdout
    assert answer.stdout.endswith("400")


def test_a_plain_listener_stands_beside_it(start_tls, files):
    server = start_tls(files, "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0,tls,protocols=http1")
    _, plain, old = ports(server, 3)
    server.wait_ready()
    assert requests.get(f"http://127.0.0.1:{plain}{PROBE}", timeout=30).status_code == 200
    answer = curl("--cacert", files / "ca.pem", "-w", "%{http_version}", "-o", "/dev/null",
                  f"https://localhost:{old}{PROBE}")
    assert answer.stdout == "1.1"


@pytest.mark.parametrize("wanted", ["required", "optional"])
def test_clients_show_certificates(start_tls, files, wanted):
    server = start_tls(files, "--tls-client-ca", files / "ca.pem", "--tls-client-cert", wanted)
    pair = ["--cert", files / "client.pem", "--key", files / "client.key"]
    other = ["--cert", files / "stranger.pem", "--key", files / "stranger.key"]

    def status(*arguments):
        return curl("--cacert", files / "ca.pem", "-o", "/dev/null", "-w", "%{http_code}", *arguments,
                    f"{server.url}/v2/health/live").stdout

    assert status(*pair) == "200"
    assert status(*other) == "000"
    assert status() == ("200" if wanted == "optional" else "000")
    server.http.cert = (str(files / "client.pem"), str(files / "client.key"))
    assert server.wait_ready().post("/predict", PREDICT).text == SETOSA
    root = (files / "ca.pem").read_bytes()
    shown = grpc.ssl_channel_credentials(root, (files / "client.key").read_bytes(),
                                         (files / "client.pem").read_bytes())
    assert health_of(f"localhost:{server.port}", shown) == b"\x08\x01"
    if wanted == "required":
        with pytest.raises(grpc.RpcError):
            health_of(f"localhost:{server.port}", grpc.ssl_channel_credentials(root))


def test_the_name_chooses_the_certificate(start_tls, files):
    tls_files.make(files, "second", "DNS:second.example,DNS:*.third.example")
    server = start_tls(files, "--tls-cert", files / "second.pem", "--tls-key", files / "second.key")
    for name, subject in (("second.example", "second"), ("x.third.example", "second"),
                          ("localhost", "server"), ("unknown.example", "server")):
        done = server.openssl("-servername", name)
        assert re.search(rf"subject=CN ?= ?{subject}\n", done.stdout), (name, done.stdout)


def test_certificates_are_replaced_while_it_serves(start_tls, tmp_path):
    files = make_files(tmp_path / "tls")
    server = start_tls(files, "--listen", "127.0.0.1:0").wait_ready()
    kept = server.client()
    assert kept.get(server.url + PROBE, timeout=30).status_code == 200
    before = server.serial()
    tls_files.make(files, "server", issuer="ca")  # noticed by itself
    server.wait_log("new certificates are in use")
    renewed = server.serial()
    assert renewed != before
    good = (files / "server.key").read_text()
    (files / "server.key").write_text((files / "stranger.key").read_text())
    server.wait_log("does not belong to the certificate")
    assert server.serial() == renewed
    server.process.send_signal(signal.SIGHUP)
    server.wait_log("go on serving")
    assert server.serial() == renewed
    (files / "server.key").write_text(good)
    assert server.post("/predict", PREDICT).text == SETOSA
    assert kept.get(server.url + PROBE, timeout=30).status_code == 200  # the connection of before


def test_requests_under_load_notice_no_replacement(start_tls, tmp_path):
    files = make_files(tmp_path / "tls")
    server = start_tls(files, "--loops", "2").wait_ready()
    going = True

    def ask():
        asked = 0
        while going:
            with server.client() as session:
                for _ in range(5):
                    answer = session.post(f"{server.url}/predict", PREDICT, timeout=30,
                                          headers={"Content-Type": "application/json"})
                    assert answer.text == SETOSA
                    asked += 1
        return asked

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(ask) for _ in range(4)]
        for _ in range(10):
            tls_files.make(files, "server", issuer="ca")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        going = False
        assert all(one.result() > 0 for one in running)


def test_a_drain_says_goodbye_to_idle_connections(files):
    server = TlsServer(files).wait_ready()
    context = ssl.create_default_context(cafile=files / "ca.pem")
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end without close_notify is an error
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as idle:
            idle.sendall(f"GET {PROBE} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            assert idle.recv(20).startswith(b"HTTP/1.1 200")
            server.process.send_signal(signal.SIGTERM)
            while idle.recv(4096):
                pass
    assert server.stop() == 0


@pytest.mark.parametrize("version", ["--h1", "--alpn-list=h2"])
def test_sigterm_under_load_loses_no_request(files, tmp_path, version):
    server = TlsServer(files, "--drain-delay", "500ms").wait_ready()
    body = tmp_path / "body.json"
    body.write_text(PREDICT)
    load = subprocess.Popen([tool("h2load"), version, "-n", "2000000", "-c", "4", "-m", "1" if version == "--h1" else "16",
                             "-d", body, server.url + "/predict"], stdout=subprocess.PIPE, text=True)
    while "slipway_transport_requests_total 0" in server.get("/metrics").text:
        pass
    server.process.send_signal(signal.SIGTERM)
    assert server.stop() == 0  # 0: every accepted request had been answered
    load.communicate(timeout=60)


def test_h2spec_finds_over_tls_what_it_finds_without(server):
    done = subprocess.run([tool("h2spec"), "-t", "-k", "-h", "127.0.0.1", "-p", str(server.port), "-P", "/v2/health/live",
                           "-o", "5"], capture_output=True, text=True, timeout=300)
    failed = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout)
    assert failed and int(failed[1]) > 140 and int(failed[4]) <= 2, done.stdout[-4000:]


@pytest.mark.parametrize("flags, words", [
    (["--tls-cert", "server.pem"], "needs its --tls-key"),
    (["--tls-cert", "missing.pem", "--tls-key", "server.key"], "No such file"),
    (["--tls-cert", "server.pem", "--tls-key", "missing.key"], "missing.key cannot be used: No such file"),
    (["--tls-cert", "server.pem", "--tls-key", "client.key"], "does not belong to the certificate"),
    (["--tls-cert", "server.key", "--tls-key", "server.key"], "TLS certificate"),
    (["--tls-cert", "server.pem", "--tls-key", "server.key", "--tls-client-ca", "server.key"], "client CA"),
    (["--listen", "127.0.0.1:0,tls"], "TLS needs --tls-cert"),
    (["--tls-cert", "server.pem", "--tls-key", "server.key", "--tls-client-cert", "maybe"], "maybe"),
])
def test_what_is_wrong_is_told_at_start(files, flags, words):
    named = [files / part if part.endswith((".pem", ".key")) else part for part in flags]
    failed = run("serve", IRIS, "--port", "0", *named)
    assert failed.returncode != 0
    assert words in failed.stderr, failed.stderr


def test_an_expired_certificate_is_only_warned_of(start_tls, tmp_path):
    files = make_files(tmp_path / "tls")
    tls_files.make(files, "server", days=-1)
    server = start_tls(files)
    assert "the TLS certificate has expired" in "".join(server.log)
    assert curl("-k", f"{server.url}/v2/health/live", "-w", "%{http_code}").stdout.endswith("200")
