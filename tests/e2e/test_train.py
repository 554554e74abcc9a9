"""`slipway train`: from a table to a bundle that is served, beside scikit-learn on its own data sets."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import tarfile
import time

import pytest

from conftest import BINARY, ROOT, run

FLOWERS = ROOT / "examples" / "iris" / "iris.csv"
REQUIREMENTS = ROOT / "tests" / "data" / "sklearn" / "requirements-1.9.1.txt"

# The table of a data set with the mean and standard deviation of scikit-learn's scores, 5 folds.
REFERENCE = """
import json, sys
import numpy as np
from sklearn import datasets, ensemble, linear_model, naive_bayes, neighbors, svm, tree
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
load, estimator, scaled, path = sys.argv[1:]
data = getattr(datasets, load)()
model = eval(estimator)
if scaled == "scaled":
    model = make_pipeline(StandardScaler(), model)
names = [f"c{i}" for i in range(data.data.shape[1])] + ["target"]
np.savetxt(path, np.column_stack([data.data, data.target]), delimiter=",", header=",".join(names), comments="", fmt="%.17g")
folds = KFold if load == "load_diabetes" else StratifiedKFold
scores = np.concatenate([cross_val_score(model, data.data, data.target, cv=folds(5, shuffle=True, random_state=i))
                         for i in range(3)])
print(json.dumps([scores.mean(), scores.std() / np.sqrt(5), len(data.target)]))
"""

CASES = [
    ("load_iris", "linear_model.LogisticRegression()", "scaled", "logistic_regression", []),
    ("load_wine", "linear_model.LogisticRegression(C=0.1)", "scaled", "logistic_regression", ["C=0.1"]),
    ("load_breast_cancer", "ensemble.RandomForestClassifier(random_state=0)", "raw", "random_forest", []),
    ("load_breast_cancer", "neighbors.KNeighborsClassifier(7)", "scaled", "knn", ["n_neighbors=7"]),
    ("load_wine", "naive_bayes.GaussianNB()", "raw", "naive_bayes", []),
    ("load_iris", "tree.DecisionTreeClassifier(max_depth=3, random_state=0)", "raw", "decision_tree", ["max_depth=3"]),
    ("load_breast_cancer", "svm.SVC()", "scaled", "svc", []),
    ("load_diabetes", "linear_model.Ridge(alpha=0.1)", "scaled", "ridge", ["alpha=0.1"]),
    ("load_diabetes", "linear_model.Lasso(alpha=0.5)", "scaled", "lasso", ["alpha=0.5"]),
    ("load_diabetes", "ensemble.RandomForestRegressor(random_state=0)", "raw", "random_forest", []),
]


@pytest.fixture(scope="module")
def python():
    made = subprocess.run([ROOT / "tools" / "venv", "sk", REQUIREMENTS], check=True, capture_output=True, text=True)
    return pathlib.Path(made.stdout.strip()) / "bin" / "python"


def train(table, out, *flags):
    done = run("train", table, "-o", out, "--json", *flags, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write_table(path, rows, header):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def shop(tmp_path):
    """Numbers with gaps, categories, truth values."""
    rows = []
    for i in range(300):
        visits, city = i * 7 % 23, ["London", "Paris", "Rome, old", ""][i * 5 % 4]
        member = i % 3 == 0
        score = visits + (6 if member else 0) + (4 if city == "Paris" else 0) + i * 31 % 5
        rows.append(["" if i % 11 == 0 else 20 + i % 40, city, "true" if member else "false", visits,
                     "yes" if score > 15 else "no"])
    return write_table(tmp_path / "shop.csv", rows, ["age", "city", "member", "visits", "bought"])


@pytest.mark.parametrize(("load", "estimator", "scaled", "learner", "params"), CASES)
def test_scores_are_scikit_learns(python, tmp_path, load, estimator, scaled, learner, params):
    table = tmp_path / "table.csv"
    out = subprocess.run([python, "-c", REFERENCE, load, estimator, scaled, table], check=True, capture_output=True,
                         text=True).stdout
    mean, error, rows = json.loads(out)
    task = "regression" if load == "load_diabetes" else "classification"
    flags = [flag for param in params for flag in ("--param", param)]
    scale = "standard" if scaled == "scaled" else "none"
    scores = []
    for seed in range(3):
        result = train(table, tmp_path / "model.slip", "--target", "target", "--task", task, "--learner", learner,
                       "--scale", scale, "--seed", seed, *flags)
        scores.append(result["leaderboard"][0]["mean"])
    # Folds are drawn by other generators: two rows more or less are no difference.
    assert abs(sum(scores) / 3 - mean) <= max(error, 2 / rows), (scores, mean, error)


def test_a_table_becomes_a_model_that_answers(shop, tmp_path, start):
    result = train(shop, tmp_path / "shop.slip", "--target", "bought", "--test", "0.25")
    assert len(result["leaderboard"]) == 5 and result["task"] == "classification"
    assert result["model"]["metrics"]["accuracy"] > 0.85
    server = start(tmp_path / "shop.slip")
    rows = [{"age": 30, "city": "Paris", "member": True, "visits": 22},
            {"age": None, "city": None, "member": False, "visits": 0},
            {"age": 55.5, "city": "a city that was not there", "member": 1, "visits": 3}]
    answer = server.post("/predict", {"instances": rows}).json()
    assert answer["prediction"] == ["yes", "no", "no"]
    (tmp_path / "rows.csv").write_text("age,city,member,visits\n30,Paris,true,22\n,,false,0\n55.5,elsewhere,true,3\n")
    told = run("predict", tmp_path / "shop.slip", tmp_path / "rows.csv").stdout.split()
    assert told == ["predict", "yes", "no", "no"]
    judged = json.loads(run("evaluate", tmp_path / "shop.slip", shop, "--target", "bought", "--json").stdout)
    assert judged
    with tarfile.open(tmp_path / "shop.slip") as tar:
        manifest = json.load(tar.extractfile("slipway.json"))
    inputs = {column["name"]: column for column in manifest["inputs"]}
    assert inputs["visits"] == {"name": "visits", "type": "number", "missing": 0, "min": 0, "max": 22}
    assert inputs["city"]["categories"] == ["London", "Paris", "Rome, old"] and inputs["age"]["missing"] > 0
    assert manifest["training_data"]["target"] == "bought"


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(shop, tmp_path):
    bundles = []
    for number, threads in enumerate((1, 2, 2)):
        out = tmp_path / f"{number}.slip"
        train(shop, out, "--target", "bought", "--threads", threads, "--seed", 5)
        bundles.append(out.read_bytes())
    assert bundles[0] == bundles[1] == bundles[2]


def test_a_grid_is_tried_and_the_best_comes_first(shop, tmp_path):
    result = train(shop, tmp_path / "m.slip", "--target", "bought", "--learner", "logistic_regression", "--param",
                   "C=0.0001,0.1,10", "--param", "penalty=l2,l1", "--scoring", "log_loss")
    means = [entry["mean"] for entry in result["leaderboard"]]
    assert len(means) == 6 and means == sorted(means), "less loss is better"
    drawn = train(shop, tmp_path / "m.slip", "--target", "bought", "--learner", "knn", "--param",
                  "n_neighbors=1,2,3,4,5,6", "--draws", "2")
    assert len(drawn["leaderboard"]) == 2


@pytest.mark.parametrize(("content", "flags", "said"), [
    ("a,b\n1,2\n3\n", (), "line 3"),
    ("a,b\n1,x\n2,x\n", (), "one class only"),
    ("a,b\n1,x\n2,y\n", ("--target", "c"), "no column 'c'"),
    ("a,b\n1,x\n2,y\n3,x\n", (), "fewer rows than folds"),
    ("a,b\n1,\n2,\n", (), "no value"),
    ("a,b\n,x\n,y\n", (), "no column is left"),
    ("a,b\n1,x\n2,y\n", ("--scoring", "rmse"), "no metric 'rmse'"),
    ("a,b\n" + 5 * "1,x\n2,y\n", ("--learner", "logistic"), "no learner 'logistic'"),
    ("a,b\n" + 5 * "1,x\n2,y\n", ("--learner", "knn", "--param", "n_neighbors=no"), "n_neighbors"),
    ("a,b\n" + 5 * "1,x\n2,y\n", ("--param", "nonsense=1"), "nonsense"),
    ("a,b\n" + 5 * "1,x\n2,y\n" + "3,z\n", (), "the class 'z' of 'b' has 1 row, fewer than the 5 folds"),
    ("a,b\n" + 5 * "1,x\n2,y\n" + "inf,x\n", (), "column 'a' is infinite in row 10 (from 0)"),
    ("a,b\n" + 5 * "1,2\n2,4.5\n" + "3,-inf\n", (), "column 'b' is infinite in row 10 (from 0)"),
    ("", (), "table.csv"),
])
def test_what_is_wrong_is_said_at_once(tmp_path, content, flags, said):
    table = tmp_path / "table.csv"
    table.write_text(content)
    target = () if "--target" in flags else ("--target", "b")
    done = run("train", table, "-o", tmp_path / "out.slip", *target, *flags)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert not (tmp_path / "out.slip").exists()


def test_ctrl_c_keeps_the_best_so_far(tmp_path):
    rows = [[i * 13 % 101, i * 7 % 89, i * 3 % 17, "x" if i * 13 % 101 + i % 7 > 50 else "y"] for i in range(4000)]
    table = write_table(tmp_path / "large.csv", rows, ["a", "b", "c", "kind"])
    counts = ",".join(str(count) for count in range(100, 1100, 10))
    process = subprocess.Popen(
        [BINARY, "train", table, "--target", "kind", "-o", tmp_path / "best.slip", "--json", "--learner",
         "naive_bayes,random_forest", "--param", f"n_estimators={counts}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, log = process.communicate(timeout=120)
    assert process.returncode == 0, log
    result = json.loads(out)
    assert result["stopped"] and 1 <= len(result["leaderboard"]) < 101
    assert os.path.getsize(tmp_path / "best.slip") > 0
