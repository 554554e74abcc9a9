"""KServe v2 / Open Inference Protocol over REST, by hand and by Triton's client."""

import numpy as np
import pytest
import tritonclient.http as triton
from openapi_spec_validator import validate
from tritonclient.utils import InferenceServerException

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def tensor(data, name="x", shape=None, datatype="FP64"):
    return {"name": name, "shape": shape or list(np.shape(data)), "datatype": datatype, "data": data}


def infer(server, **body):
    return server.post("/v2/models/iris/infer", body)


@pytest.fixture
def client(iris):
    with triton.InferenceServerClient(f"127.0.0.1:{iris.port}") as client:
        yield client


def test_health_and_metadata_answer(iris):
    assert iris.get("/v2/health/live").status_code == 200
    assert iris.get("/v2/health/ready").status_code == 200
    assert iris.get("/v2/models/iris/ready").status_code == 200
    server = iris.get("/v2").json()
    assert server["name"] == "slipway"
    assert isinstance(server["version"], str) and isinstance(server["extensions"], list)
    model = iris.get("/v2/models/iris").json()
    assert model["name"] == "iris" and model["platform"]
    assert {"predict", "predict_proba", "decision_function"} <= {output["name"] for output in model["outputs"]}
    for side in ("inputs", "outputs"):
        for entry in model[side]:
            assert entry["name"] and entry["datatype"] in ("FP64", "BYTES", "INT64", "BOOL") and entry["shape"][0] == -1
    version = model["versions"][0]
    assert iris.get(f"/v2/models/iris/versions/{version}").json() == model
    assert iris.get(f"/v2/models/iris/versions/{version}/ready").status_code == 200


def test_unknown_models_and_versions_are_404(iris):
    for path in ("/v2/models/rose", "/v2/models/rose/ready", "/v2/models/iris/versions/77"):
        answer = iris.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]
    assert iris.post("/v2/models/rose/infer", {"inputs": [tensor(ROWS)]}).status_code == 404


def test_one_matrix_of_any_name_gives_predict_only(iris):
    answer = infer(iris, id="abc", inputs=[tensor(ROWS, "whatever")]).json()
    assert answer["model_name"] == "iris" and answer["id"] == "abc"
    [output] = answer["outputs"]
    assert output["name"] == "predict" and output["datatype"] == "BYTES"
    assert output["data"] == ["setosa", "virginica"]
    assert output["shape"] in ([2], [2, 1])


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT64", "INT32", "UINT8"])
def test_every_numeric_datatype_is_taken(iris, datatype):
    whole = [[5, 3, 1, 0], [7, 3, 5, 2]]
    answer = infer(iris, inputs=[tensor(whole, datatype=datatype)])
    assert answer.json()["outputs"][0]["data"] == ["setosa", "virginica"], answer.text


def test_flat_and_nested_data_are_the_same(iris):
    flat = infer(iris, inputs=[tensor(sum(ROWS, []), shape=[2, 4])]).json()
    assert flat["outputs"] == infer(iris, inputs=[tensor(ROWS)]).json()["outputs"]


def test_one_tensor_a_column_in_any_order(iris):
    columns = [tensor([row[i] for row in ROWS], name, [2]) for i, name in enumerate(NAMES)]
    wide = [tensor([[row[i]] for row in ROWS], name, [2, 1]) for i, name in enumerate(NAMES)]
    for inputs in (columns, columns[::-1], wide):
        assert infer(iris, inputs=inputs).json()["outputs"][0]["data"] == ["setosa", "virginica"]


def test_named_outputs_come_in_the_order_asked_for(iris):
    asked = ["predict_proba", "decision_function", "predict"]
    answer = infer(iris, inputs=[tensor(ROWS)], outputs=[{"name": name} for name in asked]).json()
    assert [output["name"] for output in answer["outputs"]] == asked
    assert answer["outputs"][0]["shape"] == [2, 3] and answer["outputs"][0]["datatype"] == "FP64"
    assert np.allclose(np.sum(np.reshape(answer["outputs"][0]["data"], (2, 3)), axis=1), 1)


@pytest.mark.parametrize("body", [
    {},
    {"inputs": []},
    {"inputs": "x"},
    {"inputs": [{"name": "x"}]},
    {"inputs": [tensor(ROWS, datatype="FP99")]},
    {"inputs": [tensor(ROWS, shape=[2, 5])]},
    {"inputs": [tensor(ROWS, shape=[-1, 4])]},
    {"inputs": [tensor(ROWS, shape=[1 << 40, 1 << 40])]},
    {"inputs": [tensor([[1.0, 2.0, 3.0]])]},
    {"inputs": [tensor([["a", "b", "c", "d"]], datatype="BYTES")]},
    {"inputs": [tensor([[1.0, None, 3.0, 4.0]])]},
    {"inputs": [tensor([[1.0, float("nan"), 3.0, 4.0]])]},
    {"inputs": [tensor([1.0], name, [1]) for name in NAMES[:3]]},
    {"inputs": [tensor([1.0], name, [1]) for name in NAMES[:3] + ["colour"]]},
    {"inputs": [tensor([1.0, 2.0], NAMES[0], [2])] + [tensor([1.0], name, [1]) for name in NAMES[1:]]},
    {"inputs": [tensor(ROWS)], "outputs": [{"name": "no_such_output"}]},
])
def test_bad_requests_are_400_with_one_error(iris, body):
    answer = iris.post("/v2/models/iris/infer", body)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"] and answer.json()["error"]


def test_triton_client_reads_health_and_metadata(client):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("iris")
    assert client.get_server_metadata()["name"] == "slipway"
    assert client.get_model_metadata("iris")["name"] == "iris"


def test_triton_client_infers(client):
    data = triton.InferInput("x", [2, 4], "FP64")
    data.set_data_from_numpy(np.array(ROWS), binary_data=False)
    wanted = [triton.InferRequestedOutput(name, binary_data=False) for name in ("predict", "predict_proba")]
    result = client.infer("iris", [data], outputs=wanted, request_id="7")
    assert [str(label) for label in result.as_numpy("predict").ravel()] == ["setosa", "virginica"]
    assert result.as_numpy("predict_proba").shape == (2, 3)
    assert result.get_response()["id"] == "7"
    with pytest.raises(InferenceServerException, match="rose"):
        client.infer("rose", [data])


def test_openapi_documents_are_valid(iris):
    document = iris.get("/v2/models/iris/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.")
    assert any(path.endswith("/infer") for path in document["paths"])
    text = str(document)
    for name in NAMES:
        assert name in text
