"""`slipway convert` to PMML: JPMML-Evaluator answers as the library that trained the model did."""

import collections
import json
import math
import subprocess

import pytest

from conftest import ROOT, run
from test_convert import REFUSED, assert_equal_values, newest_fixtures

# JPMML reads a file in a process of its own, which takes a second: some of each family.
SHOWN = [
    "breast_scaler_logistic", "columns_passthrough_and_drop", "decision_tree_classifier", "decision_tree_regressor",
    "extra_trees_regressor", "gaussian_nb", "gradient_boosting_classifier", "gradient_boosting_regressor",
    "hist_gradient_boosting_regressor", "linear_regression", "logistic_regression_binary", "logistic_regression_multi",
    "one_hot_text", "ordinal_text", "random_forest_classifier", "random_forest_regressor", "ridge", "standard_scaler",
    "svc_rbf", "svr_rbf", "voting_classifier_soft", "objective_regression", "objective_binary", "multi_softprob_json",
]
CONVERTED = collections.Counter()


@pytest.fixture(scope="session")
def oracle():
    """The class path of JPMML-Evaluator and the program that asks it."""
    done = subprocess.run([ROOT / "tools" / "pmml_classpath"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def cell_text(cell):
    if isinstance(cell, dict):
        cell = float(cell["f"])
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return str(cell)


def answers(classpath, path, case, names):
    """For each row, its output fields and `predict`."""
    lines = []
    for row in case["rows"]:
        cells = {name: cell_text(cell) for name, cell in zip(names, row, strict=True)}
        lines.append("\t".join(f"{name}\t{cell}" for name, cell in cells.items() if cell is not None))
    done = subprocess.run(["java", "-cp", classpath, "Oracle", path], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rows, row = [], {}
    for line in done.stdout.splitlines()[1:]:
        kind, *rest = line.split("\t")
        assert kind != "error", line
        if kind == "end":
            rows.append(row)
            row = {}
        elif kind == "predict":
            row["predict"] = rest[1] if len(rest) > 1 else ""
        elif kind == "output":
            row[rest[0]] = rest[2] if len(rest) > 2 else ""
    assert len(rows) == len(case["rows"]), done.stdout[-2000:]
    return rows


SOME = [one for one in newest_fixtures() if one.values[1].stem in SHOWN and one.values[0] != "onnx"]


@pytest.mark.parametrize(("folder", "path"), SOME)
def test_jpmml_answers_as_the_library(folder, path, tmp_path, oracle):
    case = json.loads(path.read_text())
    out = tmp_path / "model.pmml"
    done = run("convert", path.parent / case["file"], out, "--json")
    if done.returncode == 2:
        assert not out.exists() and REFUSED.search(done.stderr), done.stderr
        CONVERTED["refused"] += 1
        return
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["agrees"]
    names = case.get("columns") or [f"x{i}" for i in range(len(case["rows"][0]))]
    rows = answers(oracle, out, case, names)
    for name, expected in case["outputs"].items():
        if name.startswith("predict_log"):
            continue  # logarithms of what is next to nothing
        width = expected["shape"][1] if len(expected["shape"]) == 2 else 1
        fields = [key for key in rows[0] if key == name or key.startswith(name + "_")]
        if width > 1:
            fields = [key for key in fields if key != name and not any(
                key.startswith(other + "_") for other in case["outputs"] if len(other) > len(name))]
        else:
            fields = [name]
        assert len(fields) == width, (name, fields)
        got = [row[field] for row in rows for field in fields]
        assert_equal_values(name, expected["values"], got, 1e-6)
    CONVERTED["converted"] += 1


def test_most_are_converted():
    """Runs behind those above."""
    print(dict(CONVERTED))
    if sum(CONVERTED.values()) > 1:
        assert CONVERTED["converted"] >= 15
