"""`slipway evaluate` against scikit-learn: models, answers and metrics are computed by scikit-learn while the test runs
(clients/evaluation/make_cases.py, in an environment of its own), and each number must be the same to 1e-9."""

import csv
import json
import math
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import pyarrow.csv
import pyarrow.parquet
import pytest

from conftest import IRIS, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
MAKER = ROOT / "tests" / "e2e" / "clients" / "evaluation" / "make_cases.py"
REQUIREMENTS = ROOT / "tests" / "data" / "sklearn" / "requirements-1.9.1.txt"


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    made = subprocess.run([ROOT / "tools" / "venv", "sk", REQUIREMENTS], check=True, capture_output=True, text=True,
                          timeout=1200)
    subprocess.run([os.path.join(made.stdout.strip(), "bin", "python"), MAKER, folder, ROOT / "tests" / "data"],
                   check=True, timeout=300)
    return folder, json.loads((folder / "cases.json").read_text())


def evaluate(*arguments):
    done = run("evaluate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def evaluate_case(folder, case, *arguments):
    return evaluate(folder / case["model"], folder / case["data"], "--target", case["target"],
                    *case.get("arguments", ()), *arguments)


def assert_same(got, expected, what, tolerance=1e-9):
    if isinstance(expected, list):
        assert len(got) == len(expected), what
        for one, other in zip(got, expected):
            assert_same(one, other, what, tolerance)
    elif expected is None:
        assert got is None, what
    else:
        assert got is not None and math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance), (
            what, got, expected)


def values(metrics):
    return {name: metric["value"] for name, metric in metrics.items()}


def assert_metrics(got, expected, what, tolerance=1e-9):
    assert got.keys() == expected.keys(), what
    for name, value in expected.items():
        assert_same(got[name], value, (what, name), tolerance)


def refused(*arguments):
    done = run("evaluate", *arguments)
    assert done.returncode == 1 and done.stdout == "", done.stdout
    return done.stderr


def test_every_metric_is_scikit_learns(cases):
    folder, made = cases
    assert len(made["cases"]) >= 24
    for name, case in made["cases"].items():
        got = evaluate_case(folder, case, "--bootstrap", "0")
        expected = case["expected"]
        assert_metrics(values(got["metrics"]), expected["metrics"], name)
        if "confusion" in expected:
            assert_same(got["confusion"], expected["confusion"], name)


def test_models_of_other_libraries_are_judged_by_their_own_answers(cases):
    """The tolerance is that of the library's numbers: ONNX Runtime's are float32."""
    folder, made = cases
    assert len(made["foreign"]) == 4
    for name, case in made["foreign"].items():
        got = evaluate_case(folder, case, "--bootstrap", "0")
        assert_metrics(values(got["metrics"]), case["expected"]["metrics"], name, case["tolerance"])


def test_every_curve_is_scikit_learns(cases):
    folder, made = cases
    compared = 0
    for name, case in made["cases"].items():
        if "curves" not in case["expected"]:
            continue
        got = evaluate_case(folder, case, "--bootstrap", "0")["curves"]
        assert len(got) == len(case["expected"]["curves"])
        for curve, expected in zip(got, case["expected"]["curves"]):
            roc, pr = expected["roc"], expected["precision_recall"]
            assert_same([curve["roc"][key] for key in ("false_positive_rate", "true_positive_rate")], roc[:2], name)
            assert_same([curve["precision_recall"][key] for key in ("precision", "recall")], pr, name)
            for strategy, (observed, predicted) in expected["calibration"].items():
                assert_same(curve["calibration"][strategy]["observed"], observed, (name, strategy))
                assert_same(curve["calibration"][strategy]["predicted"], predicted, (name, strategy))
            compared += 1
    assert compared > 30


def test_slices_are_metrics_of_their_rows(cases):
    folder, made = cases
    case = made["slices"]
    got = evaluate_case(folder, case, "--slice", "clinic", "--slice", "stage", "--bootstrap", "0")["slices"]
    found = {f"{one['column']}={one['value']}": one for one in got}
    assert found.keys() == case["expected"].keys()
    for key, expected in case["expected"].items():
        assert found[key]["rows"] == expected["rows"]
        assert_metrics(found[key]["metrics"], expected["metrics"], key)


def test_intervals_are_those_of_numpys_bootstrap(cases):
    folder, made = cases
    case = made["bootstrap"]
    got = evaluate_case(folder, case, "--bootstrap", "4000")["metrics"]
    for name, (lower, upper) in case["expected"].items():
        width = upper - lower
        assert abs(got[name]["lower"] - lower) < 0.06 * width, name
        assert abs(got[name]["upper"] - upper) < 0.06 * width, name


def test_the_seed_decides_and_the_threads_do_not(cases):
    folder, made = cases
    case = made["cases"]["cancer_logistic"]
    options = ("--bootstrap", "50", "--importance", "--split", "stratified=0.3")
    one = evaluate_case(folder, case, *options, "--seed", "3", "--threads", "1")
    assert one == evaluate_case(folder, case, *options, "--seed", "3", "--threads", "4")
    other = evaluate_case(folder, case, *options, "--seed", "4")
    assert other["metrics"] != one["metrics"] and other["importance"] != one["importance"]


def test_importance_agrees_with_scikit_learns_and_what_is_unused_has_none(cases):
    folder, made = cases
    case = made["importance"]
    got = evaluate_case(folder, case, "--importance", "--repeats", "30", "--bootstrap", "0")["importance"]
    assert got["metric"] == "accuracy"
    found = {one["feature"]: one for one in got["features"]}
    assert found.keys() == case["expected"].keys()
    assert found[case["unused"]]["drops"] == [0] * 30
    for name, (mean, deviation) in case["expected"].items():
        # Both means have 30 repeats: their difference is within five of its standard errors.
        assert abs(found[name]["mean"] - mean) <= 5 * deviation * math.sqrt(2 / 30) + 1e-12, name
        assert math.isclose(found[name]["mean"], sum(found[name]["drops"]) / 30, abs_tol=1e-12)
    means = [one["mean"] for one in got["features"]]
    assert means == sorted(means, reverse=True)


def test_parquet_and_json_lines_give_what_csv_gives(tmp_path):
    expected = evaluate(IRIS, FLOWERS)["metrics"]
    parquet = tmp_path / "iris.parquet"
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(FLOWERS), parquet)
    assert evaluate(IRIS, parquet)["metrics"] == expected
    lines = tmp_path / "iris.jsonl"
    rows = [{key: value if key == "species" else float(value) for key, value in row.items()}
            for row in csv.DictReader(FLOWERS.open())]
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert evaluate(IRIS, lines)["metrics"] == expected


def test_the_target_is_the_only_column_that_is_no_feature(tmp_path):
    assert evaluate(IRIS, FLOWERS)["target"] == "species"
    wider = tmp_path / "wider.csv"
    text = FLOWERS.read_text().splitlines()
    wider.write_text("\n".join([text[0] + ",id"] + [f"{line},{i}" for i, line in enumerate(text[1:])]) + "\n")
    assert "Say --target COLUMN, one of: species, id" in refused(IRIS, wider)
    assert evaluate(IRIS, wider, "--keys", "id")["target"] == "species"
    assert evaluate(IRIS, wider, "--target", "species")["rows"] == 150


def test_splits_choose_rows(tmp_path):
    assert evaluate(IRIS, FLOWERS, "--split", "holdout=0.2")["rows"] == 30
    stratified = evaluate(IRIS, FLOWERS, "--split", "stratified=0.2")
    assert [one["support"] for one in stratified["per_class"]] == [10, 10, 10]
    text = FLOWERS.read_text().splitlines()
    data = tmp_path / "data.csv"
    data.write_text("\n".join([text[0] + ",who,day"] + [
        f"{line},p{i % 10},2024-01-{1 + i % 25:02}" for i, line in enumerate(text[1:])]) + "\n")
    target = ("--target", "species")
    grouped = evaluate(IRIS, data, *target, "--split", "grouped=0.3", "--group", "who", "--slice", "who")
    assert [one["rows"] for one in grouped["slices"]] == [15, 15, 15]
    by_time = evaluate(IRIS, data, *target, "--split", "time=0.2", "--time", "day", "--slice", "day")
    assert sorted(one["value"][:10] for one in by_time["slices"]) == [f"2024-01-{day}" for day in range(21, 26)]
    assert "needs --group" in refused(IRIS, data, *target, "--split", "grouped=0.3")
    assert "column 'who' holds texts" in refused(IRIS, data, *target, "--split", "time=0.3", "--time", "who")
    assert "got 'thirds'" in refused(IRIS, FLOWERS, "--split", "thirds")
    assert "got '1/3'" in refused(IRIS, FLOWERS, "--split", "holdout=1/3")
    assert "between 0 and 1" in refused(IRIS, FLOWERS, "--split", "holdout=2")


def write(path, text):
    path.write_text(text)
    return path


def test_errors_are_clear_and_early(tmp_path):
    text = FLOWERS.read_text()
    head, *rows = text.splitlines()
    unknown = write(tmp_path / "unknown.csv", text.replace("virginica", "tulip", 7).replace("setosa", "rose", 2))
    message = refused(IRIS, unknown)
    assert "column 'species': 9 of 150 rows have a label that the model does not know: 'rose' (2), 'tulip' (7)" in message
    assert "its classes: setosa, versicolor, virginica" in message
    evil = refused(IRIS, write(tmp_path / "evil.csv", text.replace("setosa", "\x1b[31m" + "é" * 100_000, 1)))
    assert "\x1b" not in evil and len(evil) < 1000
    assert "no column 'specie' for the target (there is 'species')" in refused(IRIS, FLOWERS, "--target", "specie")
    assert "no column 'nowhere' for the slices" in refused(IRIS, FLOWERS, "--slice", "nowhere")
    empty_target = write(tmp_path / "e.csv", "\n".join([head] + [row.rsplit(",", 1)[0] + "," for row in rows]))
    assert "column 'species', the target, has no values" in refused(IRIS, empty_target, "--target", "species")
    gone = write(tmp_path / "g.csv", "\n".join([head] + ["," + row.split(",", 1)[1] for row in rows]))
    assert "column 'sepal_length', a feature of the model, has no values" in refused(IRIS, gone)
    assert "no rows" in refused(IRIS, write(tmp_path / "h.csv", head + "\n"))
    assert refused(IRIS, write(tmp_path / "z.csv", ""))
    missing = write(tmp_path / "m.csv", "\n".join([head.replace("petal_width", "x")] + rows))
    assert "petal_width" in refused(IRIS, missing, "--target", "species")
    ragged = write(tmp_path / "r.csv", "\n".join([head] + rows[:3] + ["1,2"]))
    assert "line 5" in refused(IRIS, ragged)
    assert "--positive is for two classes, the model has 3" in refused(IRIS, FLOWERS, "--positive", "setosa")
    assert "--threshold needs" in refused(IRIS, FLOWERS, "--threshold", "0.5")
    assert "cannot" in refused(tmp_path / "nowhere.joblib", FLOWERS)
    assert refused(IRIS, tmp_path / "nowhere.csv")


def test_rows_without_target_are_left_out_and_counted(tmp_path):
    head, *rows = FLOWERS.read_text().splitlines()
    data = write(tmp_path / "d.csv", "\n".join([head] + rows[:100] + [row.rsplit(",", 1)[0] + "," for row in rows[100:]]))
    got = evaluate(IRIS, data)
    assert (got["rows"], got["rows_read"], got["rows_without_target"]) == (100, 150, 50)
    assert got["notes"] == ["50 rows have no value of the target and are left out"]
    assert got["metrics"]["roc_auc_ovr"]["value"] is None  # a class without rows


def parsed_page(path):
    page = path.read_text()
    for word in ("<script", "http:", "https:", "url(", "@import", "src=", "href=", "NaN", "nan,"):
        assert word not in page, word
    return page, ElementTree.fromstring(page.replace("<!DOCTYPE html>", ""))


def test_the_report_stands_alone_and_is_well_formed(cases, tmp_path):
    folder, made = cases
    charts = {"cancer_logistic": 6, "digits_neighbours": 6, "digits_linear_svc": 2, "diabetes_ridge": 3}
    for name, count in charts.items():
        case = made["cases"][name]
        evaluate_case(folder, case, "--html", tmp_path / "report.html", "--bootstrap", "20")
        page, root = parsed_page(tmp_path / "report.html")
        assert len(root.findall(".//svg")) == count, name
        assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in root.iter("svg"))
        assert case["model"] in page and "prefers-color-scheme" in page


def test_hostile_names_stay_text(tmp_path):
    head, *rows = FLOWERS.read_text().splitlines()
    name = "</td><script>alert(1)</script>"
    data = write(tmp_path / "x.csv", "\n".join(
        [f'{head},"{name}"'] + [f'{row},"\x1b[31m<img src=x onerror=y>{i % 2}"' for i, row in enumerate(rows)]))
    done = run("evaluate", IRIS, data, "--target", "species", "--slice", name, "--html", tmp_path / "x.html")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    root = ElementTree.fromstring((tmp_path / "x.html").read_text().replace("<!DOCTYPE html>", ""))
    assert not list(root.iter("script")) and not list(root.iter("img"))
    assert any(name == cell.text for cell in root.iter("td"))


def test_the_table_shows_what_matters():
    done = run("evaluate", IRIS, FLOWERS, "--importance", "--slice", "petal_width")
    assert done.returncode == 0
    for words in ("accuracy", "95 % interval", "true \\ predicted", "petal_width = ", "accuracy lost", "versicolor"):
        assert words in done.stdout
