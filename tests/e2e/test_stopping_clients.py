"""SIGTERM under the traffic of real HTTP clients: each goes on asking until nobody listens any more, and no request may fail."""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
import requests

from conftest import IRIS, Server

BODY = json.dumps({"features": [5.1, 3.5, 1.4, 0.2]})
CLIENTS = pathlib.Path(__file__).parent / "clients"


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def stop_under_traffic(run_client):
    """Runs the client (a function of the URL that gives answers and failures), ends the server in the middle."""
    server = Server(IRIS, "--drain-delay", "500ms").wait_ready()
    result = {}
    client = threading.Thread(target=lambda: result.update(run_client(server.url + "/predict")), daemon=True)
    client.start()
    deadline = time.monotonic() + 60
    while requests_counted(server) < 100 and client.is_alive():
        assert time.monotonic() < deadline, "the client does not get going"
        time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    assert server.stop() == 0
    client.join(60)
    assert not client.is_alive()
    assert result["failures"] == []
    assert result["answered"] > 50


def requests_counted(server):
    for line in server.get("/metrics").text.splitlines():
        if line.startswith("slipway_transport_requests_total"):
            return float(line.split()[-1])
    raise AssertionError("no counter of requests")


def program(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("protocol", ["http1", "h2c"])
def test_go_net_http(tmp_path, protocol):
    version = subprocess.run([tool("go"), "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.match(r"go(\d+)\.(\d+)", version).groups())) < (1, 24):
        pytest.skip("Go 1.24 or later is not installed")
    subprocess.run([tool("go"), "build", "-o", tmp_path / "traffic", CLIENTS / "traffic.go"], check=True, timeout=300)
    stop_under_traffic(lambda url: program(tmp_path / "traffic", url, BODY, "setosa", protocol))


def test_java_http_client(tmp_path):
    subprocess.run([tool("javac"), "-d", tmp_path, CLIENTS / "Traffic.java"], check=True, timeout=120)
    stop_under_traffic(lambda url: program(tool("java"), "-cp", tmp_path, "Traffic", url, BODY, "setosa"))


def test_python_requests():
    def ask(url):
        result = {"answered": 0, "failures": []}
        with requests.Session() as session:
            while not result["failures"]:
                try:
                    answer = session.post(url, data=BODY, timeout=10)
                    result["answered"] += 1
                    if answer.status_code != 200 or "setosa" not in answer.text:
                        result["failures"].append(f"{answer.status_code} {answer.text}")
                except requests.ConnectionError as error:
                    if "refused" in str(error):
                        return result
                    result["failures"].append(repr(error))
                except requests.RequestException as error:
                    result["failures"].append(repr(error))
        return result

    stop_under_traffic(ask)


def test_curl():
    def ask(url):
        transfers = f'url = "{url}"\noutput = "/dev/null"\n' * 200_000
        done = subprocess.run([tool("curl"), "-s", "-S", "--fail-early", "-d", BODY, "-w", "%{http_code}\n", "-K", "-"],
                              input=transfers, capture_output=True, text=True, timeout=120)
        codes = done.stdout.split()
        over = done.returncode == 7 and codes[-1:] == ["000"]  # 7: could not connect
        wrong = [code for code in codes[:-1] if code != "200"]
        return {"answered": len(codes) - 1, "failures": wrong + ([] if over else [f"{done.returncode}: {done.stderr}"])}

    tool("curl")
    stop_under_traffic(ask)
