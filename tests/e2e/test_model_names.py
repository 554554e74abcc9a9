"""A repository knows models by their content where the names may be of anything."""

import csv
import io
import json
import pathlib
import shutil

import pytest

from conftest import run

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
# A case of each library whose model files have an ending that other files have too.
CASES = {"xgboost": DATA / "xgboost" / "3.2.0" / "dart_reg_json.json",
         "lightgbm": DATA / "lightgbm" / "4.6.0" / "many_trees.json"}


def case_of(library):
    path = CASES[library]
    case = json.loads(path.read_text())
    return case, path.parent / case["file"]


def expected(case, change=0.0):
    """Rows and the library's own answers, as CSV."""
    columns = case["columns"] or [f"x{i}" for i in range(len(case["rows"][0]))]
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([*columns, "predict"])
    for row, answer in zip(case["rows"], case["outputs"]["predict"]["values"], strict=True):
        table.writerow(["" if isinstance(cell, dict) else cell for cell in row] + [answer + change])
    return out.getvalue()


def index(server):
    return {entry["name"]: entry.get("state") for entry in server.post("/v2/repository/index", "").json()}


def test_json_and_text_models_are_named_without_their_endings(tmp_path, start):
    for library, name in (("xgboost", "house.json"), ("lightgbm", "rank.txt")):
        shutil.copy(case_of(library)[1], tmp_path / name)
    (tmp_path / "notes.json").write_text('{"by": "nobody"}')
    (tmp_path / "notes.txt").write_text("tree houses\n")
    server = start(tmp_path)
    assert {name for name, state in index(server).items() if state == "READY"} == {"house", "rank"}
    alone = start(tmp_path / "house.json")
    assert set(index(alone)) == {"house"}


@pytest.mark.parametrize(("library", "name"), [("xgboost", "m.json"), ("lightgbm", "m.txt")])
def test_a_version_is_held_to_the_answers_beside_its_model(tmp_path, start, library, name):
    case, model = case_of(library)
    for version, change in ((1, 0.0), (2, 1.0)):
        folder = tmp_path / "m" / str(version)
        folder.mkdir(parents=True)
        shutil.copy(model, folder / name)
        (folder / "features.json").write_text('["a", "b"]')
        (folder / "expected.csv").write_text(expected(case, change))
    server = start(tmp_path, "--versions", "latest")
    assert server.get("/v2/models/m").json()["versions"] == ["1"]
    states = {entry["version"]: entry for entry in server.post("/v2/repository/index", "").json()}
    assert "expected.csv" in states["2"]["reason"]


def test_files_that_could_all_be_the_model_are_told(tmp_path):
    _, model = case_of("xgboost")
    (tmp_path / "m" / "1").mkdir(parents=True)
    for name in ("a.json", "b.json"):
        shutil.copy(model, tmp_path / "m" / "1" / name)
    done = run("serve", tmp_path, "--port", "0")
    assert done.returncode == 1
    assert "holds several files (a.json, b.json)" in done.stderr
