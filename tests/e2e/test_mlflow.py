"""MLflow's dialect beside MLflow's own scoring server: the same requests to both, the same answers."""

import json
import subprocess

import pytest
import requests

from conftest import ROOT, Server

ORIGINAL = ROOT / "tests/e2e/clients/mlflow/original.py"
COLUMNS = ["sepal length", "sepal width", "petal length", "petal width"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]
RECORDS = [dict(zip(COLUMNS, row)) for row in ROWS]


@pytest.fixture(scope="module")
def python():
    made = subprocess.run([ROOT / "tools/venv", "mlflow", ORIGINAL.with_name("requirements.txt")],
                          capture_output=True, text=True, timeout=1200)
    assert made.returncode == 0, made.stderr[-3000:]
    return made.stdout.strip() + "/bin/python"


@pytest.fixture(scope="module")
def models(python, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    subprocess.run([python, ORIGINAL, "save", folder], check=True, timeout=300, capture_output=True)
    return folder


class Pair:
    """Slipway and MLflow's own server, with one model."""

    def __init__(self, python, folder):
        self.folder = folder
        self.slipway = Server(folder)
        self.process = subprocess.Popen([python, ORIGINAL, "serve", folder], stdout=subprocess.PIPE, text=True)
        self.original = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def ask(self, body, content_type="application/json", path="/invocations"):
        """Both answers: (status, parsed body)."""
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        headers = {"Content-Type": content_type} if content_type else {}
        return [requests.post(url + path, data=data, headers=headers, timeout=120)
                for url in (self.slipway.url, self.original)]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.slipway.stop()


@pytest.fixture(scope="module")
def named(python, models):
    pair = Pair(python, models / "named")
    yield pair
    pair.stop()


@pytest.fixture(scope="module")
def unnamed(python, models):
    pair = Pair(python, models / "unnamed")
    yield pair
    pair.stop()


@pytest.fixture(scope="module")
def mixed(python, models):
    pair = Pair(python, models / "mixed")
    yield pair
    pair.stop()


@pytest.fixture(scope="module")
def optional(python, models):
    pair = Pair(python, models / "optional")
    yield pair
    pair.stop()


def as_columns(rows, columns=COLUMNS):
    return {name: [row[i] for row in rows] for i, name in enumerate(columns)}


@pytest.fixture(scope="module")
def proba(python, models):
    pair = Pair(python, models / "proba")
    yield pair
    pair.stop()


def test_the_function_that_predict_calls(proba):
    ours, theirs = proba.ask({"dataframe_records": RECORDS})
    assert ours.status_code == theirs.status_code == 200
    assert len(theirs.json()["predictions"][0]) == 3
    for mine, other in zip(ours.json()["predictions"], theirs.json()["predictions"]):
        assert mine == pytest.approx(other, rel=1e-12)


SHUFFLED = [2, 0, 3, 1]
NAMED_BODIES = {
    "split": {"dataframe_split": {"columns": COLUMNS, "data": ROWS}},
    "split with an index": {"dataframe_split": {"columns": COLUMNS, "index": [7, 8, 9], "data": ROWS}},
    "split, data first": {"dataframe_split": {"data": ROWS, "index": [0, 1, 2], "columns": COLUMNS}},
    "split, other order": {"dataframe_split": {"columns": [COLUMNS[i] for i in SHUFFLED],
                                               "data": [[row[i] for i in SHUFFLED] for row in ROWS]}},
    "split with a further column": {"dataframe_split": {"columns": ["id", *COLUMNS],
                                                        "data": [["a", *row] for row in ROWS]}},
    "records": {"dataframe_records": RECORDS},
    "records with a further field": {"dataframe_records": [{"id": 7, **record} for record in RECORDS]},
    "inputs by column": {"inputs": as_columns(ROWS)},
    "instances by name": {"instances": RECORDS},
    "params": {"dataframe_records": RECORDS, "params": {"x": 1}},
    "no params": {"dataframe_records": RECORDS, "params": None},
    "further fields": {"dataframe_records": RECORDS, "comment": "hello"},
    "one row": {"dataframe_records": RECORDS[:1]},
}


@pytest.mark.parametrize("case", NAMED_BODIES)
def test_named_columns_in_every_form(named, case):
    ours, theirs = named.ask(NAMED_BODIES[case])
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
    assert ours.status_code == 200
    assert ours.headers["Content-Type"].startswith("application/json")


CSVS = {
    "csv": "sepal length,sepal width,petal length,petal width\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n",
    "csv in another order": "petal width,id,sepal width,petal length,sepal length\n0.2,a,3.5,1.4,5.1\n2.3,b,3,5.2,6.7\n",
    "csv with quotes": '"sepal length","sepal width","petal length","petal width"\r\n"5.1","3.5","1.4","0.2"\r\n',
}


@pytest.mark.parametrize("case", CSVS)
@pytest.mark.parametrize("content_type", ["text/csv", "text/csv; charset=UTF-8"])
def test_csv_with_its_header(named, case, content_type):
    ours, theirs = named.ask(CSVS[case], content_type)
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) and ours.status_code == 200


UNNAMED_BODIES = {
    "instances": {"instances": ROWS},
    "inputs": {"inputs": ROWS},
    "split without names": {"dataframe_split": {"data": ROWS}},
    "split with numbers": {"dataframe_split": {"columns": [0, 1, 2, 3], "data": ROWS}},
}


@pytest.mark.parametrize("case", UNNAMED_BODIES)
def test_rows_without_names(unnamed, case):
    ours, theirs = unnamed.ask(UNNAMED_BODIES[case])
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
    assert ours.json() == {"predictions": [0, 2, 1]}


MIXED_BODIES = {
    "records": {"dataframe_records": [{"age": 20.5, "city": "Rome"}, {"age": 50.0, "city": "Kyiv"}]},
    "missing value": {"dataframe_records": [{"age": None, "city": "Rome"}, {"age": 50.5, "city": "Kyiv"}]},
    "absent in one row": {"dataframe_records": [{"city": "Rome"}, {"age": 50.5, "city": "Kyiv"}]},
    "columns": {"inputs": {"age": [20.5, 50.5], "city": ["Rome", "Nowhere"]}},
    "bare NaN": '{"dataframe_split": {"columns": ["age", "city"], "data": [[NaN, "Oslo"], [31.5, "Rome"]]}}',
    "unicode": {"dataframe_records": [{"age": 30.5, "city": "K\u00f6ln"}]},
}


@pytest.mark.parametrize("case", MIXED_BODIES)
def test_texts_and_missing_values(mixed, case):
    ours, theirs = mixed.ask(MIXED_BODIES[case])
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) and ours.status_code == 200


PEOPLE = [{"age": 20.5, "city": "Rome"}, {"age": 50.0, "city": "Kyiv"}]
GOOD_PARAMS = {
    "none": None, "empty": {}, "unknown": {"none": 1, "more": {"a": []}}, "a number": {"share": 0.25}, "a whole one": {"share": 1},
    "null": {"share": None}, "all": {"share": 0.1, "count": 5, "word": "b", "counts": [3, 4], "day": "2024-02-03", "is_on": False},
    "no elements": {"counts": []}, "null in a list": {"counts": [None]}, "a month": {"day": "2024-02"},
    "a moment": {"day": "2024-02-03T10:11:12Z"}, "a large number": {"count": 10**30},
}
BAD_PARAMS = {
    "a list": [1], "a text": "x", "a number": 5, "a text for a number": {"share": "x"}, "a flag for a number": {"share": True},
    "a list for a number": {"share": [1.0]}, "a fraction": {"count": 1.0}, "a flag for a whole number": {"count": True},
    "a number for a text": {"word": 5}, "a number for a list": {"counts": 3}, "null for a list": {"counts": None},
    "lists in a list": {"counts": [[1], [2]]}, "texts in a list": {"counts": ["a"]}, "an object for a list": {"counts": {"a": 1}},
    "no day": {"day": "2024-02-30"}, "a number for a day": {"day": 5}, "no moment": {"day": "x"}, "a number for a flag": {"is_on": 1},
}


@pytest.mark.parametrize("case", GOOD_PARAMS)
def test_params_that_the_signature_knows(optional, case):
    ours, theirs = optional.ask({"dataframe_records": PEOPLE, "params": GOOD_PARAMS[case]})
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) and ours.status_code == 200


@pytest.mark.parametrize("case", BAD_PARAMS)
def test_params_that_do_not_fit_are_refused_in_the_same_words(optional, case):
    for body in ({"dataframe_records": PEOPLE, "params": BAD_PARAMS[case]}, {"params": BAD_PARAMS[case], "inputs": {"age": [1.5], "city": ["Rome"]}}):
        ours, theirs = optional.ask(body)
        assert ours.status_code == theirs.status_code == 400 and ours.json()["error_code"] == theirs.json()["error_code"]
        assert ours.json()["message"] == theirs.json()["message"].split("\nError: ")[1]


def test_params_of_a_model_that_has_none_are_passed_over(named):
    for params in ([1], "x", {"share": "x"}):
        ours, theirs = named.ask({"dataframe_records": RECORDS, "params": params})
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) and ours.status_code == 200


def test_columns_that_may_be_missing(optional):
    empty = {"dataframe_records": [{"age": None, "city": "Rome"}, {"age": None, "city": "Kyiv"}]}
    ours, theirs = optional.ask(empty)
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) and ours.status_code == 200
    expected = ours.json()
    # MLflow lets such rows through to scikit-learn, which refuses a frame without the column; here its values are missing.
    for body in ({"dataframe_records": [{"city": "Rome"}, {"city": "Kyiv"}]}, {"inputs": {"city": ["Rome", "Kyiv"]}},
                 {"dataframe_split": {"columns": ["city"], "data": [["Rome"], ["Kyiv"]]}}):
        ours, theirs = optional.ask(body)
        assert theirs.status_code == 400 and theirs.json()["error_code"] == "BAD_REQUEST"
        assert (ours.status_code, ours.json()) == (200, expected)
    ours, theirs = optional.ask({"dataframe_records": [{"age": 20.5, "town": "Rome"}]})
    assert ours.status_code == theirs.status_code == 400 and ours.json()["error_code"] == theirs.json()["error_code"]
    for answer in (ours, theirs):
        assert "Model is missing inputs ['city']. Note that there were extra inputs: ['town']" in answer.json()["message"]


BAD_BODIES = {
    "no JSON": "{nope",
    "empty": "",
    "a list": [1, 2],
    "a value": "3",
    "no form": {"rows": ROWS},
    "nothing": {},
    "two forms": {"instances": ROWS, "dataframe_records": RECORDS},
    "missing column": {"dataframe_records": [{k: v for k, v in RECORDS[0].items() if k != "petal width"}]},
    "missing and further": {"dataframe_split": {"columns": [*COLUMNS[:3], "petal_width"], "data": ROWS}},
    "missing in columns": {"inputs": as_columns(ROWS, COLUMNS[:3])},
    "text for a number": {"dataframe_records": [{**RECORDS[0], "petal width": "wide"}]},
    "ragged": {"dataframe_split": {"columns": COLUMNS, "data": [ROWS[0], ROWS[1][:2]]}},
    "columns of different lengths": {"inputs": {**as_columns(ROWS), "petal width": [1.0]}},
    "split as a list": {"dataframe_split": ROWS},
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_bad_requests_are_refused_alike(named, case):
    ours, theirs = named.ask(BAD_BODIES[case])
    assert ours.status_code == 400 and 400 <= theirs.status_code < 600
    if theirs.headers.get("Content-Type", "").startswith("application/json"):
        assert ours.json()["error_code"] == theirs.json()["error_code"]
    assert ours.json()["message"]


def test_missing_and_further_columns_are_named(named):
    ours, theirs = named.ask(BAD_BODIES["missing and further"])
    for text in (ours.json()["message"], theirs.json()["message"]):
        assert "Model is missing inputs ['petal width']" in text
        assert "Note that there were extra inputs: ['petal_width']" in text
    ours, _ = named.ask(BAD_BODIES["text for a number"])
    assert "petal width" in ours.json()["message"] and "wide" in ours.json()["message"]


@pytest.mark.parametrize("content_type", ["application/xml", "application/json; charset=latin-1",
                                          "application/json; profile=x"])
def test_other_content_types(named, content_type):
    ours, theirs = named.ask(NAMED_BODIES["records"], content_type)
    assert ours.status_code == theirs.status_code == 415
    assert ours.headers["Content-Type"].split(";")[0] == theirs.headers["Content-Type"].split(";")[0] == "text/plain"


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_health(named, path):
    ours = requests.get(named.slipway.url + path, timeout=30)
    theirs = requests.get(named.original + path, timeout=30)
    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text) == (200, "\n")


def test_mlflows_own_client(python, named):
    done = subprocess.run([python, ORIGINAL, "score", named.slipway.url, named.folder], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    assert answers["remote"] == answers["local"] == ["setosa", "virginica"] and answers["version"]


def test_without_a_default_model_ping_says_so(models):
    server = Server(models / "named", models / "mixed")
    try:
        assert server.get("/ping").status_code == 404
        answer = server.post("/invocations", NAMED_BODIES["records"])
        assert answer.status_code == 400 and "named" in answer.json()["message"]
    finally:
        server.stop()
