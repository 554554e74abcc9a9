"""Pipelines, column transformers, unions, searches, containers, and kernels of real-world models."""

import collections
import datetime
import decimal
import pathlib

import joblib
import numpy as np
import pandas as pd
import scipy.stats
import sklearn
from sklearn import datasets, ensemble, linear_model, metrics, model_selection, neighbors, svm, tree
from sklearn import preprocessing as pp
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union

from cases import data
from cases.preprocessing import onehot
from cases.registry import add

LR = lambda **k: linear_model.LogisticRegression(**{"max_iter": 1000, **k})  # noqa: E731


def fit(model, xy):
    X, y = xy
    return model.fit(X, y), data.probe(X)


def fit_frame(model, pair, extra=(), columns=None):
    frame, y = pair
    rows = data.frame_probe(frame, extra)
    return model.fit(frame, y), rows[columns] if columns else rows


# Pipelines.
add("pipeline_scaler_logistic", lambda: fit(make_pipeline(pp.StandardScaler(), LR()), data.iris()))
add("pipeline_named_text", lambda: fit(
    Pipeline([("scale", pp.MinMaxScaler()), ("model", LR())]), data.iris_text()))
add("pipeline_frame", lambda: fit_frame(make_pipeline(pp.StandardScaler(), LR()), data.iris_frame()))
add("pipeline_passthrough", lambda: fit(
    Pipeline([("a", "passthrough"), ("b", pp.RobustScaler()), ("c", "passthrough"), ("d", svm.SVC())]), data.iris()))
add("pipeline_transform_only", lambda: fit(make_pipeline(pp.StandardScaler(), PCA(2)), data.iris()))
add("pipeline_ends_with_passthrough", lambda: fit(
    Pipeline([("a", pp.StandardScaler()), ("b", "passthrough")]), data.iris()))
add("pipeline_memory", lambda: with_memory("cache"))
add("pipeline_memory_object", lambda: with_memory(joblib.Memory(location=None)))
add("pipeline_nested", lambda: fit(
    make_pipeline(make_pipeline(pp.StandardScaler(), pp.PolynomialFeatures(2)), make_pipeline(PCA(5), LR())), data.iris()))
add("pipeline_regression", lambda: fit(
    make_pipeline(pp.PolynomialFeatures(2, include_bias=False), pp.StandardScaler(), linear_model.Ridge()), data.diabetes()))
add("pipeline_impute_forest", lambda: (
    make_pipeline(SimpleImputer(), ensemble.RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0)).fit(
        data.with_holes(data.iris()[0]), data.iris()[1]), data.with_holes(data.iris()[0])[:16]))
add("pipeline_one_hot_linear", lambda: fit_frame(
    make_pipeline(onehot(sparse=True, handle_unknown="ignore"), linear_model.Ridge()),
    (data.adult()[0][["workclass", "occupation"]], data.adult()[0]["hours_per_week"]), [{"workclass": "Retired"}]))
add("pipeline_log1p_linear", lambda: (
    make_pipeline(pp.FunctionTransformer(np.log1p), linear_model.LinearRegression()).fit(
        data.iris()[0], data.iris()[1]), np.abs(data.probe(data.iris()[0]))))
add("pipeline_knn", lambda: fit(make_pipeline(pp.StandardScaler(), neighbors.KNeighborsClassifier(3)), data.iris()))
add("pipeline_pandas_output", lambda: fit_frame(
    make_pipeline(pp.StandardScaler(), PCA(2), LR()).set_output(transform="pandas"), data.iris_frame()))
add("pipeline_extra_state", lambda: fit(with_state(make_pipeline(pp.StandardScaler(), LR())), data.iris()))
add("pipeline_random_state", lambda: fit(make_pipeline(
    pp.StandardScaler(), linear_model.SGDClassifier(random_state=np.random.RandomState(5))), data.iris()))


def with_memory(memory):
    """The setting is given after the fit, so that no cache is written here."""
    model, rows = fit(Pipeline([("a", pp.StandardScaler()), ("b", LR())]), data.iris())
    return model.set_params(memory=memory), rows


def with_state(model):
    """What people hang onto a model: nothing that a prediction depends on."""
    model.trained_by = {
        "who": "someone", "metrics": [0.9, np.float64(0.91)], "columns": ("a", "b"), "nothing": None,
        "when": datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc), "day": datetime.date(2024, 5, 6),
        "generator": np.random.default_rng(3), "state": np.random.RandomState(4), "table": np.dtype("f4"),
        "bounds": slice(0, 3), "limit": decimal.Decimal("1.5"), "path": pathlib.PurePosixPath("a/b"),
    }
    return model


# Column transformers.
NUMERIC, TEXT = ["age", "education_num", "hours_per_week"], ["workclass", "occupation"]
NEW = [{"workclass": "Retired"}, {"hours_per_week": 200.0}]
ignore = lambda **k: onehot(handle_unknown="ignore", **k)  # noqa: E731
names = lambda: [("number", pp.StandardScaler(), NUMERIC), ("text", ignore(), TEXT)]  # noqa: E731
iris_pair = data.iris_frame

add("columns_by_name", lambda: fit_frame(ColumnTransformer(names()), data.adult(), NEW))
add("columns_by_name_reordered", lambda: fit_frame(
    ColumnTransformer(names(), remainder="passthrough"), data.adult(), NEW,
    ["married", "occupation", "age", "hours_per_week", "workclass", "education_num"]))
add("columns_remainder_passthrough", lambda: fit_frame(
    ColumnTransformer([("text", ignore(), TEXT)], remainder="passthrough"), data.adult(), NEW))
add("columns_remainder_estimator", lambda: fit_frame(
    ColumnTransformer([("drop", "drop", ["age"]), ("text", ignore(), TEXT)], remainder=pp.MinMaxScaler()), data.adult(), NEW))
add("columns_passthrough_and_drop", lambda: fit_frame(
    ColumnTransformer([("keep", "passthrough", ["hours_per_week", "age"]), ("away", "drop", TEXT)]), data.adult()))
add("columns_by_index", lambda: fit(
    ColumnTransformer([("a", pp.StandardScaler(), [0, 2]), ("b", pp.MinMaxScaler(), [1])]), data.iris()))
add("columns_by_negative_index", lambda: fit(
    ColumnTransformer([("a", pp.StandardScaler(), [-1, 0]), ("b", "passthrough", [-3])]), data.iris()))
add("columns_by_slice", lambda: fit(ColumnTransformer(
    [("a", pp.StandardScaler(), slice(0, 2)), ("b", pp.MaxAbsScaler(), slice(-2, None))]), data.iris()))
add("columns_by_slice_of_names", lambda: fit_frame(ColumnTransformer(
    [("a", pp.StandardScaler(), slice("sepal_length", "petal_length"))], remainder="passthrough"), iris_pair()))
add("columns_by_slice_with_step", lambda: fit(ColumnTransformer(
    [("a", pp.StandardScaler(), slice(0, 4, 2)), ("b", pp.MinMaxScaler(), slice(3, 0, -2))]), data.iris()))
# scikit-learn forgets the step here: the function gets all columns.
add("columns_by_slice_with_step_frame", lambda: fit_frame(ColumnTransformer(
    [("a", pp.FunctionTransformer(np.cbrt), slice(None, None, 2))], remainder="passthrough"), iris_pair()))
add("columns_by_mask", lambda: fit(ColumnTransformer(
    [("a", pp.RobustScaler(), [True, False, False, True]), ("b", "passthrough", np.array([False, True, False, False]))]), data.iris()))
add("columns_by_selector", lambda: fit_frame(ColumnTransformer([
    ("number", pp.StandardScaler(), make_column_selector(dtype_include=np.number)),
    ("rest", ignore(), make_column_selector(dtype_exclude=np.number))]), data.adult(), NEW))
add("columns_by_pattern", lambda: fit_frame(ColumnTransformer([
    ("a", pp.StandardScaler(), make_column_selector(pattern="^petal"))], remainder="passthrough"), iris_pair()))
add("columns_single_selector_text", lambda: fit_frame(ColumnTransformer([
    ("number", SimpleImputer(), make_column_selector(dtype_include="number")),
    ("text", ignore(), make_column_selector(dtype_include=[object, "string"]))]),
    (data.adult()[0].drop(columns="married"), data.adult()[1]), NEW))
add("columns_index_in_frame", lambda: fit_frame(
    ColumnTransformer([("a", pp.StandardScaler(), [0]), ("b", ignore(), [1, 3])], remainder="drop"), data.adult(), NEW))
add("columns_single_name", lambda: fit_frame(ColumnTransformer(
    [("a", pp.FunctionTransformer(np.log1p), ["fare"]), ("b", ignore(), ["sex"])], remainder="drop"), data.titanic()))
add("columns_dense_threshold", lambda: fit_frame(
    ColumnTransformer([("text", ignore(sparse=True), TEXT), ("n", "passthrough", NUMERIC)], sparse_threshold=0), data.adult(), NEW))
add("columns_sparse_threshold", lambda: fit_frame(
    ColumnTransformer([("text", ignore(sparse=True), TEXT), ("n", "passthrough", ["age"])], sparse_threshold=1.0), data.adult(), NEW))
add("columns_plain_names", lambda: fit_frame(
    ColumnTransformer(names(), verbose_feature_names_out=False), data.adult(), NEW))
add("columns_weights", lambda: fit(ColumnTransformer(
    [("a", pp.StandardScaler(), [0, 1]), ("b", "passthrough", [2, 3])], transformer_weights={"a": 2.0, "b": 0.5}), data.iris()))
add("columns_same_column_twice", lambda: fit(ColumnTransformer(
    [("a", pp.StandardScaler(), [0, 1]), ("b", pp.PolynomialFeatures(2), [0, 1])]), data.iris()))
add("columns_empty_list", lambda: fit(ColumnTransformer(
    [("none", pp.StandardScaler(), []), ("b", "passthrough", [1, 2])]), data.iris()))
add("columns_nested", lambda: fit_frame(ColumnTransformer([
    ("inner", ColumnTransformer([("a", pp.StandardScaler(), ["age"]), ("b", pp.MinMaxScaler(), ["hours_per_week"])]),
     ["age", "hours_per_week"]),
    ("text", make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), ignore()), TEXT)],
    remainder="passthrough"), data.adult(), NEW))
add("columns_make", lambda: fit_frame(make_column_transformer(
    (pp.StandardScaler(), NUMERIC), (pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TEXT)),
    data.adult(), NEW))
add("columns_text_passthrough", lambda: fit_frame(ColumnTransformer(
    [("n", pp.StandardScaler(), ["age"])], remainder="passthrough"), (data.adult()[0][["workclass", "age"]], data.adult()[1])))
add("columns_pandas_output", lambda: fit_frame(
    ColumnTransformer(names()).set_output(transform="pandas"), data.adult(), NEW))
add("columns_int_remainder_by_name_model", lambda: fit_frame(make_pipeline(
    ColumnTransformer(names(), remainder="passthrough"),
    ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0)), data.adult(), NEW))

# Unions.
add("union_pca_scaler", lambda: fit(FeatureUnion([("pca", PCA(2)), ("scale", pp.StandardScaler())]), data.iris()))
add("union_weights", lambda: fit(FeatureUnion(
    [("a", pp.MinMaxScaler()), ("b", pp.PolynomialFeatures(2))], transformer_weights={"a": 10, "b": 0.1}), data.iris()))
add("union_drop_passthrough", lambda: fit(FeatureUnion(
    [("a", "drop"), ("b", "passthrough"), ("c", pp.StandardScaler())]), data.iris()))
add("union_in_pipeline", lambda: fit(
    make_pipeline(make_union(PCA(2), pp.Normalizer()), LR()), data.iris()))
add("union_sparse", lambda: fit_frame(
    make_union(ignore(sparse=True), pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    (data.adult()[0][TEXT], data.adult()[1]), NEW[:1]))


# Searches.
def search(**options):
    return model_selection.GridSearchCV(make_pipeline(pp.StandardScaler(), LR()), {
        "logisticregression__C": [0.1, 1.0]}, cv=3, **options)


add("grid_search_pipeline", lambda: fit(search(), data.iris()))
add("grid_search_scorer_splitter", lambda: fit(model_selection.GridSearchCV(
    svm.SVC(), {"C": [1, 2], "kernel": ["rbf", "linear"]},
    scoring=metrics.make_scorer(metrics.f1_score, average="macro"),
    cv=model_selection.StratifiedKFold(3, shuffle=True, random_state=np.random.RandomState(1))), data.iris()))
add("grid_search_many_scores", lambda: fit(search(
    scoring={"acc": "accuracy", "f1": metrics.make_scorer(metrics.fbeta_score, beta=2.0, average="micro")}, refit="acc"), data.iris()))
add("grid_search_threshold_scorer", lambda: fit(search(scoring="roc_auc_ovr"), data.iris()))
add("grid_search_frame", lambda: fit_frame(search(), data.iris_frame()))
add("grid_search_steps", lambda: fit(model_selection.GridSearchCV(
    Pipeline([("scale", pp.StandardScaler()), ("model", LR())]),
    {"scale": [pp.MinMaxScaler(), "passthrough"], "model": [LR(), tree.DecisionTreeClassifier(max_depth=3, random_state=0)]},
    cv=model_selection.ShuffleSplit(2, random_state=0)), data.iris()))
add("grid_search_regressor", lambda: fit(model_selection.GridSearchCV(
    linear_model.Ridge(), {"alpha": np.logspace(-2, 1, 3)}, scoring="neg_mean_squared_error",
    cv=model_selection.KFold(3)), data.diabetes()))
add("randomized_search_distributions", lambda: fit(model_selection.RandomizedSearchCV(
    ensemble.RandomForestClassifier(n_estimators=4, random_state=0),
    {"max_depth": scipy.stats.randint(2, 5), "max_features": scipy.stats.uniform(0.3, 0.5)}, n_iter=3, cv=3,
    random_state=np.random.RandomState(2)), data.iris()))
add("randomized_search_loguniform", lambda: fit(model_selection.RandomizedSearchCV(
    svm.SVC(), {"C": scipy.stats.loguniform(0.1, 10), "gamma": scipy.stats.expon(scale=0.3)}, n_iter=3, cv=3,
    random_state=0), data.iris()))
add("grid_search_in_pipeline", lambda: fit(make_pipeline(pp.StandardScaler(), model_selection.GridSearchCV(
    LR(), {"C": [0.5, 2.0]}, cv=3)), data.iris()))


# Containers; the selection is a path of keys and indices.
def inside(wrap, model=None, rows=None):
    model = model if model is not None else LR().fit(*data.iris())
    return wrap(model), data.probe(data.iris()[0]) if rows is None else rows


add("container_dict", lambda: inside(lambda m: {"model": m, "features": ["a", "b", "c", "d"], "score": 0.97}), select="model")
add("container_nested", lambda: inside(
    lambda m: {"models": {"eu": [m, pp.StandardScaler().fit(data.iris()[0])], "us": None}, 3: "x"}), select="models.eu.0")
add("container_list", lambda: inside(lambda m: [tree.DecisionTreeClassifier(max_depth=2).fit(*data.iris()), m]), select="1")
add("container_tuple", lambda: inside(lambda m: (pp.StandardScaler().fit(data.iris()[0]), m, "notes")), select="1")
add("container_bunch", lambda: inside(lambda m: sklearn.utils.Bunch(model=m, info="x")), select="model")
add("container_ordered", lambda: inside(lambda m: collections.OrderedDict([("first", m), ("second", m)])), select="second")
add("container_with_frame", lambda: inside(lambda m: {
    "model": m, "sample": pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]}), "target": pd.Series([1, 2], name="t")}),
    select="model")
add("container_with_table", lambda: inside(lambda m: {
    "model": m, "columns": pd.Index(["a", "b", "c", "d"]), "labels": np.array(["x", "y"]),
    "mask": np.ma.masked_array([1.0, 2.0], mask=[True, False]), "seen": {1, 2}, "frozen": frozenset(["q"]),
    "half": np.float16(1.5), "complex": (b"bytes", bytearray(b"more"), 1 << 80, -1.5e300)}), select="model")

# Kernels of real models.
TITANIC_NEW = [{"embarked": "X"}, {"age": np.nan}, {"embarked": np.nan}, {"sex": "unknown"}]


def titanic_pipeline(model):
    number = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", pp.StandardScaler())])
    text = Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("code", ignore())])
    return Pipeline([("prepare", ColumnTransformer([
        ("number", number, ["age", "fare", "sibsp"]), ("text", text, ["embarked", "sex"]),
        ("class", pp.OrdinalEncoder(), ["pclass"])])), ("model", model)])


add("titanic_logistic", lambda: fit_frame(titanic_pipeline(LR()), data.titanic(), TITANIC_NEW))
add("titanic_forest", lambda: fit_frame(titanic_pipeline(
    ensemble.RandomForestClassifier(n_estimators=6, max_depth=5, random_state=42)), data.titanic(), TITANIC_NEW))
add("titanic_grid_search", lambda: fit_frame(model_selection.GridSearchCV(
    titanic_pipeline(LR()), {"model__C": [0.1, 1.0], "prepare__number__fill__strategy": ["mean", "median"]}, cv=3),
    data.titanic(), TITANIC_NEW))
add("titanic_bool_target", lambda: fit_frame(
    titanic_pipeline(ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0)),
    (data.titanic()[0], data.titanic()[1] == 1), TITANIC_NEW))
add("adult_one_hot_boosting", lambda: fit_frame(make_pipeline(
    ColumnTransformer([("text", ignore(sparse=True), TEXT + ["married"])], remainder="passthrough"),
    ensemble.GradientBoostingClassifier(n_estimators=8, max_depth=3, random_state=0)), data.adult(), NEW))
add("adult_ordinal_hist_boosting", lambda: fit_frame(make_pipeline(
    ColumnTransformer([("text", pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), TEXT)],
                      remainder="passthrough", verbose_feature_names_out=False),
    ensemble.HistGradientBoostingClassifier(max_iter=6, categorical_features=[0, 1], random_state=0)), data.adult(), NEW))
add("adult_infrequent_svm", lambda: fit_frame(make_pipeline(
    ColumnTransformer([("text", onehot(min_frequency=8, handle_unknown="infrequent_if_exist"), TEXT),
                       ("number", pp.StandardScaler(), NUMERIC)]), svm.LinearSVC(random_state=0)), data.adult(), NEW))
add("adult_generator_state", lambda: fit_frame(make_pipeline(
    ColumnTransformer(names()), linear_model.SGDClassifier(loss="log_loss", random_state=np.random.RandomState(9))),
    data.adult(), NEW))
add("diabetes_pipeline", lambda: fit(make_pipeline(
    pp.StandardScaler(), ensemble.GradientBoostingRegressor(n_estimators=8, random_state=0)), data.diabetes()))
add("diabetes_frame_elastic", lambda: fit_frame(make_pipeline(pp.StandardScaler(), linear_model.ElasticNet(alpha=0.01)), (
    pd.DataFrame(data.diabetes()[0], columns=datasets.load_diabetes().feature_names), data.diabetes()[1])))
add("digits_pca_svc", lambda: fit(make_pipeline(
    PCA(12, svd_solver="full"), svm.SVC(C=5)), (datasets.load_digits().data[:120], datasets.load_digits().target[:120])))
add("breast_scaler_logistic", lambda: fit(make_pipeline(pp.StandardScaler(), LR()), data.breast()))
add("breast_scaler_knn", lambda: fit(make_pipeline(
    pp.StandardScaler(), neighbors.KNeighborsClassifier(7, weights="distance")), data.breast()))
