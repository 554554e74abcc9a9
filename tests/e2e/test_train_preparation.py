"""What `slipway train` makes of columns and rows, beside the same steps in scikit-learn and imbalanced-learn."""

import csv
import json
import pathlib
import subprocess
import tarfile

import pytest

from conftest import ROOT, run

REQUIREMENTS = ROOT / "tests" / "data" / "sklearn" / "requirements-1.9.1.txt"
IMBALANCED = ROOT / "tests" / "e2e" / "requirements-imbalanced.txt"

# Tables of scikit-learn's data sets with gaps, and what its pipelines, fitted on them, answer for the same rows.
REFERENCE = """
import csv, json, sys
import numpy as np
from sklearn import datasets
from sklearn.ensemble import *
from sklearn.feature_selection import *
from sklearn.impute import *
from sklearn.linear_model import *
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import *

class Clip(FunctionTransformer):
    def __init__(self, kind, factor):
        super().__init__()
        self.kind, self.factor = kind, factor
    def fit(self, x, y=None):
        if self.kind == "iqr":
            low, high = np.nanquantile(x, 0.25, axis=0), np.nanquantile(x, 0.75, axis=0)
            width = self.factor * (high - low)
        else:
            low = high = np.nanmean(x, axis=0)
            width = self.factor * np.nanstd(x, axis=0)
        self.low, self.high = low - width, high + width
        return self
    def transform(self, x):
        return np.clip(x, self.low, self.high)
    def inside(self, x):
        with np.errstate(invalid="ignore"):
            return ~((x < self.low) | (x > self.high)).any(axis=1)

def bins(count, by, encode):
    return KBinsDiscretizer(count, strategy=by, encode=encode, quantile_method="averaged_inverted_cdf",
                            subsample=None)

median = lambda: SimpleImputer(strategy="median")
standard = StandardScaler
logistic = lambda: LogisticRegression(tol=1e-9, max_iter=10000)
best = lambda estimator, k: SelectFromModel(estimator, max_features=k, threshold=-np.inf)

folder = sys.argv[1]
answers = {}
for name, (load, pipeline, rows) in json.load(sys.stdin).items():
    data = getattr(datasets, load)()
    x, y = data.data.copy(), data.target
    random = np.random.default_rng(0)
    x[random.random(x.shape) < 0.04] = np.nan
    with open(f"{folder}/{load}.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow([f"c{i}" for i in range(x.shape[1])] + ["target"])
        for row, target in zip(x, y):
            out.writerow(["" if np.isnan(v) else repr(float(v)) for v in row] + [target])
    kept = eval(rows) if rows else np.ones(len(y), bool)
    model = eval(pipeline).fit(x[kept], y[kept])
    is_classes = load != "load_diabetes"
    answer = model.predict_proba(x) if is_classes else model.predict(x)
    answers[name] = {"answer": answer.tolist(), "rows": int(kept.sum())}
    if hasattr(model[-2], "get_support"):
        answers[name]["features"] = [f"c{i}" for i in model[-2].get_support(indices=True)]
print(json.dumps(answers))
"""

RIDGE = ["--learner", "ridge"]
LOGISTIC = ["--learner", "logistic_regression", "--param", "tol=1e-9", "--param", "max_iter=10000"]

# A name: data set, pipeline, rows that it is fitted on ("": all), flags.
CASES = {
    "knn": ("load_diabetes", "make_pipeline(standard(), KNNImputer(n_neighbors=3), Ridge())", "",
            [*RIDGE, "--impute", "knn", "--neighbors", "3"]),
    "knn of classes": ("load_wine", "make_pipeline(standard(), KNNImputer(), logistic())", "",
                       [*LOGISTIC, "--impute", "knn"]),
    "clipped to quartiles": ("load_diabetes", "make_pipeline(Clip('iqr', 1.5), median(), standard(), Ridge())", "",
                             [*RIDGE, "--outliers", "clip-iqr"]),
    "clipped to deviations": ("load_wine", "make_pipeline(Clip('z', 1.25), median(), standard(), logistic())", "",
                              [*LOGISTIC, "--outliers", "clip-z", "--outlier-factor", "1.25"]),
    "without rows of outliers": ("load_wine", "make_pipeline(median(), standard(), logistic())",
                                 "Clip('iqr', 1.5).fit(x).inside(x)", [*LOGISTIC, "--outliers", "drop-iqr"]),
    "without rows beyond deviations": ("load_diabetes", "make_pipeline(median(), standard(), Ridge())",
                                       "Clip('z', 2).fit(x).inside(x)",
                                       [*RIDGE, "--outliers", "drop-z", "--outlier-factor", "2"]),
    "without incomplete rows": ("load_diabetes", "make_pipeline(median(), standard(), Ridge())",
                                "~np.isnan(x).any(axis=1)", [*RIDGE, "--drop-missing"]),
    "bins of one width": ("load_diabetes", "make_pipeline(median(), bins(4, 'uniform', 'onehot-dense'), Ridge())", "",
                          [*RIDGE, "--bins", "4", "--bins-by", "uniform"]),
    "bins of as many rows": ("load_wine", "make_pipeline(median(), bins(5, 'quantile', 'onehot-dense'), logistic())", "",
                             [*LOGISTIC, "--bins", "5"]),
    "numbers of bins": ("load_diabetes", "make_pipeline(median(), bins(6, 'quantile', 'ordinal'), Ridge())", "",
                        [*RIDGE, "--bins", "6", "--bins-encode", "ordinal"]),
    "polynomials": ("load_diabetes",
                    "make_pipeline(median(), standard(), PolynomialFeatures(2, include_bias=False), Ridge())", "",
                    [*RIDGE, "--polynomial", "2"]),
    "interactions": ("load_diabetes", "make_pipeline(median(), standard(), PolynomialFeatures("
                     "3, interaction_only=True, include_bias=False), Ridge())", "",
                     [*RIDGE, "--polynomial", "3", "--interactions"]),
    "variance": ("load_wine", "make_pipeline(median(), MinMaxScaler(), VarianceThreshold(0.04), logistic())", "",
                 [*LOGISTIC, "--scale", "minmax", "--variance-threshold", "0.04"]),
    "analysis of variance": ("load_wine", "make_pipeline(median(), standard(), SelectKBest(f_classif, k=5), logistic())",
                             "", [*LOGISTIC, "--select", "f", "--select-features", "5"]),
    "correlation": ("load_diabetes", "make_pipeline(median(), standard(), SelectKBest(f_regression, k=4), Ridge())", "",
                    [*RIDGE, "--select", "f", "--select-features", "4"]),
    "chi2": ("load_wine", "make_pipeline(median(), MinMaxScaler(), SelectKBest(chi2, k=6), logistic())", "",
             [*LOGISTIC, "--scale", "minmax", "--select", "chi2", "--select-features", "6"]),
    "mutual information": ("load_wine", "make_pipeline(median(), standard(), SelectKBest(mutual_info_classif, k=3),"
                           "logistic())", "", [*LOGISTIC, "--select", "mutual-information", "--select-features", "3"]),
    "information of numbers": ("load_diabetes", "make_pipeline(median(), standard(), SelectKBest(mutual_info_regression"
                               ", k=2), Ridge())", "",
                               [*RIDGE, "--select", "mutual-information", "--select-features", "2"]),
    "a forest's features": ("load_diabetes", "make_pipeline(median(), standard(), best(RandomForestRegressor("
                            "random_state=0), 2), Ridge())", "",
                            [*RIDGE, "--select", "forest", "--select-features", "2"]),
    "a linear model's features": ("load_wine", "make_pipeline(median(), standard(), best(LogisticRegression(), 5),"
                                  "logistic())", "", [*LOGISTIC, "--select", "coefficients", "--select-features", "5"]),
    "a ridge's features": ("load_diabetes", "make_pipeline(median(), standard(), best(Ridge(), 4), Ridge())", "",
                           [*RIDGE, "--select", "coefficients", "--select-features", "4"]),
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The folder of the tables, and the answers of each case."""
    made = subprocess.run([ROOT / "tools" / "venv", "sk", REQUIREMENTS], check=True, capture_output=True, text=True)
    folder = tmp_path_factory.mktemp("tables")
    cases = {name: case[:3] for name, case in CASES.items()}
    out = subprocess.run([pathlib.Path(made.stdout.strip()) / "bin" / "python", "-W", "ignore", "-c", REFERENCE, folder],
                         input=json.dumps(cases), check=True, capture_output=True, text=True).stdout
    return folder, json.loads(out)


# A table of two classes, one of them rare, and the probabilities that models of it answer on average over seeds.
RESAMPLED = """
import csv, json, sys
import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
x, y = load_breast_cancer(return_X_y=True)
some = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:60]]
x, y = x[some], y[some]
with open(sys.argv[1], "w", newline="") as file:
    csv.writer(file).writerows([[f"c{i}" for i in range(x.shape[1])] + ["target"],
                                *([*map(repr, map(float, row)), target] for row, target in zip(x, y))])
found = {}
for name, sampler in {"smote": SMOTE, "over": RandomOverSampler, "under": RandomUnderSampler}.items():
    models = [make_pipeline(StandardScaler(), sampler(random_state=seed), LogisticRegression()).fit(x, y)
              for seed in range(20)]
    found[name] = {"rows": len(models[0][1].fit_resample(x, y)[1]),
                   "answer": np.mean([model.predict_proba(x)[:, 1] for model in models], axis=0).tolist()}
print(json.dumps(found))
"""


def train(table, out, *flags):
    done = run("train", table, "-o", out, "--target", "target", "--json", "--cv", "3", *flags, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answers(model, table, output):
    done = run("predict", model, table, "--outputs", output, "--output-format", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def manifest_of(bundle):
    with tarfile.open(bundle) as tar:
        return json.load(tar.extractfile("slipway.json"))


def without_target(table, out):
    out.write_text("".join(line.rsplit(",", 1)[0] + "\n" for line in table.read_text().splitlines()))
    return out


@pytest.mark.parametrize("name", CASES)
def test_the_same_as_in_scikit_learn(reference, tmp_path, name):
    folder, all_expected = reference
    load, flags, expected = CASES[name][0], CASES[name][3], all_expected[name]
    is_classes = load != "load_diabetes"
    bundle = tmp_path / "m.slip"
    result = train(folder / f"{load}.csv", bundle, "--task", "classification" if is_classes else "regression", *flags)
    preparation = manifest_of(bundle)["preparation"]
    if "features" in expected:
        assert preparation["features"] == expected["features"]
    assert manifest_of(bundle)["training_data"]["rows"] == expected["rows"]
    assert (expected["rows"] < len(expected["answer"])) == any("left out" in note for note in result["notes"])
    table = without_target(folder / f"{load}.csv", tmp_path / "rows.csv")
    got = answers(bundle, table, "predict_proba" if is_classes else "predict")
    assert len(got) == len(expected["answer"])
    for ours, theirs in zip(got, expected["answer"]):
        numbers = next(iter(ours.values())) if len(ours) == 1 else list(ours.values())
        assert numbers == pytest.approx(theirs, abs=1e-4 if is_classes else 1e-6 * 200)


@pytest.fixture(scope="module")
def resampled(tmp_path_factory):
    made = subprocess.run([ROOT / "tools" / "venv", "imbalanced", IMBALANCED], check=True, capture_output=True, text=True)
    table = tmp_path_factory.mktemp("rare") / "rare.csv"
    out = subprocess.run([pathlib.Path(made.stdout.strip()) / "bin" / "python", "-W", "ignore", "-c", RESAMPLED, table],
                         check=True, capture_output=True, text=True).stdout
    return table, json.loads(out)


@pytest.mark.parametrize(("how", "near"), [("smote", 0.005), ("over", 0.005), ("under", 0.015)])
def test_classes_of_one_size_give_imbalanced_learns_model(resampled, tmp_path, how, near):
    table, expected = resampled
    rows = without_target(table, tmp_path / "rows.csv")
    found = []
    for seed in range(8):
        bundle = tmp_path / f"{seed}.slip"
        result = train(table, bundle, "--learner", "logistic_regression", "--resample", how, "--seed", seed)
        assert any("brought to the same size" in note for note in result["notes"])
        manifest = manifest_of(bundle)
        assert manifest["preparation"]["resample"] == how
        assert manifest["training_data"]["rows"] == expected[how]["rows"]
        found.append([list(row.values())[-1] if len(row) > 1 else next(iter(row.values()))[-1]
                      for row in answers(bundle, rows, "predict_proba")])
    means = [sum(column) / len(column) for column in zip(*found)]
    off = [abs(ours - theirs) for ours, theirs in zip(means, expected[how]["answer"])]
    assert sum(off) / len(off) < near
    train(table, tmp_path / "again.slip", "--learner", "logistic_regression", "--resample", how, "--seed", 3)
    assert (tmp_path / "again.slip").read_bytes() == (tmp_path / "3.slip").read_bytes()


def write_table(path, rows, header):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_equal_rows_are_learnt_from_once(tmp_path):
    rows = [[i % 7, "xyz"[i % 3], i % 5 + i % 3] for i in range(40)]
    table = write_table(tmp_path / "equal.csv", [*rows, *rows[:25], *rows[:25]], ["a", "b", "target"])
    once = write_table(tmp_path / "once.csv", rows, ["a", "b", "target"])
    flags = ("--task", "regression", "--learner", "ridge")
    result = train(table, tmp_path / "equal.slip", "--dedupe", *flags)
    assert "50 of 90 rows to learn from are left out: they are equal to others" in result["notes"]
    train(once, tmp_path / "once.slip", *flags)
    given = without_target(once, tmp_path / "rows.csv")
    assert answers(tmp_path / "equal.slip", given, "predict") == answers(tmp_path / "once.slip", given, "predict")


def test_the_manifest_says_all_that_was_done(reference, tmp_path):
    table = reference[0] / "load_wine.csv"
    train(table, tmp_path / "m.slip", "--learner", "random_forest", "--param", "n_estimators=5", "--dedupe", "--outliers",
          "clip-iqr", "--outlier-factor", "2", "--impute", "knn", "--neighbors", "4", "--indicate-missing", "--interactions",
          "--variance-threshold", "0", "--select", "f", "--select-features", "7", "--resample", "smote",
          "--smote-neighbors", "3")
    preparation = manifest_of(tmp_path / "m.slip")["preparation"]
    assert len(preparation.pop("features")) == 7
    assert preparation == {
        "dedupe": True, "resample": "smote", "smote_neighbors": 3, "outliers": "clip-iqr", "outlier_factor": 2,
        "impute": "knn", "neighbors": 4, "indicate_missing": True, "scale": "none", "impute_categories": "category",
        "encode": "onehot", "min_frequency": 1, "max_categories": 1000, "polynomial": 2, "interactions": True,
        "variance_threshold": 0, "select": "f", "select_features": 7}


def test_a_prepared_model_is_served(reference, tmp_path, start):
    table = reference[0] / "load_wine.csv"
    train(table, tmp_path / "wine.slip", "--learner", "logistic_regression", "--impute", "knn", "--outliers", "clip-z",
          "--polynomial", "2", "--select", "f", "--select-features", "12", "--drop-missing")
    server = start(tmp_path / "wine.slip")
    with table.open() as file:
        rows = list(csv.DictReader(file))
    targets = [int(row.pop("target")) for row in rows]
    asked = [{name: float(value) if value else None for name, value in row.items()} for row in rows]
    said = server.post("/predict", {"instances": asked}).json()["prediction"]
    assert sum(a == b for a, b in zip(said, targets)) > 0.95 * len(targets)


ROWS = "a,b,target\n" + "".join(f"{i % 9},{'' if i % 4 else i % 5},{'x' if i % 6 == 0 else 'y'}\n" for i in range(30))


@pytest.mark.parametrize(("flags", "said"), [
    (("--resample", "smote"), "at least 6 rows of each class"),
    (("--resample", "smote", "--impute", "keep"), "--impute has to be other than keep"),
    (("--resample", "bigger"), "bigger"),
    (("--outliers", "cut"), "cut"),
    (("--outlier-factor", "2"), "--outliers"),
    (("--bins", "5", "--impute", "keep"), "--bins"),
    (("--bins", "1"), "--bins"),
    (("--select", "luck"), "luck"),
    (("--select", "chi2", "--scale", "standard"), "from 0 on"),
    (("--select", "f", "--impute", "keep"), "--select"),
    (("--variance-threshold", "1000"), "no feature varies more"),
    (("--polynomial", "11"), "--polynomial"),
    (("--task", "regression", "--resample", "over"), "this is a regression"),
    (("--task", "regression", "--select", "chi2"), "this is a regression"),
    (("--drop-missing",), "a class has no row any more"),
])
def test_what_does_not_go_is_said_at_once(tmp_path, flags, said):
    table = tmp_path / "table.csv"
    text = ROWS
    if "regression" in flags:
        text = "a,b,target\n" + "".join(f"{i % 9},{i % 5},{i}\n" for i in range(30))
    if flags == ("--drop-missing",):  # all rows of x are incomplete
        text = "a,b,target\n" + "".join(f"{i},{'' if i % 3 == 0 else i},{'x' if i % 3 == 0 else 'y'}\n" for i in range(30))
    table.write_text(text)
    done = run("train", table, "-o", tmp_path / "out.slip", "--target", "target", *flags)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert not (tmp_path / "out.slip").exists()
