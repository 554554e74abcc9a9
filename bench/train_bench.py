"""How fast models are selected and trained, and in how much memory, beside scikit-learn.

One table of 50,000 rows and 30 columns and one of 10,000 rows are written as CSV. Each case does the whole job in new processes:
read the CSV, judge a grid of hyperparameters by cross-validation, fit the best on all rows, write the model. scikit-learn
does it with pandas' read_csv, a pipeline of StandardScaler (where Slipway scales) and the estimator, GridSearchCV with
n_jobs=2 and joblib.dump; Slipway with `train --threads 2`. Rounds alternate. Times are wall-clock seconds; memory is the peak of the
proportional set size (PSS) of the process and all its children, looked at 20 times a second. scikit-learn's imports are part
of its time, and told apart.

usage: train_bench.py SLIPWAY_BINARY [--cases forest,knn,...] [--rounds N] [--rows-share F] [--json FILE] [--python PYTHON]
Makes the virtual environment of rest_bench.py with pandas, unless PYTHON is one with scikit-learn and pandas.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

from rest_bench import make_environment

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "build/bench"

# name: rows, folds, learner, scikit-learn's estimator, whether both scale, grid, the least ratio that is the goal
CASES = {
    "forest": (50_000, 5, "random_forest", "sklearn.ensemble.RandomForestClassifier(random_state=0)", False,
               {"n_estimators": [20, 50], "max_depth": [8, 16], "min_samples_leaf": [1, 5]}, 2.5),
    "knn": (50_000, 5, "knn", "sklearn.neighbors.KNeighborsClassifier()", True,
            {"n_neighbors": [3, 5, 11, 21], "weights": ["uniform", "distance"]}, 3),
    "logistic": (50_000, 5, "logistic_regression", "sklearn.linear_model.LogisticRegression()", True,
                 {"C": [0.001, 0.01, 0.1, 0.3, 1, 3, 10, 100]}, 3),
    "svm": (10_000, 3, "svc", "sklearn.svm.SVC()", True, {"C": [0.3, 1, 3, 10]}, 3),
}

DATA = """
import sys, numpy, pandas
from sklearn.datasets import make_classification
for rows, path in zip(sys.argv[1::2], sys.argv[2::2]):
    X, y = make_classification(int(rows), 30, n_informative=12, n_redundant=6, n_classes=3, n_clusters_per_class=2,
                               flip_y=0.05, class_sep=0.8, random_state=0)
    table = pandas.DataFrame(X, columns=[f"x{i}" for i in range(30)])
    table["y"] = numpy.array(["low", "middle", "high"])[y]
    table.to_csv(path, index=False)
"""

RIVAL = """
import json, sys, time
begin = time.perf_counter()
import joblib, pandas, sklearn.ensemble, sklearn.linear_model, sklearn.neighbors, sklearn.svm
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
imported = time.perf_counter() - begin
path, model, estimator, scales, grid, folds = json.loads(sys.argv[1])
table = pandas.read_csv(path)
y = table.pop("y")
estimator = eval(estimator)
name = type(estimator).__name__.lower()
pipeline = make_pipeline(*[StandardScaler()] * scales, estimator)
search = GridSearchCV(pipeline, {f"{name}__{key}": values for key, values in grid.items()}, n_jobs=2,
                      cv=StratifiedKFold(folds, shuffle=True, random_state=0))
search.fit(table, y)
joblib.dump(search.best_estimator_, model)
print(json.dumps([search.best_score_, imported]))
"""


def tree_of(pid):
    pids, found = [pid], []
    while pids:
        one = pids.pop()
        found.append(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                pids += map(int, pathlib.Path(f"/proc/{one}/task/{thread}/children").read_text().split())
        except OSError:
            pass
    return found


def pss_bytes(pid):
    total = 0
    for one in tree_of(pid):
        try:
            for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def measured(command):
    """Seconds, peak bytes and output of a process and its children."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], pss_bytes(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"{command} failed with status {process.returncode}")
    return seconds, peak[0], output


def ours(slipway, case, path, folds, learner, scales, grid):
    command = [slipway, "train", path, "--target", "y", "--learner", learner, "--cv", str(folds), "--threads", "2", "--json",
               "--scale", "standard" if scales else "none", "-o", str(FOLDER / f"train-{case}.slip"), "--no-record"]
    for key, values in grid.items():
        command += ["--param", f"{key}={','.join(map(str, values))}"]
    seconds, peak, output = measured(command)
    return seconds, peak, json.loads(output)["leaderboard"][0]["mean"]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("slipway")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rows-share", type=float, default=1, help="for a quick look: a share of the rows")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--python")
    parser.add_argument("--ours-only", action="store_true")
    options = parser.parse_args()
    python = options.python or str(make_environment() / "bin/python")
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = {name: CASES[name] for name in options.cases.split(",")}
    paths = {}
    for rows in {case[0] for case in cases.values()}:
        count = int(rows * options.rows_share)
        paths[rows] = str(FOLDER / f"train-{count}.csv")
        if not pathlib.Path(paths[rows]).exists():
            subprocess.run([python, "-c", DATA, str(count), paths[rows]], check=True)

    results = {}
    print(f"{'case':10} {'slipway s':>10} {'sklearn s':>10} {'ratio':>7} {'goal':>5} {'MB':>7} {'MB':>7} {'score':>8} {'score':>8}")
    for name, (rows, folds, learner, estimator, scales, grid, goal) in cases.items():
        rounds = []
        for _ in range(options.rounds):
            mine = ours(options.slipway, name, paths[rows], folds, learner, scales, grid)
            if options.ours_only:
                rounds.append((mine, (float("nan"), float("nan"), float("nan"), float("nan"))))
                continue
            seconds, peak, output = measured(
                [python, "-c", RIVAL, json.dumps([paths[rows], str(FOLDER / f"train-{name}.joblib"), estimator, scales, grid, folds])])
            score, imported = json.loads(output)
            rounds.append((mine, (seconds, peak, score, imported)))
        ratio = statistics.median(rival[0] / mine[0] for mine, rival in rounds)
        (own, own_peak, own_score), (other, other_peak, other_score, imported) = [
            [statistics.median(values) for values in zip(*side)] for side in zip(*rounds)]
        results[name] = {"slipway_s": own, "sklearn_s": other, "sklearn_imports_s": imported, "ratio": ratio, "goal": goal,
                         "slipway_bytes": own_peak, "sklearn_bytes": other_peak, "slipway_score": own_score,
                         "sklearn_score": other_score}
        print(f"{name:10} {own:10.2f} {other:10.2f} {ratio:7.2f} {goal:5} {own_peak / 1e6:7.0f} {other_peak / 1e6:7.0f} "
              f"{own_score:8.4f} {other_score:8.4f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
