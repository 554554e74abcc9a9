"""Every fixture of a scikit-learn version, served from one folder: the answers are scikit-learn's.

SLIPWAY_VERSIONS names the versions (default: two of them; the unit tests compare every fixture of all versions). Each
case is asked over KServe v2 and over /predict; a test takes the cases of one family.
"""

import json
import math
import os

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from conftest import DATA, Server, import_apart

[triton_grpc] = import_apart("tritonclient.grpc")

VERSIONS = os.environ.get("SLIPWAY_VERSIONS", "1.7.2 1.9.1").split()
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
# What JSON cannot say: null is the one missing value, so None and NaN as two categories cannot be told apart.
NOT_IN_JSON = {"one_hot_text_none_and_nan"}


def load(path):
    return json.loads(path.read_text())


CASES = {version: {path.stem: path for path in sorted((DATA / version).glob("*.json"))} for version in VERSIONS}
DIFFERENCES = load(DATA / "known_differences.json")


def known(name, kind):
    """What known_differences.json says of a case, or None."""
    return next((entry for entry in DIFFERENCES if entry["kind"] == kind and (
        name.startswith(entry["case"]) if entry.get("prefix") else name == entry["case"])), None)


def is_served(name, case):
    """Before 1.2 some files are gaps; the versions here have only the gaps that every version has."""
    gap = known(name, "gap")
    return (case["select"] is None and name not in NOT_IN_JSON and not known(name, "input")
            and not (gap and not gap.get("prefix")))


SERVED = {version: [name for name, path in paths.items()
                    if is_served(name, load(path))] for version, paths in CASES.items()}
FAMILIES = [(version, family) for version, names in SERVED.items() for family in sorted({n.split("_")[0] for n in names})]


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
            (folder / "not_fitted.joblib").symlink_to(DATA / "unsupported" / "not_fitted.joblib")
            running[version] = Server(folder, seconds=300).wait_ready()
            running[version].triton_grpc = triton_grpc.InferenceServerClient(f"127.0.0.1:{running[version].port}")
        return running[version]

    yield of
    for server in running.values():
        server.triton_grpc.close()
        assert server.stop() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_with_a_gap_is_not_served_and_says_why(servers, version):
    answer = servers(version).get("/v2/models/not_fitted/ready")
    assert answer.status_code == 503 and "An attribute is missing: coef_" in answer.text


def is_special(value):
    """A float that JSON cannot say; other dicts are records."""
    return isinstance(value, dict) and list(value) == ["f"] and value["f"] in ("nan", "inf", "-inf")


def special(value):
    return float(value["f"]) if is_special(value) else value


def is_infinite(row):
    return any(is_infinite(value.values()) if isinstance(value, dict) and not is_special(value)
               else is_special(value) and "inf" in value["f"] for value in row)


def plain(value):
    """A cell as JSON says it: null is every missing value."""
    if isinstance(value, dict) and not is_special(value):
        return {key: plain(item) for key, item in value.items()}
    return None if is_special(value) and value["f"] == "nan" else special(value)


def tensor_cell(value):
    """In a tensor a record is a text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def simple_rows(case, rows):
    """Rows as the simple interface takes them: named, as lists, or records that are the whole row."""
    if case["columns"]:
        return [dict(zip(case["columns"], row)) for row in rows]
    return [row[0] for row in rows] if case["dtypes"] == ["record"] else rows


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
        return math.isinf(want)  # JSON has no infinity: null stands for it, which Triton's client reads as NaN
    if math.isinf(want) and math.isnan(got):
        return True
    if math.isinf(want) or math.isinf(got):
        return want == got
    return abs(want - got) <= tolerance * max(1.0, abs(want))


def tensors(metadata, rows):
    """The inputs as the model's own metadata names them."""
    inputs = metadata["inputs"]
    rows = [[tensor_cell(value) for value in row] for row in rows]
    if len(inputs) == 1 and (len(inputs[0]["shape"]) < 2 or inputs[0]["shape"][-1] == len(rows[0])):
        return [(inputs[0]["name"], inputs[0]["datatype"], [len(rows), len(rows[0])], rows)]
    # A column that the model does not use is listed as a number, and text is taken for it as well.
    return [(entry["name"], "BYTES" if any(isinstance(row[i], str) for row in rows) else entry["datatype"],
             [len(rows), 1], [[row[i]] for row in rows]) for i, entry in enumerate(inputs)]


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
    """In JSON; and the same in binary and over gRPC, which must not differ."""
    columns = []
    for name, datatype, shape, cells in tensors(metadata, by_name(case, metadata, rows)):
        kind = {"BYTES": object, "BOOL": bool, "INT64": np.int64}.get(datatype, np.float64)
        array = np.array([[str(v) if datatype == "BYTES" else v for v in row] for row in cells], dtype=kind)
        columns.append((name, shape, datatype, array))

    def ask(client, module, **binary):
        inputs = [module.InferInput(*column[:3]) for column in columns]
        for data, column in zip(inputs, columns):
            data.set_data_from_numpy(column[3], **binary)
        result = client.infer(case["case"], inputs, outputs=[
            module.InferRequestedOutput(name, **binary) for name in wanted])
        return {name: [text(value) for value in result.as_numpy(name).ravel().tolist()] for name in wanted}

    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        in_json = ask(client, triton, binary_data=False)
        in_binary = ask(client, triton, binary_data=True)
    over_grpc = ask(server.triton_grpc, triton_grpc)
    assert over_grpc == in_binary or str(over_grpc) == str(in_binary), f"over gRPC: {over_grpc}, in binary: {in_binary}"
    for name in wanted:
        for a, b in zip(in_json[name], in_binary[name], strict=True):
            assert a == b or str(a) == str(b) or is_null(a) and is_null(b), f"{name}: {a!r} in JSON, {b!r} in binary"
    return in_json


def is_null(value):
    """JSON has one word for what binary tells apart."""
    return value in (None, "") or isinstance(value, float) and not math.isfinite(value)


def flattened(values):
    for value in values:
        if isinstance(value, list):
            yield from flattened(value)
        else:
            yield value


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def each(version, family, check):
    """Checks every case of a family and gives all that is wrong at once."""
    names = [name for name in SERVED[version] if name.split("_")[0] == family]
    found = [f"{name}: {problem}" for name in names for problem in check(name, load(CASES[version][name]))[:3]]
    assert not found, "\n".join(found[:30])


def tolerance(name, case):
    return (known(name, "tolerance") or case)["tolerance"]


def asked(case):
    """The rows that JSON can say, and their places among the fixture's rows."""
    kept = [i for i, row in enumerate(case["rows"]) if not is_infinite(row)]
    return kept, [[plain(value) for value in case["rows"][i]] for i in kept]


@pytest.mark.parametrize("version, family", FAMILIES)
def test_kserve_gives_the_answers_of_scikit_learn(servers, version, family):
    server = servers(version)

    def check(name, case):
        answer = server.get(f"/v2/models/{name}")
        if answer.status_code != 200:
            return [answer.text]
        metadata = answer.json()
        kept, rows = asked(case)
        wanted = [method for method in case["outputs"] if method.startswith(METHODS) and "log_proba" not in method
                  and method != (known(name, "output") or {}).get("output")]
        lacking = set(wanted) - {output["name"] for output in metadata["outputs"]}
        if lacking:
            return [f"the metadata lacks {lacking}"]
        has_missing = any(value is None for row in rows for value in row)
        mixed = case["columns"] is None and len(set(map(type, sum(rows, [])))) > 1
        try:
            got = (infer_by_hand if has_missing or mixed else infer_by_triton)(server, case, metadata, rows, wanted)
        except (AssertionError, InferenceServerException) as error:
            return [f"{error}"]
        return [problem for method in wanted for problem in differences(
            method, dict(case["outputs"][method], tolerance=tolerance(name, case)), kept, got[method])]

    each(version, family, check)


@pytest.mark.parametrize("version, family", FAMILIES)
def test_the_simple_interface_gives_the_same_and_refuses_the_same(servers, version, family):
    server = servers(version)

    def check(name, case):
        method = next((one for one in ("predict", "transform") if one in case["outputs"]), next(iter(case["outputs"])))
        kept, rows = asked(case)
        body = simple_rows(case, rows) if case["columns"] else {"features": simple_rows(case, rows)}
        answer = server.post(f"/models/{name}/predict", body)
        if answer.status_code != 200:
            return [answer.text]
        found = differences(method, dict(case["outputs"][method], tolerance=tolerance(name, case)), kept,
                            list(flattened(answer.json()["prediction"])))
        for row in case["error"]["rows"] if case["error"] else []:
            if is_infinite(row):
                continue
            values = [plain(value) for value in row]
            one = simple_rows(case, [values])
            body = one[0] if case["columns"] else {"features": one}
            answer = server.post(f"/models/{name}/predict", body)
            if answer.status_code != 400 or not answer.json()["error"]:
                found.append(f"scikit-learn refuses {values}, got {answer.status_code} {answer.text}")
        return found

    each(version, family, check)


@pytest.mark.parametrize("version, family", FAMILIES)
def test_the_examples_of_the_openapi_document_are_answered(servers, version, family):
    server = servers(version)

    def check(name, case):
        if name == "radius_classifier_refuses":
            return  # it refuses rows without neighbours, and nothing says where its neighbours are
        document = server.get(f"/v2/models/{name}/openapi.json").json()
        for path, operations in document["paths"].items():
            for operation in operations.values():
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    answer = server.post(path, content["example"])
                    if answer.status_code != 200:
                        yield f"{path}: {content['example']}: {answer.text}"

    each(version, family, lambda name, case: list(check(name, case)))
