"""What other programs make of Slipway: shells, man, promtool, Prometheus names, log shippers."""

import json
import os
import re
import shutil
import subprocess

import pytest
import requests

from conftest import BINARY, DATA, IRIS, ROOT, run

ROW = {"features": [5.1, 3.5, 1.4, 0.2]}


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def test_bash_completes_commands_and_flags():
    script = 'source <("$0" completion bash); COMP_WORDS=(slipway ser); COMP_CWORD=1; ' \
             'f=$(complete -p slipway | sed "s/.*-F \\([^ ]*\\).*/\\1/"); "$f" slipway ser slipway; echo "${COMPREPLY[@]}"; ' \
             'COMP_WORDS=(slipway serve --drain); COMP_CWORD=2; "$f" slipway --drain serve; echo "${COMPREPLY[@]}"'
    done = subprocess.run([tool("bash"), "-c", script, BINARY], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [["serve"], ["--drain-delay"]]


def test_the_manual_page_renders_without_a_warning():
    page = run("man")
    assert page.returncode == 0
    done = subprocess.run([tool("groff"), "-man", "-ww", "-z", "-Tutf8"], input=page.stdout, capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr


def test_promtool_finds_nothing_wrong_and_names_are_the_golden_ones(iris):
    iris.post("/predict", ROW)
    text = iris.get("/metrics").text
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [name for name in re.findall(r"^# TYPE (\S+)", text, re.M) if not name.startswith("seldon_api_model_feedback")]
    golden = (ROOT / "tests" / "e2e" / "metrics.golden").read_text().split()
    assert sorted(names) == sorted(golden)


def test_access_log_lines_have_ecs_names(start, tmp_path):
    log = tmp_path / "access.json"
    server = start(IRIS, "--access-log", log)
    server.post("/predict", ROW)
    assert server.stop() == 0
    line = next(line for line in map(json.loads, log.read_text().splitlines()) if line["url.path"] == "/predict")
    assert {"@timestamp", "ecs.version", "event.dataset", "event.duration", "event.outcome", "http.request.method",
            "http.response.status_code", "http.request.body.bytes", "http.response.body.bytes", "url.path",
            "client.address", "user_agent.original", "http.request.id", "slipway.model.name", "slipway.model.version",
            "slipway.model.digest"} <= set(line)
    assert line["http.response.status_code"] == 200 and line["event.outcome"] == "success"


def test_a_broken_model_is_shown_with_its_error(start, tmp_path):
    shutil.copy(IRIS, tmp_path / "iris.joblib")
    shutil.copy(DATA / "hostile" / "truncated_forest.pkl", tmp_path / "cut.pkl")
    server = start(tmp_path)
    assert server.post("/models/iris/predict", ROW).status_code == 200
    answer = server.get("/v2/models/cut/ready")
    assert answer.status_code == 503 and "cut" in answer.text
    assert "cut.pkl" in server.get("/").text


def test_the_environment_sets_the_port(start):
    server = start(IRIS)
    environment = {**os.environ, "SLIPWAY_PORT": str(server.port)}
    done = run("serve", IRIS, env=environment)
    assert done.returncode == 1 and str(server.port) in done.stderr
    assert requests.get(server.url + "/v2/health/live", timeout=10).status_code == 200
