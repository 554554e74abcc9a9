"""Archives by torch-model-archiver, and servers that hold them: at one port, or started as TorchServe is."""

import json
import pathlib
import socket
import subprocess
import zipfile

import pytest
import requests

from conftest import IRIS, ROOT, Server

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
LABELS = ["setosa", "virginica"]
MISSING = "Model not found: nope"
ADMIN = {"Authorization": "Bearer letmein"}
SERVE = ("--compat", "torchserve,torchserve-management,torchserve-metrics", "--admin-token", "letmein")


@pytest.fixture(scope="session")
def python():
    made = subprocess.run([ROOT / "tools/venv", "torchserve", ROOT / "tests/e2e/torchserve_requirements.txt"],
                          check=True, capture_output=True, text=True)
    return pathlib.Path(made.stdout.strip()) / "bin" / "python"


@pytest.fixture(scope="session")
def archives(python, tmp_path_factory):
    """iris-1.0.mar, iris-2.0.mar, folder.tar.gz with a model inside; eager.mar, script.mar without one."""
    folder = tmp_path_factory.mktemp("archives")
    (folder / "handler.py").write_text("raise RuntimeError('never run')\n")
    (folder / "net.py").write_text("class Net: pass\n")
    for name, inner in (("eager.pt", "data.pkl"), ("script.pt", "constants.pkl")):
        with zipfile.ZipFile(folder / name, "w") as made:
            made.writestr("archive/" + inner, b"\x80\x02}q\x00.")

    def archive(name, version, file, **options):
        further = [text for key, value in options.items() for text in ("--" + key.replace("_", "-"), str(value))]
        subprocess.run([python.with_name("torch-model-archiver"), "--model-name", name, "--version", version,
                        "--serialized-file", file, "--handler", folder / "handler.py", "--export-path", folder, "-f",
                        *further], check=True, capture_output=True)

    for version in ("2.0", "1.0"):
        archive("iris", version, IRIS)
        (folder / "iris.mar").rename(folder / f"iris-{version}.mar")
    archive("packed", "3", IRIS, archive_format="tgz")
    archive("eager", "1.0", folder / "eager.pt", model_file=folder / "net.py")
    archive("script", "1.0", folder / "script.pt")
    return folder


@pytest.fixture
def store(archives, tmp_path):
    """A model store of its own for each test."""
    for archive in [*archives.glob("*.mar"), *archives.glob("*.tar.gz")]:
        (tmp_path / archive.name).write_bytes(archive.read_bytes())
    return tmp_path


@pytest.fixture
def server(store, start):
    """One port for all three, with no model at the start."""
    made = Server(*SERVE, "--model-store", store)
    yield made
    assert made.stop() == 0


def ask(server, method, path, status=200, headers=ADMIN, **options):
    url = server if isinstance(server, str) else server.url
    got = requests.request(method, url + path, timeout=30, headers=headers, **options)
    assert got.status_code == status, got.text
    return got.json()


def error(code, kind, message):
    return {"code": code, "type": kind, "message": message}


def register(server, query, status=200):
    return ask(server, "POST", "/models?" + query, status)


def predict(server, body, path="iris", status=200, **headers):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return ask(server, "POST", "/predictions/" + path, status, data=body,
               headers={"Content-Type": "application/json", **headers})


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def original(store, tmp_path_factory):
    """Started as TorchServe is, with its configuration file: five ports, keys, registrations enabled."""
    folder = tmp_path_factory.mktemp("torchserve")
    ports = free_ports(5)
    (folder / "config.properties").write_text(
        "inference_address=http://127.0.0.1:%d\nmanagement_address=http://127.0.0.1:%d\n"
        "metrics_address=http://127.0.0.1:%d\ngrpc_inference_port=%d\ngrpc_management_port=%d\n"
        "load_models=iris=iris-1.0.mar\nenable_model_api=true\ndefault_workers_per_model=2\n" % tuple(ports))
    servers = []

    def begin(*arguments):
        made = Server("--compat=torchserve", "--start", "--foreground", "--ncs", "--model-store", store, "--ts-config",
                      folder / "config.properties", *arguments, cwd=folder)
        servers.append(made)
        made.ports, made.folder = ports, folder
        made.inference, made.management, made.metrics = (f"http://127.0.0.1:{port}" for port in ports[:3])
        return made.wait_ready()

    yield begin
    for made in servers:
        assert made.stop() == 0


def keys(server):
    return json.loads((server.folder / "key_file.json").read_text())


def bearer(key):
    return {"Authorization": "Bearer " + key}


FAILED = error(400, "InvalidKeyException",
               "Token Authorization failed. Token either incorrect, expired, or not provided correctly")
