"""The commands: predict, inspect, version, help, completion, and their exit codes."""

import csv
import io
import json
import os
import shutil
import subprocess

import pytest

from conftest import BINARY, DATA, IRIS, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"


def fixture(name, version="1.7.2"):
    case = json.loads((DATA / version / f"{name}.json").read_text())
    return DATA / version / case["file"], case


def test_help_and_version_are_printed():
    done = run("--help")
    assert done.returncode == 0
    for command in ("serve", "predict", "inspect", "version"):
        assert command in done.stdout
        assert run(command, "--help").returncode == 0
    assert run("version").stdout.startswith("slipway ")
    assert run("nonsense").returncode == 1


def test_predict_scores_csv_as_scikit_learn_does_and_passes_key_columns_through():
    done = run("predict", IRIS, FLOWERS, "--outputs", "predict,predict_proba")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    flowers = list(csv.DictReader(FLOWERS.open()))
    expected = list(csv.DictReader(FLOWERS.with_name("predictions.csv").open()))
    assert len(rows) == len(expected) == 150
    for row, flower, want in zip(rows, flowers, expected):
        assert row["species"] == flower["species"] and row["predict"] == want["predict"]
        for name in want.keys() - {"predict"}:
            assert float(row[name]) == pytest.approx(float(want[name]), rel=1e-12)


def test_predict_matches_columns_by_name_whatever_their_order(tmp_path):
    with FLOWERS.open() as source:
        rows = list(csv.DictReader(source))
    shuffled = tmp_path / "rows.csv"
    with shuffled.open("w", newline="") as out:
        writer = csv.DictWriter(out, ["petal_width", "id", "sepal_width", "petal_length", "sepal_length"])
        writer.writeheader()
        for i, row in enumerate(rows[:20]):
            writer.writerow({**{k: v for k, v in row.items() if k != "species"}, "id": f"no, {i}"})
    got = list(csv.DictReader(io.StringIO(run("predict", IRIS, shuffled).stdout)))
    assert [row["predict"] for row in got] == ["setosa"] * 20
    assert [row["id"] for row in got] == [f"no, {i}" for i in range(20)]


def test_predict_takes_json_lines_from_stdin_and_writes_json():
    lines = '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2, "id": "a"}\n' * 3
    done = run("predict", IRIS, "--output-format", "json", "--outputs", "predict,predict_proba", input=lines)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["predict"] for row in rows] == ["setosa"] * 3
    assert all(abs(sum(row["predict_proba"]) - 1) < 1e-12 for row in rows)


@pytest.mark.parametrize("text, words", [
    ("sepal_length,sepal_width\n1,2\n", ["petal_length"]),
    ("sepal_length,sepal_width,petal_length,petal_width\n1,2,three,4\n", ["petal_length", "three", "2"]),
    ("sepal_length,sepal_width,petal_length,petal_width\n1,2\n", ["2"]),
    ('{"sepal_length": 1', []),
    ("", []),
])
def test_predict_names_line_and_column_of_bad_input(text, words):
    done = run("predict", IRIS, input=text)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr


RECORDS = [{"city": "London", "temperature": 12.5, "rain": True}, {"city": "Dubai", "temperature": 33.0, "wind": 2},
           {"city": "Paris"}]


def test_predict_takes_objects_where_the_model_takes_records():
    path, case = fixture("records_logistic_text_labels")
    text = "".join(json.dumps(row[0]) + "\n" for row in case["rows"])
    done = run("predict", path, "--output-format", "json", input=text)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["predict"] for line in done.stdout.splitlines()] == case["outputs"]["predict"]["values"]


def test_predict_takes_the_columns_of_csv_as_keys_of_a_record():
    path, _ = fixture("records_plain")
    lines = "".join(json.dumps({"id": i, **row}) + "\n" for i, row in enumerate(RECORDS))
    table = "id,city,temperature,rain,wind\n0,London,12.5,true,\n1,Dubai,33.0,,2\n2,Paris,,,\n"
    by_json = run("predict", path, "--keys", "id", input=lines)
    by_csv = run("predict", path, "--keys", "id", input=table)
    assert by_json.returncode == by_csv.returncode == 0, by_json.stderr + by_csv.stderr
    assert by_json.stdout == by_csv.stdout
    rows = list(csv.DictReader(io.StringIO(by_csv.stdout)))
    assert [row["id"] for row in rows] == ["0", "1", "2"]
    assert [float(row["transform_city=London"]) for row in rows] == [1, 0, 0]
    assert [float(row["transform_temperature"]) for row in rows] == [12.5, 33, 0]


def test_inspect_says_that_rows_are_records():
    path, _ = fixture("records_logistic")
    assert "one object a row, such as {" in run("inspect", path).stdout
    described = json.loads(run("inspect", path, "--json").stdout)
    assert described["rows_are_records"] and described["columns"][0]["type"] == "record"


@pytest.mark.parametrize("name", [
    "container_dict", "container_list", "container_tuple", "container_nested", "container_bunch", "container_ordered",
    "container_with_table"])
def test_select_finds_the_model_in_a_container(name):
    path, case = fixture(name)
    text = "".join(json.dumps(row) + "\n" for row in case["rows"])
    done = run("predict", path, "--select", case["select"], "--input-format", "jsonl", "--output-format", "json", input=text)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["predict"] for line in done.stdout.splitlines()] == case["outputs"]["predict"]["values"]


def test_a_container_of_several_models_lists_them():
    path, case = fixture("container_ordered")
    found = json.loads(run("inspect", path, "--json").stdout)
    assert {model["select"] for model in found["models"]} == {"first", "second"}
    done = run("predict", path, input="1,2,3,4\n")
    assert done.returncode == 1 and "--select" in done.stderr


def test_inspect_tells_schema_and_version():
    found = json.loads(run("inspect", IRIS, "--json").stdout)
    assert found["servable"] is True and found["gaps"] == []
    assert [column["name"] for column in found["columns"]] == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert "predict_proba" in [output["name"] for output in found["outputs"]]
    text = run("inspect", IRIS).stdout
    assert "1.7.2" in text and "LogisticRegression" in text and "sha256" in text


@pytest.mark.parametrize("name, what", sorted(json.loads((DATA / "unsupported" / "expected.json").read_text()).items()))
def test_all_gaps_are_listed_at_once(name, what):
    done = run("inspect", DATA / "unsupported" / name, "--json")
    if what["expect"] == "refused":
        assert done.returncode in (1, 2)
        assert what["names"][0] in done.stdout + done.stderr
        return
    assert done.returncode in ((2,) if what["names"] else (1, 2)), done.stdout + done.stderr
    for class_name in what["names"]:
        short = class_name.rsplit(".", 1)[1]
        assert any(short in gap["class"] for gap in json.loads(done.stdout)["gaps"]), class_name
    if what["names"]:
        assert run("predict", DATA / "unsupported" / name, input="1,2,3,4\n").returncode == 2


def test_files_that_cannot_be_read_end_serve_with_the_reason(tmp_path):
    for name, make in {"missing.joblib": lambda path: None, "empty.joblib": lambda path: path.write_bytes(b""),
                       "notes.joblib": lambda path: path.write_text("hello")}.items():
        path = tmp_path / name
        make(path)
        done = run("serve", path, "--port", "0")
        assert done.returncode == 1
        assert name in done.stderr
    locked = tmp_path / "locked.joblib"
    shutil.copy(IRIS, locked)
    locked.chmod(0)
    # The superuser may read everything, unless without the capability.
    unprivileged = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run([*unprivileged, BINARY, "serve", locked, "--port", "0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "locked.joblib" in done.stderr and "ermission" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_commands(shell):
    done = run("completion", shell)
    assert done.returncode == 0 and "serve" in done.stdout and "drain-delay" in done.stdout


@pytest.mark.parametrize("flag, value, words", [
    ("--max-body", "-5", ["size", "-5"]), ("--max-body", "0", ["at least 1"]), ("--max-header", "1", ["at least 256"]),
    ("--idle-timeout", "0", ["above 0"]), ("--grace", "-1s", ["0 or more"]), ("--body-timeout", "1y", ["500ms"]),
    ("--queue-max", "0", ["from 1 to"]), ("--port", "70000", ["65535"]), ("--loops", "two", ["whole number", "two"]),
    ("--host", "", ["address"]), ("--host", "*", ["0.0.0.0"]), ("--name", "", ["empty"]), ("--access-log", "on", ["off"]),
    ("--max-body", "99999999999g", ["size"]), ("--log-level", "loud", ["debug"]), ("--access-log-sample", "2", ["1"]),
])
def test_a_wrong_value_of_a_flag_is_told_with_what_was_expected(flag, value, words):
    done = run("serve", IRIS, flag, value)
    assert done.returncode == 1
    for word in [flag, *words]:
        assert word in done.stderr


def test_a_misspelt_command_is_named():
    done = run("sevre", IRIS)
    assert done.returncode == 1 and "'sevre'" in done.stderr and "'serve'" in done.stderr


def test_a_wrong_value_is_told_with_the_place_that_it_came_from(tmp_path):
    done = subprocess.run([BINARY, "serve", IRIS], env={**os.environ, "SLIPWAY_QUEUE_MAX": "x"}, capture_output=True, text=True)
    assert done.returncode == 1 and "SLIPWAY_QUEUE_MAX" in done.stderr
    config = tmp_path / "slipway.yaml"
    config.write_text("max-body: nothing\n")
    done = run("serve", IRIS, "--config", config)
    assert done.returncode == 1 and str(config) in done.stderr
    config.write_text("port: 0\nport: 1\n")
    done = run("serve", IRIS, "--config", config)
    assert done.returncode == 1 and "line 2" in done.stderr and "twice" in done.stderr


def test_predict_leaves_the_output_file_alone_until_all_is_done(tmp_path):
    rows = tmp_path / "rows.csv"
    shutil.copy(FLOWERS, rows)
    assert run("predict", IRIS, rows, "--outputs", "nope", "--out", rows).returncode == 1
    assert rows.read_text() == FLOWERS.read_text()
    assert run("predict", IRIS, rows, "--out", rows).returncode == 0
    assert rows.read_text().startswith("species,predict\n") and len(rows.read_text().splitlines()) == 151
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_predict_takes_flags_before_the_file():
    done = run("predict", IRIS, "--outputs", "predict_proba", "--keys", "species", FLOWERS)
    assert done.returncode == 0 and done.stdout.startswith("species,predict_proba_setosa,")


def test_predict_tells_of_a_column_that_has_the_name_of_an_output():
    text = "predict,sepal_length,sepal_width,petal_length,petal_width,id\nx,5.1,3.5,1.4,0.2,7\n"
    done = run("predict", IRIS, input=text)
    assert done.stdout == "id,predict\n7,setosa\n" and "'predict'" in done.stderr
