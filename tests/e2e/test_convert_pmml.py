"""`slipway convert` to PMML: JPMML-Evaluator answers as the library that trained the model did.

Every fixture of test_convert.py; one Java process answers for all of them.
"""

import collections
import json
import math
import re
import subprocess

import pytest

from conftest import ROOT
from test_convert import NONE_AND_NAN, REFUSED, assert_equal_values, conversions_for, known_difference, newest_fixtures

# By format, at least so many are converted.
CONVERTED_MIN = {"lightgbm": 50, "pmml": 100, "sklearn": 300, "xgboost": 100}
# 1 / x of rows made up next to the pole: the last bit of x is 20% of the result.
ILL_CONDITIONED = {"network_reciprocal"}
# The logarithm of a probability near 0, which one way of computing it gives as the rest of one near 1.
TOLERANCES = {"calibrated_temperature_probabilities_binary": 1e-9}
OUTCOMES = collections.defaultdict(collections.Counter)
STATE = {}


class Oracle:
    """JPMML-Evaluator in a process of its own."""

    def __init__(self):
        done = subprocess.run([ROOT / "tools" / "pmml_classpath"], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
        self.process = subprocess.Popen(["java", "-Xss16m", "-cp", done.stdout.strip(), "Oracle"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def answers(self, model, rows, out):
        print(model, rows, out, sep="\t", file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "done\n"
        return out.read_text().splitlines()


@pytest.fixture(scope="session")
def oracle():
    made = Oracle()
    yield made
    made.process.stdin.close()
    made.process.wait(timeout=10)


def cell_text(cell):
    if isinstance(cell, dict):
        cell = float(cell["f"])
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return str(cell)


def answers(oracle, path, case, names):
    """For each row, its output fields and `predict`."""
    lines = []
    for row in case["rows"]:
        cells = {name: cell_text(cell) for name, cell in zip(names, row, strict=True)}
        lines.append("\t".join(f"{name}\t{cell}" for name, cell in cells.items() if cell is not None))
    given = path.with_suffix(".rows")
    given.write_text("".join(line + "\n" for line in lines))
    rows, row = [], {}
    answered = oracle.answers(path, given, path.with_suffix(".answers"))
    for line in answered:
        kind, *rest = line.split("\t")
        assert kind != "error", line
        if kind == "end":
            rows.append(row)
            row = {}
        elif kind == "predict":
            row["predict"] = rest[1] if len(rest) > 1 else ""
        elif kind == "output":
            row[rest[0]] = rest[2] if len(rest) > 2 else ""
    assert len(rows) == len(case["rows"]), answered[-5:]
    return rows


@pytest.fixture
def converted(request, tmp_path_factory, path):
    """The finished process, its file and the fixture."""
    if "pmml" not in STATE:
        STATE["pmml"] = conversions_for(request, tmp_path_factory.mktemp("pmml"), "pmml")
    return STATE["pmml"].result(path)


def fields_of(name, expected, row, outputs):
    """The output fields of one output."""
    width = expected["shape"][1] if len(expected["shape"]) == 2 else 1
    if width == 1:
        return [name]
    # Outputs that the file has and the fixture does not ask for, too.
    others = [other for other in [*outputs, "predict_proba"] if len(other) > len(name)]
    fields = [key for key in row if key.startswith(name + "_") and not any(key.startswith(other + "_") for other in others)]
    assert len(fields) == width, (name, fields)
    return fields


def names_in(path, width):
    """The columns' names where the fixture has none: x0, x1, ... or what the file has in their place."""
    names = [f"x{i}" for i in range(width)]
    for name in re.findall(r'<DataField name="([^"]*?\d+)"', path.read_text()):
        place = int(re.search(r"\d+$", name).group())
        if not name.startswith("target") and place < width:
            names[place] = name
    return names


SWEPT = [one for one in newest_fixtures() if one.values[0] != "onnx"]


@pytest.mark.parametrize(("folder", "path"), SWEPT)
def test_jpmml_answers_as_the_library(folder, path, converted, oracle):
    done, out, case = converted
    known = known_difference(folder, path.stem)
    if done.returncode == 2:
        assert not out.exists() and REFUSED.search(done.stderr) or "gap" in known, done.stderr
        OUTCOMES[folder]["refused"] += 1
        return
    if path.stem in ILL_CONDITIONED:
        assert done.returncode == 1 and "differ" in done.stdout
        return
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["agrees"]
    OUTCOMES[folder]["converted"] += 1
    if not case["rows"] or "input" in known or path.stem in NONE_AND_NAN:
        return
    names = case.get("columns") or names_in(out, len(case["rows"][0]))
    rows = answers(oracle, out, case, names)
    tolerance = max(case["tolerance"], TOLERANCES.get(path.stem, 0), known.get("tolerance", {}).get("tolerance", 0))
    for name, expected in case["outputs"].items():
        if name == known.get("output", {}).get("output"):
            continue
        got = [row[field] for row in rows for field in fields_of(name, expected, rows[0], case["outputs"])]
        assert_equal_values(name, expected["values"], got, tolerance)


def test_most_are_converted():
    """Runs behind those above."""
    for folder, counts in sorted(OUTCOMES.items()):
        print(f"{folder}: {counts['converted']} converted, {counts['refused']} refused")
    for folder, least in CONVERTED_MIN.items():
        if sum(OUTCOMES[folder].values()) > 1:  # the whole suite ran
            assert OUTCOMES[folder]["converted"] >= least, folder
