"""Queues and batches of dear requests, with the real program and Triton's client."""

import concurrent.futures
import os
import re

import numpy
import pytest
import requests
import tritonclient.http
from prometheus_client.parser import text_string_to_metric_families

from conftest import IRIS, Server, run

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.0, 2.9, 4.5, 1.5], [6.3, 3.3, 6.0, 2.5], [4.9, 3.0, 1.4, 0.2]]
ALL_DEAR = ("--inline-ms-max", 0)
NEVER_ALONE = (*ALL_DEAR, "--max-queue-delay", "10m", "--pool-threads", 2)


def metric(server, name, **labels):
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    raise AssertionError(f"there is no metric {name} {labels}")


def predict_at_once(server, rows):
    """Each row in a request of its own, all at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(rows)) as threads:
        answers = threads.map(
            lambda row: requests.post(f"{server.url}/predict?proba=1", json={"features": row}, timeout=60), rows)
        return [(answer.status_code, answer.json()) for answer in answers]


def expected(server):
    return [(200, server.post("/predict?proba=1", {"features": row}).json()) for row in ROWS]


@pytest.fixture(scope="module")
def alone():
    with_inline = Server(IRIS)
    yield expected(with_inline)
    with_inline.stop()


def test_a_full_batch_does_not_wait_and_answers_as_each_alone(alone, start):
    server = start(IRIS, *NEVER_ALONE, "--max-batch-size", len(ROWS))
    assert predict_at_once(server, ROWS) == alone
    assert metric(server, "slipway_batch_rows_count", model="iris") == 1
    assert metric(server, "slipway_batch_rows_sum", model="iris") == len(ROWS)
    assert metric(server, "slipway_queue_length", model="iris") == 0


def test_a_bad_row_in_a_batch_is_one_requests_error(alone, start):
    server = start(IRIS, *NEVER_ALONE, "--max-batch-size", len(ROWS))
    rows = [*ROWS[:2], [5.1, None, 1.4, 0.2], ROWS[3]]
    answers = predict_at_once(server, rows)
    assert [status for status, _ in answers] == [200, 200, 400, 200]
    assert [answers[i] for i in (0, 1, 3)] == [alone[i] for i in (0, 1, 3)]
    assert "row 0" in answers[2][1]["error"]


def test_many_clients_get_what_each_would_get_alone(alone, start):
    server = start(IRIS, *ALL_DEAR, "--pool-threads", 1)
    assert predict_at_once(server, ROWS * 50) == alone * 50
    assert metric(server, "slipway_batch_rows_sum", model="iris") == len(ROWS) * 50


def test_a_list_of_models_sets_and_changes_the_batches_of_each(tmp_path, alone, start):
    models = tmp_path / "models.yaml"
    text = "models:\n  - {{name: iris, path: {}, batching: {{max_batch_size: {}, max_queue_delay: 10m}}}}\n"
    models.write_text(text.format(IRIS, 4))
    server = start(models, *ALL_DEAR, "--watch", "off")
    assert predict_at_once(server, ROWS) == alone
    assert metric(server, "slipway_batch_rows_count", model="iris") == 1
    (tmp_path / "new.yaml").write_text(text.format(IRIS, 2))
    os.replace(tmp_path / "new.yaml", models)
    server.process.send_signal(1)  # SIGHUP
    loads = metric(server, "slipway_model_loads_total", model="iris", result="ok")
    while metric(server, "slipway_batch_rows_bucket", model="iris", le="2") == 0:  # not in force yet
        assert predict_at_once(server, ROWS) == alone
    assert metric(server, "slipway_model_loads_total", model="iris", result="ok") == loads == 1


def test_a_request_whose_time_is_short_does_not_wait_for_company(alone, start):
    server = start(IRIS, *NEVER_ALONE)
    body = {"parameters": {"timeout": 1_000_000, "priority": 1},
            "inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROWS[0]}]}
    assert server.post("/v2/models/iris/infer", body).status_code == 200
    body["parameters"]["timeout"] = 1
    answer = server.post("/v2/models/iris/infer", body)
    assert answer.status_code == 504
    assert metric(server, "slipway_requests_shed_total", model="iris", reason="deadline_passed") == 1


def test_tritons_client_sends_timeout_and_priority(start):
    server = start(IRIS, *ALL_DEAR)
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        matrix = tritonclient.http.InferInput("x", [4, 4], "FP64")
        matrix.set_data_from_numpy(numpy.array(ROWS))
        result = client.infer("iris", [matrix], priority=1, timeout=60_000_000)
        assert result.as_numpy("predict").shape[0] == 4
        with pytest.raises(tritonclient.utils.InferenceServerException, match="deadline"):
            client.infer("iris", [matrix], timeout=1)


def test_tells_where_the_time_went_to_those_who_ask(iris):
    row = {"features": ROWS[0]}
    assert "Server-Timing" not in iris.post("/predict", row).headers
    timing = iris.post("/predict", row, headers={"X-Slipway-Timing": "1"}).headers["Server-Timing"]
    parts = dict(re.findall(r"(\w+);dur=([0-9.]+)", timing))
    assert list(parts) == ["parse", "queue", "batch", "compute", "serialize", "total"]
    assert sum(map(float, list(parts.values())[:-1])) <= float(parts["total"]) + 0.003  # rounded to 1 us


@pytest.mark.parametrize("arguments, message", [
    (("--pool-cpus", "1000"), "this process may not use these CPUs: 1000"),
    (("--loop-cpus", "one"), "expected CPUs such as 0, 0-3 or 0,2,8-11, got 'one'"),
    (("--max-batch-size", "0"), "--max-batch-size"),
    (("--preferred-batch-sizes", "4,65"), "each at most --max-batch-size (64)"),
    (("--default-priority", "11"), "--default-priority"),
    (("--max-queue-delay", "soon"), "expected a time such as 500ms, 30s or 2m"),
])
def test_settings_that_make_no_sense_are_told(arguments, message):
    done = run("serve", IRIS, *arguments)
    assert done.returncode == 1 and message in done.stderr


def test_threads_run_on_the_cpus_they_are_given(start):
    cpu = min(os.sched_getaffinity(0))
    server = start(IRIS, "--pool-cpus", cpu, "--loop-cpus", cpu)
    assert server.post("/predict", {"features": ROWS[0]}).status_code == 200
    tasks = f"/proc/{server.process.pid}/task"
    pinned = {}
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm") as name:
            pinned[name.read().strip()] = os.sched_getaffinity(int(task))
    assert pinned["io-0"] == pinned["infer-0"] == {cpu}
    assert "io-1" not in pinned and "infer-1" not in pinned
    assert len(pinned["retire"]) == len(os.sched_getaffinity(0))
