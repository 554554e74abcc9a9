"""The simple interface: what people write by hand today."""

import json

import pytest

from conftest import DATA, IRIS

ROW = [5.1, 3.5, 1.4, 0.2]
NAMED = dict(zip(["sepal_length", "sepal_width", "petal_length", "petal_width"], ROW))


@pytest.mark.parametrize("path", ["/predict", "/models/iris/predict"])
@pytest.mark.parametrize("body, want", [
    ({"features": ROW}, ["setosa"]),
    ({"features": [ROW, [6.7, 3.0, 5.2, 2.3]]}, ["setosa", "virginica"]),
    ({"input": ROW}, ["setosa"]),
    (NAMED, "setosa"),
    (dict(reversed(NAMED.items())), "setosa"),
    ([NAMED, NAMED], ["setosa", "setosa"]),
])
def test_every_shape_of_the_simple_interface_is_answered(iris, path, body, want):
    answer = iris.post(path, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["prediction"] == want


def test_probabilities_come_on_request_by_query_and_by_body(iris):
    by_query = iris.post("/predict?proba=1", {"features": ROW}).json()
    by_body = iris.post("/predict", {"features": ROW, "proba": True}).json()
    assert by_query == by_body
    assert by_query["prediction"] == ["setosa"]
    [row] = by_query["probabilities"]
    assert len(row) == 3
    values = list(row.values()) if isinstance(row, dict) else row
    assert sum(values) == pytest.approx(1, abs=1e-12)
    assert "probabilities" not in iris.post("/predict", {"features": ROW}).json()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", ""])
def test_json_is_parsed_whatever_the_content_type_says(iris, kind):
    answer = iris.post("/predict", {"features": ROW}, headers={"Content-Type": kind})
    assert answer.json()["prediction"] == ["setosa"]


@pytest.mark.parametrize("body, words", [
    ("{", []),
    ("", []),
    ("[1, 2", []),
    ({"features": ROW[:3]}, ["4", "3"]),
    ({"features": ROW + [1.0]}, ["4", "5"]),
    ({"features": [ROW, ROW[:2]]}, ["4"]),
    ({"features": ["a", 1, 2, 3]}, ["number"]),
    ({**NAMED, "colour": 3}, ["colour"]),
    ({k: v for k, v in NAMED.items() if k != "petal_width"}, ["petal_width"]),
    ({**NAMED, "petal_width": "wide"}, ["petal_width", "number"]),
    ({**NAMED, "petal_width": None}, ["petal_width"]),
    ({"features": [5.1, 3.5, None, 0.2]}, []),
    ('{"features": [5.1, 3.5, NaN, 0.2]}', []),
    ('{"features": [5.1, 3.5, 1e999, 0.2]}', []),
    ("true", []),
    ("42", []),
    ('"text"', []),
    ("[" * 100000, []),
])
def test_bad_input_gets_one_error_that_names_the_field(iris, body, words):
    answer = iris.post("/predict", body)
    assert answer.status_code == 400, answer.text
    message = answer.json()["error"]
    assert message and isinstance(message, str)
    for word in words:
        assert word in message
    assert iris.post("/predict", {"features": ROW}).status_code == 200


def test_an_unknown_model_is_404_and_another_method_405(iris):
    answer = iris.post("/models/nothing/predict", {"features": ROW})
    assert answer.status_code == 404
    assert "nothing" in answer.json()["error"]
    assert iris.get("/predict").status_code == 405
    assert iris.get("/no/such/path").status_code == 404


def test_with_several_models_the_plain_path_lists_them(start):
    second = DATA / "1.7.2" / "linear_regression.pkl"
    second = second if second.exists() else second.with_suffix(".joblib")
    server = start(IRIS, second)
    answer = server.post("/predict", {"features": ROW})
    assert answer.status_code == 400
    assert "iris" in answer.json()["error"] and "linear_regression" in answer.json()["error"]
    assert server.post("/models/iris/predict", {"features": ROW}).json()["prediction"] == ["setosa"]


def test_a_default_model_takes_the_plain_path(start):
    second = next((DATA / "1.7.2").glob("linear_regression.[pj]*[lb]"))
    server = start(IRIS, second, "--default-model", "iris")
    assert server.post("/predict", {"features": ROW}).json()["prediction"] == ["setosa"]


def test_a_model_without_names_takes_a_named_object_in_its_order(start):
    model = next(path for path in (DATA / "1.7.2").glob("logistic_regression_text_labels.*") if path.suffix != ".json")
    server = start(model)
    assert server.post("/predict", {"a": 5.1, "b": 3.5, "c": 1.4, "d": 0.2}).json()["prediction"] == "setosa"
    assert server.post("/predict", {"a": 5.1, "b": 3.5, "c": 1.4}).status_code == 400


def test_numbers_read_back_to_the_same_bits(start):
    model = next(path for path in (DATA / "1.7.2").glob("linear_regression.*") if path.suffix != ".json")
    server = start(model)
    case = json.loads((DATA / "1.7.2" / "linear_regression.json").read_text())
    alone = [server.post("/predict", {"features": row}).json()["prediction"][0] for row in case["rows"]]
    assert alone == server.post("/predict", {"features": case["rows"]}).json()["prediction"]
