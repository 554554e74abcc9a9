"""`slipway convert`: what it writes, ONNX Runtime answers as the library that trained the model did.

Every fixture of the newest version of each format is converted. What converts passes onnx.checker, and ONNX
Runtime's answers equal the fixture's; what does not is refused with the operator's name and place.
"""

import collections
import json
import math
import re

import numpy as np
import onnx
import onnxruntime
import pytest

from conftest import IRIS, ROOT, run

TESTS = ROOT / "tests" / "data"
FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
# By format, at least so many of the newest version's fixtures are converted.
CONVERTED_MIN = {"catboost": 85, "lightgbm": 70, "mlflow": 10, "sklearn": 600, "skops": 65, "xgboost": 120}
# None and NaN are different things in these models; ONNX has the empty text for both.
NEIGHBOURS_INSIDE = {"stacking_classifier_multilabel"}
NONE_AND_NAN = {"one_hot_text_none_and_nan", "simple_imputer_text_constant", "simple_imputer_text_constant_default",
                "simple_imputer_text_nan", "simple_imputer_text_none"}
REFUSED = re.compile(r"the operator (\w+) \(.*\)|the column .* holds records|output \w+")


def is_version(name):
    return all(part.isdigit() for part in name.split("."))


def newest_fixtures():
    for folder in sorted(TESTS.iterdir()):
        versions = [path for path in folder.iterdir() if path.is_dir() and is_version(path.name)]
        if not versions:
            continue
        newest = max(versions, key=lambda path: tuple(map(int, path.name.split("."))))
        for path in sorted(newest.glob("*.json")):
            if "." not in path.stem:
                yield pytest.param(folder.name, path, id=f"{folder.name}-{path.stem}")


def known_difference(folder, name):
    path = TESTS / folder / "known_differences.json"
    known = {}
    for entry in json.loads(path.read_text()) if path.exists() else []:
        if name.startswith(entry["case"]) if entry.get("prefix") else name == entry["case"]:
            known[entry["kind"]] = entry
    return known


def number(cell):
    if isinstance(cell, dict):
        return float(cell["f"])
    # A text: in a column that nothing depends on.
    return math.nan if cell is None or isinstance(cell, str) else float(cell)


def text(cell):
    """ONNX has no missing text: it is the empty one."""
    return cell if isinstance(cell, str) else ""


def feeds(session, model, case):
    """The fixture's rows as the model's inputs."""
    inputs = session.get_inputs()
    rows = case["rows"]
    names = json.loads(model.get("columns", "null"))
    order = range(len(rows[0]))
    if names and case.get("columns"):
        order = [case["columns"].index(name) for name in names]
    if len(inputs) == 1 and inputs[0].name == "X":
        convert, dtype = (text, object) if "string" in inputs[0].type else (number, np.float64)
        return {"X": np.array([[convert(row[i]) for i in order] for row in rows], dtype=dtype)}
    given = {}
    for one in inputs:
        place = case["columns"].index(one.name) if case.get("columns") else int(one.name[1:])
        convert, dtype = (text, object) if "string" in one.type else (number, np.float64)
        given[one.name] = np.array([[convert(row[place])] for row in rows], dtype=dtype)
    return given


def assert_equal_values(name, expected, got, tolerance):
    """`got` may be texts of the numbers."""
    for i, (want, have) in enumerate(zip(expected, got, strict=True)):
        if isinstance(want, str) or want is None:
            assert (want or "") == have, f"{name}[{i}]"
            continue
        want = number(want)
        have = {"true": 1.0, "false": 0.0}.get(have, math.nan if have == "" else have)
        have = float(have)
        if math.isnan(want) or math.isinf(want):
            assert have == want or (math.isnan(want) and math.isnan(have)), f"{name}[{i}]: {want} {have}"
        else:
            assert abs(want - have) <= tolerance * max(1, abs(want)), f"{name}[{i}]: {want} {have}"


def assert_equal(name, expected, got, tolerance):
    assert got.size == math.prod(expected["shape"]) and got.shape[0] == expected["shape"][0], name
    assert_equal_values(name, expected["values"], got.ravel().tolist(), tolerance)


OUTCOMES = collections.defaultdict(collections.Counter)
REFUSALS = collections.Counter()


@pytest.mark.parametrize(("folder", "path"), list(newest_fixtures()))
def test_onnx_runtime_answers_as_the_library(folder, path, tmp_path):
    case = json.loads(path.read_text())
    known = known_difference(folder, path.stem)
    out = tmp_path / "model.onnx"
    select = ["--select", case["select"]] if case.get("select") else []
    done = run("convert", path.parent / case["file"], out, "--json", *select)
    if "gap" in known and done.returncode == 2:
        return
    if done.returncode == 2:
        OUTCOMES[folder]["refused"] += 1
        assert not out.exists() and REFUSED.search(done.stderr), done.stderr
        REFUSALS[REFUSED.search(done.stderr).group(0).split(" (")[0]] += 1
        return
    if done.returncode == 1 and ("knn" in path.stem or path.stem in NEIGHBOURS_INSIDE):
        # Of points at the same distance, scikit-learn's search may choose another than TopK does: the check saw it.
        assert not out.exists() and "differ" in done.stdout, done.stderr
        OUTCOMES[folder]["different"] += 1
        return
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["agrees"] and found["rows"] > 0
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(out, options, providers=["CPUExecutionProvider"])
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if "input" not in known and path.stem not in NONE_AND_NAN:
        wanted = [name for name in case["outputs"] if name != known.get("output", {}).get("output")]
        got = session.run(wanted, feeds(session, metadata, case)) if case["rows"] else []
        # The engine's arithmetic is float64, as scikit-learn's; 1e-6 leaves room for the sums of
        # boosters, which are float32.
        tolerance = max(1e-6, known.get("tolerance", {}).get("tolerance", 0))
        for name, values in zip(wanted, got, strict=False):
            assert_equal(name, case["outputs"][name], values, tolerance)
    OUTCOMES[folder]["converted"] += 1


def test_most_models_are_converted():
    """Runs behind those above, and counts what they saw."""
    for folder, counts in sorted(OUTCOMES.items()):
        print(f"{folder}: {counts['converted']} converted, {counts['refused']} refused")
    print("refused because of:", dict(REFUSALS.most_common()))
    for folder, least in CONVERTED_MIN.items():
        if sum(OUTCOMES[folder].values()) > 1:  # the whole suite ran
            assert OUTCOMES[folder]["converted"] >= least, folder
