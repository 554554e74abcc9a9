"""Triton's extensions by its own client in its four forms; the last test holds that every method was called."""

import inspect
import json
import os
import time

import numpy as np
import pytest
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import InferenceServerException

from conftest import DATA, IRIS, Server
from triton_client import FORMS, LABELS, ROWS, Client


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="module")
def server(traces):
    made = Server(IRIS, "--shared-memory", "--trace-dir", traces, "--triton-metrics", "--admin-token", "s3cret").wait_ready()
    yield made
    assert made.stop() == 0


@pytest.fixture(scope="module", params=FORMS)
def client(server, request):
    made = Client(request.param, server.port)
    yield made
    made.close()
    made.loop.close()


def test_the_extensions_are_listed(client):
    listed = client.json("get_server_metadata")["extensions"]
    for name in ("classification", "model_repository", "schedule_policy", "model_configuration", "system_shared_memory",
                 "binary_tensor_data", "parameters", "statistics", "trace", "logging"):
        assert name in listed
    assert "cuda_shared_memory" not in listed and "sequence" not in listed


def test_statistics_count_what_happens(client):
    def statistics(**options):
        (only,) = client.json("get_inference_statistics", "iris", **options)["model_stats"]
        return only

    before = statistics()
    for _ in range(3):
        client.infer("iris", [client.input()])
    with pytest.raises(InferenceServerException):
        client.infer("iris", [client.input(ROWS[:, :3].copy())])
    after = statistics(model_version="1")

    def grown(*path):
        values = []
        for side in (before, after):
            for key in path:
                side = side.get(key, {} if key != path[-1] else 0)
            values.append(int(side))
        return values[1] - values[0]

    assert grown("inference_count") == 6 and grown("execution_count") == 3
    assert grown("inference_stats", "success", "count") == 3 and grown("inference_stats", "fail", "count") == 1
    for stage in ("compute_input", "compute_infer", "compute_output"):
        assert grown("inference_stats", stage, "count") == 3 and grown("inference_stats", stage, "ns") > 0
    assert grown("inference_stats", "success", "ns") >= sum(
        grown("inference_stats", stage, "ns") for stage in ("queue", "compute_input", "compute_infer", "compute_output"))
    assert abs(int(after["last_inference"]) / 1000 - time.time()) < 60
    assert any(int(batch["batch_size"]) == 2 and int(batch["compute_infer"]["count"]) >= 3 for batch in after["batch_stats"])
    assert after["memory_usage"][0]["type"] == "CPU" and int(after["memory_usage"][0]["byte_size"]) > 0
    assert client.json("get_inference_statistics")["model_stats"][0]["name"] == "iris"
    client.fails("400", "requested model 'rose' is not available", "get_inference_statistics", "rose")
    client.fails("400", "requested model version is not available for model 'iris'", "get_inference_statistics", "iris", "9")


def test_the_configuration(client):
    got = client.json("get_model_config", "iris")
    config = got.get("config", got)
    metadata = client.json("get_model_metadata", "iris", "1")
    assert config["name"] == "iris" and config["backend"] == "slipway" and config["platform"] == metadata["platform"]
    assert int(config["max_batch_size"]) == 1_000_000 and int(config["version_policy"]["latest"]["num_versions"]) == 1
    types = {"FP64": "TYPE_FP64", "BYTES": "TYPE_STRING", "INT64": "TYPE_INT64"}
    for side, described in (("input", metadata["inputs"]), ("output", metadata["outputs"])):
        assert [(one["name"], one["data_type"], [int(d) for d in one["dims"]]) for one in config[side]] == \
            [(one["name"], types[one["datatype"]], [int(d) for d in one["shape"]][1:]) for one in described]
    assert config["instance_group"][0]["kind"] == "KIND_CPU" and config["default_model_filename"] == "iris.joblib"
    client.fails("404", "rose", "get_model_config", "rose")


@pytest.mark.parametrize("binary", [True, False])
def test_classification(client, binary):
    options = {"binary_data": binary} if client.form.startswith("http") else {}
    plain = client.infer("iris", [client.input()], outputs=[client.output("predict_proba")]).as_numpy("predict_proba")
    got = client.infer("iris", [client.input()], outputs=[client.output("predict_proba", class_count=2, **options)])
    texts = got.as_numpy("predict_proba")
    assert texts.shape == (2, 2)
    for row, classes in zip(plain, texts):
        order = np.argsort(-row, kind="stable")[:2]
        assert [text.decode() if isinstance(text, bytes) else text for text in classes] == \
            [f"{row[i]:f}:{i}:{['setosa', 'versicolor', 'virginica'][i]}" for i in order]
    client.fails("400", "class result not available for output due to unsupported type 'BYTES'", "infer", "iris",
                 [client.input()], outputs=[client.output("predict", class_count=1)])


@pytest.fixture
def regions(client):
    key = f"/slipway_e2e_{os.getpid()}_{client.form}"
    made = [shm.create_shared_memory_region("in", key + "_in", 256), shm.create_shared_memory_region("out", key + "_out", 256)]
    shm.set_shared_memory_region(made[0], [ROWS])
    client.register_system_shared_memory("in", key + "_in", 256)
    client.register_system_shared_memory("out", key + "_out", 256)
    yield made
    client.unregister_system_shared_memory()
    for handle in made:
        shm.destroy_shared_memory_region(handle)


def test_tensors_in_shared_memory(client, regions):
    status = client.json("get_system_shared_memory_status")
    listed = status["regions"] if isinstance(status, dict) else {one["name"]: one for one in status}
    assert set(listed) == {"in", "out"} and int(listed["in"]["byte_size"]) == 256
    expected = client.infer("iris", [client.input()], outputs=[client.output("predict_proba")]).as_numpy("predict_proba")
    given = client.tensors.InferInput("x", [2, 4], "FP64")
    given.set_shared_memory("in", ROWS.nbytes)
    wanted = client.output("predict_proba")
    wanted.set_shared_memory("out", 48, offset=16)
    got = client.infer("iris", [given], outputs=[wanted, client.output("predict")])
    assert got.as_numpy("predict").tolist() == LABELS
    np.testing.assert_array_equal(shm.get_contents_as_numpy(regions[1], np.float64, [2, 3], offset=16), expected)
    assert got.get_output("predict_proba") is not None
    # BYTES, too.
    wanted = client.output("predict")
    wanted.set_shared_memory("out", 100)
    client.infer("iris", [given], outputs=[wanted])
    texts = shm.get_contents_as_numpy(regions[1], np.object_, [2, 1])
    assert texts.tolist() == LABELS
    wanted = client.output("predict_proba")
    wanted.set_shared_memory("out", 8)
    client.fails("500", "shared memory size specified with the request for output 'predict_proba' (8 bytes) should be at least 48",
                 "infer", "iris", [given], outputs=[wanted])
    for region, size, offset, code, text in (("none", 64, 0, "404", "Unable to find shared memory region: 'none'"),
                                             ("in", 64, 256, "400", "Invalid offset for shared memory region: 'in'"),
                                             ("in", 512, 0, "400", "Invalid offset + byte size for shared memory region: 'in'"),
                                             ("in", 63, 0, "400", "")):
        bad = client.tensors.InferInput("x", [2, 4], "FP64")
        bad.set_shared_memory(region, size, offset=offset)
        client.fails(code, text, "infer", "iris", [bad])


def test_a_region_that_is_cut_off_or_taken_away_while_it_is_registered(client, regions, server):
    given = client.tensors.InferInput("x", [2, 4], "FP64")
    given.set_shared_memory("in", ROWS.nbytes)
    os.truncate("/dev/shm" + regions[0]._shm_key, 16)
    client.fails("400", "has become smaller than it was registered", "infer", "iris", [given])
    os.truncate("/dev/shm" + regions[0]._shm_key, 256)
    shm.set_shared_memory_region(regions[0], [ROWS])
    assert client.infer("iris", [given]).as_numpy("predict").tolist() == LABELS
    client.unregister_system_shared_memory("in")
    client.fails("404", "Unable to find shared memory region: 'in'", "infer", "iris", [given])
    assert server.get("/livez").status_code == 200


def test_shared_memory_that_cannot_be_registered(client, regions):
    for key, size, offset, code, text in (("/slipway_there_is_none", 1, 0, "500", "Unable to open shared memory region"),
                                          ("/../../etc/passwd", 1, 0, "400", "invalid shm key"),
                                          ("sem.x", 1, 0, "400", "invalid shm key"),
                                          (regions[0]._shm_key, 257, 0, "400", "invalid args"),
                                          (regions[0]._shm_key, 2**64 - 1, 2**64 - 1, "400", "invalid args")):
        client.fails(code, text, "register_system_shared_memory", "bad", key, size, offset=offset)
    client.fails("409", "shared memory region 'in' already in manager", "register_system_shared_memory", "in", regions[0]._shm_key, 1)
    client.fails("404", "Unable to find system shared memory region: 'bad'", "get_system_shared_memory_status", "bad")
    assert not client.json("get_cuda_shared_memory_status")
    client.fails("400", "failed to register CUDA shared memory region: 'c', GPUs not supported", "register_cuda_shared_memory", "c",
                 b"aGFuZGxl", 0, 64)
    client.unregister_cuda_shared_memory()


def test_shared_memory_is_off_by_default(iris):
    for form in FORMS:
        made = Client(form, iris.port)
        made.fails("501", "Client shared memory is disabled", "register_system_shared_memory", "a", "/a", 1)
        assert not made.json("get_system_shared_memory_status")
        made.close()


def read_traces(path, count):
    for _ in range(200):
        if path.is_file():
            found = json.loads(path.read_text())
            if len({entry["id"] for entry in found}) >= count:
                return found
        time.sleep(0.02)
    raise AssertionError(f"no {count} traces in {path}")


def setting(value):
    """A value of gRPC's answer, which is a list."""
    return value["value"] if isinstance(value, dict) else value if isinstance(value, list) else [value]


def test_trace_settings_write_trace_files(client, traces):
    name = client.form + ".json"
    client.fails("403", "admin token", "update_trace_settings", settings={"trace_level": ["TIMESTAMPS"]})
    client.admin("update_trace_settings", settings={"trace_level": ["TIMESTAMPS", "TENSORS"], "trace_rate": "1", "trace_file": name})
    client.infer("iris", [client.input()], request_id="mine")
    found = read_traces(traces / name, 1)
    head = [entry for entry in found if "model_name" in entry]
    assert head[0]["model_name"] == "iris" and head[0]["model_version"] == 1 and head[0]["request_id"] == "mine"
    times = {stamp["name"]: stamp["ns"] for entry in found for stamp in entry.get("timestamps", [])}
    order = ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END", "REQUEST_END"]
    assert [times[stage] for stage in order] == sorted(times[stage] for stage in order)
    front = ("HTTP_RECV_START", "HTTP_SEND_END") if client.form.startswith("http") else ("GRPC_WAITREAD_START", "GRPC_SEND_END")
    assert times[front[0]] <= times["REQUEST_START"] and times["REQUEST_END"] <= times[front[1]]
    tensors = {entry["activity"]: entry["tensor"] for entry in found if "tensor" in entry}
    assert tensors["TENSOR_BACKEND_OUTPUT"] == {"name": "predict", "data": '"setosa","virginica"', "shape": "2,1", "dtype": "BYTES"}
    assert tensors["TENSOR_QUEUE_INPUT"]["dtype"] == "FP64"
    # A model's own settings, and back again.
    client.admin("update_trace_settings", model_name="iris", settings={"trace_rate": "5", "log_frequency": "1"})
    own = client.json("get_trace_settings", "iris")
    own = own.get("settings", own)
    assert setting(own["trace_rate"]) == ["5"] and setting(own["log_frequency"]) == ["1"]
    assert setting(own["trace_level"]) == ["TIMESTAMPS", "TENSORS"]
    for _ in range(10):
        client.infer("iris", [client.input()])
    for i in range(2):
        read_traces(traces / f"{name}.{i}", 1)
    client.admin("update_trace_settings", model_name="iris", settings={"trace_rate": None, "log_frequency": None})
    client.admin("update_trace_settings", settings={"trace_level": None, "trace_rate": None, "trace_file": None})
    back = client.json("get_trace_settings")
    back = back.get("settings", back)
    assert setting(back["trace_level"]) == ["OFF"] and setting(back["trace_rate"]) == ["1000"]
    before = set(os.listdir(traces))
    client.infer("iris", [client.input()])
    assert set(os.listdir(traces)) == before


def test_trace_settings_that_cannot_be(client, tmp_path):
    for settings, text in (({"trace_rate": "x"}, "Unable to parse 'trace_rate', got: x"),
                           ({"trace_count": "-5"}, "Unable to parse 'trace_count'"),
                           ({"trace_level": ["OFF", "TENSORS"]}, "Expect only one trace level 'OFF' is specified"),
                           ({"trace_file": str(tmp_path / "x")}, "trace_file"), ({"trace_file": "../x"}, "trace_file")):
        client.fails("400", text, "update_trace_settings", settings=settings, admin=True)
    client.fails("400", "Request for unknown model : rose", "get_trace_settings", "rose")
    assert not os.listdir(tmp_path)


def test_log_settings_change_the_log(client, server):
    first = client.json("get_log_settings")
    first = {key: list(value.values())[0] if isinstance(value, dict) else value for key, value in first.get("settings", first).items()}
    assert first["log_info"] is True and first["log_file"] == "" and first["log_format"] == "ISO8601"
    client.fails("403", "admin token", "update_log_settings", {"log_info": False})
    client.admin("update_log_settings", {"log_verbose_level": 1, "log_format": "default"})
    mark = len(server.log)
    client.is_server_live()
    for _ in range(100):
        lines = "".join(server.log[mark:])
        if "request: " in lines:
            break
        time.sleep(0.02)
    assert "slipway] " in lines and ("/v2/health/live" in lines or "ServerLive" in lines)
    client.admin("update_log_settings", {"log_verbose_level": 0, "log_info": True, "log_format": "ISO8601"})
    client.fails("503", "invalid argument for --log_format, got: x", "update_log_settings", {"log_format": "x"}, admin=True)
    client.fails("501", "log file location can not be updated", "update_log_settings", {"log_file": "/tmp/x"}, admin=True)


def test_models_are_loaded_and_unloaded(client):
    assert client.json("get_model_repository_index")
    client.fails("403", "admin token", "unload_model", "iris")
    client.admin("unload_model", "iris", unload_dependents=True)
    assert not client.is_model_ready("iris")
    client.admin("load_model", "iris")
    assert client.is_model_ready("iris", "1") and client.is_server_ready() and client.is_server_live()
    client.fails("404", "rose", "load_model", "rose", admin=True)


def test_a_load_takes_the_settings_of_a_configuration_until_the_next_one(client):
    def policy():
        got = client.json("get_model_config", "iris")
        return got.get("config", got)["version_policy"]

    client.admin("load_model", "iris", config=json.dumps({"name": "iris", "version_policy": {"all": {}}}))
    assert list(policy()) == ["all"]
    client.admin("load_model", "iris")
    assert list(policy()) == ["latest"]
    client.fails("400", "backend", "load_model", "iris", config='{"backend": "onnxruntime"}', admin=True)
    if client.form.startswith("http"):  # as it was given out
        client.admin("load_model", "iris", config=json.dumps(client.json("get_model_config", "iris")))
    assert client.is_model_ready("iris")


def test_a_load_takes_the_files_of_a_model(client):
    config = json.dumps({"name": "iris", "backend": "sklearn", "max_batch_size": 8,
                         "input": [{"name": "x", "data_type": "TYPE_FP64", "dims": [4]}]})
    iris = IRIS.read_bytes()
    digits = (DATA / "1.5.2" / "digits_pca_svc.joblib").read_bytes()

    def columns(name):
        return int(client.json("get_model_metadata", name)["inputs"][0]["shape"][1])

    def answers(name="iris"):
        return client.infer(name, [client.input()]).as_numpy("predict").tolist() == LABELS

    files = {"file:7/model.joblib": iris, "file:7/notes.txt": b"nothing"}
    client.fails("403", "admin token", "load_model", "iris", config=config, files=files)
    client.fails("400", "Load parameter 'config' must be specified", "load_model", "iris", files=files, admin=True)
    client.admin("load_model", "iris", config=config, files=files)
    assert client.is_model_ready("iris", "7") and not client.is_model_ready("iris", "1") and answers()
    # What cannot be loaded, or be a file, leaves the one before it serving.
    with pytest.raises(InferenceServerException, match="version 8 could not be loaded"):
        client.admin("load_model", "iris", config=config, files={"file:8/model.joblib": b"x"})
    for path in ("../model.joblib", "/etc/model.joblib", "1/../../model.joblib"):
        client.fails("400", "must stay within the model directory", "load_model", "iris", config=config,
                     files={"file:" + path: iris}, admin=True)
    assert client.is_model_ready("iris", "7") and answers()
    # Another model under the same name, two versions of it; then back to the repository's.
    client.admin("load_model", "iris", config='{"version_policy": {"all": {}}}',
                 files={"file:1/model.joblib": digits, "file:2/model.joblib": iris})
    assert client.is_model_ready("iris", "1") and client.is_model_ready("iris", "2") and answers()
    client.admin("load_model", "iris", config="{}", files={"file:1/model.joblib": digits})
    assert columns("iris") != 4
    client.admin("load_model", "iris")
    assert client.is_model_ready("iris", "1") and answers() and not client.is_model_ready("iris", "2")
    # A name that the repository does not hold.
    client.admin("load_model", "rose", config="{}", files={"file:1/model.joblib": iris})
    assert answers("rose")
    client.fails("404", "no model \"rose\" in the repository", "load_model", "rose", admin=True)
    assert answers("rose")
    client.admin("unload_model", "rose")
    assert not client.is_model_ready("rose")


def test_streams_and_asynchronous_calls_end_the_list_of_methods(client):
    if client.form == "grpc.aio":
        async def ask():
            async def requests():
                yield {"model_name": "iris", "inputs": [client.input()]}

            client.called.add("stream_infer")
            return [result async for result, error in client.inner.stream_infer(requests())]

        assert client.run(ask())[0].as_numpy("predict").tolist() == LABELS
    if client.form == "grpc":
        results = []
        client.start_stream(lambda result, error: results.append((result, error)))
        client.async_stream_infer("iris", [client.input()])
        client.stop_stream()
        client.async_infer("iris", [client.input()], callback=lambda result, error: results.append((result, error)))
        for _ in range(500):
            if len(results) == 2:
                break
            time.sleep(0.01)
        assert [error for _, error in results] == [None, None]
    if client.form == "http":
        assert client.async_infer("iris", [client.input()]).get_result().as_numpy("predict").tolist() == LABELS
        body, length = client.generate_request_body([client.input()])
        assert length and body
        client.called.add("parse_response_body")  # by get_result()
    methods = {name for name, _ in inspect.getmembers(type(client.inner), callable) if not name.startswith("_")}
    others = {"close", "register_plugin", "unregister_plugin", "plugin", "generate_request_body", "parse_response_body"}
    assert methods - client.called - others == set()
