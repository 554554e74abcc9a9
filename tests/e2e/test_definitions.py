"""Custom Python that a model only names, and the definitions that stand in for it."""

import hashlib
import json
import shutil
import tarfile

import pytest

from conftest import ROOT, run

CASES = ROOT / "tests" / "data" / "definitions" / "1.7.2"


@pytest.fixture
def model(tmp_path):
    """A model with its definitions; its rows and what scikit-learn answers."""
    for name in ("ratio_function.joblib", "ratio_function.joblib.slipway.yaml"):
        shutil.copy(CASES / name, tmp_path)
    return tmp_path / "ratio_function.joblib"


def expected(wrong=False):
    case = json.loads((CASES / "ratio_function.json").read_text())
    answers = case["outputs"]["predict"]["values"]
    lines = [",".join([*case["columns"], "predict"])]
    for i, (row, answer) in enumerate(zip(case["rows"], answers, strict=True)):
        lines.append(",".join(map(str, [*row, 1 - answer if wrong and i == 3 else answer])))
    return "\n".join(lines) + "\n"


def rows(path):
    case = json.loads((CASES / "ratio_function.json").read_text())
    path.write_text("\n".join(",".join(map(str, row)) for row in [case["columns"], *case["rows"]]) + "\n")
    return path


def definitions_of(model):
    return model.with_name(model.name + ".slipway.yaml")


def test_without_definitions_the_custom_code_is_named(model):
    definitions_of(model).unlink()
    done = run("inspect", model)
    assert done.returncode == 2
    assert "shop.add_ratio" in done.stdout and "MODEL.slipway.yaml" in done.stdout


def test_inspect_shows_what_is_defined(model):
    found = json.loads(run("inspect", model, "--json").stdout)
    assert found["servable"] and found["defined"] == ["shop.add_ratio"]


def test_without_proof_nothing_is_answered(model, tmp_path):
    done = run("predict", model, rows(tmp_path / "rows.csv"))
    assert done.returncode == 1 and "nothing proves it" in done.stderr
    assert "ratio_function.joblib.expected.csv" in done.stderr


def test_rows_with_the_originals_answers_are_proof(model, tmp_path, start):
    model.with_name(model.name + ".expected.csv").write_text(expected())
    done = run("predict", model, rows(tmp_path / "rows.csv"))
    assert done.returncode == 0, done.stderr
    answer = start(model).post("/predict", {"income": 1.0, "debt": 2.0})
    assert answer.status_code == 200, answer.text


def test_wrong_answers_are_refused(model, tmp_path):
    model.with_name(model.name + ".expected.csv").write_text(expected(wrong=True))
    done = run("predict", model, rows(tmp_path / "rows.csv"))
    assert done.returncode == 1 and "predict" in done.stderr


def test_verify_runs_a_definition_that_is_not_proved_yet(model, tmp_path):
    data = tmp_path / "expected.csv"
    data.write_text(expected())
    assert run("verify", model, data).returncode == 0
    definitions = definitions_of(model)
    definitions.write_text(definitions.read_text().replace("income > 3", "income > 1"))
    assert run("verify", model, data).returncode == 1


def test_the_operator_may_take_it_on_trust(model, tmp_path):
    definitions = definitions_of(model)
    definitions.write_text("unverified: true\n" + definitions.read_text())
    assert run("predict", model, rows(tmp_path / "rows.csv")).returncode == 0


def test_definitions_of_another_model_are_refused(model):
    definitions = definitions_of(model)
    definitions.write_text("model: sha256:00\n" + definitions.read_text())
    done = run("inspect", model)
    assert done.returncode == 1 and "for the model sha256:00" in done.stderr


@pytest.mark.parametrize("formula, message", [
    ("debt / (incom + kw.epsilon)", "column 22: no column 'incom' reaches it; there is: 'income', 'debt'"),
    ("debt / (income + kw.epsilom)", "the file has no kw.epsilom"),
    ("debt / ", "something is missing at the end"),
    ("__import__('os')", "there is no function '__import__'"),
])
def test_errors_say_where(model, formula, message):
    definitions = definitions_of(model)
    definitions.write_text(definitions.read_text().replace("debt / (income + kw.epsilon)", formula))
    done = run("inspect", model)
    assert done.returncode in (1, 2)
    assert message in done.stdout + done.stderr


def test_in_an_archive_they_name_their_model_and_are_proved(model, tmp_path):
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    definitions = definitions_of(model)
    expected_file = model.with_name(model.name + ".expected.csv")
    expected_file.write_text(expected())
    archive = tmp_path / "bundle.tar.gz"

    def pack(*names):
        with tarfile.open(archive, "w:gz") as tar:
            for name in names:
                tar.add(name, name.name)
        return run("predict", archive, rows(tmp_path / "rows.csv"))

    assert "must name their model" in pack(model, definitions, expected_file).stderr
    definitions.write_text(f"model: sha256:{digest}\n" + definitions.read_text())
    done = pack(model, definitions, expected_file)
    assert done.returncode == 0, done.stderr
    assert "nothing proves it" in pack(model, definitions).stderr
    definitions.write_text("unverified: true\n" + definitions.read_text())
    assert "need rows with expected answers" in pack(model, definitions, expected_file).stderr


def test_a_folder_of_versions_holds_definitions_too(model, tmp_path, start):
    model.with_name(model.name + ".expected.csv").write_text(expected())
    version = tmp_path / "repository" / "shop" / "1"
    version.mkdir(parents=True)
    for file in tmp_path.glob("ratio_function*"):
        shutil.copy(file, version)
    answer = start(tmp_path / "repository").post("/models/shop/predict", {"income": 1.0, "debt": 2.0})
    assert answer.status_code == 200, answer.text
