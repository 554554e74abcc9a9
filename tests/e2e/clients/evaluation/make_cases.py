"""Trains models with scikit-learn and writes, for tests/e2e/test_evaluate.py, what its own functions say of them.

    python make_cases.py FOLDER DATA     writes FOLDER/cases.json and the models and tables that it names;
                                         DATA is tests/data, whose models of other libraries are judged too

NaN and infinity are written as null: JSON has no word for them.
"""

import json
import math
import pathlib
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn import datasets, metrics
from sklearn.calibration import calibration_curve
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, label_binarize
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

warnings.simplefilter("ignore")
FOLDER = pathlib.Path(sys.argv[1])
DATA = pathlib.Path(sys.argv[2])


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return value


def classification(classes, truth, predicted, probabilities=None, scores=None, positive=None):
    """What sklearn.metrics says, under the names of `slipway evaluate --json`."""
    prf = metrics.precision_recall_fscore_support
    out = {"accuracy": metrics.accuracy_score(truth, predicted),
           "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
           "matthews_corrcoef": metrics.matthews_corrcoef(truth, predicted),
           "cohen_kappa": metrics.cohen_kappa_score(truth, predicted)}
    for average in ("macro", "micro", "weighted"):
        values = prf(truth, predicted, average=average, zero_division=0)
        out |= {f"{name}_{average}": value for name, value in zip(("precision", "recall", "f1"), values)}
    if len(classes) == 2:
        positive = classes[1] if positive is None else positive
        is_positive = truth == positive
        values = prf(truth, predicted, labels=[positive], average=None, zero_division=0)
        out |= {name: value[0] for name, value in zip(("precision", "recall", "f1"), values)}
        if probabilities is not None:
            scores = probabilities[:, list(classes).index(positive)]
        elif scores is not None and positive == classes[0]:
            scores = -scores
        if scores is not None:
            out |= {"roc_auc": metrics.roc_auc_score(is_positive, scores),
                    "average_precision": metrics.average_precision_score(is_positive, scores)}
    elif probabilities is not None:
        one_hot = label_binarize(truth, classes=classes)
        out |= {"roc_auc_ovr": metrics.roc_auc_score(one_hot, probabilities, average="macro"),
                "roc_auc_ovr_weighted": metrics.roc_auc_score(one_hot, probabilities, average="weighted"),
                "average_precision_macro": metrics.average_precision_score(one_hot, probabilities, average="macro")}
    if probabilities is not None:
        out |= {"log_loss": metrics.log_loss(truth, probabilities, labels=classes),
                "brier_score": metrics.brier_score_loss(truth, probabilities, labels=classes)}
    return out


def regression(truth, predicted):
    return {"mean_absolute_error": metrics.mean_absolute_error(truth, predicted),
            "median_absolute_error": metrics.median_absolute_error(truth, predicted),
            "mean_squared_error": metrics.mean_squared_error(truth, predicted),
            "root_mean_squared_error": metrics.root_mean_squared_error(truth, predicted),
            "r2": metrics.r2_score(truth, predicted),
            "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error(truth, predicted),
            "max_error": metrics.max_error(truth, predicted),
            "explained_variance": metrics.explained_variance_score(truth, predicted)}


def curves(truth, probabilities, label, column):
    is_label = truth == label
    roc = metrics.roc_curve(is_label, probabilities[:, column])
    pr = metrics.precision_recall_curve(is_label, probabilities[:, column])
    calibration = {strategy: calibration_curve(is_label, probabilities[:, column], n_bins=10, strategy=strategy)
                   for strategy in ("uniform", "quantile")}
    return {"roc": roc, "precision_recall": pr[:2], "calibration": calibration}


def write_table(name, frame):
    frame.to_csv(FOLDER / name, index=False)
    return name


def evaluated(model, features, truth, positive=None, threshold=None):
    """Metrics and curves of a model's answers; `features` as the model takes them."""
    predicted = model.predict(features)
    if not hasattr(model, "classes_"):
        return {"metrics": regression(truth, predicted)}
    classes = list(model.classes_)
    probabilities = model.predict_proba(features) if hasattr(model, "predict_proba") else None
    scores = model.decision_function(features) if hasattr(model, "decision_function") and len(classes) == 2 else None
    if threshold is not None:
        chosen = classes.index(classes[1] if positive is None else positive)
        predicted = np.where(probabilities[:, chosen] >= threshold, classes[chosen], classes[1 - chosen])
    out = {"metrics": classification(classes, truth, predicted, probabilities, scores, positive),
           "confusion": metrics.confusion_matrix(truth, predicted, labels=classes).astype(float)}
    if probabilities is not None:
        shown = classes if len(classes) > 2 else [classes[1] if positive is None else positive]
        out["curves"] = [curves(truth, probabilities, label, classes.index(label)) for label in shown]
    return out


def case(name, model, frame, target, arguments=(), named=True, **options):
    joblib.dump(model, FOLDER / f"{name}.joblib")
    columns = frame.drop(columns=target)
    features = columns if named else columns.to_numpy()
    return name, {"model": f"{name}.joblib", "data": write_table(f"{name}.csv", frame), "target": target,
                  "arguments": list(arguments), "expected": evaluated(model, features, frame[target].to_numpy(), **options)}


def table(loader, names=None):
    bunch = loader(as_frame=True)
    frame = bunch.frame.copy()
    frame.columns = [column.replace(" ", "_").replace("(", "").replace(")", "") for column in frame.columns]
    if names is not None:
        frame["target"] = np.array(names)[frame["target"]]
    return frame


def bundled():
    iris = table(datasets.load_iris, ["setosa", "versicolor", "virginica"])
    fitted = LogisticRegression(C=0.05).fit(iris.drop(columns="target"), iris["target"])
    yield case("iris_logistic", fitted, iris, "target")
    wine = table(datasets.load_wine)
    half = wine.iloc[::2]
    forest = RandomForestClassifier(7, max_depth=3, random_state=0).fit(half.drop(columns="target").to_numpy(),
                                                                        half["target"])
    yield case("wine_forest", forest, wine, "target", named=False)
    cancer = table(datasets.load_breast_cancer, ["malignant", "benign"])
    part = cancer.iloc[:150]
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(part.drop(columns="target"), part["target"])
    yield case("cancer_logistic", scaled, cancer, "target")
    yield case("cancer_positive", scaled, cancer, "target", ["--positive", "benign"], positive="benign")
    yield case("cancer_threshold", scaled, cancer, "target", ["--threshold", "0.9"], threshold=0.9)
    yield case("cancer_positive_threshold", scaled, cancer, "target", ["--positive", "benign", "--threshold", "0.2"],
               positive="benign", threshold=0.2)
    svc = make_pipeline(StandardScaler(), SVC()).fit(part.drop(columns="target"), part["target"])
    yield case("cancer_svc", svc, cancer, "target")
    yield case("cancer_svc_positive", svc, cancer, "target", ["--positive", "benign"], positive="benign")
    digits = table(datasets.load_digits)
    some = digits.iloc[:300]
    yield case("digits_neighbours", KNeighborsClassifier(5).fit(some.drop(columns="target"), some["target"]), digits,
               "target")
    yield case("digits_linear_svc", LinearSVC(C=0.001).fit(some.drop(columns="target"), some["target"]), digits, "target")
    diabetes = table(datasets.load_diabetes)
    yield case("diabetes_ridge", Ridge().fit(diabetes.drop(columns="target"), diabetes["target"]), diabetes, "target")
    yield case("diabetes_tree", DecisionTreeRegressor(max_depth=3).fit(
        diabetes.drop(columns="target").to_numpy(), diabetes["target"]), diabetes, "target", named=False)


def drawn():
    """Predictions drawn at random, by logistic models of random weights over rounded numbers: they have ties."""
    random = np.random.default_rng(20)
    for number in range(12):
        classes = int(random.integers(2, 6))
        rows = int(random.choice([3, 40, 700]))
        frame = pd.DataFrame(np.round(random.normal(size=(rows, 3)), 1), columns=["a", "b", "c"])
        labels = [np.arange(classes), np.arange(classes) * 2.0 - 1, np.array(list("vwxyz"))[:classes]][number % 3]
        model = LogisticRegression().fit(random.normal(size=(50, 3)), labels[np.arange(50) % classes])
        model.feature_names_in_ = np.array(["a", "b", "c"], object)
        present = int(random.integers(1, classes + 1))
        frame["truth"] = labels[random.integers(0, present, rows)]
        yield case(f"drawn_{number}", model, frame, "truth")
    frame["truth"] = frame["a"] > 0
    model = LogisticRegression().fit(frame[["b", "c"]], np.arange(len(frame)) % 2 == 0)
    yield case("booleans", model, frame[["b", "c", "truth"]], "truth")


def slices():
    """Metrics of parts of the rows: by a column of texts, and by one with gaps."""
    random = np.random.default_rng(5)
    frame = table(datasets.load_breast_cancer, ["malignant", "benign"])
    features = [column for column in frame.columns if column != "target"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[features].iloc[:100], frame["target"].iloc[:100])
    frame["clinic"] = random.choice(["north", "south", "east"], len(frame))
    frame["stage"] = np.where(random.uniform(size=len(frame)) < 0.1, np.nan, random.integers(1, 4, len(frame)))
    joblib.dump(model, FOLDER / "slices.joblib")
    expected = {}
    for column in ("clinic", "stage"):
        for value in frame[column].unique():
            part = frame[frame[column].isna() if value != value else frame[column] == value]
            key = "(missing)" if value != value else str(int(value)) if column == "stage" else value
            expected[f"{column}={key}"] = {"rows": len(part), "metrics": evaluated(
                model, part[features], part["target"].to_numpy())["metrics"]}
    return {"model": "slices.joblib", "data": write_table("slices.csv", frame), "target": "target", "expected": expected}


def importance():
    frame = table(datasets.load_wine)
    columns = list(frame.columns[:6])
    model = LogisticRegression(max_iter=5000).fit(frame[columns], frame["target"])
    model.coef_[:, 2] = 0  # a feature that changes nothing
    joblib.dump(model, FOLDER / "importance.joblib")
    found = permutation_importance(model, frame[columns], frame["target"], n_repeats=30, random_state=1)
    return {"model": "importance.joblib", "data": write_table("importance.csv", frame[columns + ["target"]]),
            "target": "target", "unused": columns[2],
            "expected": {name: [mean, deviation] for name, mean, deviation in zip(
                columns, found.importances_mean, found.importances_std)}}


def bootstrap():
    """Intervals by numpy's own resampling, with the standard error of their ends."""
    frame = table(datasets.load_diabetes)
    model = Ridge().fit(frame.drop(columns="target"), frame["target"])
    joblib.dump(model, FOLDER / "bootstrap.joblib")
    truth, predicted = frame["target"].to_numpy(), model.predict(frame.drop(columns="target"))
    random = np.random.default_rng(3)
    rows = random.integers(0, len(truth), (4000, len(truth)))
    drawn = [regression(truth[some], predicted[some]) for some in rows]
    ends = {name: np.percentile([one[name] for one in drawn], [2.5, 97.5]) for name in drawn[0]}
    return {"model": "bootstrap.joblib", "data": write_table("bootstrap.csv", frame), "target": "target", "expected": ends}


def foreign(name, model, labels, probabilities, label_output=None, arguments=()):
    """A model of another library: its fixture holds rows and what that library answered; the truth is drawn."""
    fixture = json.loads((DATA / model).with_suffix(".json").read_text())
    answer = fixture["outputs"][probabilities]
    chance = np.array(answer["values"], float).reshape(answer["shape"])
    if chance.ndim == 1:
        chance = np.column_stack([1 - chance, chance])
    labels = np.array(labels)
    plain_rows = [all(isinstance(cell, (int, float)) for cell in row) for row in fixture["rows"]]  # no NaN, no infinity
    rows = np.array([row for row, keep in zip(fixture["rows"], plain_rows) if keep], float)
    chance = chance[plain_rows]
    frame = pd.DataFrame(rows, columns=fixture["columns"] or [f"x{i}" for i in range(rows.shape[1])])
    frame["truth"] = labels[np.random.default_rng(1).integers(0, len(labels), len(frame))]
    predicted = labels[chance.argmax(1)] if label_output is None else np.array(
        fixture["outputs"][label_output]["values"])[plain_rows]
    return name, {"model": str((DATA / model).resolve()), "data": write_table(f"{name}.csv", frame), "target": "truth",
                  "arguments": list(arguments), "tolerance": max(1e-9, float(fixture["tolerance"])),
                  "expected": {"metrics": classification(list(labels), frame["truth"].to_numpy(), predicted, chance)}}


def foreigners():
    booster = ["--task", "classification"]
    yield foreign("lightgbm_binary", "lightgbm/3.3.5/objective_binary.txt", [0, 1], "predict", arguments=booster)
    yield foreign("lightgbm_three", "lightgbm/3.3.5/objective_multiclass.txt", [0, 1, 2], "predict", arguments=booster)
    yield foreign("onnx_labels_without_table", "onnx/1.17.3/pipe_mlp_logistic.onnx", [0, 1], "output_probability",
                  "output_label")
    yield foreign("pmml_texts_without_table", "pmml/0.133.1/sklearn2pmml_logistic3.pmml", ["high", "low", "mid"],
                  "predict_proba", "predict")


out = {"foreign": dict(foreigners()), "cases": dict([*bundled(), *drawn()]), "slices": slices(), "importance": importance(), "bootstrap": bootstrap()}
(FOLDER / "cases.json").write_text(json.dumps(plain(out), allow_nan=False))
