"""Models from http(s):// and s3:// addresses: real servers, change, failure, resumption, the cache."""

import functools
import hashlib
import http.server
import os
import re
import signal
import ssl
import subprocess
import threading

import pytest

import made_models
import object_store
from conftest import Server, run
from test_repository import ADMIN, TOKEN, broken, index, infer_value, metric, models, predict, put, value, wait_for

needs_s3 = pytest.mark.skipif(object_store.PROGRAM is None, reason="versitygw is not there (tools/setup test)")
FAST = ("--poll-interval", "100ms")


class Files(http.server.BaseHTTPRequestHandler):
    """Serves server.files with ETags, ranges and conditions; server.cut breaks answers off."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        files = self.server
        files.requests.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
        if self.path in files.redirects:
            self.send_response(302)
            self.send_header("Location", files.redirects[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = files.files.get(self.path.split("?")[0])
        if data is None:
            self.send_error(404)
            return
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        begin = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and self.headers.get("If-Range") == tag:
            begin = int(asked.group(1))
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - begin))
        self.send_header("ETag", tag)
        self.end_headers()
        if files.cut:
            self.wfile.write(data[begin:begin + files.cut])
            self.close_connection = True
            return
        self.wfile.write(data[begin:])


@pytest.fixture
def web():
    servers = []

    def begin(certificate=None, port=0):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Files)
        server.daemon_threads = True
        server.files, server.redirects, server.requests, server.cut = {}, {}, [], 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def store(tmp_path):
    made = object_store.ObjectStore(tmp_path / "s3")
    made.make_bucket("models")
    yield made
    made.stop()


@pytest.fixture
def cached(start, tmp_path, monkeypatch):
    """Starts servers that share a cache."""
    return functools.partial(start, "--cache-dir", tmp_path / "cache", *FAST)


def use(store, monkeypatch, **others):
    for name, text in {**store.environment, **others}.items():
        monkeypatch.setenv(name, text)


def test_a_file_from_the_web_is_served_and_followed(cached, web):
    site = web()
    site.files["/team/m.pkl"] = made_models.constant(1)
    server = cached(f"{site.url}/team/m.pkl")
    assert value(server) == 1
    wait_for(lambda: site.requests[-1][1].get("if-none-match"))
    site.files["/team/m.pkl"] = made_models.constant(2)
    wait_for(lambda: value(server) == 2)
    site.files["/team/m.pkl"] = broken(made_models.constant(3))
    wait_for(lambda: metric(server, "slipway_model_load_failed", model="m") == 1)
    assert value(server) == 2
    site.files["/team/m.pkl"] = made_models.constant(4)
    wait_for(lambda: value(server) == 4)
    del site.files["/team/m.pkl"]
    wait_for(lambda: predict(server).status_code != 200)


def test_what_cannot_be_reached_is_served_from_the_cache_with_a_warning(cached, web):
    site = web()
    site.files["/m.pkl"] = made_models.constant(1)
    url = f"{site.url}/m.pkl"
    server = cached(url)
    assert value(server) == 1
    assert server.stop() == 0
    site.shutdown()
    site.server_close()
    server = cached(url)
    assert value(server) == 1
    assert any("served from the cache" in line for line in server.log)
    assert "served from the cache" in server.get("/models").json()["errors"][0]
    assert metric(server, "slipway_repository_errors") == 1
    again = web(port=site.server_address[1])
    again.files["/m.pkl"] = made_models.constant(2)
    wait_for(lambda: value(server) == 2)
    wait_for(lambda: "errors" not in server.get("/models").json())
    assert server.stop() == 0


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(cached, web):
    site = web()
    data = made_models.large_tree(100_000, 7)
    site.files["/m.pkl"] = data
    site.cut = len(data) // 4
    server = cached(f"{site.url}/m.pkl", "--load-timeout", "1s")
    wait_for(lambda: predict(server).status_code == 200, 60)
    assert value(server) == 7
    ranges = [headers["range"] for _, headers in site.requests if "range" in headers]
    assert ranges[0] == f"bytes={len(data) // 4}-" and len(ranges) >= 3


def test_redirects_are_followed_within_limits(cached, web):
    site = web()
    site.files["/real/m.pkl"] = made_models.constant(5)
    site.redirects["/m.pkl"] = "/real/m.pkl"
    server = cached(f"{site.url}/m.pkl")
    assert value(server) == 5
    site.redirects["/loop.pkl"] = "/loop.pkl"
    site.redirects["/file.pkl"] = "file:///etc/passwd"
    for name, words in {"loop.pkl": "too many redirects", "file.pkl": "expected http"}.items():
        done = run("serve", f"{site.url}/{name}", "--watch", "off", "--port", "0")
        assert done.returncode == 1 and words in done.stderr, done.stderr


def test_certificates_are_verified(cached, web, tmp_path):
    both = tmp_path / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "ca.pem"],
                   check=True, capture_output=True)
    both.write_text((tmp_path / "key").read_text() + (tmp_path / "ca.pem").read_text())
    site = web(both)
    site.files["/m.pkl"] = made_models.constant(1)
    done = run("serve", f"{site.url}/m.pkl", "--watch", "off", "--port", "0", "--cache-dir", tmp_path / "c")
    assert done.returncode == 1 and "certificate" in done.stderr, done.stderr
    server = cached(f"{site.url}/m.pkl", "--ca-file", tmp_path / "ca.pem")
    assert value(server) == 1


def test_addresses_that_make_no_sense_are_told_at_once():
    for url in ("ftp://host/m.pkl", "http://user:secret@host/m.pkl", "s3://", "http://host/a/../m.pkl"):
        done = run("serve", url, "--port", "0")
        assert done.returncode == 1 and "not a usable address" in done.stderr, done.stderr
        assert "secret" not in done.stderr


@needs_s3
def test_one_object_of_s3(cached, store, monkeypatch):
    use(store, monkeypatch)
    store.put("models/team/m+1.pkl", made_models.constant(1))
    server = cached("s3://models/team/m+1.pkl", "--name", "m")
    assert value(server) == 1
    store.put("models/team/m+1.pkl", made_models.constant(2))
    wait_for(lambda: value(server) == 2)


@needs_s3
def test_a_repository_in_s3(cached, store, monkeypatch):
    use(store, monkeypatch)
    store.put("models/live/m/1/model.pkl", made_models.constant(1))
    store.put("models/live/m/2/model.pkl", made_models.constant(2))
    store.put("models/live/single.pkl", made_models.constant(7))
    store.put("models/live/two words ü&+%41/1/model.pkl", made_models.constant(8))
    store.put("models/lively/other.pkl", made_models.constant(9))
    server = cached("s3://models/live")
    assert infer_value(server, "m") == ("2", 2)
    assert value(server, "single") == 7
    assert infer_value(server, "two%20words%20%C3%BC&+%2541")[1] == 8
    assert predict(server, "other").status_code == 404
    store.put("models/live/m/3/model.pkl", made_models.constant(3))
    wait_for(lambda: infer_value(server, "m") == ("3", 3))
    store.put("models/live/m/3/model.pkl", made_models.constant(33))
    wait_for(lambda: infer_value(server, "m") == ("3", 33))
    store.put("models/live/m/4/model.pkl", broken(made_models.constant(4)))
    wait_for(lambda: ("m", "4") in index(server) and "4" in index(server)["m", "4"]["reason"])
    assert infer_value(server, "m") == ("3", 33)
    store.delete("models/live/m/4/model.pkl")
    store.delete("models/live/m/3/model.pkl")
    wait_for(lambda: infer_value(server, "m") == ("2", 2))
    store.delete("models/live/single.pkl")
    wait_for(lambda: predict(server, "single").status_code == 404)
    assert server.stop() == 0
    store.stop()
    server = cached("s3://models/live")  # from the cache
    assert infer_value(server, "m") == ("2", 2)
    store.start()
    store.put("models/live/m/5/model.pkl", made_models.constant(5))
    wait_for(lambda: infer_value(server, "m") == ("5", 5))


@needs_s3
def test_entries_of_a_list_may_be_addresses(cached, store, web, models, monkeypatch):
    use(store, monkeypatch)
    site = web()
    site.files["/far.pkl"] = made_models.constant(1)
    for version in (1, 2):
        store.put(f"models/m/{version}/model.pkl", made_models.constant(version))
    put(models / "near.pkl", made_models.constant(3))
    listing = models / "models.yaml"
    listing.write_text(f"models:\n  - {{name: a, path: '{site.url}/far.pkl'}}\n"
                       "  - {name: b, path: 's3://models/m', versions: all, labels: {stable: 1}}\n"
                       "  - {name: c, path: near.pkl}\n")
    server = cached(listing)
    assert [value(server, name) for name in "abc"] == [1, 2, 3]
    assert infer_value(server, "b/versions/stable") == ("1", 1)


@needs_s3
def test_refusals_of_s3_are_told(store, monkeypatch, tmp_path):
    use(store, monkeypatch, AWS_SECRET_ACCESS_KEY="wrong")
    options = ("--watch", "off", "--port", "0", "--cache-dir", tmp_path / "c")
    store.put("models/m.pkl", made_models.constant(1))
    done = run("serve", "s3://models/m.pkl", *options)
    assert done.returncode == 1 and "SignatureDoesNotMatch" in done.stderr, done.stderr
    assert "wrong" not in done.stderr
    use(store, monkeypatch)
    for url in ("s3://models/none.pkl", "s3://nowhere/m.pkl"):
        done = run("serve", url, *options)
        assert done.returncode == 1 and "NoSuch" in done.stderr, done.stderr
    # The shared credentials file, by profile.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id={object_store.ACCESS}\naws_secret_access_key={object_store.SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    server = Server("s3://models/m.pkl", "--cache-dir", tmp_path / "c2")
    assert value(server) == 1
    assert server.stop() == 0


@needs_s3
def test_an_admin_load_looks_at_the_address_first(start, store, monkeypatch, tmp_path):
    use(store, monkeypatch)
    store.put("models/m.pkl", made_models.constant(1))
    server = start("s3://models/m.pkl", "--watch", "off", "--admin-token", TOKEN, "--cache-dir", tmp_path / "c")
    store.put("models/m.pkl", made_models.constant(2))
    assert server.post("/v2/repository/models/m/load", "", headers=ADMIN).status_code == 200
    assert value(server) == 2
    store.put("models/m.pkl", made_models.constant(3))
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: value(server) == 3)


@needs_s3
def load_from(server, name, url):
    return server.post(f"/v2/repository/models/{name}/load", {"parameters": {"url": url}}, headers=ADMIN)


def test_an_admin_call_loads_from_allowed_addresses_only(start, web, tmp_path):
    site, other = web(), web()
    site.files["/team/new.pkl"] = made_models.constant(1)
    site.files["/private/new.pkl"] = made_models.constant(2)
    other.files["/team/new.pkl"] = made_models.constant(3)
    site.redirects["/team/away.pkl"] = f"{other.url}/team/new.pkl"
    site.redirects["/team/inside.pkl"] = "/team/new.pkl"
    put(tmp_path / "models" / "m.pkl", made_models.constant(0))
    server = start(tmp_path / "models", "--cache-dir", tmp_path / "cache", *FAST, "--admin-token", TOKEN, "--allow-url", f"{site.url}/team")

    for url in (f"{site.url}/private/new.pkl", f"{site.url}/teams/new.pkl", f"{other.url}/team/new.pkl", "s3://team/new.pkl"):
        refused = load_from(server, "new", url)
        assert refused.status_code == 403 and "--allow-url" in refused.text, refused.text
    assert load_from(server, "new", f"{site.url}/team/../private/new.pkl").status_code == 400
    assert load_from(server, "new", "file:///etc/passwd").status_code == 400
    assert not other.requests and not any(path.startswith("/private") for path, _ in site.requests)

    loaded = load_from(server, "new", f"{site.url}/team/new.pkl")
    assert loaded.status_code == 200, loaded.text
    assert value(server, "new") == 1
    site.files["/team/new.pkl"] = made_models.constant(4)
    wait_for(lambda: value(server, "new") == 4)
    assert load_from(server, "inside", f"{site.url}/team/inside.pkl").status_code == 200
    away = load_from(server, "away", f"{site.url}/team/away.pkl")
    assert away.status_code >= 400 and "--allow-url" in away.text and not other.requests, away.text
    taken = load_from(server, "m", f"{site.url}/team/new.pkl")
    assert taken.status_code == 400 and "already" in taken.text and value(server, "m") == 0
    missing = load_from(server, "gone", f"{site.url}/team/gone.pkl")
    assert missing.status_code >= 400 and "404" in missing.text, missing.text
    assert value(server, "new") == 4


def test_without_an_allow_list_no_address_is_taken(start, web, tmp_path):
    site = web()
    put(tmp_path / "models" / "m.pkl", made_models.constant(0))
    server = start(tmp_path / "models", "--cache-dir", tmp_path / "cache", "--admin-token", TOKEN)
    assert load_from(server, "new", f"{site.url}/new.pkl").status_code == 403
    assert server.post("/v2/repository/models/new/load", {"parameters": {"url": f"{site.url}/new.pkl"}}).status_code == 403
    assert not site.requests


def test_a_killed_server_leaves_a_usable_cache(store, monkeypatch, tmp_path):
    use(store, monkeypatch)
    for round_number in range(4):
        for version in range(1, 4):
            store.put(f"models/live/m/{version}/model.pkl", made_models.large_tree(20_000, version + 10 * round_number))
        server = Server("s3://models/live", "--cache-dir", tmp_path / "c", *FAST)
        wait_for(lambda: predict(server).status_code == 200)
        store.put(f"models/live/m/{round_number + 4}/model.pkl", made_models.large_tree(50_000, 100 + round_number))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
    server = Server("s3://models/live", "--cache-dir", tmp_path / "c", *FAST)
    wait_for(lambda: infer_value(server, "m") == ("7", 103))
    assert server.stop() == 0
