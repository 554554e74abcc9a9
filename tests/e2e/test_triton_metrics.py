"""Triton's generate, and the names of its metrics."""

import json
import shutil
import time

import pytest

from conftest import IRIS, Server
from triton_client import ROWS, triton


@pytest.fixture(scope="module")
def server():
    made = Server(IRIS, "--triton-metrics").wait_ready()
    yield made
    assert made.stop() == 0


@pytest.mark.parametrize("path", ["/v2/models/iris/generate", "/v2/models/iris/versions/1/generate"])
def test_generate_answers_one_row(server, path):
    columns = [tensor["name"] for tensor in server.get("/v2/models/iris").json()["inputs"]]
    given = dict(zip(columns, ROWS[1].tolist()))
    answer = server.post(path, given).json()
    assert answer["model_name"] == "iris" and answer["predict"] == "virginica" and len(answer["predict_proba"]) == 3
    assert server.post(path, {"parameters": {key: [value] for key, value in given.items()}}).json() == answer
    stream = server.post(path + "_stream", given)
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert stream.text.startswith("data: ") and json.loads(stream.text[6:]) == answer
    assert server.post(path, {columns[0]: 1}).status_code == 400


def test_the_names_of_tritons_metrics(server, iris):
    before = server.get("/metrics").text
    server.post("/v2/models/iris/infer", {"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP64", "data": ROWS.ravel().tolist()}]})
    after = server.get("/metrics").text

    def value(text, name):
        return float([line.split()[-1] for line in text.splitlines() if line.startswith(name + '{model="iris",version="1"')][0])

    for name, growth in (("nv_inference_request_success", 1), ("nv_inference_count", 2), ("nv_inference_exec_count", 1)):
        assert value(after, name) - value(before, name) == growth
    for stage in ("request", "compute_input", "compute_infer", "compute_output"):
        assert value(after, f"nv_inference_{stage}_duration_us") > value(before, f"nv_inference_{stage}_duration_us")
    assert value(after, "nv_inference_queue_duration_us") >= 0 and value(after, "nv_inference_pending_request_count") == 0
    assert 'nv_inference_request_failure{model="iris",version="1",reason="REJECTED"}' in after
    assert "nv_" not in iris.get("/metrics").text


def test_batches_are_counted_in_the_pool(start, tmp_path):
    shutil.copy(IRIS, tmp_path / "iris.joblib")
    server = start(tmp_path, "--inline-ms-max", "0", "--max-queue-delay", "200ms")
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as made:
        config = made.get_model_config("iris", as_json=True)["config"]
        assert int(config["dynamic_batching"]["max_queue_delay_microseconds"]) == 200_000
        one = triton.InferInput("x", [1, 4], "FP64")
        one.set_data_from_numpy(ROWS[:1])
        done = []
        for _ in range(8):
            made.async_infer("iris", [one], callback=lambda result, error: done.append(error))
        for _ in range(1000):
            if len(done) == 8:
                break
            time.sleep(0.01)
        assert done == [None] * 8
        (stats,) = made.get_inference_statistics("iris", as_json=True)["model_stats"]
    assert int(stats["inference_count"]) == 8 and int(stats["execution_count"]) < 8
    assert sum(int(batch["batch_size"]) * int(batch["compute_infer"]["count"]) for batch in stats["batch_stats"]) == 8
    assert int(stats["inference_stats"]["queue"]["ns"]) > 0
