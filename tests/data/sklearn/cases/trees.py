"""Decision trees, forests, gradient boosting and histogram gradient boosting."""

import numpy as np
import pandas as pd
import sklearn

if sklearn.__version__.startswith("0."):
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
from sklearn import ensemble, tree
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from cases import data
from cases.registry import add


def on_thresholds(model, X, count=6):
    """Rows that sit exactly on split thresholds, and one float64 and one float32 step beside them."""
    inner = getattr(model, "estimators_", None)
    one = model if inner is None else np.ravel(inner)[0]
    splits = [i for i in range(one.tree_.node_count) if one.tree_.children_left[i] != -1][:count]
    rows = []
    for i in splits:
        feature, threshold = one.tree_.feature[i], one.tree_.threshold[i]
        for value in (threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf),
                      np.nextafter(np.float32(threshold), np.float32(np.inf))):
            row = np.array(X[len(rows) % len(X)], dtype=float)
            row[feature] = value
            rows.append(row)
    return np.array(rows)[:16] if rows else np.empty((0, X.shape[1]))


def fit(model, xy, **options):
    X, y = xy
    model.fit(X, y, **options)
    return model, np.concatenate([data.probe(X, 8), on_thresholds(model, np.nan_to_num(X))])


def holes(xy):
    X, y = xy
    return data.with_holes(X), y


def fit_holes(model, xy):
    X, y = holes(xy)
    rows = X[:14].copy()
    rows[0], rows[1, :] = np.nan, 0.0
    return model.fit(X, y), rows


def two_labels(xy):
    X, y = xy
    return X, np.column_stack([y, (X[:, 0] > np.median(X[:, 0])) * 5 - 2])


def boundary(n=80):
    """Features whose values differ only beyond float32, so that rounding to float32 decides a split."""
    state = data.random(31)
    base = state.choice([16777216.0, 16777217.0, 16777218.0, 0.1, np.float64(np.float32(0.1))], size=(n, 2))
    return base, (base[:, 0] > 16777216.0).astype(int)


FOREST = {"n_estimators": 4, "max_depth": 4, "random_state": 0}
CLASSIFIERS = {
    "decision_tree_classifier": lambda **k: tree.DecisionTreeClassifier(**{"max_depth": 4, "random_state": 0, **k}),
    "extra_tree_classifier": lambda **k: tree.ExtraTreeClassifier(**{"max_depth": 4, "random_state": 0, **k}),
    "random_forest_classifier": lambda **k: ensemble.RandomForestClassifier(**{**FOREST, **k}),
    "extra_trees_classifier": lambda **k: ensemble.ExtraTreesClassifier(**{**FOREST, **k}),
}
REGRESSORS = {
    "decision_tree_regressor": lambda **k: tree.DecisionTreeRegressor(**{"max_depth": 4, "random_state": 0, **k}),
    "extra_tree_regressor": lambda **k: tree.ExtraTreeRegressor(**{"max_depth": 4, "random_state": 0, **k}),
    "random_forest_regressor": lambda **k: ensemble.RandomForestRegressor(**{**FOREST, **k}),
    "extra_trees_regressor": lambda **k: ensemble.ExtraTreesRegressor(**{**FOREST, **k}),
}
for name, make in CLASSIFIERS.items():
    add(name, lambda make=make: fit(make(), data.iris()))
    add(f"{name}_binary", lambda make=make: fit(make(), data.iris_binary()))
    add(f"{name}_text_labels", lambda make=make: fit(make(max_depth=3), data.iris_text()))
    add(f"{name}_two_outputs", lambda make=make: fit(make(), two_labels(data.iris())))
    add(f"{name}_balanced", lambda make=make: fit(make(class_weight="balanced", criterion="entropy"), data.breast()))
    add(f"{name}_missing", lambda make=make: fit_holes(make(), data.iris()))
    add(f"{name}_monotonic", lambda make=make: fit(make(monotonic_cst=[1, 0, -1, 0]), data.iris_binary()))
    add(f"{name}_float32_boundary", lambda make=make: fit(make(), boundary()))
for name, make in REGRESSORS.items():
    add(name, lambda make=make: fit(make(), data.diabetes()))
    add(f"{name}_two_outputs", lambda make=make: fit(make(), data.diabetes_two()))
    add(f"{name}_missing", lambda make=make: fit_holes(make(), data.diabetes()))
    add(f"{name}_monotonic", lambda make=make: fit(make(monotonic_cst=[1] + [0] * 9), data.diabetes()))
    add(f"{name}_float32_boundary", lambda make=make: fit(make(), boundary()))
    add(f"{name}_poisson", lambda make=make: fit(make(criterion="poisson"), data.counts()))
    add(f"{name}_absolute", lambda make=make: fit(make(criterion="absolute_error"), data.diabetes()))
add("decision_tree_classifier_bool_labels", lambda: fit(
    tree.DecisionTreeClassifier(max_depth=3, random_state=0), (data.iris_binary()[0], data.iris_binary()[1] == 1)))
add("decision_tree_classifier_one_leaf", lambda: (
    tree.DecisionTreeClassifier().fit(data.iris()[0], np.zeros(150, int)), data.probe(data.iris()[0])))
add("decision_tree_regressor_one_leaf", lambda: (
    tree.DecisionTreeRegressor(max_depth=1, min_samples_leaf=100).fit(*data.diabetes()), data.probe(data.diabetes()[0])))
add("decision_tree_classifier_pruned_best_first", lambda: fit(
    tree.DecisionTreeClassifier(max_leaf_nodes=9, ccp_alpha=0.005, random_state=0), data.iris()))
add("decision_tree_classifier_mixed_text_outputs", lambda: (
    tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(
        data.iris()[0], np.column_stack([data.iris_text()[1], np.where(data.iris()[0][:, 0] > 5.8, "big", "small")])),
    data.probe(data.iris()[0])))
add("random_forest_classifier_frame", lambda: (
    ensemble.RandomForestClassifier(**FOREST).fit(*data.iris_frame()), data.frame_probe(data.iris_frame()[0])))
add("random_forest_classifier_oob_warm", lambda: fit(
    ensemble.RandomForestClassifier(n_estimators=8, oob_score=True, warm_start=True, max_samples=0.7,
                                    max_depth=4, random_state=np.random.RandomState(3)), data.iris()))
add("random_forest_regressor_frame", lambda: (
    ensemble.RandomForestRegressor(**FOREST).fit(data.iris_frame()[0], data.iris()[1] * 1.5),
    data.frame_probe(data.iris_frame()[0])))

# Gradient boosting.
BOOST = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
gbc = lambda **k: ensemble.GradientBoostingClassifier(**{**BOOST, **k})  # noqa: E731
gbr = lambda **k: ensemble.GradientBoostingRegressor(**{**BOOST, **k})  # noqa: E731
add("gradient_boosting_classifier", lambda: fit(gbc(), data.iris()))
add("gradient_boosting_classifier_binary", lambda: fit(gbc(), data.iris_binary()))
add("gradient_boosting_classifier_exponential", lambda: fit(gbc(loss="exponential"), data.iris_binary()))
add("gradient_boosting_classifier_text", lambda: fit(gbc(subsample=0.7), data.iris_text()))
add("gradient_boosting_classifier_init_zero", lambda: fit(gbc(init="zero"), data.iris()))
add("gradient_boosting_classifier_init_zero_binary", lambda: fit(gbc(init="zero"), data.iris_binary()))
add("gradient_boosting_classifier_init_logistic", lambda: fit(
    gbc(init=LogisticRegression(max_iter=1000)), data.iris()))
add("gradient_boosting_classifier_init_logistic_binary", lambda: fit(
    gbc(init=LogisticRegression(max_iter=1000)), data.iris_binary()))
for strategy, extra in {"most_frequent": {}, "uniform": {}, "constant": {"constant": 1}}.items():
    add(f"gradient_boosting_classifier_init_dummy_{strategy}", lambda strategy=strategy, extra=extra: fit(
        gbc(init=DummyClassifier(strategy=strategy, **extra)), data.iris()))
add("gradient_boosting_classifier_init_dummy", lambda: fit(gbc(init=DummyClassifier()), data.iris()))
add("gradient_boosting_classifier_init_dummy_binary", lambda: fit(
    gbc(init=DummyClassifier(strategy="prior")), data.breast()))
add("gradient_boosting_classifier_early_stopping", lambda: fit(
    gbc(n_estimators=8, n_iter_no_change=2, validation_fraction=0.2), data.iris()))
for loss in ("squared_error", "huber", "quantile", "absolute_error"):
    add(f"gradient_boosting_regressor_{loss}", lambda loss=loss: fit(gbr(loss=loss), data.diabetes()))
add("gradient_boosting_regressor_init_zero", lambda: fit(gbr(init="zero"), data.diabetes()))
add("gradient_boosting_regressor_init_linear", lambda: fit(gbr(init=LinearRegression()), data.diabetes()))
add("gradient_boosting_regressor_init_dummy", lambda: fit(gbr(init=DummyRegressor(strategy="median")), data.diabetes()))
add("gradient_boosting_regressor_frame", lambda: (
    gbr().fit(data.iris_frame()[0], data.iris()[1]), data.frame_probe(data.iris_frame()[0])))


# Histogram gradient boosting.
def hist_thresholds(model, X):
    nodes = model._predictors[0][0].nodes
    inner = nodes[nodes["is_leaf"] == 0][:4]
    rows = []
    for node in inner:
        for value in (node["num_threshold"], np.nextafter(node["num_threshold"], np.inf)):
            row = np.array(X[len(rows)], dtype=float)
            row[node["feature_idx"]] = value
            rows.append(row)
    return np.array(rows).reshape(-1, X.shape[1])


def hist(model, xy, missing=False):
    X, y = xy
    X = data.with_holes(X) if missing else X
    model.fit(X, y)
    rows = np.concatenate([X[:8], data.probe(np.nan_to_num(X), 4), hist_thresholds(model, np.nan_to_num(X))])
    rows[1, 0] = np.nan
    rows[2, :] = np.nan
    rows[3, -1] = np.inf
    return model, rows


HIST = {"max_iter": 6, "max_depth": 4, "min_samples_leaf": 5, "random_state": 0, "early_stopping": False}
hgc = lambda **k: ensemble.HistGradientBoostingClassifier(**{**HIST, **k})  # noqa: E731
hgr = lambda **k: ensemble.HistGradientBoostingRegressor(**{**HIST, **k})  # noqa: E731
add("hist_gradient_boosting_classifier", lambda: hist(hgc(), data.iris()))
add("hist_gradient_boosting_classifier_binary", lambda: hist(hgc(), data.iris_binary()))
add("hist_gradient_boosting_classifier_text", lambda: hist(hgc(), data.iris_text()))
add("hist_gradient_boosting_classifier_missing", lambda: hist(hgc(), data.iris(), missing=True))
add("hist_gradient_boosting_classifier_early_stopping", lambda: hist(
    hgc(early_stopping=True, n_iter_no_change=2, max_iter=8), data.iris()))
add("hist_gradient_boosting_classifier_one_class", lambda: hist(
    hgc(max_iter=2), (data.iris()[0], np.array(["only"] * len(data.iris()[0])))))
add("hist_gradient_boosting_classifier_monotonic", lambda: hist(hgc(monotonic_cst=[1, 0, -1, 0]), data.iris_binary()))
add("hist_gradient_boosting_classifier_max_leaf_nodes", lambda: hist(
    hgc(max_leaf_nodes=5, max_bins=16, l2_regularization=0.5), data.iris()))
for loss, make_y in {"squared_error": None, "absolute_error": None, "poisson": "counts", "gamma": "gamma",
                     "quantile": None}.items():
    def build(loss=loss, make_y=make_y):
        X, y = data.counts() if make_y else data.diabetes()
        options = {"quantile": 0.8} if loss == "quantile" else {}
        return hist(hgr(loss=loss, **options), (X, y + 1 if make_y == "gamma" else y))
    add(f"hist_gradient_boosting_regressor_{loss}", build)
add("hist_gradient_boosting_regressor_missing", lambda: hist(hgr(), data.diabetes(), missing=True))
add("hist_gradient_boosting_regressor_monotonic", lambda: hist(hgr(monotonic_cst=[1] + [0] * 9), data.diabetes()))


def coded(seed=41, n=140):
    """Two coded columns (0 to 6 and 0 to 70, the second beyond one 32-bit word) and two numeric ones."""
    state = data.random(seed)
    X = np.column_stack([state.randint(0, 7, n), state.randint(0, 70, n), np.round(state.normal(size=(n, 2)), 3)]).astype(float)
    signal = np.isin(X[:, 0], [1, 3, 6]) * 2.0 + (X[:, 1] % 3 == 0) + 0.5 * X[:, 2]
    return X, signal + state.normal(scale=0.2, size=n)


def coded_rows(X):
    rows = X[:16].copy()
    rows[0, 0], rows[1, 1], rows[2, 0], rows[3, 2] = np.nan, np.nan, 55.0, np.nan
    rows[4, 1], rows[5, 0] = 71.0, 0.0
    return rows


def categorical(model, columns=None, missing=False):
    X, y = coded()
    if missing:
        X[::9, 0] = np.nan
    rows = coded_rows(X)
    if columns:
        X, rows = (pd.DataFrame(part, columns=columns) for part in (X, rows))
    target = (y > np.median(y)).astype(int) if hasattr(model, "classes_") or "Classifier" in type(model).__name__ else y
    return model.fit(X, target), rows


add("hist_gradient_boosting_classifier_categorical_mask", lambda: categorical(
    hgc(categorical_features=[True, True, False, False])))
add("hist_gradient_boosting_classifier_categorical_indices", lambda: categorical(
    hgc(categorical_features=[0, 1]), missing=True))
add("hist_gradient_boosting_regressor_categorical_mask", lambda: categorical(
    hgr(categorical_features=[True, True, False, False])))
add("hist_gradient_boosting_regressor_categorical_indices_missing", lambda: categorical(
    hgr(categorical_features=[1, 0]), missing=True))
add("hist_gradient_boosting_regressor_categorical_names", lambda: categorical(
    hgr(categorical_features=["color", "code"]), columns=["color", "code", "a", "b"]))


def from_dtype(model, text=True, classes=False):
    X, y = coded()
    names = np.array(["red", "green", "blue", "black", "white", "pink", "teal"])
    frame = pd.DataFrame({
        "size": X[:, 2],
        "color": pd.Categorical(names[X[:, 0].astype(int)] if text else X[:, 0].astype(int) * 10),
        "code": pd.Categorical((X[:, 1] // 2).astype(int)),
        "weight": X[:, 3],
    })
    frame.loc[::8, "color"] = np.nan
    target = np.where(y > np.median(y), "high", "low") if classes else y
    model.fit(frame, target)
    rows = frame.iloc[:16].reset_index(drop=True)
    if text:
        rows["color"] = rows["color"].cat.add_categories(["violet"])
        rows.loc[3, "color"] = "violet"
    rows.loc[4, "size"] = np.nan
    return model, rows


add("hist_gradient_boosting_classifier_from_dtype_text", lambda: from_dtype(
    hgc(categorical_features="from_dtype"), classes=True))
add("hist_gradient_boosting_regressor_from_dtype_text", lambda: from_dtype(hgr(categorical_features="from_dtype")))
add("hist_gradient_boosting_regressor_from_dtype_numbers", lambda: from_dtype(
    hgr(categorical_features="from_dtype"), text=False))
add("hist_gradient_boosting_classifier_default_categories", lambda: from_dtype(hgc(), classes=True))
