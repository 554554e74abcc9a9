"""Starts the real program and gives the tests what they need to talk to it.

SLIPWAY_BIN names the program (default: build/release/slipway). Every server gets a port of its own (--port 0).
"""

import importlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from unittest import mock

import pytest
import requests
from google.protobuf import descriptor_pool

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "sklearn"
IRIS = ROOT / "examples" / "iris" / "iris.joblib"
BINARY = pathlib.Path(os.environ.get("SLIPWAY_BIN", ROOT / "build" / "release" / "slipway"))
# Records of trainings go here rather than into this folder's .slipway.
RECORDS = tempfile.mkdtemp(prefix="slipway-records-")
os.environ["SLIPWAY_HOME"] = RECORDS
READY = re.compile(r"listening on https?://\S+:(\d+)")


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} does not exist; build it, or set SLIPWAY_BIN", returncode=1)


def pytest_sessionfinish(session, exitstatus):
    shutil.rmtree(RECORDS, ignore_errors=True)


def import_apart(*modules):
    """Imports modules whose protobuf messages go into a descriptor pool of their own."""
    pool = descriptor_pool.DescriptorPool()
    with mock.patch.object(descriptor_pool, "Default", lambda: pool):
        return [importlib.import_module(module) for module in modules]


def run(*arguments, **options):
    """Runs a command of the program to its end."""
    options.setdefault("timeout", 60)
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, **options)


class Server:
    """One running `slipway serve`."""

    def __init__(self, *arguments, cwd=None, seconds=60):
        self.log = []
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=cwd, text=True, errors="replace")
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ready.wait(seconds)
        found = READY.search("".join(self.log))
        if not found:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not start: " + "".join(self.log))
        self.port = int(found.group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = requests.Session()

    def _read(self):
        """Takes everything the program prints, so that it never waits for us."""
        for line in self.process.stdout:
            self.log.append(line)
            if READY.search(line):
                self._ready.set()
        self._ready.set()

    def get(self, path, **options):
        return self.http.get(self.url + path, timeout=30, **options)

    def post(self, path, body, **options):
        """Sends an object as JSON (with bare NaN) or text as it is."""
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        options.setdefault("headers", {"Content-Type": "application/json"})
        return self.http.post(self.url + path, data=text, timeout=30, **options)

    def wait_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.get("/readyz").status_code == 200:
                return self
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def stop(self, seconds=35):
        """SIGTERM; gives the exit code. Our own connection goes first: the server would wait a while for its last request."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._reader.join(5)
            self.process.stdout.close()


@pytest.fixture(scope="session")
def iris():
    server = Server(IRIS).wait_ready()
    yield server
    assert server.stop() == 0


@pytest.fixture
def start():
    """Starts servers that end with the test."""
    servers = []

    def begin(*arguments, **options):
        servers.append(Server(*arguments, **options))
        return servers[-1].wait_ready()

    yield begin
    for server in servers:
        if server.process.poll() is None:
            server.stop()
