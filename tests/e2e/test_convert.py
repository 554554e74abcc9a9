"""`slipway convert`: what it writes, ONNX Runtime answers as the library that trained the model did.

Every fixture of the newest version of each format is converted. What converts passes onnx.checker, and ONNX
Runtime's answers equal the fixture's; what does not is refused with the operator's name and place.
"""

import collections
import json
import math
import os
import re
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

from conftest import BINARY, IRIS, ROOT, run

TESTS = ROOT / "tests" / "data"
FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
# By format, at least so many of the newest version's fixtures are converted.
CONVERTED_MIN = {"catboost": 85, "lightgbm": 70, "mlflow": 10, "sklearn": 600, "skops": 65, "xgboost": 120}
# None and NaN are different things in these models; ONNX has the empty text for both.
NONE_AND_NAN = {"one_hot_text_none_and_nan", "simple_imputer_text_constant", "simple_imputer_text_constant_default",
                "simple_imputer_text_nan", "simple_imputer_text_none"}
REFUSED = re.compile(r"the operator (\w+) \(.*\)|the column .* holds records|output \w+|the model takes no columns")


def is_version(name):
    return all(part.isdigit() for part in name.split("."))


def newest_fixtures():
    for folder in sorted(path for path in TESTS.iterdir() if path.is_dir()):
        versions = [path for path in folder.iterdir() if path.is_dir() and is_version(path.name)]
        if not versions:
            continue
        newest = [max(versions, key=lambda path: tuple(map(int, path.name.split("."))))]
        # Of PMML these are versions of different things: the standard and two libraries.
        for version in versions if folder.name == "pmml" else newest:
            for path in sorted(version.glob("*.json")):
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


class Conversions:
    """Runs `slipway convert` for many fixtures, some ahead of the one that is asked for: as many at once as there are
    CPUs. They are asked for in their order."""

    def __init__(self, paths, folder, ending):
        self.waiting = list(reversed(paths))
        self.folder = folder
        self.ending = ending
        self.running = {}

    def start(self, path):
        case = json.loads(path.read_text())
        name = f"{path.parents[1].name}-{path.parent.name}-{path.stem}"
        out = self.folder / f"{name}.{self.ending}"
        with open(self.folder / f"{name}.out", "w+") as printed, open(self.folder / f"{name}.err", "w+") as errors:
            arguments = command(path, case, out)
            self.running[path] = subprocess.Popen(arguments, stdout=printed, stderr=errors), out, case

    def result(self, path):
        """The finished process, its file and the fixture."""
        if path not in self.running:
            self.start(path)
            self.waiting = [one for one in self.waiting if one != path]
        while self.waiting and len(self.running) <= os.cpu_count():
            self.start(self.waiting.pop())
        process, out, case = self.running.pop(path)
        code = process.wait(timeout=60)
        texts = [out.with_suffix(ending) for ending in (".out", ".err")]
        done = subprocess.CompletedProcess(process.args, code, *[text.read_text() for text in texts])
        for text in texts:
            text.unlink()
        return done, out, case


def command(path, case, out, *options):
    select = ["--select", case["select"]] if case.get("select") else []
    return [BINARY, "convert", path.parent / case["file"], out, "--json", *select, *options]


def conversions_for(request, folder, ending):
    """Of all fixtures that the test which asks will be run with."""
    items = [item for item in request.session.items
             if getattr(item, "originalname", "") == request.node.originalname and item.path == request.node.path]
    return Conversions([item.callspec.params["path"] for item in items], folder, ending)


STATE = {}


@pytest.fixture
def converted(request, tmp_path_factory, path):
    """The finished process, its file and the fixture."""
    if "onnx" not in STATE:
        STATE["onnx"] = conversions_for(request, tmp_path_factory.mktemp("onnx"), "onnx")
    return STATE["onnx"].result(path)


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def rows_with_ties(model, given):
    """Where, of the distances that a TopK chooses the nearest from, the last chosen and the first left out are the same:
    scikit-learn's searches may choose the other point. Nullopt in a model that looks for no neighbours."""
    choices = [node for node in model.graph.node if node.op_type == "TopK"]
    if not choices:
        return None
    counts = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in choices:
        model.graph.output.append(onnx.ValueInfoProto(name=node.input[0]))
    distances = session_of(model).run([node.input[0] for node in choices], given)
    ties = False
    for node, found in zip(choices, distances, strict=True):
        chosen = int(counts[node.input[1]][0])
        nearest = np.sort(found, axis=1)
        if chosen < nearest.shape[1]:
            # Distances that differ in their last bits only are in scikit-learn's arithmetic as good as the same.
            ties |= np.isclose(nearest[:, chosen - 1], nearest[:, chosen], rtol=1e-12, atol=1e-15)
    return np.broadcast_to(ties, len(distances[0]))


def assert_equal_but_for_ties(path, case, out):
    """The answers of a file that had to be written by force: only rows with a tie may have others."""
    done = subprocess.run(command(path, case, out, "--force"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    model = onnx.load(out)
    given = feeds(session_of(model), {one.key: one.value for one in model.metadata_props}, case)
    wanted = list(case["outputs"])
    got = session_of(model).run(wanted, given)
    ties = rows_with_ties(model, given)
    assert ties is not None, "it differs, and looks for no neighbours"
    for name, values in zip(wanted, got, strict=True):
        width = len(case["outputs"][name]["values"]) // len(ties)
        for i in np.flatnonzero(~ties):
            expected = case["outputs"][name]["values"][i * width:(i + 1) * width]
            assert_equal_values(f"{name}, row {i}", expected, values[i].ravel().tolist(), case["tolerance"])


@pytest.mark.parametrize(("folder", "path"), list(newest_fixtures()))
def test_onnx_runtime_answers_as_the_library(folder, path, converted):
    done, out, case = converted
    known = known_difference(folder, path.stem)
    if "gap" in known and done.returncode == 2:
        return
    if done.returncode == 2:
        OUTCOMES[folder]["refused"] += 1
        assert not out.exists() and REFUSED.search(done.stderr), done.stderr
        REFUSALS[REFUSED.search(done.stderr).group(0).split(" (")[0]] += 1
        return
    if done.returncode == 1 and "differ" in done.stdout:
        assert not out.exists()
        assert_equal_but_for_ties(path, case, out)
        OUTCOMES[folder]["different"] += 1
        return
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["agrees"] and found["rows"] > 0
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    session = session_of(model)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if "input" not in known and path.stem not in NONE_AND_NAN:
        wanted = [name for name in case["outputs"] if name != known.get("output", {}).get("output")]
        got = session.run(wanted, feeds(session, metadata, case)) if case["rows"] else []
        # What is written computes in float64, as the engine does.
        tolerance = max(case["tolerance"], known.get("tolerance", {}).get("tolerance", 0))
        for name, values in zip(wanted, got, strict=False):
            assert_equal(name, case["outputs"][name], values, tolerance)
    out.unlink()
    OUTCOMES[folder]["converted"] += 1


def test_most_models_are_converted():
    """Runs behind those above, and counts what they saw."""
    for folder, counts in sorted(OUTCOMES.items()):
        print(f"{folder}: {counts['converted']} converted, {counts['refused']} refused")
    print("refused because of:", dict(REFUSALS.most_common()))
    for folder, least in CONVERTED_MIN.items():
        if sum(OUTCOMES[folder].values()) > 1:  # the whole suite ran
            assert OUTCOMES[folder]["converted"] >= least, folder
