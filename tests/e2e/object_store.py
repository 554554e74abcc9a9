"""A real server that speaks S3 (versitygw, built by tools/setup) over a folder, and a client for the tests."""

import datetime
import hashlib
import hmac
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.parse

ACCESS, SECRET, REGION = "test-access", "test-secret-key", "us-east-1"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "slipway" / "bin"
PROGRAM = shutil.which("versitygw") or shutil.which("versitygw", path=CACHE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def quoted(text):
    return urllib.parse.quote(text, safe="/~")


class ObjectStore:
    def __init__(self, folder):
        self.folder = folder
        for part in ("data", "sidecar"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_REGION": REGION}

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "--access", ACCESS, "--secret", SECRET, "--region", REGION, "--port", f"127.0.0.1:{self.port}",
             "posix", "--sidecar", self.folder / "sidecar", self.folder / "data"], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the S3 server did not start: " + (self.folder / "log").read_text())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def call(self, method, path, body=b"", expected=(200, 204)):
        """AWS Signature Version 4, as its documentation describes it."""
        now = datetime.datetime.now(datetime.timezone.utc)
        day, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = "\n".join([method, quoted(path), "", lines, names, digest])
        scope = f"{day}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for part in (day, REGION, "s3", "aws4_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, "
                                    f"Signature={key.hex()}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, quoted(path), body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status in expected, (answer.status, text)
        return text

    def make_bucket(self, name):
        self.call("PUT", f"/{name}")

    def put(self, place, data):
        self.call("PUT", f"/{place}", data)

    def delete(self, place):
        self.call("DELETE", f"/{place}")
