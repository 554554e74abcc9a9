"""Openscoring's dialect: driven by its own Python client, and by plain HTTP."""

import json
import pathlib
import subprocess

import pytest

from conftest import IRIS, ROOT

PMML = ROOT / "tests" / "data" / "pmml" / "0.133.1"
FOREST = PMML / "sklearn2pmml_forest_classifier.pmml"
OTHER = PMML / "sklearn2pmml_extra_trees.pmml"
CASE = json.loads(FOREST.with_suffix(".json").read_text())
ROWS = [dict(zip(CASE["columns"], row)) for row in CASE["rows"][:4]]
CLIENT = ROOT / "tests/e2e/clients/openscoring/drive.py"
TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def server(start, monkeypatch):
    monkeypatch.setenv("SLIPWAY_ADMIN_TOKEN", "secret")
    return start(IRIS, "--quiet-time", "20ms")


def test_the_real_client(server, tmp_path):
    made = subprocess.run([ROOT / "tools/venv", "openscoring", CLIENT.with_name("requirements.txt")], check=True,
                          capture_output=True, text=True, timeout=1200)
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps(ROWS))
    done = subprocess.run([made.stdout.strip() + "/bin/python", CLIENT, server.url + "/openscoring", "secret", FOREST, OTHER, rows],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    got = json.loads(done.stdout)
    assert got["deployed"][:2] == ["Scored", "classification"]
    assert got["deployed"][2] == ["inputFields", "outputFields", "targetFields"]
    expected = CASE["outputs"]["predict"]["values"][:4]
    high = CASE["outputs"]["probability(high)"]["values"][:4]
    assert got["one"]["predict"] == expected[0]
    assert got["one"]["probability(high)"] == pytest.approx(high[0])
    assert got["named"] == "row-1"
    assert [row["predict"] for row in got["batch"]] == expected
    assert got["csv"]["Id"] == ["r0", "r1", "r2", "r3"] and got["csv"]["predict"] == expected
    assert got["csv"]["probability(high)"] == pytest.approx(high)
    assert got["broken"] and got["after"] == got["one"]  # what was there goes on
    assert got["replaced"] != got["one"]
    assert "Scored" in got["gone"]
    assert "admin" in got["denied"]


def put(server, name, body, **headers):
    return server.http.put(f"{server.url}/openscoring/model/{name}", data=body, timeout=30,
                           headers={"Content-Type": "application/xml", **TOKEN, **headers})


def test_put_creates_replaces_and_refuses(server):
    text = FOREST.read_bytes()
    made = put(server, "A", text)
    assert made.status_code == 201 and made.headers["Location"].endswith("/openscoring/model/A")
    assert made.json()["id"] == "A" and made.json()["miningFunction"] == "classification"
    schema = made.json()["schema"]
    assert [field["id"] for field in schema["inputFields"]] == CASE["columns"]
    assert schema["targetFields"][0]["values"] == ["high", "low", "mid"]
    assert {"id": "probability(high)", "dataType": "double", "opType": "continuous"} in schema["outputFields"]
    assert put(server, "A", text).status_code == 200
    assert put(server, "A", b"<PMML").status_code == 400
    assert put(server, "A", b"").status_code == 400
    assert put(server, "A", text, **{"Content-Type": "application/json"}).status_code == 415
    refused = put(server, "iris", text)
    assert refused.status_code >= 400 and "repository holds" in refused.json()["message"]
    assert put(server, "A", text, Authorization="Bearer none").status_code == 403
    assert server.post("/openscoring/model/A", {"arguments": ROWS[0]}).json()["results"]["predict"] == "high"
    file = server.get("/openscoring/model/A/pmml", headers=TOKEN)
    assert (file.status_code, file.headers["Content-Type"], file.content) == (200, "application/xml", text)
    assert server.get("/openscoring/model/A/pmml").status_code == 403
    assert server.get("/openscoring/model/iris/pmml", headers=TOKEN).status_code == 404
    # The same model, over another dialect.
    assert server.post("/models/A/predict", ROWS[0]).json() == {"prediction": "high"}
    gone = server.http.delete(server.url + "/openscoring/model/A", headers=TOKEN, timeout=30)
    assert (gone.status_code, gone.json()) == (200, {})
    after = server.post("/openscoring/model/A", {"arguments": ROWS[0]})
    assert after.status_code in (404, 503)
    assert after.headers["X-Application"].startswith("Openscoring/2.")
    assert put(server, "A", text).status_code == 201


def test_put_leaves_nothing_behind(server, tmp_path, monkeypatch, start):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    other = start(IRIS)
    for _ in range(3):
        assert put(other, "A", FOREST.read_bytes()).status_code in (200, 201)
    kept = [path for path in pathlib.Path(tmp_path).rglob("*") if path.is_file()]
    assert len(kept) <= 2
    other.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_bad_row_fails_alone(server):
    good = dict(zip(["sepal_length", "sepal_width", "petal_length", "petal_width"], [5.1, 3.5, 1.4, 0.2]))
    names = [field["id"] for field in server.get("/openscoring/model/iris").json()["schema"]["inputFields"]]
    good = dict(zip(names, [5.1, 3.5, 1.4, 0.2]))
    requests = [{"id": "a", "arguments": good}, {"id": "b", "arguments": {**good, names[0]: "wide"}},
                {"id": "c", "arguments": {}}, {"id": "d"}, {"id": "e", "arguments": good}]
    answer = server.post("/openscoring/model/iris/batch", {"id": "all", "requests": requests})
    assert answer.status_code == 200
    responses = answer.json()["responses"]
    assert answer.json()["id"] == "all" and [one["id"] for one in responses] == list("abcde")
    assert [one.get("results", {}).get("predict") for one in responses] == ["setosa", None, None, None, "setosa"]
    assert all(one["message"] for one in responses[1:4])
    assert server.post("/openscoring/model/iris/batch", '{"requests": [{').status_code == 400
    assert server.post("/openscoring/model/iris", {"arguments": {}}).status_code == 400


@pytest.mark.parametrize("query, separator", [("", ","), ("", ";"), ("", "\t"), ("?delimiterChar=%7C", "|"),
                                              ("?delimiterChar=%5Ct&quoteChar=%22", "\t")])
def test_csv_goes_out_as_it_came(server, query, separator):
    names = [field["id"] for field in server.get("/openscoring/model/iris").json()["schema"]["inputFields"]]
    text = separator.join(["Id", *names]) + "\n" + separator.join(["r1", "5.1", "3.5", "1.4", "0.2"]) + "\n"
    answer = server.post("/openscoring/model/iris/csv" + query, text, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")
    header, line = answer.text.splitlines()
    assert header.split(separator)[:2] == ["Id", "predict"] and line.split(separator)[:2] == ["r1", "setosa"]


@pytest.mark.parametrize("query", ["?delimiterChar=ab", "?quoteChar=x"])
def test_a_separator_that_is_none_is_refused(server, query):
    answer = server.post("/openscoring/model/iris/csv" + query, "a,b\n1,2\n", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400 and answer.json()["message"]
