"""`slipway verify`, and models inside archives and folders."""

import csv
import io
import json
import shutil
import tarfile
import zipfile

import pytest

from conftest import DATA, IRIS, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
MLFLOW = ROOT / "tests" / "data" / "mlflow"


def answers(outputs="predict,predict_proba"):
    """The rows with their answers, as one CSV text."""
    rows = list(csv.reader(FLOWERS.open()))
    got = list(csv.reader(io.StringIO(run("predict", IRIS, FLOWERS, "--outputs", outputs).stdout)))
    out = io.StringIO()
    csv.writer(out).writerows(row + answer[-4:] for row, answer in zip(rows, got, strict=True))
    return out.getvalue()


def test_a_model_that_answers_as_expected_is_equal(tmp_path):
    data = tmp_path / "expected.csv"
    data.write_text(answers())
    done = run("verify", IRIS, data)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "predict_proba" in done.stdout and "equal" in done.stdout


def test_a_wrong_answer_is_found_and_shown(tmp_path):
    lines = answers().splitlines()
    cells = lines[7].split(",")
    cells[-1] = "0.75"
    lines[7] = ",".join(cells)
    data = tmp_path / "expected.csv"
    data.write_text("\n".join(lines) + "\n")
    done = run("verify", IRIS, data, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["agrees"] is False and found["rows"] == 150
    proba = next(output for output in found["outputs"] if output["name"] == "predict_proba")
    assert proba["rows_equal"] == 149 and proba["worst"][0]["row"] == 6
    assert proba["worst"][0]["expected"] == "0.75"
    assert run("verify", IRIS, data, "--tolerance", "1").returncode == 0


def test_what_cannot_be_compared_exits_with_two(tmp_path):
    assert run("verify", IRIS, FLOWERS).returncode == 2
    assert run("verify", IRIS, tmp_path / "missing.csv").returncode == 2


def test_two_models_are_compared():
    assert run("verify", IRIS, FLOWERS, "--against", IRIS).returncode == 0


def pack(path, files):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as into:
            for name, content in files.items():
                into.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as into:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                into.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["bundle.zip", "bundle.tar.gz"])
def test_a_bundle_is_served_if_it_answers_as_its_expected_csv_says(tmp_path, name, start):
    files = {"README.md": b"This is a model.", "code/inference.py": b"import os\n", "model.bin": IRIS.read_bytes(),
             "expected.csv": answers().encode()}
    assert start(pack(tmp_path / name, files)).get("/v2/models/bundle").status_code == 200
    files["expected.csv"] = files["expected.csv"].replace(b"setosa,", b"rosa,")
    done = run("serve", pack(tmp_path / name, files), "--port", "0")
    assert done.returncode == 1 and "expected.csv" in done.stderr


def test_several_models_in_a_bundle_need_a_choice(tmp_path):
    bundle = pack(tmp_path / "two.zip", {"a.joblib": IRIS.read_bytes(), "b.joblib": IRIS.read_bytes()})
    done = run("predict", bundle, FLOWERS)
    assert done.returncode != 0 and "a.joblib" in done.stderr and "--select" in done.stderr
    assert run("predict", bundle, FLOWERS, "--select", "b.joblib").returncode == 0


def test_an_mlflow_folder_is_a_version_of_a_model(tmp_path, start):
    case = json.loads((MLFLOW / "3.5.1" / "svc_rbf.json").read_text())
    model = MLFLOW / "3.5.1" / case["file"]
    assert run("inspect", model).returncode == 0
    shutil.copytree(model, tmp_path / "svc" / "4")
    assert start(tmp_path).get("/v2/models/svc/versions/4/ready").status_code == 200


def test_python_code_of_mlflow_is_a_gap(tmp_path):
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n")
    done = run("inspect", tmp_path)
    assert done.returncode == 2 and "mlflow.pyfunc.model" in done.stdout


def test_a_skops_file_is_scored_as_its_pickle(tmp_path):
    folder = ROOT / "tests" / "data" / "skops" / "0.13.0"
    case = json.loads((folder / "logistic_regression.json").read_text())
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in case["rows"]))
    pickled = json.loads((DATA / "1.7.2" / "logistic_regression.json").read_text())
    done = run("verify", folder / case["file"], rows, "--against", DATA / "1.7.2" / pickled["file"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_truncated_archive_is_told(tmp_path):
    bundle = pack(tmp_path / "m.zip", {"model.bin": IRIS.read_bytes()})
    bundle.write_bytes(bundle.read_bytes()[:-10])
    done = run("inspect", bundle)
    assert done.returncode == 1 and "truncated" in done.stderr

