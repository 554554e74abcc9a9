"""TensorFlow Serving's REST and gRPC interfaces, by its own client and by plain HTTP; KServe v1 on the same paths."""

import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess

import numpy as np
import pytest
import requests

import tls_files
from conftest import DATA, IRIS, ROOT, Server, run

CASES = DATA / "1.7.2"
MIXED, LINE = (json.loads((CASES / f"{name}.json").read_text()) for name in ("nested_stack_of_pipelines", "linear_regression"))
MIXED["rows"] = [[float(cell["f"]) if isinstance(cell, dict) else cell for cell in row] for row in MIXED["rows"]]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
LABELS = ["setosa", "virginica"]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def values(case, output):
    return np.array(case["outputs"][output]["values"]).reshape(case["outputs"][output]["shape"])


def listed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfserving")
    (folder / "models.yaml").write_text(json.dumps({"models": [
        {"name": "iris", "path": str(IRIS), "labels": {"canary": 1}},
        {"name": "mixed", "path": str(CASES / MIXED["file"])},
        {"name": "line", "path": str(CASES / LINE["file"])}]}))
    return folder / "models.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(listed(tmp_path_factory)).wait_ready()
    yield made
    assert made.stop() == 0


def predict(server, body, model="iris", verb="predict", status=200):
    got = server.post(f"/v1/models/{model}:{verb}", body)
    assert got.status_code == status, got.text
    return got.json() if status == 200 else got.json()["error"]


def test_rows_give_predictions_and_columns_give_outputs(server):
    assert predict(server, {"instances": ROWS}) == {"predictions": LABELS}
    assert predict(server, {"instances": [{"inputs": row} for row in ROWS]}) == {"predictions": LABELS}
    rows = LINE["rows"]
    assert predict(server, {"instances": [{"dense_input": row} for row in rows]}, "line") == \
        predict(server, {"instances": rows}, "line")
    assert predict(server, {"inputs": ROWS}) == {"outputs": LABELS}
    assert predict(server, {"inputs": {"inputs": ROWS}}) == {"outputs": LABELS}
    got = predict(server, {"signature_name": "serving_default", "instances": ROWS})["predictions"]
    assert [row["predict"] for row in got] == LABELS and all(len(row["predict_proba"]) == 3 for row in got)
    whole = predict(server, {"signature_name": "serving_default", "inputs": ROWS})["outputs"]
    assert whole["predict"] == LABELS and whole["predict_proba"] == [row["predict_proba"] for row in got]
    assert predict(server, {"inputs": ROWS, "signature_name": "predict_proba"}) == {"outputs": whole["predict_proba"]}


def test_named_columns_as_rows_and_as_columns_with_bytes(server):
    expected = values(MIXED, "predict").tolist()
    rows = [dict(zip(MIXED["columns"], row)) for row in MIXED["rows"]]
    assert predict(server, {"instances": rows}, "mixed") == {"predictions": expected}
    assert predict(server, {"instances": MIXED["rows"]}, "mixed") == {"predictions": expected}
    encoded = [{**row, "sex": {"b64": base64.b64encode(row["sex"].encode()).decode()}, "age": [row["age"]]} for row in rows]
    assert predict(server, {"instances": encoded}, "mixed") == {"predictions": expected}
    columns = {name: [row[name] for row in rows] for name in MIXED["columns"]}
    columns["embarked"] = [[value] for value in columns["embarked"]]
    assert predict(server, {"inputs": columns}, "mixed") == {"outputs": expected}
    got = predict(server, {"instances": rows, "signature_name": "predict_proba"}, "mixed")["predictions"]
    np.testing.assert_allclose(got, values(MIXED, "predict_proba"), rtol=0, atol=1e-9)


def test_numbers_are_those_of_the_library(server):
    expected = values(LINE, "predict").ravel()
    np.testing.assert_allclose(predict(server, {"instances": LINE["rows"]}, "line")["predictions"], expected, rtol=1e-12)
    examples = [{"inputs": row} for row in LINE["rows"]]
    np.testing.assert_allclose(predict(server, {"examples": examples}, "line", "regress")["results"], expected, rtol=1e-12)
    text = predict(server, {"instances": [[1] * 10]}, "line")
    assert isinstance(text["predictions"][0], float)


def test_bare_nan_and_infinity_are_taken(server):
    assert "only finite numbers" in predict(server, '{"instances": [[NaN, 1, 2, 3]]}', status=400)
    assert "infinite" in predict(server, '{"instances": [[1, -Infinity, 2, 3]]}', status=400)


def test_classify_with_a_context(server):
    results = predict(server, {"examples": [{"inputs": row} for row in ROWS]}, verb="classify")["results"]
    assert [max(row, key=lambda pair: pair[1])[0] for row in results] == LABELS
    assert [pair[0] for pair in results[0]] == ["setosa", "versicolor", "virginica"]
    assert all(abs(sum(score for _, score in row) - 1) < 1e-9 for row in results)
    rows = [dict(zip(MIXED["columns"], row)) for row in MIXED["rows"]]
    same = [dict(row, sex=rows[0]["sex"]) for row in rows]
    short = [{name: value for name, value in row.items() if name != "sex"} for row in rows]
    context = {"sex": [rows[0]["sex"]]}
    assert predict(server, {"examples": short, "context": context}, "mixed", "classify") == \
        predict(server, {"examples": same}, "mixed", "classify")


def test_versions_and_labels(server):
    for path in ("/v1/models/iris/versions/1", "/v1/models/iris/labels/canary"):
        assert server.post(path + ":predict", {"instances": ROWS}).json() == {"predictions": LABELS}
        assert server.get(path).json() == server.get("/v1/models/iris").json() == {"model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}
        assert server.get(path + "/metadata").json() == server.get("/v1/models/iris/metadata").json()


def test_metadata_has_a_signature_for_all_outputs_and_one_for_each(server):
    got = server.get("/v1/models/mixed/metadata").json()
    assert got["model_spec"] == {"name": "mixed", "signature_name": "", "version": "1"}
    signatures = got["metadata"]["signature_def"]["signature_def"]
    default = signatures["serving_default"]
    assert {name: tensor["dtype"] for name, tensor in default["inputs"].items()} == {
        name: "DT_STRING" if name == "sex" else "DT_DOUBLE" for name in MIXED["columns"]}
    assert default["method_name"] == "tensorflow/serving/predict"
    assert {"predict", "predict_proba"} <= default["outputs"].keys()
    assert list(signatures["predict"]["outputs"]) == ["predict"]
    matrix = server.get("/v1/models/line/metadata").json()["metadata"]["signature_def"]["signature_def"]["predict"]["inputs"]
    assert matrix["inputs"]["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}, {"size": "10", "name": ""}]


@pytest.mark.parametrize("path, body, status, error", [
    ("/v1/models/rose:predict", {"instances": ROWS}, 404, "Servable not found for request: Latest(rose)"),
    ("/v1/models/iris/versions/9:predict", {"instances": ROWS}, 404, "Servable not found for request: Specific(iris, 9)"),
    ("/v1/models/iris/labels/stable:predict", {"instances": ROWS}, 400, "Unrecognized servable version label: stable"),
    ("/v1/models/iris/versions/x:predict", {"instances": ROWS}, 400, "Malformed request: POST /v1/models/iris/versions/x:predict"),
    ("/v1/models/iris", {"instances": ROWS}, 400, "Malformed request: POST /v1/models/iris"),
    ("/v1/models/iris:foo", {"instances": ROWS}, 400, "Malformed request: POST /v1/models/iris:foo"),
    ("/v1/models/iris:predict", "", 400, "JSON Parse error: The document is empty"),
    ("/v1/models/iris:predict", '{"instances": [[1,2', 400, "JSON Parse error: "),
    ("/v1/models/iris:predict", "[1, 2]", 400, "JSON Value: [1, 2] Is not object"),
    ("/v1/models/iris:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
    ("/v1/models/iris:predict", {"instances": ROWS, "inputs": ROWS}, 400, "expecting only one of 'inputs' or 'instances' keys"),
    ("/v1/models/iris:predict", {"instances": 3}, 400, "Expecting 'instances' to be an list/array"),
    ("/v1/models/iris:predict", {"instances": []}, 400, "No values in 'instances' array"),
    ("/v1/models/iris:predict", {"instances": ROWS, "signature_name": 3}, 400, "'signature_name' key must be a string value."),
    ("/v1/models/iris:predict", {"instances": ROWS, "signature_name": "x"}, 400,
     'Serving signature name: "x" not found in signature def'),
    ("/v1/models/iris:predict", {"instances": [[1, 2, 3]]}, 400, "expected shape [-1,4], got [-1,3]"),
    ("/v1/models/iris:predict", {"instances": [[1, 2, 3, 4], [1, 2]]}, 400,
     "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 4 but got: 2"),
    ("/v1/models/iris:predict", {"instances": [[1, 2, "a", 4]]}, 400,
     'JSON Value: "a" Type: String is not of expected type: double'),
    ("/v1/models/iris:predict", {"instances": [[1, 2, True, 4]]}, 400, "Type: True is not of expected type: double"),
    ("/v1/models/iris:predict", {"instances": [[[1], [2], [3], [4]]]}, 400, "Type: Array is not of expected type: double"),
    ("/v1/models/mixed:predict", {"instances": [{"age": 3}]}, 400, "keys must be equal to: pclass,sex,age,sibsp,fare,embarked"),
    ("/v1/models/mixed:predict", {"instances": [{"z": 3}]}, 400, "JSON object: does not have named input: z"),
    ("/v1/models/mixed:predict", {"inputs": {"age": [3]}}, 400, "Missing named input: sex in 'inputs' object."),
    ("/v1/models/iris:classify", {"instances": ROWS}, 400, "key 'examples' is expected and was not found"),
    ("/v1/models/iris:classify", {"examples": []}, 400, "'examples' value is an empty array"),
    ("/v1/models/iris:classify", {"examples": [3]}, 400, "Example must be JSON object but got JSON Number"),
    ("/v1/models/mixed:classify", {"examples": [{"age": 3}]}, 400, "is required but could not be found."),
    ("/v1/models/line:classify", {"examples": [{"inputs": LINE["rows"][0]}]}, 400,
     "Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/predict"),
    ("/v1/models/iris:regress", {"examples": [{"inputs": ROWS[0]}]}, 400, "Expected regression signature method_name"),
])
def test_errors_are_those_of_tensorflow_serving(server, path, body, status, error):
    got = server.post(path, body)
    assert (got.status_code, list(got.json())) == (status, ["error"]), got.text
    assert error in got.json()["error"]


def test_errors_of_status_and_metadata(server):
    for path, status, error in (
            ("/v1/models/rose", 404, "Could not find any versions of model rose"),
            ("/v1/models/iris/versions/9", 404, "Could not find version 9 of model iris"),
            ("/v1/models/iris/labels/stable", 400, "Unrecognized servable version label: stable"),
            ("/v1/models/rose/metadata", 404, "Servable not found for request: Latest(rose)"),
            ("/v1/nothing", 400, "Malformed request: GET /v1/nothing")):
        got = server.get(path)
        assert (got.status_code, got.json()) == (status, {"error": error})


def test_kserve_v1_lists_predicts_and_cannot_explain(server, start, tmp_path_factory):
    assert server.get("/v1/models").json() == {"models": ["iris", "line", "mixed"]}
    explain = server.post("/v1/models/iris:explain", {"instances": ROWS})
    assert explain.status_code == 501 and "not supported" in explain.json()["error"]
    own = start(listed(tmp_path_factory), "--compat=kserve-v1")
    assert own.get("/v1/models/iris").json() == {"name": "iris", "ready": True}
    for key in ("instances", "inputs"):
        assert own.post("/v1/models/iris:predict", {key: ROWS}).json() == {"predictions": LABELS}
    missing = own.post("/v1/models/rose:predict", {"instances": ROWS})
    assert (missing.status_code, missing.json()) == (404, {"error": "Model with name rose does not exist."})
    assert own.get("/v1/models/iris/metadata").status_code == 404


def test_the_order_of_compat_decides_who_owns_a_path(start):
    server = start(IRIS, "--compat=kserve-v1,tf-serving")
    assert server.get("/v1/models/iris").json() == {"name": "iris", "ready": True}
    assert server.get("/v1/models/iris/versions/1").json()["model_version_status"]
    assert server.get("/v2/models/iris").status_code == 404 and server.get("/livez").status_code == 200


def versions(folder):
    for version in ("1", "2"):
        (folder / "iris" / version).mkdir(parents=True)
        shutil.copy(IRIS, folder / "iris" / version / "model.joblib")
    return folder / "iris"


def test_the_files_of_tensorflow_model_server(start, tmp_path):
    (tmp_path / "models.any").write_text(f"""# comment
        model_config_list {{ config {{ name: "flowers" base_path: "{versions(tmp_path)}" model_platform: "tensorflow"
        model_version_policy {{ specific {{ versions: 1 versions: 2 }} }} version_labels {{ key: 'stable' value: 1 }} }} }}""")
    (tmp_path / "monitoring").write_text('prometheus_config { enable: true path: "/numbers" }')
    server = start("--compat=tf-serving", "--rest_api_port=0", "--enable_batching=true", "--grpc_max_threads=4",
                   f"--model_config_file={tmp_path / 'models.any'}", f"--monitoring_config_file={tmp_path / 'monitoring'}",
                   "--allow_version_labels_for_unavailable_models")
    assert [v["version"] for v in server.get("/v1/models/flowers").json()["model_version_status"]] == ["2", "1"]
    assert [v["version"] for v in server.get("/v1/models/flowers/labels/stable").json()["model_version_status"]] == ["1"]
    assert server.post("/v1/models/flowers/labels/stable:predict", {"instances": ROWS}).json() == {"predictions": LABELS}
    assert "slipway_requests_total" in server.get("/numbers").text
    assert any("--grpc_max_threads means nothing" in line for line in server.log)
    assert server.get("/v1/models").json() == {"error": "Missing model name in request."}
    assert server.get("/predict").status_code == 404


def test_the_flags_of_tensorflow_model_server(start, tmp_path):
    server = start("--compat=tf-serving", "--model_name=half", f"--model_base_path={versions(tmp_path)}",
                   "--file_system_poll_wait_seconds=1", "--rest_api_timeout_in_ms=30000")
    assert [v["version"] for v in server.get("/v1/models/half").json()["model_version_status"]] == ["2"]
    assert server.post("/v1/models/half:predict", {"instances": ROWS}).json() == {"predictions": LABELS}
    done = run("serve", "--compat=tf-serving", "--use_alts_credentials", "--model_base_path=x")
    assert done.returncode == 1 and "--tls-cert" in done.stderr


@pytest.fixture(scope="module")
def client(server):
    """What the real client saw, in its own environment."""
    python = subprocess.run([ROOT / "tools" / "venv", "tfserving", ROOT / "tests" / "e2e" / "tfserving_requirements.txt"],
                            check=True, capture_output=True, text=True).stdout.strip() + "/bin/python"
    program = pathlib.Path(__file__).parent / "clients" / "tfserving_client.py"
    done = subprocess.run([python, program, str(server.port), CASES / "nested_stack_of_pipelines.json",
                           CASES / "linear_regression.json"], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_the_real_client_predicts(client, server):
    rest = predict(server, {"signature_name": "serving_default", "inputs": ROWS})["outputs"]
    assert client["predict"].keys() == rest.keys()
    assert client["predict"]["predict"] == LABELS
    assert client["predict"]["predict_proba"] == [value for row in rest["predict_proba"] for value in row]
    assert client["shapes"]["predict"] == [2] and client["shapes"]["predict_proba"] == [2, 3]
    assert client["dtypes"]["predict_proba"] == "float64"
    assert client["spec"] == ["iris", 1, "serving_default"]
    assert client["signature"] == ["predict_proba"] and client["other_name"] == LABELS
    assert client["mixed"]["predict"] == values(MIXED, "predict").tolist()
    np.testing.assert_allclose(client["mixed"]["predict_proba"], values(MIXED, "predict_proba").ravel(), atol=1e-9)


def test_every_dtype_in_both_encodings_is_the_same(client):
    assert len(client["same"]) == 12 and all(client["same"].values()), client["same"]
    assert client["repeated"]


def test_the_real_client_classifies_and_regresses(client):
    assert [max(row, key=lambda pair: pair[1])[0] for row in client["classify"]] == LABELS
    assert [int(label) for label in client["context"]] == values(MIXED, "predict").tolist()
    np.testing.assert_allclose(client["regress"], values(LINE, "predict").ravel(), rtol=1e-5)
    assert client["multi"] == [["predict", 1], ["predict_proba", 3]]


def test_the_real_client_reads_metadata_and_states(client):
    assert client["metadata"]["inputs"] == {name: [2, [-1]] for name in
                                            ("sepal_length", "sepal_width", "petal_length", "petal_width")}
    assert client["metadata"]["outputs"]["predict"] == [7, [-1]]
    assert client["metadata"]["outputs"]["predict_proba"] == [2, [-1, 3]]
    assert client["metadata"]["method"] == "tensorflow/serving/predict" and client["metadata"]["version"] == 1
    assert {"serving_default", "predict", "predict_proba"} <= set(client["metadata"]["signatures"])
    assert client["status"] == [[1, 30, 0]]


def test_the_real_client_sees_the_errors_of_tensorflow_serving(client):
    for name, code, text in (
            ("no_model", "NOT_FOUND", "Servable not found for request: Latest(rose)"),
            ("no_version", "NOT_FOUND", "Servable not found for request: Specific(iris, 9)"),
            ("no_label", "INVALID_ARGUMENT", "Unrecognized servable version label: stable"),
            ("no_name", "INVALID_ARGUMENT", "ModelSpec has no name specified."),
            ("no_spec", "INVALID_ARGUMENT", "Missing ModelSpec"),
            ("no_signature", "FAILED_PRECONDITION", 'Serving signature key "other" not found.'),
            ("no_inputs", "INVALID_ARGUMENT", "input size does not match signature: 0!=4"),
            ("missing_column", "INVALID_ARGUMENT", "Missing but required: {sex"),
            ("extra_column", "INVALID_ARGUMENT", "Sent extra: {z}"),
            ("wrong_shape", "INVALID_ARGUMENT", "[rows, 4]"), ("wrong_rank", "INVALID_ARGUMENT", "[rows, 4]"),
            ("wrong_dtype", "INVALID_ARGUMENT", "inputs"),
            ("no_output", "INVALID_ARGUMENT", "output tensor alias not found in signature: other"),
            ("no_classifier", "INVALID_ARGUMENT", "Expected classification signature method_name"),
            ("no_regressor", "INVALID_ARGUMENT", "Expected regression signature method_name"),
            ("no_examples", "INVALID_ARGUMENT", "Input is empty."),
            ("duplicate", "INVALID_ARGUMENT", "Duplicate evaluation of signature: predict"),
            ("no_field", "INVALID_ARGUMENT", "must specify at least one metadata_field"),
            ("no_status", "NOT_FOUND", "Could not find any versions of model rose"),
            ("reload", "PERMISSION_DENIED", "admin")):
        assert client["errors"][name][0] == code, (name, client["errors"][name])
        assert text in client["errors"][name][1], name


@pytest.fixture(scope="module")
def tf_python():
    made = subprocess.run([ROOT / "tools" / "venv", "tfserving", ROOT / "tests" / "e2e" / "tfserving_requirements.txt"],
                          check=True, capture_output=True, text=True)
    return made.stdout.strip() + "/bin/python"


def reload(python, target, token, lists, *pem):
    program = pathlib.Path(__file__).parent / "clients" / "tfserving_reload.py"
    done = subprocess.run([python, program, target, token, *map(str, pem)], capture_output=True, text=True, timeout=300,
                          input="".join(json.dumps(text) + "\n" for text in lists))
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def config(name, path, more=""):
    return f'config {{ name: "{name}" base_path: "{path}" model_platform: "tensorflow" {more} }}'


def model_list(*configs):
    return "model_config_list { " + " ".join(configs) + " }"


@pytest.fixture
def models(tmp_path):
    """models/a/1, a/2, b/1; outside/c/1."""
    for place in ("models/a/1", "models/a/2", "models/b/1", "outside/c/1", "allowed/c/3"):
        (tmp_path / place).mkdir(parents=True)
        shutil.copy(IRIS, tmp_path / place / "model.joblib")
    (tmp_path / "models/broken/1").mkdir(parents=True)
    (tmp_path / "models/broken/1/model.joblib").write_bytes(b"\x80\x04nothing")
    return tmp_path


def test_the_real_client_replaces_the_list_of_models(tf_python, models, start, monkeypatch):
    monkeypatch.setenv("SLIPWAY_ADMIN_TOKEN", "secret")
    server = start("--compat=tf-serving", models / "models", "--allow-folder", models / "allowed", "--quiet-time", "20ms")
    a, b, c = models / "models/a", models / "models/b", models / "allowed/c"
    lists = [
        model_list(config("a", a)),
        model_list(config("a", a, "model_version_policy { all {} }"), config("c", c)),
        model_list(config("a", a, 'model_version_policy { specific { versions: 1 } } version_labels { key: "old" value: 1 }')),
        model_list(config("a", a), config("c", models / "outside/c")),
        model_list(config("a", a), config("c", models / "models/../outside/c")),
        model_list(config("a", a), config("a", b)),
        model_list(config("a", "models/a")),
        "",
        model_list(config("b", b), config("x", models / "models/broken")),
        model_list(config("b", b), config("x", models / "models/none")),
    ]
    got = reload(tf_python, f"127.0.0.1:{server.port}", "secret", lists)
    outcomes = [outcome for outcome, _ in got]
    assert outcomes[:3] == [["OK", 0]] * 3
    assert got[0][1] == {"a": [2], "b": "NOT_FOUND", "c": "NOT_FOUND"} or got[0][1]["a"] == [2]
    assert got[1][1]["a"] == [1, 2] and got[1][1]["c"] == [3]
    assert got[2][1]["a"] == [1]
    assert [outcome[0] for outcome in outcomes[3:]] == ["PERMISSION_DENIED"] * 2 + ["INVALID_ARGUMENT"] * 3 + ["FAILED_PRECONDITION"] * 2
    assert "lies neither below what is served" in outcomes[3][1]
    assert "Illegal to list model a multiple times in config list" in outcomes[5][1]
    assert "Expected model a to have an absolute path or URI; got base_path()=models/a" in outcomes[6][1]
    assert "Only ModelConfigList is currently supported" in outcomes[7][1]
    assert "1 servable(s) did not become available" in outcomes[8][1] and "{name: x}" in outcomes[8][1]
    for refused in got[3:8]:
        assert refused[1]["a"] == [1]  # nothing has changed
    assert got[8][1]["b"] == [1]
    row = {"instances": ROWS}
    assert server.post("/v1/models/b:predict", row).status_code == 200
    denied = reload(tf_python, f"127.0.0.1:{server.port}", "-", [model_list(config("a", a))])
    assert denied[0][0][0] == "PERMISSION_DENIED"


def test_a_label_of_a_replaced_list_is_taken(tf_python, models, start, monkeypatch):
    monkeypatch.setenv("SLIPWAY_ADMIN_TOKEN", "secret")
    server = start("--compat=tf-serving", models / "models", "--quiet-time", "20ms")
    text = model_list(config("a", models / "models/a", 'model_version_policy { all {} } version_labels { key: "old" value: 1 }'))
    assert reload(tf_python, f"127.0.0.1:{server.port}", "secret", [text])[0][0] == ["OK", 0]
    assert server.post("/v1/models/a/labels/old:predict", {"instances": ROWS}).json() == {"predictions": LABELS}


@pytest.mark.parametrize("verifies", [False, True])
def test_ssl_config_file_secures_the_grpc_port(tf_python, models, tmp_path, verifies):
    folder = tmp_path / "tls"
    authority = tls_files.make_ca(folder)
    certificate, key = tls_files.make(folder, "server", issuer="ca")
    client, client_key = tls_files.make(folder, "client", issuer="ca")

    def quoted(path):
        return "\n".join('  "' + line + '\\n"' for line in path.read_text().splitlines())

    ssl = tmp_path / "ssl.config"
    ssl.write_text(f"server_key: {quoted(key)}\nserver_cert: {quoted(certificate)}\n"
                   f"custom_ca: {quoted(authority)}\nclient_verify: {str(verifies).lower()}\n")
    rest = free_port()
    server = Server("--host", "127.0.0.1", "--compat=tf-serving", f"--rest_api_port={rest}", "--model_name=a",
                    f"--model_base_path={models / 'models/a'}", f"--ssl_config_file={ssl}")
    try:
        own = (client_key, client) if verifies else ("-", "-")
        outcome = reload(tf_python, f"localhost:{server.port}", "-", [""], authority, *own)
        assert outcome[0][0][0] == "PERMISSION_DENIED" and outcome[0][1]["a"] == [2]
        if verifies:
            assert reload(tf_python, f"localhost:{server.port}", "-", [""], authority, "-", "-")[0][0][0] == "UNAVAILABLE"
        assert requests.post(f"http://127.0.0.1:{rest}/v1/models/a:predict", json={"instances": ROWS}, timeout=30).status_code == 200
    finally:
        server.stop()


@pytest.mark.parametrize("text, message", [
    ("", "expected server_key and server_cert"),
    ('server_key: "x"', "expected server_key and server_cert"),
    ('server_key: "x" server_cert: "y" client_verify: true', "client_verify needs custom_ca"),
    ('server_key: "x" server_cert: "y"', "the TLS certificate"),
    ('key: "x"', "expected the text of a PEM file"),
])
def test_an_ssl_config_file_that_is_wrong_says_so(tmp_path, text, message):
    (tmp_path / "ssl.config").write_text(text)
    done = run("serve", "--compat=tf-serving", f"--ssl_config_file={tmp_path / 'ssl.config'}", f"--model_base_path={IRIS}", "--port=0")
    assert done.returncode != 0 and message in done.stderr, done.stderr
