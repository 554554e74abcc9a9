"""What an operator sets for one model: threshold, class names, default outputs, key fields, as every dialect shows it."""

import json

import pytest

from conftest import DATA, IRIS, run

ADULT = DATA / "1.7.2" / "adult_one_hot_boosting.joblib"
CASE = json.loads(ADULT.with_suffix(".json").read_text())
COLUMNS = CASE["columns"]
ROWS = CASE["rows"][:3]  # <=50K 0.24, <=50K 0.28, >50K 0.74
RECORDS = [dict(zip(COLUMNS, row)) for row in ROWS]
PROBABILITIES = CASE["outputs"]["predict_proba"]["values"]
KEYED = [{"id": 10**20 + i, **record, "tag": None if i == 1 else f"t,{i}"} for i, record in enumerate(RECORDS)]
KEYS = [{"id": 10**20 + i, "tag": None if i == 1 else f"t,{i}"} for i in range(3)]
# TensorFlow Serving takes no truth values for numbers.
PLAIN = [{name: float(value) if isinstance(value, bool) else value for name, value in row.items()} for row in RECORDS]
PLAIN_KEYED = [{**row, **plain} for row, plain in zip(KEYED, PLAIN)]
LIST = """
models:
  - name: adult
    path: {path}
    threshold: 0.26
    class_names: [poor, rich]
    key_fields: [id, tag]
    outputs: {{vertex: predict_proba, kserve-v2: predict_proba, seldon: predict}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from conftest import Server
    listed = tmp_path_factory.mktemp("settings") / "models.yaml"
    listed.write_text(LIST.format(path=ADULT))
    made = Server(listed).wait_ready()
    yield made
    assert made.stop() == 0


CLASSES = ["poor", "rich", "rich"]  # by the threshold of 0.26


def test_threshold_and_names_hold_in_every_dialect(server):
    assert server.post("/predict", RECORDS).json()["prediction"] == CLASSES
    assert server.post("/v1/models/adult:predict", {"instances": PLAIN}).json()["predictions"] == [
        {"id": None, "tag": None, "predict": name} for name in CLASSES]
    classified = server.post("/v1/models/adult:classify", {"examples": PLAIN}).json()["results"]
    assert [dict(row)["rich"] for row in classified] == pytest.approx(PROBABILITIES[1:6:2], rel=1e-9)
    answer = server.post("/v2/models/adult/infer", {"inputs": [
        {"name": name, "shape": [3], "datatype": "BYTES" if isinstance(ROWS[0][i], str) else "FP64",
         "data": [row[i] if isinstance(row[i], str) else float(row[i]) for row in ROWS]}
        for i, name in enumerate(COLUMNS)], "outputs": [{"name": "predict"}]}).json()
    assert answer["outputs"][0]["data"] == CLASSES
    seldon = server.post("/api/v1.0/predictions", {"data": {"names": COLUMNS, "ndarray": ROWS}}).json()
    assert seldon["data"]["ndarray"] == CLASSES
    openscoring = server.post("/openscoring/model/adult", {"id": "1", "arguments": RECORDS[1]}).json()
    assert openscoring["results"]["predict"] == "rich"
    assert openscoring["results"]["probability(rich)"] == pytest.approx(PROBABILITIES[3])


def test_each_dialect_has_its_own_default_output(server):
    vertex = server.post("/v1/endpoints/e/deployedModels/d:predict", {"instances": RECORDS}).json()
    assert vertex["predictions"][0]["predict_proba"] == pytest.approx(PROBABILITIES[:2])
    data = {"inputs": [{"name": name, "shape": [1], "datatype": "BYTES" if isinstance(value, str) else "FP64",
                        "data": [value if isinstance(value, str) else float(value)]}
                       for name, value in zip(COLUMNS, ROWS[0])]}
    answer = server.post("/v2/models/adult/infer", data).json()
    assert [output["name"] for output in answer["outputs"]] == ["predict_proba"]
    assert server.post("/invocations", {"dataframe_records": RECORDS}).json()["predictions"][1]["predict"] == "rich"


def test_key_fields_come_back_with_their_rows(server):
    expected = [{**keys, "predict": name} for keys, name in zip(KEYS, CLASSES)]
    for path, body in (
            ("/v1/models/adult:predict", {"instances": PLAIN_KEYED}),
            ("/invocations", {"dataframe_records": KEYED}),
            ("/invocations", {"instances": KEYED}),
            ("/invocations", {"inputs": {name: [row[name] for row in KEYED] for name in KEYED[0]}}),
            ("/invocations", {"dataframe_split": {"columns": list(KEYED[0]), "data": [list(row.values()) for row in KEYED]}})):
        assert server.post(path, body).json()["predictions"] == expected, (path, body)
    assert server.post("/score", {"data": KEYED}).json() == expected
    simple = server.post("/predict", KEYED).json()
    assert simple == {"prediction": CLASSES, "id": [row["id"] for row in KEYS], "tag": [row["tag"] for row in KEYS]}
    assert server.post("/predict", KEYED[0]).json() == {"prediction": "poor", **KEYS[0]}
    columns = server.post("/v1/models/adult:predict", {"inputs": {name: [row[name] for row in PLAIN_KEYED] for name in KEYED[0]}})
    assert columns.json() == {"outputs": {"id": [row["id"] for row in KEYS], "tag": [row["tag"] for row in KEYS],
                                          "predict": CLASSES}}
    maker = server.http.post(server.url + "/models/adult/invoke", json={"instances": KEYED}, timeout=30).json()
    assert [{key: row[key] for key in ("id", "tag", "predicted_label")} for row in maker["predictions"]] == [
        {**keys, "predicted_label": name} for keys, name in zip(KEYS, CLASSES)]


def test_key_columns_of_csv_come_back(server):
    lines = ["tag," + ",".join(COLUMNS) + ",id,other"]
    lines += [f'"a,{i}",' + ",".join(str(value) for value in row) + f",{i},x" for i, row in enumerate(ROWS)]
    answer = server.post("/predict", "\n".join(lines), headers={"Content-Type": "text/csv", "Accept": "text/csv"})
    assert answer.text == 'id,tag,prediction\n0,"a,0",poor\n1,"a,1",rich\n2,"a,2",rich\n'
    body = server.post("/invocations", "\n".join(lines), headers={"Content-Type": "text/csv"}).json()
    assert [row["tag"] for row in body["predictions"]] == ["a,0", "a,1", "a,2"]


def test_a_key_is_one_plain_value(server):
    answer = server.post("/predict", {**RECORDS[0], "id": [1]})
    assert answer.status_code == 400
    assert answer.json()["error"] == ('key field "id" in row 0: expected a text, a number, true, false or null, got a list')
    other = server.post("/predict", {**RECORDS[0], "ids": 1})
    assert other.status_code == 400 and 'unknown feature "ids"' in other.json()["error"]


def test_flags_say_it_for_one_model(start):
    server = start(ADULT, "--threshold=0.26", "--class-names=poor,rich", "--outputs=mlflow=predict_proba,predict", "--key-fields=id")
    assert server.post("/predict", {**RECORDS[1], "id": "x"}).json() == {"prediction": "rich", "id": "x"}
    mlflow = server.post("/invocations", {"dataframe_records": [{**RECORDS[1], "id": 1.50}]}).json()["predictions"]
    assert mlflow == [{"id": 1.5, "predict_proba": pytest.approx(PROBABILITIES[2:4])}]
    assert server.post("/api/v1.0/predictions", {"data": {"names": COLUMNS, "ndarray": ROWS}}).json()["data"]["ndarray"] == CLASSES


def test_a_list_that_changes_changes_the_model(start, tmp_path):
    listed = tmp_path / "models.yaml"
    entry = f"models:\n  - {{name: adult, path: {ADULT}, threshold: %s}}\n"
    listed.write_text(entry % "0.26")
    server = start(listed, "--quiet-time", "50ms", "--watch", "poll", "--poll-interval", "50ms")
    assert server.post("/predict", RECORDS).json()["prediction"] == ["<=50K", ">50K", ">50K"]
    listed.write_text(entry % "0.9")
    for _ in range(200):
        answer = server.post("/predict", RECORDS)
        assert answer.status_code == 200
        if answer.json()["prediction"] == ["<=50K", "<=50K", "<=50K"]:
            return
    import time
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if server.post("/predict", RECORDS).json()["prediction"] == ["<=50K", "<=50K", "<=50K"]:
            return
        time.sleep(0.05)
    raise AssertionError("the list's new threshold was not taken")


@pytest.mark.parametrize("path, flags, message", [
    (IRIS, ["--threshold", "0.5"], "threshold: the model has 3 classes; a threshold parts two"),
    (DATA / "1.7.2" / "bagging_regressor.pkl", ["--threshold", "0.5"], "threshold: the model is no classifier; it gives predict"),
    (ADULT, ["--class-names", "a,b,c"], "class names: the model has 2 classes (<=50K, >50K), got 3 names"),
    (ADULT, ["--outputs", "nothing"], 'outputs: the model has no output "nothing"; it gives predict, predict_proba'),
    (ADULT, ["--outputs", "vertex=nothing"], 'outputs: the model has no output "nothing"'),
    (ADULT, ["--outputs", "triton=predict"], '--outputs: there is no dialect "triton"'),
    (ADULT, ["--key-fields", "age"], 'key fields: "age" is a column of the model'),
    (ADULT, ["--threshold", "2"], "--threshold"),
])
def test_what_the_model_has_not_is_told_at_the_start(path, flags, message):
    ended = run("serve", path, "--port", "0", *flags)
    assert ended.returncode != 0
    assert message in ended.stderr


@pytest.mark.parametrize("line, message", [
    ("threshold: high", "threshold: expected a probability, from 0 to 1"),
    ("class_names: poor", "class_names: expected a list of names"),
    ("outputs: [predict]", "outputs: expected an output's name, or `dialect: output` entries"),
    ("outputs: {triton: predict}", 'outputs: there is no dialect "triton"'),
    ("key_fields: []", "key_fields: expected a list of names"),
])
def test_a_list_says_where_it_is_wrong(tmp_path, line, message):
    listed = tmp_path / "models.yaml"
    listed.write_text(f"models:\n  - name: adult\n    path: {ADULT}\n    {line}\n")
    ended = run("serve", listed, "--port", "0")
    assert ended.returncode != 0
    assert message in ended.stderr


def test_the_predict_command_takes_threshold_and_names(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("\n".join([",".join(COLUMNS)] + [",".join(map(str, row)) for row in ROWS]))
    done = run("predict", ADULT, rows, "--threshold", "0.26", "--class-names", "poor,rich")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["predict", *CLASSES]
