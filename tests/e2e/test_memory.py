"""Memory: given back at unload, held to a budget by eviction, loaded when it is asked for."""

import concurrent.futures
import json
import queue
import re
import threading
import time

import numpy as np
import pytest
import requests

import made_models
from conftest import import_apart, run
from test_repository import ADMIN, ROW, TOKEN, index, infer_value, metric, models, predict, put, resident_mib, value, wait_for

(triton,) = import_apart("tritonclient.grpc")
MEBI = 1 << 20


def tree(mebibytes, answer):
    """A model that takes about so much memory: 16 bytes a node; its file is larger."""
    return made_models.large_tree(mebibytes * MEBI // 16, answer)


def test_memory_returns_to_its_start_over_many_cycles(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--admin-token", TOKEN, "--watch", "off")
    before = resident_mib(server)
    put(models / "large.pkl", tree(24, 2))
    for _ in range(5):
        assert server.post("/v2/repository/models/large/load", "", headers=ADMIN).status_code == 200
        assert value(server, "large") == 2
        assert resident_mib(server) > before + 22
        assert server.post("/v2/repository/models/large/unload", "", headers=ADMIN).status_code == 200
        wait_for(lambda: resident_mib(server) < before + 5)
    assert value(server) == 1


def test_the_size_that_is_shown_is_true(start, models):
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--quiet-time", "50ms")
    predict(server)
    before = resident_mib(server)
    put(models / "large.pkl", tree(48, 2))
    wait_for(lambda: predict(server, "large").status_code == 200)
    time.sleep(1.5)  # what reading left behind goes back once a second
    grown = resident_mib(server) - before
    shown = metric(server, "slipway_model_memory_bytes", model="large") / MEBI
    assert shown == pytest.approx(48, rel=0.2)
    assert grown == pytest.approx(shown, rel=0.2)


def test_models_are_loaded_on_demand_and_the_least_recently_used_make_room(start, models):
    for number in range(6):
        put(models / f"m{number}.pkl", tree(8, number))
    server = start(models, "--load-on-demand", "--memory-budget", "60m", "--admin-token", TOKEN)
    assert {entry["state"] for entry in index(server).values()} == {"UNAVAILABLE"}
    assert server.get("/v2/models/m0/ready").status_code == 503
    assert server.get("/v2/health/ready").status_code == 200
    for number in range(6):
        assert value(server, f"m{number}") == number
    assert metric(server, "slipway_model_loads_on_demand_total") == 6
    assert metric(server, "slipway_model_evictions_total") >= 2
    assert metric(server, "slipway_memory_budget_bytes") == 60 * MEBI
    assert 0 < metric(server, "slipway_memory_budget_used_bytes", state="live") <= 60 * MEBI
    reasons = [entry["reason"] for entry in index(server).values() if entry["state"] == "UNAVAILABLE"]
    assert "evicted: memory budget" in reasons
    assert index(server)["m5", "1"]["state"] == "READY"
    # By the Open Inference Protocol, by version, and for what needs the model without asking it.
    assert infer_value(server, "m0/versions/1") == ("1", 0)
    assert server.get("/v2/models/m1").json()["name"] == "m1"
    assert server.get("/v2/models/m1/versions/9").status_code == 404
    assert server.get("/v2/models/rose").status_code == 404
    assert resident_mib(server) < 100
    assert server.stop() == 0


def test_requests_for_one_model_cause_one_load_and_are_all_answered(start, models):
    put(models / "m.pkl", tree(24, 3))
    put(models / "other.pkl", made_models.constant(1))
    server = start(models, "--load-on-demand")
    assert value(server, "other") == 1

    def ask(_):
        return requests.post(f"{server.url}/models/m/predict", json=ROW, timeout=30).json()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, i) for i in range(64)]
        # A load holds up nobody else.
        while not all(one.done() for one in asked):
            assert value(server, "other") == 1
        assert [one.result() for one in asked] == [{"prediction": [3]}] * 64
    assert metric(server, "slipway_model_loads_on_demand_total") == 2
    assert metric(server, "slipway_model_loads_total", model="m", result="ok") == 1


def test_an_only_model_is_the_default_one_before_it_is_loaded(start, models):
    put(models / "m.pkl", made_models.constant(4))
    server = start(models, "--load-on-demand")
    assert server.post("/predict", ROW).json() == {"prediction": [4]}


def test_models_are_loaded_on_demand_over_grpc(start, models):
    put(models / "m.pkl", tree(8, 4))
    put(models / "n.pkl", tree(8, 5))
    put(models / "broken.pkl", made_models.constant(1)[:50])
    server = start(models, "--load-on-demand")
    tensor = triton.InferInput("x", [1, 4], "FP64")
    tensor.set_data_from_numpy(np.array([[5.1, 3.5, 1.4, 0.2]]))
    answers = queue.Queue()
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        assert not client.is_model_ready("m")
        assert client.infer("m", [tensor]).as_numpy("predict").tolist() == [[4]]
        assert client.is_model_ready("m")
        client.start_stream(lambda result, error: answers.put((result, error)))
        for name in ("n", "broken", "n"):
            client.async_stream_infer(name, [tensor])
        got = [answers.get(timeout=30) for _ in range(3)]
        client.stop_stream()
    assert [result.as_numpy("predict").tolist() if error is None else None for result, error in got] == [[[5]], None, [[5]]]
    assert "failed to load" in str(got[1][1])


def test_requests_for_what_cannot_be_loaded_say_why(start, models):
    put(models / "broken.pkl", made_models.constant(1)[:50])
    put(models / "huge.pkl", tree(40, 1))
    put(models / "m.pkl", made_models.constant(1))
    server = start(models, "--load-on-demand", "--memory-budget", "16m")
    for _ in range(2):
        answer = predict(server, "broken")
        assert answer.status_code == 503 and "failed to load" in answer.json()["error"], answer.text
        answer = predict(server, "huge")
        assert answer.status_code == 503 and "memory budget is 16 MiB" in answer.json()["error"], answer.text
    assert value(server) == 1


def test_a_request_waits_no_longer_than_the_load_timeout(start, models):
    put(models / "m.pkl", tree(64, 3))
    server = start(models, "--load-on-demand", "--load-timeout", "10ms")
    began = time.monotonic()
    answer = predict(server)
    assert answer.status_code == 504 and "in time" in answer.json()["error"], answer.text
    assert time.monotonic() - began < 5
    wait_for(lambda: predict(server).status_code == 200)


def test_without_load_on_demand_what_was_evicted_waits_for_an_admin_call(start, models):
    put(models / "a.pkl", tree(8, 1))
    put(models / "b.pkl", tree(8, 2))
    server = start(models, "--memory-budget", "100m", "--admin-token", TOKEN)
    assert (value(server, "a"), value(server, "b")) == (1, 2)
    put(models / "c.pkl", tree(90, 3))  # found: it evicts nothing, and is too large anyway
    wait_for(lambda: any("memory budget" in entry["reason"] for entry in index(server).values()), 60)
    assert (value(server, "a"), value(server, "b")) == (1, 2)
    assert predict(server, "c").status_code == 503


def test_many_models_taking_turns_are_all_answered(start, models):
    for number in range(8):
        put(models / f"m{number}.pkl", tree(2, number))
    server = start(models, "--load-on-demand", "--memory-budget", "22m")
    failures = []

    def ask(first):
        with requests.Session() as session:
            for i in range(12):
                number = (first + i) % 8
                answer = session.post(f"{server.url}/v2/models/m{number}/infer", timeout=30, data=json.dumps(
                    {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROW["features"]}]}))
                if answer.status_code != 200 or answer.json()["outputs"][0]["data"] != [number]:
                    failures.append(answer.text)

    threads = [threading.Thread(target=ask, args=(2 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert metric(server, "slipway_model_evictions_total") > 0
    assert resident_mib(server) < 80


def test_a_budget_that_makes_no_sense_is_refused():
    for text in ("0", "lots", "-1m"):
        done = run("serve", "x.pkl", "--memory-budget", text)
        assert done.returncode == 1 and "--memory-budget" in done.stderr
