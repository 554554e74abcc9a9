"""The landing page, its examples, and Swagger UI in a real browser."""

import html
import re
import shlex
import shutil
import subprocess

import pytest

from conftest import DATA, IRIS

CHROMIUM = shutil.which("chromium")


def commands(page):
    return [shlex.split(html.unescape(text)) for text in re.findall(r"<code>(.*?)</code>", page, re.DOTALL)]


def test_the_landing_page_has_a_command_for_each_dialect_that_works(start, tmp_path):
    server = start(IRIS, DATA / "1.7.2" / "adult_one_hot_boosting.joblib", "--default-model", "iris")
    found = commands(server.get("/").text)
    systems = re.findall(r"<summary>(.*?)</summary>", server.get("/").text)
    assert {"By hand: rows, or named values", "MLflow", "Seldon Core 1", "SageMaker", "Azure ML", "Openscoring", "Vertex AI", "TorchServe",
            "TensorFlow Serving, KServe v1", "KServe v2, Triton over gRPC"} <= set(systems)
    assert len(found) == len(systems) >= 19
    for command in found:
        if command[0] == "grpcurl" and not shutil.which("grpcurl"):
            continue
        options = ["-s", "-w", "\n%{http_code}"] if command[0] == "curl" else []
        done = subprocess.run([command[0], *options, *command[1:]], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (command, done.stderr)
        if command[0] == "curl":
            assert done.stdout.splitlines()[-1] == "200", (command, done.stdout)


def test_examples_are_those_of_the_listener(start):
    server = start(IRIS, "--compat", "kserve-v1")
    systems = re.findall(r"<summary>(.*?)</summary>", server.get("/").text)
    assert systems == ["KServe v1"]
    assert list(server.get("/v1/models").json()) == ["models"]


def test_swagger_ui_comes_from_the_server_alone(iris):
    page = iris.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for path in re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text):
        answer = iris.get(path)
        assert answer.status_code == 200 and len(answer.content) > 200, path
    assert iris.get("/docs/swagger-ui-bundle.js.LICENSE.txt").status_code == 200
    plain = iris.get("/docs/swagger-ui.css", headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 400 and "gzip" in plain.json()["error"]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_swagger_ui_shows_every_dialect_in_a_browser(iris, tmp_path):
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000", "--dump-dom", f"{iris.url}/docs#iris"],
        capture_output=True, text=True, timeout=120)
    shown = re.findall(r'data-path="([^"]+)"', done.stdout)
    plain = [path.replace("\u200b", "") for path in shown]
    assert {"/models/iris/predict", "/v2/models/iris/infer", "/v1/models/iris:predict", "/invocations",
            "/openscoring/model/iris", "/score"} <= set(plain), done.stderr[-2000:]
