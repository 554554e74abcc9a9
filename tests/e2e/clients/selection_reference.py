"""What scikit-learn says of a table: scores of folds, rounds of halving searches, weighted metrics. One JSON object of
all that tests/e2e/test_train_selection.py compares, on stdout; tables are written into the folder that is named.

    selection_reference.py FOLDER
"""

import json
import pathlib
import sys

import joblib
import numpy as np
from sklearn import datasets, ensemble, linear_model, metrics, naive_bayes, neighbors, svm
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (GroupKFold, HalvingGridSearchCV, KFold, StratifiedGroupKFold, StratifiedKFold,
                                     TimeSeriesSplit, cross_val_score)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = pathlib.Path(sys.argv[1])
DRAWN = np.random.default_rng(7)


def write(name, x, y, **columns):
    names = [f"c{i}" for i in range(x.shape[1])] + list(columns) + ["target"]
    table = np.column_stack([x, *columns.values(), y])
    np.savetxt(FOLDER / f"{name}.csv", table, delimiter=",", header=",".join(names), comments="", fmt="%.17g")


def weighted_scores(model, x, y, weights, folds, score):
    found = []
    for train, test in folds:
        model.fit(x[train], y[train], sample_weight=weights[train])
        found.append(score(y[test], model.predict(x[test]), sample_weight=weights[test]))
    return found


def told(scores):
    return [float(np.mean(scores)), float(np.std(scores))]


cancer, diabetes = datasets.load_breast_cancer(), datasets.load_diabetes()
x, y = cancer.data, cancer.target
groups = DRAWN.integers(0, 40, len(y))
weights = DRAWN.integers(0, 4, len(y)).astype(float)
write("cancer", x, y)
write("cancer_roles", x, y, who=groups, weight=weights)
# Rows in another order than that of time.
rx, ry = diabetes.data, diabetes.target
times = DRAWN.permutation(len(ry)).astype(float)
rweights = DRAWN.random(len(ry)) * 3
write("diabetes", rx, ry)
write("diabetes_roles", rx, ry, day=times, weight=rweights)
order = np.argsort(times)
tx, ty = rx[order], ry[order]

bayes = naive_bayes.GaussianNB()
linear = linear_model.LinearRegression()
told_folds = {
    "stratified": told(cross_val_score(bayes, x, y, cv=StratifiedKFold(5))),
    "plain": told(cross_val_score(bayes, x, y, cv=KFold(4))),
    "grouped": told(cross_val_score(bayes, x, y, cv=GroupKFold(5), groups=groups)),
    "stratified-grouped": told(cross_val_score(bayes, x, y, cv=StratifiedGroupKFold(5), groups=groups)),
    "time": told(cross_val_score(linear, tx, ty, cv=TimeSeriesSplit(5), scoring="r2")),
    "time gap": told(cross_val_score(
        linear, tx, ty, cv=TimeSeriesSplit(4, gap=7, max_train_size=120, test_size=60), scoring="r2")),
    "weighted": told(weighted_scores(bayes, x, y, weights, StratifiedKFold(5).split(x, y), metrics.accuracy_score)),
    "weighted regression": told(weighted_scores(
        linear, rx, ry, rweights, KFold(5).split(rx), metrics.mean_absolute_error)),
}


def rounds(search, x, y):
    search.fit(x, y)
    return [[int(count), int(amount)] for count, amount in zip(search.n_candidates_, search.n_resources_)]


neighbours = {"n_neighbors": list(range(1, 28))}
forest = ensemble.RandomForestClassifier(random_state=0)
told_rounds = {
    "exhaust": rounds(HalvingGridSearchCV(neighbors.KNeighborsClassifier(), neighbours, random_state=0), x, y),
    "smallest": rounds(HalvingGridSearchCV(neighbors.KNeighborsClassifier(), neighbours, min_resources=70, factor=2,
                                           max_resources=400, random_state=0), x, y),
    "estimators": rounds(HalvingGridSearchCV(forest, {"max_depth": [1, 2, 3, 4], "max_features": [0.3, 0.6, 1.0]},
                                             resource="n_estimators", max_resources=18, cv=3), x, y),
}


def default_scores(load, models, folds):
    data = getattr(datasets, load)()
    write(load, data.data, data.target)
    found = [cross_val_score(model, data.data, data.target, cv=folds(5, shuffle=True, random_state=0)) for model in models]
    best = max(found, key=np.mean)
    return [float(best.mean()), float(best.std() / np.sqrt(5))]


classifiers = [make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000)),
               make_pipeline(StandardScaler(), svm.SVC()), forest]
regressors = [make_pipeline(StandardScaler(), linear_model.Ridge()), ensemble.RandomForestRegressor(random_state=0)]
told_defaults = {load: default_scores(load, classifiers, StratifiedKFold)
                 for load in ("load_iris", "load_wine", "load_breast_cancer", "load_digits")}
told_defaults["load_diabetes"] = default_scores("load_diabetes", regressors, KFold)

# Metrics of `slipway evaluate --weight`.
model = linear_model.LogisticRegression(max_iter=10000).fit(x[::2], y[::2])
joblib.dump(model, FOLDER / "cancer.joblib")
predicted, probabilities = model.predict(x), model.predict_proba(x)
w = {"sample_weight": weights}
binary = {
    "accuracy": metrics.accuracy_score(y, predicted, **w),
    "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted, **w),
    "matthews_corrcoef": metrics.matthews_corrcoef(y, predicted, **w),
    "cohen_kappa": metrics.cohen_kappa_score(y, predicted, **w),
    "roc_auc": metrics.roc_auc_score(y, probabilities[:, 1], **w),
    "average_precision": metrics.average_precision_score(y, probabilities[:, 1], **w),
    "log_loss": metrics.log_loss(y, probabilities, **w),
    "brier_score": metrics.brier_score_loss(y, probabilities[:, 1], **w),
}
for average in ("binary", "macro", "micro", "weighted"):
    ending = "" if average == "binary" else f"_{average}"
    found = metrics.precision_recall_fscore_support(y, predicted, average=average, zero_division=0, **w)
    binary.update(zip((f"precision{ending}", f"recall{ending}", f"f1{ending}"), map(float, found)))
regressor = linear_model.Ridge().fit(rx[::2], ry[::2])
joblib.dump(regressor, FOLDER / "diabetes.joblib")
guessed = regressor.predict(rx)
w = {"sample_weight": rweights}
numbers = {
    "mean_absolute_error": metrics.mean_absolute_error(ry, guessed, **w),
    "median_absolute_error": metrics.median_absolute_error(ry, guessed, **w),
    "mean_squared_error": metrics.mean_squared_error(ry, guessed, **w),
    "root_mean_squared_error": metrics.root_mean_squared_error(ry, guessed, **w),
    "r2": metrics.r2_score(ry, guessed, **w),
    "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error(ry, guessed, **w),
    "max_error": metrics.max_error(ry, guessed),
    "explained_variance": metrics.explained_variance_score(ry, guessed, **w),
}
print(json.dumps({"folds": told_folds, "rounds": told_rounds, "defaults": told_defaults,
                  "binary": binary, "regression": numbers}, default=float))
