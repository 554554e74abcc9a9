"""Vertex AI's own server for custom prediction routines (CprModelServer with its SklearnPredictor), asked beside Slipway."""

import json
import shutil

import pytest
import requests

from conftest import IRIS
from test_clouds import ROWS, Container, free_port, original, python_of

HEALTH, PREDICT = "/health/of/it", "/predict/it"
JSON = {"Content-Type": "application/json"}
PREDICTION = "google.cloud.aiplatform.prediction."


def variables(port, folder):
    return {"AIP_MODE": "PREDICTION", "AIP_HTTP_PORT": str(port), "AIP_HEALTH_ROUTE": HEALTH, "AIP_PREDICT_ROUTE": PREDICT,
            "AIP_STORAGE_URI": str(folder)}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Slipway and the original, started by the same variables."""
    folder = tmp_path_factory.mktemp("vertex")
    (folder / "model").mkdir()
    (folder / "work").mkdir()  # the original copies the model to where it runs
    shutil.copy(IRIS, folder / "model" / "model.joblib")
    port, their_port = free_port(), free_port()
    theirs = {**variables(their_port, folder / "model"), "HANDLER_MODULE": PREDICTION + "handler", "HANDLER_CLASS": "PredictionHandler",
              "PREDICTOR_MODULE": PREDICTION + "sklearn.predictor", "PREDICTOR_CLASS": "SklearnPredictor",
              "VERTEX_CPR_WEB_CONCURRENCY": "1"}
    ours = Container(port, health=HEALTH, **variables(port, folder / "model"))
    try:
        with original(their_port, HEALTH, "env", "-C", folder / "work", python_of("vertex") + "python", "-m",
                      PREDICTION + "model_server", **theirs) as url:
            yield ours.url, url
    finally:
        ours.stop()


def asked(servers, path, body=None, method="POST", headers=JSON):
    data = json.dumps(body) if isinstance(body, (dict, list)) else body
    return [requests.request(method, url + path, data=data, headers=headers, timeout=30) for url in servers]


def test_health(servers):
    ours, theirs = asked(servers, HEALTH, method="GET")
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()) == (200, {})


@pytest.mark.parametrize("body", [
    {"instances": ROWS}, {"instances": ROWS[:1]}, {"instances": ROWS, "parameters": {"a": 1}}, {"instances": ROWS, "parameters": [1]},
    {"instances": [[5, 3, 1, 0]]}, {"instances": [[True, False, 1, 2]]}, {"signature": 1, "instances": ROWS},
])
@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {"Accept": "text/html, application/json;q=0.5"},
                                     {"Content-Type": "application/json; charset=utf-8"}])
def test_predictions_are_its(servers, body, headers):
    ours, theirs = asked(servers, PREDICT, body, headers={**JSON, **headers})
    assert theirs.status_code == 200, theirs.text
    assert (ours.status_code, ours.json()) == (200, theirs.json())
    assert ours.headers["Content-Type"] == "application/json"  # there it is what Accept says, "*/*" too


@pytest.mark.parametrize("path, method", [("/none", "GET"), (PREDICT, "GET"), (PREDICT, "DELETE"), (HEALTH, "POST")])
def test_what_is_no_route_has_its_status(servers, path, method):
    ours, theirs = asked(servers, path, method=method)
    assert ours.status_code == theirs.status_code
    assert (method == "POST" or "Allow" not in theirs.headers) or theirs.headers["Allow"] in ours.headers["Allow"]


@pytest.mark.parametrize("body", ["{nope", "", "{\"instances\": [[1, 2, 3, 4]", "instances"])
def test_bad_json_is_refused_as_there(servers, body):
    ours, theirs = asked(servers, PREDICT, body)
    assert ours.status_code == theirs.status_code == 400
    assert theirs.json().keys() == {"detail"}
    assert ours.json()["detail"] == ours.json()["error"] and "JSON" in ours.json()["detail"]


@pytest.mark.parametrize("body, said", [
    ({"rows": ROWS}, "\"instances\""), ({"instances": []}, "no rows"), ({"instances": [[1, 2]]}, "expected 4 features in row 0, got 2"),
    ({"instances": [[1, 2, 3, 4], [1]]}, "row 1, got 1"), ({"instances": [["a", "b", "c", "d"]]}, "expected a number"),
    ({"instances": [["5.1", "3.5", "1.4", "0.2"]]}, "expected a number"), ({"instances": [[None, 1, 2, 3]]}, "finite numbers"),
    ({"instances": [{"a": 1}]}, "unknown feature"), ({"instances": "abc"}, "a list of rows"), ({"instances": [ROWS]}, "expected a number"),
    ("3", "instances"), ("null", "instances"), ("\"x\"", "instances"), ('{"instances": [[NaN, 1, 2, 3]]}', "finite numbers"),
])
def test_where_the_predictor_fails_the_client_is_told(servers, body, said):
    """500 there, with the exception's name; what is the client's mistake is 400 here."""
    ours, theirs = asked(servers, PREDICT, body)
    assert theirs.status_code == 500 and theirs.json().keys() == {"detail"}
    assert ours.status_code == 400 and said in ours.json()["detail"]


@pytest.mark.parametrize("body", [{"instances": ROWS[0]}, ROWS, {"instances": [dict(zip(
    ("sepal_length", "sepal_width", "petal_length", "petal_width"), ROWS[0]))]}])
def test_more_forms_of_rows_are_read_than_there(servers, body):
    ours, theirs = asked(servers, PREDICT, body)
    assert (ours.status_code, theirs.status_code) == (200, 500)


@pytest.mark.parametrize("headers", [{"Content-Type": "text/csv"}, {"Content-Type": None}, {"Content-Type": "APPLICATION/JSON"},
                                     {**JSON, "Accept": "text/csv"}, {**JSON, "Accept": "application/*"}])
def test_headers_that_it_refuses_say_nothing_here(servers, headers):
    ours, theirs = asked(servers, PREDICT, json.dumps({"instances": ROWS}).encode(), headers=headers)
    assert (ours.status_code, theirs.status_code) == (200, 400)
