"""Selection in `slipway train` and weights in `slipway evaluate`, beside scikit-learn, which computes what is expected
while the test runs (clients/selection_reference.py)."""

import json
import math
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import BINARY, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
REFERENCE = ROOT / "tests" / "e2e" / "clients" / "selection_reference.py"
REQUIREMENTS = ROOT / "tests" / "data" / "sklearn" / "requirements-1.9.1.txt"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("selection")
    made = subprocess.run([ROOT / "tools" / "venv", "sk", REQUIREMENTS], check=True, capture_output=True, text=True)
    told = subprocess.run([pathlib.Path(made.stdout.strip()) / "bin" / "python", "-W", "ignore", REFERENCE, folder],
                          check=True, capture_output=True, text=True, timeout=600)
    return folder, json.loads(told.stdout)


def train(table, out, *flags, timeout=300):
    done = run("train", table, "-o", out, "--json", *flags, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(table, *flags):
    done = run("train", table, "-o", os.devnull, *flags)
    assert done.returncode != 0, done.stdout
    return done.stderr


FOLD_CASES = [
    ("stratified", "cancer", "naive_bayes", []),
    ("plain", "cancer", "naive_bayes", ["--folds", "plain", "--cv", "4"]),
    ("grouped", "cancer_roles", "naive_bayes", ["--folds", "grouped", "--group", "who", "--ignore", "weight"]),
    ("stratified-grouped", "cancer_roles", "naive_bayes", ["--group", "who", "--ignore", "weight"]),
    ("time", "diabetes_roles", "linear_regression", ["--time", "day", "--ignore", "weight"]),
    ("time gap", "diabetes_roles", "linear_regression",
     ["--folds", "time", "--time", "day", "--cv", "4", "--gap", "7", "--window", "120", "--horizon", "60", "--ignore",
      "weight"]),
    ("weighted", "cancer_roles", "naive_bayes", ["--weight", "weight", "--ignore", "who"]),
    ("weighted regression", "diabetes_roles", "linear_regression",
     ["--weight", "weight", "--ignore", "day", "--scoring", "mean_absolute_error"]),
]


@pytest.mark.parametrize(("name", "table", "learner", "flags"), FOLD_CASES, ids=[case[0] for case in FOLD_CASES])
def test_folds_give_scikit_learns_scores(reference, tmp_path, name, table, learner, flags):
    folder, told = reference
    task = "regression" if "diabetes" in table else "classification"
    result = train(folder / f"{table}.csv", tmp_path / "m.slip", "--target", "target", "--task", task, "--learner",
                   learner, "--scale", "none", "--no-shuffle", *flags)
    best = result["leaderboard"][0]
    mean, deviation = told["folds"][name]
    assert math.isclose(best["mean"], mean, rel_tol=1e-9), (best, mean)
    assert math.isclose(best["deviation"], deviation, rel_tol=1e-9), (best, deviation)


def test_repeated_folds_are_as_many_means(reference, tmp_path):
    folder, told = reference
    result = train(folder / "cancer.csv", tmp_path / "m.slip", "--target", "target", "--learner", "naive_bayes",
                   "--folds", "repeated", "--repeats", "4", "--cv", "3")
    assert result["validation"] == "4 times 3-fold cross-validation"
    assert abs(result["leaderboard"][0]["mean"] - told["folds"]["stratified"][0]) < 0.02


def test_a_validation_part_and_a_test_part_are_apart(reference, tmp_path):
    folder, _ = reference
    result = train(folder / "cancer_roles.csv", tmp_path / "m.slip", "--target", "target", "--group", "who",
                   "--learner", "naive_bayes,decision_tree", "--validation", "0.25", "--test", "0.2", "--ignore", "weight")
    assert "validation part" in result["validation"]
    assert result["model"]["metrics_of"] == "rows that were kept back"
    assert result["model"]["metrics"]["accuracy"] > 0.85
    assert all(entry["deviation"] == 0 for entry in result["leaderboard"])


@pytest.mark.parametrize(("flags", "said"), [
    (["--folds", "grouped"], "--group COLUMN"),
    (["--folds", "time"], "--time COLUMN"),
    (["--folds", "plain", "--group", "species"], "--group goes with"),
    (["--group", "speces"], "did you mean 'species'"),
    (["--time", "species"], "is the target"),
    (["--weight", "nothing"], "no column 'nothing'"),
    (["--gap", "3"], "folds by time"),
    (["--folds", "repeated", "--no-shuffle"], "shuffled"),
    (["--validation", "0.5", "--test", "0.5"], "below 1"),
    (["--validation", "0.5", "--cv", "3"], "--cv"),
    (["--weight", "sepal_width", "--learner", "knn"], "no use for weights"),
    (["--learners", "auto,knn"], "stands alone"),
    (["--learners", "auto", "--param", "C=1"], "leave --param out"),
    (["--halving", "--resource", "n_estimators", "--learner", "knn"], "no hyperparameter 'n_estimators'"),
    (["--halving", "--resource", "n_neighbors", "--learner", "knn", "--param", "n_neighbors=1,2"], "cannot be searched"),
    (["--halving", "--resource", "n_estimators", "--learner", "random_forest"], "max_resources"),
    (["--halving", "--min-resources", "few"], "exhaust, smallest"),
    (["--factor", "2"], "--halving"),
    (["--budget", "soon"], "--budget"),
])
def test_what_is_wrong_is_said_before_any_fit(flags, said):
    assert said in refused(FLOWERS, "--target", "species", *flags)


def test_groups_and_classes_that_are_too_few_are_told(tmp_path):
    rows = "".join(f"{i},{i % 3},{'x' if i < 27 else 'y'},{i}\n" for i in range(30))
    table = tmp_path / "t.csv"
    table.write_text("a,who,kind,day\n" + rows)
    assert "groups" in refused(table, "--target", "kind", "--group", "who", "--folds", "grouped")
    assert "trains on no row of the class 'y'" in refused(table, "--target", "kind", "--time", "day", "--cv", "3")


@pytest.mark.parametrize("name", ["exhaust", "smallest", "estimators"])
def test_halving_has_scikit_learns_rounds(reference, tmp_path, name):
    folder, told = reference
    flags = {
        "exhaust": ["--learner", "knn", "--param", "n_neighbors=" + ",".join(map(str, range(1, 28)))],
        "smallest": ["--learner", "knn", "--param", "n_neighbors=" + ",".join(map(str, range(1, 28))), "--factor", "2",
                     "--min-resources", "70", "--max-resources", "400"],
        "estimators": ["--learner", "random_forest", "--param", "max_depth=1,2,3,4", "--param",
                       "max_features=0.3,0.6,1.0", "--resource", "n_estimators", "--max-resources", "18", "--cv", "3"],
    }[name]
    result = train(folder / "cancer.csv", tmp_path / "m.slip", "--target", "target", "--halving", *flags)
    rounds = [[entry["candidates"], entry["resources"]] for entry in result["rounds"]]
    assert rounds == told["rounds"][name]
    last = len(rounds) - 1
    assert result["leaderboard"][0]["round"] == last
    assert sum(entry["round"] == last for entry in result["leaderboard"]) == rounds[-1][0]
    if name == "estimators":
        assert result["model"]["parameters"]["n_estimators"] == str(rounds[-1][1])


def test_a_search_file_says_what_is_tried(tmp_path):
    search = tmp_path / "search.yaml"
    search.write_text("""
kind: random
draws: 12
learners:
  logistic_regression: {C: {log: [0.001, 100]}, penalty: [l1, l2]}
  knn:
    - {n_neighbors: {int: [1, 9]}, weights: uniform}
    - {n_neighbors: {log_int: [1, 40]}, weights: distance}
  random_forest: {n_estimators: 20, max_features: {uniform: [0.2, 1.0]}, max_depth: [3, none]}
  naive_bayes:
preparation:
  scale: [standard, robust]
""")
    result = train(FLOWERS, tmp_path / "m.slip", "--target", "species", "--search", search)
    tried = {entry["learner"]: entry["tried"] for entry in result["learners"]}
    assert tried == {"logistic_regression": 12, "knn": 12, "random_forest": 12, "naive_bayes": 2}
    for entry in result["leaderboard"]:
        assert entry["preparation"]["scale"] in ("standard", "robust")
        if entry["learner"] == "logistic_regression":
            assert 0.001 <= float(entry["parameters"]["C"]) <= 100 and entry["parameters"]["penalty"] in ("l1", "l2")
        if entry["learner"] == "random_forest":
            assert 0.2 <= float(entry["parameters"]["max_features"]) <= 1 and entry["parameters"]["n_estimators"] == "20"
    again = train(FLOWERS, tmp_path / "n.slip", "--target", "species", "--search", search, "--threads", 1)
    assert (tmp_path / "m.slip").read_bytes() == (tmp_path / "n.slip").read_bytes()
    assert [entry["mean"] for entry in again["leaderboard"]] == [entry["mean"] for entry in result["leaderboard"]]
    # One preparation that cannot be leaves the others.
    search.write_text("learners: [multinomial_nb]\npreparation: {scale: [none, standard]}\n")
    some = train(FLOWERS, tmp_path / "m.slip", "--target", "species", "--search", search)
    assert [entry["preparation"]["scale"] for entry in some["leaderboard"]] == ["none"]
    assert len(some["failed"]) == 1 and "scale=standard" in some["failed"][0]["candidate"]
    search.write_text("kind: halving\nlearners: {knn: {n_neighbors: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}\nfactor: 3\n")
    halved = train(FLOWERS, tmp_path / "m.slip", "--target", "species", "--search", search)
    assert [entry["candidates"] for entry in halved["rounds"]] == [9, 3]


@pytest.mark.parametrize(("content", "said"), [
    ("learners: [knn", "line 1"),
    ("[]", "line 1: expected learners"),
    ("learners: 3", "line 1: learners: expected names"),
    ("learner: {knn: }", "line 1: there is no 'learner'; did you mean learners?"),
    ("kind: best\nlearners: [knn]", "line 1: kind: expected grid, random or halving"),
    ("learners:\n  knn: 3", "line 2: knn: expected hyperparameters"),
    ("learners:\n  knn:\n    n_neighbors: {log: [0, 3]}", "line 3: knn: n_neighbors: a range of logarithms lies above 0"),
    ("learners:\n  knn:\n    n_neighbors: {int: [1]}", "line 3: knn: n_neighbors: expected [LOW, HIGH]"),
    ("learners:\n  knn:\n    n_neighbors: {between: [1, 2]}", "got 'between'"),
    ("learners:\n  knn:\n    n_neighbors: []", "line 3"),
    ("learners:\n  knn:\n    n_neighbors: [[1]]", "line 3: knn: n_neighbors: expected a number or a word"),
    ("learners:\n  knn:\n    n_neighbors: {int: [1, 9]}", "n_neighbors is a range: say how many"),
    ("learners:\n  knn:\n    neighbors: [1]", "knn has no hyperparameter 'neighbors'"),
    ("learners:\n  kn:\n    n_neighbors: [1]", "did you mean knn?"),
    ("learners: [knn, knn]", "knn stands there twice"),
    ("draws: 5\nlearners: [knn]", "line 1: draws go with kind: random"),
    ("draws: many\nkind: random\nlearners: [knn]", "line 1: draws: expected a number, got 'many'"),
    ("learners: [knn]\nfactor: 3", "line 2: factor goes with kind: halving"),
    ("kind: halving\nfactor: 1\nlearners: [knn]", "line 2: factor: expected a number above 1"),
    ("kind: halving\nmin_resources: none\nlearners: [knn]", "line 2: min_resources"),
    ("learners: [knn]\npreparation: {scale: [huge]}", "preparation: scale: expected none, standard"),
    ("learners: [knn]\npreparation: {scales: [none]}", "did you mean scale?"),
    ("learners: " + "[" * 500 + "]" * 500, "line 1: nested too deeply"),
    ("- " * 2000 + "x", "line 1: nested too deeply"),
    ("learners: &a [*a]", "line 1"),
    ("x" * (1 << 20) + "x", "at most 1048576 bytes"),
])
def test_a_search_file_that_is_wrong_is_told_with_its_line(tmp_path, content, said):
    search = tmp_path / "search.yaml"
    search.write_text(content)
    message = refused(FLOWERS, "--target", "species", "--search", search)
    assert "search.yaml" in message or "slipway: " in message
    assert said in message, message


@pytest.fixture
def large(tmp_path):
    rows = "".join(f"{i * 13 % 101},{i * 7 % 89},{i * 3 % 17},{'x' if i * 13 % 101 + i % 7 > 50 else 'y'}\n"
                   for i in range(3000))
    table = tmp_path / "large.csv"
    table.write_text("a,b,c,kind\n" + rows)
    return table


SEARCH = ["--learner", "naive_bayes,random_forest", "--param", "n_estimators=" + ",".join(map(str, range(20, 220, 10))),
          "--seed", "3"]


def killed_search(table, folder, *flags):
    """A search that is killed as soon as its journal has a few results; the journal."""
    process = subprocess.Popen([BINARY, "train", table, "--target", "kind", "-o", folder / "killed.slip", *SEARCH, *flags],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "SLIPWAY_HOME": str(folder / "home")})
    named = [pathlib.Path(flags[i + 1]) for i, flag in enumerate(flags) if flag == "--journal"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = named or list((folder / "home" / "searches").glob("*.jsonl"))
        if found and found[0].exists() and found[0].read_bytes().count(b"\n") > 12:
            break
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert not (folder / "killed.slip").exists()
    return found[0]


def resumed(table, folder, *flags):
    return run("train", table, "--target", "kind", "-o", folder / "resumed.slip", "--json", *SEARCH, *flags, timeout=300,
               env={**os.environ, "SLIPWAY_HOME": str(folder / "home")})


@pytest.mark.parametrize("is_named", [False, True])
def test_a_killed_search_goes_on_and_comes_to_the_same_bytes(large, tmp_path, is_named):
    flags = ["--journal", str(tmp_path / "search.jsonl")] if is_named else []
    journal = killed_search(large, tmp_path, *flags)
    known = journal.read_bytes().count(b"\n") - 1
    with journal.open("ab") as file:
        file.write(b'{"key":"torn')  # what a power cut leaves of a line
    done = resumed(large, tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    assert f"{known} results of an earlier search" in done.stderr
    whole = run("train", large, "--target", "kind", "-o", tmp_path / "whole.slip", "--json", *SEARCH, "--no-journal",
                timeout=300)
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "resumed.slip").read_bytes() == (tmp_path / "whole.slip").read_bytes()
    one, other = json.loads(done.stdout)["leaderboard"], json.loads(whole.stdout)["leaderboard"]
    assert len(one) == len(other) == 21
    for entry, expected in zip(one, other):
        assert entry["metrics"] == expected["metrics"] and entry["parameters"] == expected["parameters"]
    # One that was named stays for searches to come, another has done its work.
    assert journal.exists() == is_named
    if is_named:
        again = resumed(large, tmp_path, *flags)
        assert f"{21 * 5} results" in again.stderr


def test_a_journal_of_other_things_is_refused(large, tmp_path):
    journal = tmp_path / "search.jsonl"
    table = tmp_path / "small.csv"
    table.write_text("a,kind\n" + "".join(f"{i},{'x' if i % 2 else 'y'}\n" for i in range(30)))
    flags = ["--learner", "naive_bayes", "--journal", journal]
    train(table, tmp_path / "m.slip", "--target", "kind", *flags)
    lines = journal.read_text().splitlines()
    assert len(lines) == 6 and json.loads(lines[0])["data"]
    assert "is the journal of another table" in refused(large, "--target", "kind", *flags)
    journal.write_text("a,b\n1,2\n")
    assert "is no journal of a search" in refused(table, "--target", "kind", *flags)
    assert journal.read_text() == "a,b\n1,2\n", "another's file is left as it is"
    for hostile in (b"\n\n\n", lines[0].encode() + b"\n" + b"[" * 10000 + b"\n{}\n\xff\xfe\n" + b'{"key":1}\n'):
        journal.write_bytes(hostile)
        done = run("train", table, "-o", tmp_path / "n.slip", "--target", "kind", *flags)
        assert done.returncode in (0, 1), done.stderr
    assert (tmp_path / "m.slip").read_bytes() == (tmp_path / "n.slip").read_bytes()


def test_no_journal_and_no_record_write_nothing(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "SLIPWAY_HOME"}
    done = run("train", FLOWERS, "--target", "species", "-o", tmp_path / "m.slip", "--learner", "knn", "--no-record",
               cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m.slip"]


@pytest.mark.parametrize("load", ["load_iris", "load_wine", "load_breast_cancer", "load_digits", "load_diabetes"])
def test_the_portfolio_is_as_good_as_scikit_learns_defaults(reference, tmp_path, load):
    folder, told = reference
    task = "regression" if load == "load_diabetes" else "classification"
    began = time.monotonic()
    result = train(folder / f"{load}.csv", tmp_path / "m.slip", "--target", "target", "--task", task, "--learners", "auto",
                   "--budget", "15s")
    seconds = time.monotonic() - began
    mean, error = told["defaults"][load]
    assert result["leaderboard"][0]["mean"] >= mean - error, (result["learners"], mean, error)
    assert not result["stopped"] and len(result["learners"]) >= 4
    assert [entry["mean"] for entry in result["learners"]] == sorted(
        (entry["mean"] for entry in result["learners"]), reverse=True)
    assert seconds < 60, "the budget is for the search; then the best is fitted and written"


def test_the_portfolio_with_draws_gives_the_same_each_time(tmp_path):
    for name, threads in (("a", 1), ("b", 2)):
        train(FLOWERS, tmp_path / f"{name}.slip", "--target", "species", "--learners", "auto", "--draws", "12",
              "--threads", threads)
    assert (tmp_path / "a.slip").read_bytes() == (tmp_path / "b.slip").read_bytes()


@pytest.mark.parametrize(("model", "table", "kind"), [("cancer", "cancer_roles", "binary"),
                                                      ("diabetes", "diabetes_roles", "regression")])
def test_weighted_metrics_are_scikit_learns(reference, model, table, kind):
    folder, told = reference
    done = run("evaluate", folder / f"{model}.joblib", folder / f"{table}.csv", "--target", "target", "--weight", "weight",
               "--keys", "who" if kind == "binary" else "day", "--bootstrap", "0", "--importance", "--repeats", "1",
               "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["metrics"].keys() == told[kind].keys()
    for name, expected in told[kind].items():
        got = result["metrics"][name]["value"]
        assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-9), (name, got, expected)


def test_weights_that_are_none_are_told(reference, tmp_path):
    folder, _ = reference
    table = tmp_path / "t.csv"
    header, *rows = (folder / "cancer.csv").read_text().splitlines()
    for weight, said in (("-1", "got -1 in row 3"), ("", "got nothing in row 3"), ("much", "holds texts")):
        table.write_text("\n".join([header + ",w", *(f"{row},{weight if i == 2 else 1}" for i, row in enumerate(rows))]))
        done = run("evaluate", folder / "cancer.joblib", table, "--target", "target", "--weight", "w")
        assert done.returncode == 1 and said in done.stderr, done.stderr
