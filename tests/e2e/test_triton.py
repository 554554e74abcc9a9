"""Triton's own client, unmodified, over gRPC and over REST with binary tensors; MLServer's gRPC stubs."""

import asyncio
import json
import queue
import shutil

import grpc
import numpy as np
import pytest
import tritonclient.http as http
import tritonclient.http.aio as http_aio
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.grpc import converters
from mlserver.grpc import dataplane_pb2 as pb
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from mlserver.types import InferenceRequest
from tritonclient.utils import InferenceServerException

from conftest import DATA, IRIS, import_apart

# Both bring messages of the same names, which one descriptor pool cannot hold.
triton, triton_aio = import_apart("tritonclient.grpc", "tritonclient.grpc.aio")

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
LABELS = [[b"setosa"], [b"virginica"]]


def tensor(module, data, datatype="FP64", name="x", **options):
    made = module.InferInput(name, list(data.shape), datatype)
    made.set_data_from_numpy(data, **options)
    return made


def outputs(module, *names, **options):
    return [module.InferRequestedOutput(name, **options) for name in names]


@pytest.fixture(scope="module")
def client(iris):
    with triton.InferenceServerClient(f"127.0.0.1:{iris.port}") as made:
        yield made


@pytest.fixture(scope="module")
def rest(iris):
    with http.InferenceServerClient(f"127.0.0.1:{iris.port}") as made:
        yield made


def test_health_and_metadata_over_grpc(client, rest):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1") and not client.is_model_ready("iris", "9")
    assert not client.is_model_ready("rose")
    assert client.get_server_metadata(as_json=True) == rest.get_server_metadata()
    over_grpc, over_rest = client.get_model_metadata("iris", as_json=True), rest.get_model_metadata("iris")
    assert over_grpc["versions"] == over_rest["versions"] and over_grpc["platform"] == over_rest["platform"]
    for side in ("inputs", "outputs"):
        assert [(t["name"], t["datatype"], list(map(int, t["shape"]))) for t in over_grpc[side]] == \
            [(t["name"], t["datatype"], t["shape"]) for t in over_rest[side]]


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_infer_over_grpc(client, rest, compression):
    wanted = ["predict", "predict_proba"]
    got = client.infer("iris", [tensor(triton, ROWS)], outputs=outputs(triton, *wanted), request_id="seven",
                       timeout=10_000_000, priority=1, compression_algorithm=compression)
    assert got.get_response().id == "seven" and got.get_response().model_version == "1"
    assert got.as_numpy("predict").tolist() == LABELS
    expected = rest.infer("iris", [tensor(http, ROWS)], outputs=outputs(http, *wanted)).as_numpy("predict_proba")
    np.testing.assert_array_equal(got.as_numpy("predict_proba"), expected)


@pytest.mark.parametrize("datatype, dtype", [("FP16", np.float16), ("FP32", np.float32), ("INT8", np.int8), ("INT16", np.int16),
                                             ("INT32", np.int32), ("INT64", np.int64), ("UINT8", np.uint8),
                                             ("UINT16", np.uint16), ("UINT32", np.uint32), ("UINT64", np.uint64),
                                             ("BOOL", bool)])
def test_every_datatype_is_the_same_over_grpc_and_in_binary_and_in_json(client, rest, datatype, dtype):
    data = np.array([[1, 0, 1, 1], [0, 1, 0, 1]] if dtype is bool else [[5, 3, 1, 0], [7, 3, 5, 2]]).astype(dtype)
    over_grpc = client.infer("iris", [tensor(triton, data, datatype)], outputs=outputs(triton, "decision_function"))
    over_rest = [rest.infer("iris", [tensor(http, data, datatype, binary_data=binary)],
                            outputs=outputs(http, "decision_function", binary_data=binary))
                 for binary in ((True, False) if datatype != "FP16" else (True,))]
    for other in over_rest:
        np.testing.assert_array_equal(over_grpc.as_numpy("decision_function"), other.as_numpy("decision_function"))


@pytest.mark.parametrize("inputs_binary", [True, False])
@pytest.mark.parametrize("outputs_binary", [True, False])
@pytest.mark.parametrize("request_coding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_coding", [None, "gzip", "deflate"])
def test_binary_tensors_over_rest(rest, inputs_binary, outputs_binary, request_coding, response_coding):
    rows = np.tile(ROWS, (100, 1))
    got = rest.infer("iris", [tensor(http, rows, binary_data=inputs_binary)],
                     outputs=outputs(http, "predict", "predict_proba", binary_data=outputs_binary),
                     request_compression_algorithm=request_coding, response_compression_algorithm=response_coding)
    assert got.as_numpy("predict").tolist() == (LABELS if outputs_binary else [["setosa"], ["virginica"]]) * 100 or \
        got.as_numpy("predict").tolist() == LABELS * 100
    assert got.as_numpy("predict_proba").shape == (200, 3)
    np.testing.assert_allclose(got.as_numpy("predict_proba").sum(axis=1), 1)


def test_a_raw_body_over_rest(iris):
    answer = iris.post("/v2/models/iris/infer", ROWS.tobytes(),
                       headers={"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"})
    assert answer.status_code == 200, answer.text
    result = http.InferenceServerClient.parse_response_body(
        answer.content, header_length=int(answer.headers["Inference-Header-Content-Length"]))
    assert result.as_numpy("predict").tolist() == LABELS


def test_asynchronous_calls_over_rest(rest, iris):
    pending = [rest.async_infer("iris", [tensor(http, ROWS)]) for _ in range(20)]
    assert all(one.get_result().as_numpy("predict").tolist() == LABELS for one in pending)

    async def ask():
        async with http_aio.InferenceServerClient(f"127.0.0.1:{iris.port}") as made:
            answers = await asyncio.gather(*[made.infer("iris", [tensor(http, ROWS)]) for _ in range(20)])
            return await made.is_server_ready(), [answer.as_numpy("predict").tolist() for answer in answers]

    assert asyncio.run(ask()) == (True, [LABELS] * 20)


def test_asynchronous_calls_over_grpc(client, iris):
    done = queue.Queue()
    for _ in range(20):
        client.async_infer("iris", [tensor(triton, ROWS)], callback=lambda result, error: done.put((result, error)))
    for _ in range(20):
        result, error = done.get(timeout=20)
        assert error is None and result.as_numpy("predict").tolist() == LABELS

    async def ask():
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{iris.port}") as made:
            answers = await asyncio.gather(*[made.infer("iris", [tensor(triton, ROWS)]) for _ in range(20)])

            async def requests():
                for i in range(10):
                    yield {"model_name": "iris" if i != 5 else "rose", "inputs": [tensor(triton, ROWS)], "request_id": str(i)}

            streamed = [(error, result) async for result, error in made.stream_infer(requests())]
            return await made.is_model_ready("iris"), [answer.as_numpy("predict").tolist() for answer in answers], streamed

    ready, answers, streamed = asyncio.run(ask())
    assert ready and answers == [LABELS] * 20
    assert [i for i, (error, _) in enumerate(streamed) if error] == [5] and len(streamed) == 10
    assert "rose" in str(streamed[5][0]) and streamed[6][1].get_response().id == "6"


def test_streams_over_grpc(client):
    done = queue.Queue()
    client.start_stream(lambda result, error: done.put((result, error)))
    for i in range(100):
        client.async_stream_infer("iris", [tensor(triton, ROWS)], request_id=str(i))
    for i in range(100):
        result, error = done.get(timeout=20)
        assert error is None and result.get_response().id == str(i) and result.as_numpy("predict").tolist() == LABELS
    client.async_stream_infer("rose", [tensor(triton, ROWS)])
    result, error = done.get(timeout=20)
    assert result is None and "rose" in str(error)
    client.stop_stream()


def test_errors_have_the_codes_of_triton(client):
    def code(model="iris", data=ROWS, datatype="FP64", wanted=(), **options):
        with pytest.raises(InferenceServerException) as error:
            client.infer(model, [tensor(triton, data, datatype)], outputs=outputs(triton, *wanted) or None, **options)
        assert error.value.message()
        return error.value.status()

    assert code("rose") == "StatusCode.NOT_FOUND"
    assert code(model_version="9") == "StatusCode.NOT_FOUND"
    assert code(data=ROWS[:, :3]) == "StatusCode.INVALID_ARGUMENT"
    assert code(data=ROWS.astype(str).astype(object), datatype="BYTES") == "StatusCode.INVALID_ARGUMENT"
    assert code(wanted=["nonsense"]) == "StatusCode.INVALID_ARGUMENT"
    with pytest.raises(InferenceServerException) as error:
        client.get_model_metadata("rose")
    assert error.value.status() == "StatusCode.NOT_FOUND"
    with pytest.raises(InferenceServerException) as error:
        client.get_model_config("rose")
    assert error.value.status() == "StatusCode.NOT_FOUND"


def test_a_model_that_cannot_be_loaded_is_unavailable(start, tmp_path):
    shutil.copy(IRIS, tmp_path / "iris.joblib")
    shutil.copy(DATA / "hostile" / "truncated_forest.pkl", tmp_path / "cut.pkl")
    server = start(tmp_path)
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as made:
        assert not made.is_model_ready("cut") and made.is_model_ready("iris")
        with pytest.raises(InferenceServerException) as error:
            made.infer("cut", [tensor(triton, ROWS)])
        assert error.value.status() == "StatusCode.UNAVAILABLE"
        index = {model.name: model for model in made.get_model_repository_index().models}
        assert index["iris"].state == "READY" and index["cut"].state == "UNAVAILABLE" and index["cut"].reason


def test_models_change_with_the_admin_token_only(start, tmp_path):
    shutil.copy(IRIS, tmp_path / "iris.joblib")
    server = start(tmp_path, "--admin-token", "s3cret")
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as made:
        for change in (made.load_model, made.unload_model):
            with pytest.raises(InferenceServerException) as error:
                change("iris")
            assert error.value.status() == "StatusCode.PERMISSION_DENIED"
        token = {"authorization": "Bearer s3cret"}
        made.unload_model("iris", headers=token)
        assert not made.is_model_ready("iris")
        made.load_model("iris", headers=token)
        assert made.infer("iris", [tensor(triton, ROWS)]).as_numpy("predict").tolist() == LABELS
        with pytest.raises(InferenceServerException) as error:
            made.load_model("rose", headers=token)
        assert error.value.status() == "StatusCode.NOT_FOUND"


# MLServer's own stubs and converters: typed contents, and raw ones.


@pytest.fixture(scope="module")
def stub(iris):
    with grpc.insecure_channel(f"127.0.0.1:{iris.port}") as channel:
        yield GRPCInferenceServiceStub(channel)


@pytest.mark.parametrize("raw", [False, True])
def test_the_stubs_of_mlserver(stub, raw):
    request = InferenceRequest(id="a", inputs=[NumpyCodec.encode_input("x", ROWS)], outputs=[
        {"name": "predict"}, {"name": "predict_proba"}])
    message = converters.ModelInferRequestConverter.from_types(request, model_name="iris", model_version=None, use_raw=raw)
    answer = stub.ModelInfer(message, timeout=10)
    assert bool(answer.raw_output_contents) == raw
    response = converters.ModelInferResponseConverter.to_types(answer)
    assert response.id == "a" and response.model_name == "iris" and response.model_version == "1"
    labels, probabilities = response.outputs
    assert StringCodec.decode_output(labels) == ["setosa", "virginica"]
    decoded = NumpyCodec.decode_output(probabilities)
    assert decoded.shape == (2, 3)
    np.testing.assert_allclose(decoded.sum(axis=1), 1)


def test_bf16_travels_in_binary(stub, iris):
    """The upper halves of float32 values, as ml_dtypes holds them."""
    halves = (ROWS.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()
    message = pb.ModelInferRequest(model_name="iris", raw_input_contents=[halves])
    message.inputs.add(name="x", datatype="BF16", shape=[2, 4])
    assert stub.ModelInfer(message, timeout=10).raw_output_contents[0] == b"\x06\0\0\0setosa\x09\0\0\0virginica"
    header = json.dumps({"inputs": [{"name": "x", "datatype": "BF16", "shape": [2, 4],
                                     "parameters": {"binary_data_size": len(halves)}}]}).encode()
    answer = iris.post("/v2/models/iris/infer", header + halves,
                       headers={"Inference-Header-Content-Length": str(len(header))})
    assert answer.json()["outputs"][0]["data"] == ["setosa", "virginica"]


def test_health_and_metadata_by_the_stubs_of_mlserver(stub):
    assert stub.ServerLive(pb.ServerLiveRequest(), timeout=10).live
    assert stub.ServerReady(pb.ServerReadyRequest(), timeout=10).ready
    assert stub.ModelReady(pb.ModelReadyRequest(name="iris"), timeout=10).ready
    metadata = stub.ModelMetadata(pb.ModelMetadataRequest(name="iris"), timeout=10)
    assert metadata.name == "iris" and len(metadata.inputs) == 4
    with pytest.raises(grpc.RpcError) as error:
        stub.ModelMetadata(pb.ModelMetadataRequest(name="rose"), timeout=10)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    assert [model.name for model in stub.RepositoryIndex(pb.RepositoryIndexRequest(), timeout=10).models] == ["iris"]


def test_the_access_log_and_the_metrics_cover_grpc(start, tmp_path):
    log = tmp_path / "access.json"
    server = start(IRIS, "--access-log", log)
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as made:
        made.infer("iris", [tensor(triton, ROWS)], headers={"x-request-id": "mine"})
        with pytest.raises(InferenceServerException):
            made.infer("rose", [tensor(triton, ROWS)])
    text = server.get("/metrics").text
    for line in ('slipway_grpc_responses_total{code="OK"} 1', 'slipway_grpc_responses_total{code="NOT_FOUND"} 1',
                 'slipway_requests_total{model="iris",version="1"} 1', 'slipway_rows_total{model="iris",version="1"} 2'):
        assert line + "\n" in text
    assert server.stop() == 0
    lines = [line for line in map(json.loads, log.read_text().splitlines()) if line.get("rpc.system") == "grpc"]
    assert [line["rpc.grpc.status_code"] for line in lines] == [0, 5]
    assert [line["event.outcome"] for line in lines] == ["success", "failure"]
    assert lines[0]["http.request.id"] == "mine" and lines[0]["slipway.model.name"] == "iris" and lines[0]["slipway.rows"] == 2
    assert lines[0]["url.path"] == "/inference.GRPCInferenceService/ModelInfer" and "rose" in lines[1]["error.message"]
