"""The model repository: versions, labels, files that come, change and go, admin calls, memory."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import numpy as np
import pytest
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

import made_models
from conftest import BINARY, IRIS, run

TOKEN = "correct-horse"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
ROW = {"features": [0.1, 0.2, 0.3, 0.4]}


def put(path, data):
    """As a careful program replaces a file: written beside it, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".{path.name}.new"
    beside.write_bytes(data)
    os.replace(beside, path)


def put_version(models, name, version, data):
    """A version's folder is filled before it gets its name."""
    folder = models / name / f".{version}.new"
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(data)
    folder.rename(models / name / str(version))


def broken(data):
    return data[:len(data) // 2]


def predict(server, name="m"):
    return server.post(f"/models/{name}/predict", ROW)


def value(server, name="m"):
    return predict(server, name).json()["prediction"][0]


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def index(server):
    return {(entry["name"], entry.get("version")): entry for entry in server.post("/v2/repository/index", "").json()}


def metric(server, name, **labels):
    for line in server.get("/metrics").text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and all(f'{key}="{text}"' in (found.group(1) or "") for key, text in labels.items()):
            return float(found.group(2))
    return None


def infer_value(server, path):
    body = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROW["features"]}]}
    answer = server.post(f"/v2/models/{path}/infer", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["model_version"], answer.json()["outputs"][0]["data"][0]


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def test_the_newest_version_that_can_be_loaded_is_served(start, models):
    put_version(models, "m", 1, made_models.constant(1))
    put_version(models, "m", 9, made_models.constant(9))
    put_version(models, "m", 10, broken(made_models.constant(10)))
    server = start(models)
    assert infer_value(server, "m") == ("9", 9)
    states = {version: entry["state"] for (_, version), entry in index(server).items()}
    assert states == {"1": "UNAVAILABLE", "9": "READY", "10": "UNAVAILABLE"}
    assert "10" in index(server)["m", "10"]["reason"]
    put_version(models, "m", 11, made_models.constant(11))
    wait_for(lambda: value(server) == 11)
    wait_for(lambda: index(server)["m", "9"]["state"] == "UNAVAILABLE")
    shutil.rmtree(models / "m" / "11")
    wait_for(lambda: value(server) == 9)


def test_several_versions_and_labels_by_a_list_of_models(start, models):
    for version in (1, 2, 3):
        put_version(models, "m", version, made_models.constant(version))
    put(models / "single.pkl", made_models.constant(77))
    listing = models / "models.yaml"
    listing.write_text("models:\n"
                       "  - {name: m, path: m, versions: all, labels: {stable: 2, canary: 3}}\n"
                       "  - {name: other, path: single.pkl}\n")
    server = start(listing)
    assert infer_value(server, "m") == ("3", 3)
    for path, expected in {"1": "1", "2": "2", "stable": "2", "canary": "3"}.items():
        assert infer_value(server, f"m/versions/{path}") == (expected, float(expected))
        assert server.get(f"/v2/models/m/versions/{path}/ready").status_code == 200
    assert value(server, "other") == 77
    assert server.get("/v2/models/m").json()["versions"] == ["3", "2", "1"]
    assert server.get("/v2/models/m/versions/4").status_code == 404
    labels = {(one["name"], one["version"]): one.get("labels") for one in server.get("/models").json()["models"]}
    assert labels["m", "2"] == ["stable"] and labels["m", "1"] is None
    put(listing, b"models:\n  - {name: m, path: m, versions: [1, 2], labels: {stable: 1}}\n")
    wait_for(lambda: server.get("/v2/models/m").json()["versions"] == ["2", "1"])
    assert infer_value(server, "m/versions/stable") == ("1", 1)
    wait_for(lambda: predict(server, "other").status_code == 404)
    put(listing, b"models: nonsense\n")
    wait_for(lambda: metric(server, "slipway_repository_errors") == 1)
    assert infer_value(server, "m/versions/stable") == ("1", 1)
    assert any("models.yaml" in line for line in server.log)
    wait_for(lambda: "models.yaml" in server.get("/models").json().get("errors", [""])[0])
    assert "models.yaml" in server.get("/").text
    put(listing, b"models:\n  - {name: m, path: m, versions: all}\n")
    wait_for(lambda: "errors" not in server.get("/models").json())


def test_a_version_policy_by_flag(start, models):
    for version in (1, 2, 3):
        put_version(models, "m", version, made_models.constant(version))
    server = start(models / "m", "--versions", "latest:2")
    assert server.get("/v2/models/m").json()["versions"] == ["3", "2"]
    done = run("serve", models, "--versions", "newest")
    assert done.returncode == 1 and "newest" in done.stderr


@pytest.mark.parametrize("watch", [("--watch", "inotify"), ("--watch", "poll", "--poll-interval", "50ms")])
def test_files_that_come_change_and_go_are_followed(start, models, watch):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--quiet-time", "100ms", *watch)
    assert value(server) == 1
    put(models / "m.pkl", made_models.constant(2))
    wait_for(lambda: value(server) == 2)
    put(models / "m.pkl", broken(made_models.constant(3)))
    wait_for(lambda: metric(server, "slipway_model_load_failed", model="m") == 1)
    assert value(server) == 2
    entry = index(server)["m", "1"]
    assert entry["state"] == "READY" and "m.pkl" in entry["reason"]
    assert "m.pkl" in server.get("/").text
    assert metric(server, "slipway_model_ready", model="m") == 1
    assert metric(server, "slipway_model_state", model="m") == 30
    assert metric(server, "slipway_model_loads_total", model="m", result="failed") >= 1
    assert any("could not be loaded" in line for line in server.log)
    (models / "m.pkl").write_bytes(made_models.constant(4))  # in place
    wait_for(lambda: value(server) == 4)
    assert metric(server, "slipway_model_load_failed", model="m") == 0
    put(models / "second.pkl", made_models.constant(5))
    wait_for(lambda: predict(server, "second").status_code == 200)
    (models / "m.pkl").unlink()
    wait_for(lambda: predict(server).status_code == 404)
    wait_for(lambda: metric(server, "slipway_model_ready", model="m") is None)
    assert value(server, "second") == 5


def test_a_folder_that_is_swapped_by_its_link_is_followed(start, tmp_path):
    """As Kubernetes mounts a ConfigMap: the files are links into a folder behind a link, which is replaced."""
    def fill(number):
        folder = tmp_path / "mount" / f"..{number}"
        folder.mkdir(parents=True)
        (folder / "m.pkl").write_bytes(made_models.constant(number))
        (tmp_path / "mount" / "..new").symlink_to(folder.name)
        (tmp_path / "mount" / "..new").rename(tmp_path / "mount" / "..data")

    fill(1)
    (tmp_path / "mount" / "m.pkl").symlink_to("..data/m.pkl")
    server = start(tmp_path / "mount", "--quiet-time", "100ms")
    assert value(server) == 1
    fill(2)
    wait_for(lambda: value(server) == 2)


def test_a_file_that_is_still_being_written_is_not_loaded(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--quiet-time", "1s")
    data = made_models.large_tree(2000, 2.0)
    with open(models / "m.pkl", "wb") as file:
        for at in range(0, len(data), len(data) // 10):
            file.write(data[at:at + len(data) // 10])
            file.flush()
            assert value(server) == 1
            time.sleep(0.1)
    wait_for(lambda: value(server) == 2)
    assert metric(server, "slipway_model_loads_total", model="m", result="failed") == 0


def test_sighup_looks_again(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--watch", "off")
    put(models / "m.pkl", made_models.constant(2))
    time.sleep(0.3)
    assert value(server) == 1
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: value(server) == 2)


def samples(answer):
    tensor = {"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROW["features"]}
    return json.dumps({"samples": [{"request": {"inputs": [tensor]},
                                    "response": {"outputs": [{"name": "predict", "data": [answer]}]}}]}).encode()


def test_a_version_that_answers_otherwise_than_its_samples_say_is_not_served(start, models):
    put(models / "m.pkl.samples.json", samples(1))
    put(models / "m.pkl", made_models.constant(1))
    server = start(models)
    assert value(server) == 1
    put(models / "m.pkl", made_models.constant(2))
    wait_for(lambda: any("output 'predict', row 0, column 0: expected 1, got 2" in entry["reason"]
                         for entry in index(server).values()))
    assert value(server) == 1
    put(models / "m.pkl.samples.json", samples(3))
    put(models / "m.pkl", made_models.constant(3))
    wait_for(lambda: value(server) == 3)
    done = run("serve", put_all(models / "other", made_models.constant(4), b"nonsense"), "--port", "0")
    assert done.returncode == 1 and "m.pkl.samples.json: not valid JSON" in done.stderr


def put_all(folder, model, text):
    put(folder / "m.pkl.samples.json", text)
    put(folder / "m.pkl", model)
    return folder / "m.pkl"


def test_ready_means_that_each_required_model_is_live(start, models):
    put(models / "a.pkl", made_models.constant(1))
    put(models / "b.pkl", broken(made_models.constant(2)))
    listing = models / "models.yaml"
    put(listing, b"models: [{name: a, path: a.pkl, required: false}, {name: b, path: b.pkl}]")
    process = subprocess.Popen([BINARY, "serve", listing, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = "http://127.0.0.1:" + process.stdout.readline().rsplit(":", 1)[1].strip()
        answer = requests.get(url + "/v2/health/ready", timeout=10)
        assert answer.status_code == 503 and "b" in answer.json()["error"]
        assert requests.post(url + "/models/a/predict", json=ROW, timeout=10).json()["prediction"] == [1]
        put(models / "b.pkl", made_models.constant(2))
        wait_for(lambda: requests.get(url + "/v2/health/ready", timeout=10).status_code == 200)
        put(models / "b.pkl", made_models.large_tree(500_000))  # a later load
        for _ in range(100):
            assert requests.get(url + "/v2/health/ready", timeout=10).status_code == 200
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_an_empty_folder_is_watched_and_served_once_there_is_something(models):
    process = subprocess.Popen([BINARY, "serve", models, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = "http://127.0.0.1:" + process.stdout.readline().rsplit(":", 1)[1].strip()
        assert requests.get(url + "/v2/health/ready", timeout=10).status_code == 503
        put(models / "m.pkl", made_models.constant(3))
        wait_for(lambda: requests.get(url + "/v2/health/ready", timeout=10).status_code == 200)
        assert requests.post(url + "/predict", json=ROW, timeout=10).json()["prediction"] == [3]
    finally:
        process.terminate()
        assert process.wait(30) == 0
    done = run("serve", models / "nowhere", "--port", "0")
    assert done.returncode == 1 and "nowhere" in done.stderr


def test_triton_client_manages_the_repository(start, models):
    put_version(models, "m", 1, made_models.constant(1))
    put(models / "iris.joblib", IRIS.read_bytes())
    server = start(models, "--watch", "off", "--admin-token", TOKEN)
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        ready = {entry["name"]: entry for entry in client.get_model_repository_index()}
        assert set(ready) == {"m", "iris"} and ready["m"] == {"name": "m", "version": "1", "state": "READY", "reason": ""}
        for forbidden in (client.load_model, client.unload_model):
            with pytest.raises(InferenceServerException, match="admin") as refused:
                forbidden("m")
            assert refused.value.status() == "403"
        client.unload_model("m", headers=ADMIN)
        assert not client.is_model_ready("m") and client.is_model_ready("iris")
        assert index(server)["m", "1"]["state"] in ("UNLOADING", "UNAVAILABLE")
        wait_for(lambda: index(server)["m", "1"]["state"] == "UNAVAILABLE")
        put_version(models, "m", 2, made_models.constant(2))
        client.load_model("m", headers=ADMIN)
        assert client.is_model_ready("m")
        data = triton.InferInput("x", [1, 4], "FP64")
        data.set_data_from_numpy(np.array([ROW["features"]]))
        assert client.infer("m", [data]).as_numpy("predict").ravel()[0] == 2
        put_version(models, "m", 3, broken(made_models.constant(3)))
        with pytest.raises(InferenceServerException, match="version 3") as failed:
            client.load_model("m", headers=ADMIN)
        assert failed.value.status() == "400"
        assert client.infer("m", [data]).as_numpy("predict").ravel()[0] == 2
        assert client.infer("m", [data], model_version="2").as_numpy("predict").ravel()[0] == 2
        with pytest.raises(InferenceServerException, match="rose") as unknown:
            client.load_model("rose", headers=ADMIN)
        assert unknown.value.status() == "404"
        with pytest.raises(InferenceServerException, match="config") as override:
            client.load_model("m", headers=ADMIN, config='{"dynamic_batching": 1}')
        assert override.value.status() == "400"


def test_the_admin_listener_changes_models_and_the_other_does_not(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--admin", "127.0.0.1:0", "--watch", "off")
    wait_for(lambda: re.search(r"admin calls on port (\d+)", "".join(server.log)))
    port = re.search(r"admin calls on port (\d+)", "".join(server.log)).group(1)
    admin = f"http://127.0.0.1:{port}"
    assert server.post("/v2/repository/models/m/unload", "{}").status_code == 403
    page = requests.post(admin + "/v2/repository/models/m/unload", headers={"Origin": "http://evil.example"}, timeout=10)
    assert page.status_code == 403
    assert requests.post(admin + "/v2/repository/models/m/unload", timeout=10).status_code == 200
    assert predict(server).status_code == 503
    assert requests.post(admin + "/v2/repository/models/m/load", timeout=10).status_code == 200
    assert value(server) == 1
    assert requests.post(admin + "/models/m/predict", json=ROW, timeout=10).json()["prediction"] == [1]
    done = run("serve", models, "--port", "0", "--admin", "0.0.0.0:0")
    assert done.returncode == 1 and "--admin-token" in done.stderr


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def test_memory_is_given_back_when_a_model_is_unloaded(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--admin-token", TOKEN)
    assert value(server) == 1
    before = resident_mib(server)
    put(models / "large.pkl", made_models.large_tree(1_000_000))
    wait_for(lambda: predict(server, "large").status_code == 200, 60)
    assert resident_mib(server) > before + 12
    (models / "large.pkl").unlink()
    wait_for(lambda: predict(server, "large").status_code == 404)
    wait_for(lambda: resident_mib(server) < before + 4)
    assert value(server) == 1


class Client(threading.Thread):
    """Asks again and again on one connection; remembers every answer that is not right."""

    def __init__(self, port, check):
        super().__init__(daemon=True)
        self.port, self.check = port, check
        self.answered, self.failures, self.stopping = 0, [], False

    def run(self):
        body = json.dumps({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROW["features"]}]})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.stopping and len(self.failures) < 5:
            began = time.monotonic()
            connection.request("POST", "/v2/models/m/infer", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                self.failures.append((answer.status, text))
                continue
            parsed = json.loads(text)
            wrong = self.check(int(parsed["model_version"]), parsed["outputs"][0]["data"][0], began)
            if wrong:
                self.failures.append(wrong)
            self.answered += 1
        connection.close()


@pytest.mark.parametrize("layout", ["versions", "file"])
def test_replacing_a_model_ten_times_a_second_fails_no_request(start, models, layout):
    """Good, broken, good, ...: every answer is of a good content, and of none that was replaced long ago."""
    put_times = {0: time.monotonic()}  # of the good contents

    def replace(number):
        data = made_models.constant(number)
        if number % 2:
            data = broken(data)
        else:
            put_times[number] = time.monotonic()
        if layout == "file":
            put(models / "m.pkl", data)
        else:
            put_version(models, "m", number + 1, data)
            if number > 20:
                shutil.rmtree(models / "m" / str(number - 19))

    def check(version, answer, began):
        number = int(answer)
        if number % 2 or number not in put_times:
            return f"an answer of the broken or unknown content {answer}"
        if layout == "versions" and version != number + 1:
            return f"version {version} answered {answer}"
        followers = [put_times[later] for later in sorted(put_times) if later > number]
        if followers and began - followers[0] > 5:
            return f"an answer of content {number}, replaced {began - followers[0]:.1f} s ago"
        return None

    replace(0)
    server = start(models)
    clients = [Client(server.port, check) for _ in range(4)]
    for client in clients:
        client.start()
    memory = []
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < 20:
        number += 1
        replace(number)
        if number % 10 == 0:
            memory.append(resident_mib(server))
        time.sleep(max(0.0, began + number * 0.1 - time.monotonic()))
    last = number - number % 2
    wait_for(lambda: infer_value(server, "m")[1] == last)
    for client in clients:
        client.stopping = True
    for client in clients:
        client.join(30)
    assert [client.failures for client in clients] == [[]] * 4
    assert sum(client.answered for client in clients) > 1000
    assert number > 100
    # Flat: the last quarter holds no more than the second one.
    quarter = len(memory) // 4
    assert max(memory[-quarter:]) < max(memory[quarter:2 * quarter]) + 2, memory
    loads = metric(server, "slipway_model_loads_total", model="m", result="ok")
    assert loads is not None
    assert server.stop() == 0


def test_a_killed_server_comes_up_with_what_was_there(start, models):
    put_version(models, "m", 1, made_models.constant(1))
    for number in range(2, 7):
        data = made_models.constant(number)
        put_version(models, "m", number, broken(data) if number % 2 else data)
        server = start(models)
        newest_good = number - number % 2
        # A file that is younger than the quiet time is waited for.
        wait_for(lambda: infer_value(server, "m") == (str(newest_good), newest_good))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
