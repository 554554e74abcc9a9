"""Every fixture of a scikit-learn version, served from one folder: the answers are scikit-learn's.

SLIPWAY_VERSIONS names the versions (default: all five). Each case is asked over KServe v2 and over /predict.
"""

import json
import math
import os

import numpy as np
import pytest
import tritonclient.http as triton

from conftest import DATA, Server

VERSIONS = os.environ.get("SLIPWAY_VERSIONS", "1.1.3 1.3.2 1.5.2 1.7.2 1.9.1").split()
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
# What JSON cannot say: null is the one missing value, so None and NaN as two categories cannot be told apart.
NOT_IN_JSON = {"one_hot_text_none_and_nan"}


def load(path):
    return json.loads(path.read_text())


CASES = {version: {path.stem: path for path in sorted((DATA / version).glob("*.json"))} for version in VERSIONS}
IDS = [(version, name) for version in VERSIONS for name, path in CASES[version].items()
       if load(path)["select"] is None and name not in NOT_IN_JSON]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """One server per version, started when its first case comes."""
    running = {}

    def of(version):
        if version not in running:
            folder = tmp_path_factory.mktemp(f"sklearn-{version}")
            for name, path in CASES[version].items():
                case = load(path)
                if case["select"] is None:
                    (folder / case["file"]).symlink_to(path.with_name(case["file"]))
            running[version] = Server(folder, seconds=300).wait_ready()
        return running[version]

    yield of
    for server in running.values():
        assert server.stop() == 0


def special(value):
    return float(value["f"]) if isinstance(value, dict) else value


def is_infinite(row):
    return any(isinstance(value, dict) and "inf" in value["f"] for value in row)


def plain(value):
    """A cell as JSON says it: null is every missing value."""
    return None if isinstance(value, dict) and value["f"] == "nan" else special(value)


def differences(name, want, rows_kept, got):
    """Says where the values that came differ from those expected; `got` is flat."""
    width = math.prod(want["shape"][1:])
    values = [special(value) for i in rows_kept for value in want["values"][i * width:(i + 1) * width]]
    if len(got) != len(values):
        return [f"{name}: {len(got)} values, expected {len(values)}"]
    return [f"{name} of row {rows_kept[i // width]}: {b!r}, scikit-learn says {a!r}"
            for i, (a, b) in enumerate(zip(values, got)) if not same(a, b, want["tolerance"])]


def same(want, got, tolerance):
    if isinstance(want, float) and math.isnan(want) or want is None:
        return got is None or isinstance(got, float) and math.isnan(got)
    if isinstance(want, (bool, str)) or isinstance(got, str):
        return str(want) == str(got) or isinstance(want, bool) and got in (int(want), want)
    if got is None:
        return math.isinf(want)  # JSON has no infinity: null stands for it in plain answers
    if math.isinf(want) or math.isinf(got):
        return want == got
    return abs(want - got) <= tolerance * max(1.0, abs(want))


def tensors(metadata, rows):
    """The inputs as the model's own metadata names them."""
    inputs = metadata["inputs"]
    if len(inputs) == 1 and (len(inputs[0]["shape"]) < 2 or inputs[0]["shape"][-1] == len(rows[0])):
        return [(inputs[0]["name"], inputs[0]["datatype"], [len(rows), len(rows[0])], rows)]
    return [(entry["name"], entry["datatype"], [len(rows), 1], [[row[i]] for row in rows])
            for i, entry in enumerate(inputs)]


def by_name(case, metadata, rows):
    """Puts the columns of the case in the order of the metadata; leaves out what the model does not use."""
    if case["columns"] is None:
        return rows
    order = [case["columns"].index(entry["name"]) for entry in metadata["inputs"] if entry["name"] in case["columns"]]
    return [[row[i] for i in order] for row in rows] if len(order) == len(metadata["inputs"]) else rows


def infer_by_hand(server, case, metadata, rows, wanted):
    body = {"outputs": [{"name": name} for name in wanted], "inputs": [
        {"name": name, "datatype": datatype, "shape": shape, "data": cells}
        for name, datatype, shape, cells in tensors(metadata, by_name(case, metadata, rows))]}
    answer = server.post(f"/v2/models/{case['case']}/infer", body)
    assert answer.status_code == 200, answer.text
    return {output["name"]: output["data"] for output in answer.json()["outputs"]}


def infer_by_triton(server, case, metadata, rows, wanted):
    inputs = []
    for name, datatype, shape, cells in tensors(metadata, by_name(case, metadata, rows)):
        data = triton.InferInput(name, shape, datatype)
        kind = {"BYTES": object, "BOOL": bool, "INT64": np.int64}.get(datatype, np.float64)
        array = np.array([[str(v) if datatype == "BYTES" else v for v in row] for row in cells], dtype=kind)
        data.set_data_from_numpy(array, binary_data=False)
        inputs.append(data)
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        result = client.infer(case["case"], inputs, outputs=[
            triton.InferRequestedOutput(name, binary_data=False) for name in wanted])
    return {name: [text(value) for value in result.as_numpy(name).ravel().tolist()] for name in wanted}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("version, name", IDS)
def test_a_fixture_gives_the_answers_of_scikit_learn(servers, version, name):
    server, case = servers(version), load(CASES[version][name])
    answer = server.get(f"/v2/models/{name}")
    assert answer.status_code == 200, answer.text
    metadata = answer.json()
    kept = [i for i, row in enumerate(case["rows"]) if not is_infinite(row)]
    rows = [[plain(value) for value in case["rows"][i]] for i in kept]
    wanted = [method for method in case["outputs"] if method.startswith(METHODS) and "log_proba" not in method]
    assert set(wanted) <= {output["name"] for output in metadata["outputs"]}
    has_missing = any(value is None for row in rows for value in row)
    mixed = case["columns"] is None and len(set(map(type, sum(rows, [])))) > 1
    ask = infer_by_hand if has_missing or mixed else infer_by_triton
    got = ask(server, case, metadata, rows, wanted)
    found = []
    for method in wanted:
        want = dict(case["outputs"][method], tolerance=case["tolerance"])
        found += differences(method, want, kept, got[method])
    assert not found, "\n".join(found[:5])


@pytest.mark.parametrize("version, name", IDS)
def test_the_simple_interface_gives_the_same(servers, version, name):
    server, case = servers(version), load(CASES[version][name])
    method = "predict" if "predict" in case["outputs"] else "transform"
    kept = [i for i, row in enumerate(case["rows"]) if not is_infinite(row)]
    rows = [[plain(value) for value in case["rows"][i]] for i in kept]
    body = [dict(zip(case["columns"], row)) for row in rows] if case["columns"] else {"features": rows}
    answer = server.post(f"/models/{name}/predict", body)
    assert answer.status_code == 200, answer.text
    flat = np.array(answer.json()["prediction"], dtype=object).ravel().tolist()
    found = differences(method, dict(case["outputs"][method], tolerance=case["tolerance"]), kept, flat)
    assert not found, "\n".join(found[:5])


@pytest.mark.parametrize("version, name", [(v, n) for v, n in IDS if load(CASES[v][n])["error"]])
def test_rows_that_scikit_learn_refuses_are_400(servers, version, name):
    server, case = servers(version), load(CASES[version][name])
    for row in case["error"]["rows"]:
        if is_infinite(row):
            continue
        values = [plain(value) for value in row]
        body = dict(zip(case["columns"], values)) if case["columns"] else {"features": values}
        answer = server.post(f"/models/{name}/predict", body)
        assert answer.status_code == 400, f"{values}: {answer.text}"
        assert answer.json()["error"]
