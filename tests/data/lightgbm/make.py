"""Writes the fixtures of one LightGBM version: model files and the answers that this very version gives.

Run by tools/make_lightgbm_fixtures inside that version's environment: `make.py OUTPUT_FOLDER [NAME_PREFIX]`.
The JSON of a case is as in ../sklearn/README.md. A case that this version cannot build is skipped and listed in
<version>/SKIPPED.txt with the reason.
"""

import json
import pathlib
import pickle
import sys
import warnings

import joblib
import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from booster_data import numbers, targets  # noqa: E402
from case_json import answer, cell  # noqa: E402

BASE = {"verbosity": -1, "num_threads": 1, "num_leaves": 7, "min_data_in_leaf": 5, "seed": 7,
        "deterministic": True, "force_row_wise": True, "min_data_per_group": 2, "cat_smooth": 1}
WRAPPER = {"n_estimators": 5, "num_leaves": 7, "min_child_samples": 5, "random_state": 7, "n_jobs": 1, "verbosity": -1}
ROUNDS = 5
ZERO = float(np.float32(1e-35))


def rng(seed):
    return np.random.RandomState(seed)


def thresholds(model):
    """Pairs of feature and threshold of all numeric splits."""
    found = []

    def walk(node):
        if "split_index" in node:
            if node["decision_type"] == "<=":
                found.append((node["split_feature"], node["threshold"]))
            walk(node["left_child"])
            walk(node["right_child"])

    for tree in model.dump_model()["tree_info"]:
        walk(tree["tree_structure"])
    return found


def hard_rows(model, x, seed=3):
    """Rows of every kind that a tree may treat in its own way: on thresholds, missing, near zero, infinite."""
    r = rng(seed)
    rows = numbers(seed, 6, x.shape[1])
    splits = thresholds(model)
    r.shuffle(splits)
    for feature, threshold in splits[:7]:
        for value in (threshold, np.nextafter(threshold, np.inf)):
            row = numbers(seed + 1, 1, x.shape[1])[0]
            row[feature] = value
            rows = np.vstack([rows, row])
    specials = [np.nan, 0.0, -0.0, 1e-36, -1e-36, ZERO, -ZERO, 1.0001e-35, -1.0001e-35, 1e300, -1e300, np.inf, -np.inf]
    for special in specials:
        row = numbers(seed + 2, 1, x.shape[1])[0]
        row[r.randint(x.shape[1])] = special
        rows = np.vstack([rows, row, np.full(x.shape[1], special)])
    return rows


def category_rows(model, x, seed=4):
    """hard_rows for models whose column 0 (and 1) holds categories."""
    r = rng(seed)
    rows = numbers(seed, 34, x.shape[1])
    rows[:, 0] = r.choice(x[:, 0][~np.isnan(x[:, 0])], len(rows))
    specials = [np.nan, -1, -0.5, 0.99, 2.7, 31, 32, 255, 256, 257, 700, 5000, 2147483647, 2147483648, 3e9, 1e300, -1e300,
                np.inf, -np.inf]
    rows[:len(specials), 0] = specials
    return rows


def train(params, x, y, rounds=ROUNDS, data=None, **more):
    params = {**BASE, **params}
    data = {"free_raw_data": False, **(data or {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lgb.train(params, lgb.Dataset(x, y, **data), rounds, **more)


CASES = []


def case(function):
    CASES.append((function.__name__, function))
    return function


# --- How a model becomes a file: (writer, what the file's reader says).

def leaf_numbers(model, rows):
    """A column per tree; before 4.6 a model of one tree gave a vector."""
    return np.asarray(model.predict(rows, pred_leaf=True), dtype=np.float64).reshape(len(rows), -1)


def booster_outputs(booster, rows, leaf=True, **how):
    outputs = {"predict": booster.predict(rows, **how), "raw_score": booster.predict(rows, raw_score=True, **how)}
    if leaf:
        outputs["leaf"] = leaf_numbers(booster, rows)
    return outputs


# The parameters of training are most of a small file, and say nothing of how it predicts. These keep them.
WITH_PARAMETERS = ("objective_binary", "pandas_text", "categories_few", "linear_trees", "rf_regression")


def without_parameters(text):
    begin, end = text.find("\nparameters:\n"), text.find("end of parameters\n")
    kept = [line for line in text[begin:end].splitlines(True) if line.startswith("[categorical_feature: ")]
    return text[:begin] + "\nparameters:\n" + "".join(kept) + text[end:]


def as_text(booster, folder, name, rows):
    path = folder / f"{name}.txt"
    booster.save_model(str(path))
    if name not in WITH_PARAMETERS:
        path.write_text(without_parameters(path.read_text()))
    read = lgb.Booster(model_file=str(path))
    return path.name, booster_outputs(read, rows)


def as_json(booster, folder, name, rows):
    path = folder / f"{name}.model.json"
    path.write_text(json.dumps(booster.dump_model()))
    return path.name, booster_outputs(booster, rows)


def as_pickle(model, folder, name, rows):
    path = folder / f"{name}.pkl"
    path.write_bytes(pickle.dumps(model))
    return path.name, outputs_of(pickle.loads(path.read_bytes()), rows)


def as_joblib(model, folder, name, rows):
    path = folder / f"{name}.joblib"
    joblib.dump(model, path, compress=("zlib", 3))
    return path.name, outputs_of(joblib.load(path), rows)


def outputs_of(model, rows):
    if isinstance(model, lgb.Booster):
        return booster_outputs(model, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = {"predict": model.predict(rows)}
        if hasattr(model, "predict_proba"):
            outputs["predict_proba"] = model.predict_proba(rows)
        if isinstance(model, lgb.LGBMModel):
            outputs["raw_score"] = model.predict(rows, raw_score=True)
            outputs["leaf"] = leaf_numbers(model, rows)
    return outputs


# --- Objectives, as text and as JSON.

OBJECTIVES = {
    "regression": ("plain", {}), "regression_sqrt": ("positive", {"objective": "regression", "reg_sqrt": True}),
    "regression_l1": ("plain", {}), "regression_l1_sqrt": ("positive", {"objective": "regression_l1", "reg_sqrt": True}),
    "huber": ("plain", {}), "fair": ("plain", {}), "poisson": ("count", {}), "quantile": ("plain", {"alpha": 0.8}),
    "mape": ("positive", {}), "gamma": ("positive", {}), "tweedie": ("positive", {"tweedie_variance_power": 1.3}),
    "binary": ("binary", {}), "binary_sigmoid": ("binary", {"objective": "binary", "sigmoid": 2.5}),
    "multiclass": ("multi", {"num_class": 3}), "multiclassova": ("multi", {"num_class": 3, "sigmoid": 0.7}),
    "cross_entropy": ("fraction", {}), "cross_entropy_lambda": ("fraction", {}),
    "lambdarank": ("rank", {}), "rank_xendcg": ("rank", {}),
}


def objective_model(name):
    kind, params = OBJECTIVES[name]
    params = {"objective": name, **params}
    x = numbers(missing=0.1)
    y = targets(x, kind)
    if kind == "positive" and params.get("reg_sqrt"):
        y = y * np.where(x[:, 0] > 0, 1, -1)
    data = {"group": [16] * 10} if kind == "rank" else None
    return train(params, x, y, data=data), x


def add_objectives():
    for name in OBJECTIVES:
        def text(name=name):
            model, x = objective_model(name)
            return as_text, model, hard_rows(model, x)

        def dump(name=name):
            model, x = objective_model(name)
            return as_json, model, hard_rows(model, x)

        CASES.append((f"objective_{name}", text))
        if name in ("regression_sqrt", "binary", "multiclass", "multiclassova", "tweedie", "cross_entropy_lambda"):
            CASES.append((f"json_{name}", dump))


add_objectives()


@case
def objective_own():
    def own(*args):
        prediction, data = args
        if not hasattr(data, "get_label"):
            prediction, data = data, prediction
        error = prediction - data.get_label()
        return error, np.ones_like(error)

    x = numbers()
    if lgb.__version__.startswith("3."):
        model = train({"objective": "none"}, x, targets(x, "plain"), fobj=own)
    else:
        model = train({"objective": own}, x, targets(x, "plain"))
    return as_text, model, hard_rows(model, x)


# --- Missing values.

def missing_model(params, missing=0.0, zeros=0.0, kind="plain"):
    x = numbers(missing=missing, zeros=zeros)
    return train({"objective": "regression" if kind == "plain" else kind, **params}, x, targets(x, kind)), x


@case
def missing_none():
    model, x = missing_model({})
    return as_text, model, hard_rows(model, x)


@case
def missing_nan():
    model, x = missing_model({}, missing=0.25)
    return as_text, model, hard_rows(model, x)


@case
def missing_zero():
    model, x = missing_model({"zero_as_missing": True}, missing=0.1, zeros=0.25)
    return as_text, model, hard_rows(model, x)


@case
def missing_zero_json():
    model, x = missing_model({"zero_as_missing": True}, missing=0.1, zeros=0.25)
    return as_json, model, hard_rows(model, x)


@case
def missing_not_used():
    model, x = missing_model({"use_missing": False}, missing=0.2, zeros=0.1)
    return as_text, model, hard_rows(model, x)


@case
def missing_mixed():
    """Trained further with other settings: the same feature is missing at NaN in some trees and at 0 in others."""
    x = numbers(missing=0.15, zeros=0.2)
    y = targets(x, "plain")
    first = train({"objective": "regression"}, x, y, 5)
    model = train({"objective": "regression", "zero_as_missing": True}, x, y, 5, init_model=first)
    return as_text, model, hard_rows(model, x)


@case
def sparse_zeros():
    x = numbers(zeros=0.8)
    model = train({"objective": "regression"}, x, targets(x, "plain"))
    return as_text, model, hard_rows(model, x)


# --- Categories.

def categories(seed, count, rows=400, missing=0.05):
    r = rng(seed)
    x = numbers(seed, rows, 4)
    x[:, 0] = r.randint(count, size=rows)
    effect = r.normal(size=count) * 3
    y = effect[x[:, 0].astype(int)] + 0.3 * x[:, 1]
    x[r.uniform(size=rows) < missing, 0] = np.nan
    return x, y


def category_model(count, params=None, **more):
    x, y = categories(5, count, **more)
    model = train({"objective": "regression", "max_cat_to_onehot": 4, **(params or {})}, x, y,
                  data={"categorical_feature": [0]})
    return model, x


@case
def categories_few():
    model, x = category_model(9)
    return as_text, model, category_rows(model, x)


@case
def categories_onehot():
    model, x = category_model(6, {"max_cat_to_onehot": 10})
    return as_text, model, category_rows(model, x)


@case
def categories_no_missing():
    model, x = category_model(40, missing=0)
    return as_text, model, category_rows(model, x)


@case
def categories_many():
    model, x = category_model(701, {"max_bin": 1000, "min_data_in_leaf": 3}, rows=3000)
    return as_text, model, category_rows(model, x)


@case
def categories_many_json():
    model, x = category_model(701, {"max_bin": 1000, "min_data_in_leaf": 3}, rows=3000)
    return as_json, model, category_rows(model, x)


@case
def categories_binary():
    x, y = categories(6, 20)
    model = train({"objective": "binary"}, x, (y > 0).astype(int), data={"categorical_feature": [0]})
    return as_text, model, category_rows(model, x)


@case
def categories_zero_missing():
    x, y = categories(6, 20)
    x[::3, 1] = 0
    model = train({"objective": "regression", "zero_as_missing": True}, x, y, data={"categorical_feature": [0]})
    return as_text, model, category_rows(model, x)


# --- Linear models in the leaves.

def linear_model(params, missing=0.0, kind="plain"):
    x = numbers(missing=missing)
    params = {"linear_tree": True, "linear_lambda": 0.01, "objective": "regression", **params}
    return train(params, x, targets(x, kind)), x


@case
def linear_trees():
    model, x = linear_model({})
    return as_text, model, hard_rows(model, x)


@case
def linear_trees_missing():
    model, x = linear_model({}, missing=0.2)
    return as_text, model, hard_rows(model, x)


@case
def linear_trees_zero_missing():
    model, x = linear_model({"zero_as_missing": True}, missing=0.1)
    return as_text, model, hard_rows(model, x)


@case
def linear_trees_binary():
    model, x = linear_model({"objective": "binary"}, kind="binary")
    return as_text, model, hard_rows(model, x)


@case
def linear_trees_multiclass():
    model, x = linear_model({"objective": "multiclass", "num_class": 3}, kind="multi")
    return as_text, model, hard_rows(model, x)


@case
def linear_trees_json():
    model, x = linear_model({}, missing=0.1)
    if "leaf_const" not in json.dumps(model.dump_model()):
        raise ValueError("this version's dump leaves the linear models out")
    return as_json, model, hard_rows(model, x)


@case
def linear_trees_categories():
    x, y = categories(7, 12)
    model = train({"objective": "regression", "linear_tree": True}, x, y, data={"categorical_feature": [0]})
    return as_text, model, category_rows(model, x)


# --- Ways of boosting.

RF = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}


def boosting(params, kind="plain", rounds=ROUNDS):
    x = numbers(missing=0.1)
    default = {"plain": "regression", "multi": "multiclass", "positive": "regression"}.get(kind, kind)
    return train({"objective": default, **params}, x, targets(x, kind), rounds), x


@case
def dart():
    model, x = boosting({"boosting": "dart", "drop_rate": 0.5})
    return as_text, model, hard_rows(model, x)


@case
def dart_json():
    model, x = boosting({"boosting": "dart", "drop_rate": 0.5}, "binary")
    return as_json, model, hard_rows(model, x)


@case
def rf_regression():
    model, x = boosting(RF)
    return as_text, model, hard_rows(model, x)


@case
def rf_sqrt():
    model, x = boosting({**RF, "reg_sqrt": True}, "positive")
    return as_text, model, hard_rows(model, x)


@case
def rf_binary():
    model, x = boosting(RF, "binary")
    return as_text, model, hard_rows(model, x)


@case
def rf_multiclass():
    model, x = boosting({**RF, "num_class": 3}, "multi")
    return as_text, model, hard_rows(model, x)


@case
def rf_json():
    model, x = boosting(RF)
    return as_json, model, hard_rows(model, x)


@case
def goss():
    model, x = boosting({"boosting": "goss"} if lgb.__version__.startswith("3.") else {"data_sample_strategy": "goss"},
                        rounds=12)
    return as_text, model, hard_rows(model, x)


@case
def extra_trees():
    model, x = boosting({"extra_trees": True, "feature_fraction": 0.6})
    return as_text, model, hard_rows(model, x)


@case
def monotone():
    model, x = boosting({"monotone_constraints": [1, -1, 0, 0, 0]})
    return as_text, model, hard_rows(model, x)


@case
def early_stopping():
    x, v = numbers(), numbers(11)
    r = rng(12)
    y, w = targets(x, "binary"), r.randint(2, size=len(v))
    params = {**BASE, "objective": "binary", "learning_rate": 0.5}
    data = lgb.Dataset(x, y)
    model = lgb.train(params, data, 30, valid_sets=[lgb.Dataset(v, w, reference=data)],
                      callbacks=[lgb.early_stopping(3, verbose=False)])
    assert 0 < model.best_iteration < 30
    return as_text, model, hard_rows(model, x)


@case
def constant():
    x = numbers()
    model = train({"objective": "regression", "min_data_in_leaf": 1000}, x, targets(x, "plain"), 3)
    return as_text, model, numbers(3, 4)


@case
def constant_json():
    x = numbers()
    model = train({"objective": "regression", "min_data_in_leaf": 1000}, x, targets(x, "plain"), 3)
    return as_json, model, numbers(3, 4)


@case
def many_trees():
    x = numbers()
    model = train({"objective": "regression", "num_leaves": 4}, x, targets(x, "plain"), 70)
    return as_text, model, numbers(3, 9)


@case
def deep_trees():
    x = numbers(rows=400)
    model = train({"objective": "regression", "num_leaves": 120, "min_data_in_leaf": 1}, x, targets(x, "plain"), 2)
    return as_text, model, hard_rows(model, x)


@case
def deep_trees_json():
    x = numbers(rows=400)
    model = train({"objective": "regression", "num_leaves": 60, "min_data_in_leaf": 1}, x, targets(x, "plain"), 1)
    return as_json, model, hard_rows(model, x)


@case
def two_hundred_features():
    x = numbers(21, 120, 200)
    model = train({"objective": "regression"}, x, x[:, 3] - x[:, 150])
    return as_text, model, numbers(22, 6, 200)


@case
def unused_features():
    x = numbers()
    x[:, 2] = 5
    model = train({"objective": "regression"}, x, targets(x, "plain"))
    return as_text, model, hard_rows(model, x)


# --- Tables with names and categories.

def table(seed=31, rows=240):
    r = rng(seed)
    frame = pd.DataFrame({
        "age": np.round(r.uniform(18, 80, rows), 1),
        "city": pd.Categorical(r.choice(["Oslo", "Rome", "Lyon", "Züri"], rows)),
        "income": np.round(r.normal(30, 9, rows), 2),
        "rooms": pd.Categorical(r.choice([1, 2, 3, 5], rows)),
        "letter": pd.Categorical(r.choice(list("abcdefghijklmnopqrstuvwxyz"), rows)),
    })
    score = frame["age"] / 10 + frame["city"].cat.codes * 2 - frame["rooms"].cat.codes + (frame["letter"].cat.codes % 3)
    return frame, score.to_numpy()


def table_rows(seed=32):
    frame, _ = table(seed, 30)
    for name, place in (("city", 3), ("letter", 4), ("rooms", 5), ("age", 6)):
        frame.loc[place, name] = np.nan
    for name, value in (("city", "Bonn"), ("letter", "ß"), ("rooms", 4)):
        frame[name] = frame[name].cat.add_categories([value])
        frame.loc[7, name] = value
    return frame


def table_model(params=None):
    frame, score = table()
    return train({"objective": "regression", **(params or {})}, frame, score)


@case
def pandas_text():
    return as_text, table_model(), table_rows()


@case
def pandas_json():
    return as_json, table_model(), table_rows()


@case
def pandas_pickle():
    return as_pickle, table_model(), table_rows()


@case
def pandas_only_categories():
    frame, score = table()
    names = ["city", "letter"]
    return as_text, train({"objective": "regression"}, frame[names], score), table_rows()[names]


@case
def pandas_flags():
    """Categories that are truth values, and columns of ints and truth values beside them."""
    r = rng(33)
    frame = pd.DataFrame({"flag": pd.Categorical(r.uniform(size=160) < 0.4), "count": r.randint(9, size=160),
                          "yes": r.uniform(size=160) < 0.5})
    y = frame["count"] + 3 * frame["flag"].cat.codes - 2 * frame["yes"]
    model = train({"objective": "regression"}, frame, y.to_numpy())
    return as_text, model, frame.iloc[:20]


@case
def pandas_no_categories():
    frame, score = table()
    names = ["age", "income"]
    return as_text, train({"objective": "regression"}, frame[names], score), table_rows()[["income", "age"]][names]


@case
def pandas_zero_missing():
    return as_text, table_model({"zero_as_missing": True}), table_rows()


# --- Pickles: boosters and wrappers.

@case
def booster_pickle():
    model, x = objective_model("binary")
    return as_pickle, model, hard_rows(model, x)


@case
def booster_joblib():
    model, x = objective_model("multiclass")
    return as_joblib, model, hard_rows(model, x)


@case
def booster_pickle_best_iteration():
    x = numbers()
    model = train({"objective": "regression"}, x, targets(x, "plain"))
    model.best_iteration = 3
    return as_pickle, model, hard_rows(model, x)


def wrapper_case(name, make, kind, labels=None, write=as_pickle):
    def build():
        x = numbers(missing=0.1)
        y = targets(x, kind)
        y = y if labels is None else np.array(labels)[y]
        model = make()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, y, **({"group": [16] * 10} if kind == "rank" else {}))
        return write, model, hard_rows(model.booster_, x)

    CASES.append((name, build))


def classifier(**params):
    return lgb.LGBMClassifier(**{**WRAPPER, **params})


def regressor(**params):
    return lgb.LGBMRegressor(**{**WRAPPER, **params})


wrapper_case("classifier_binary", classifier, "binary")
wrapper_case("classifier_text_labels", classifier, "binary", ["no", "yes"], as_joblib)
wrapper_case("classifier_bool_labels", classifier, "binary", [False, True])
wrapper_case("classifier_float_labels", classifier, "multi", [-1.0, 2.0, 7.0])
wrapper_case("classifier_multi", classifier, "multi", [10, 20, 40])
wrapper_case("classifier_multi_text", classifier, "multi", ["a", "b", "c"], as_joblib)
wrapper_case("classifier_ova", lambda: classifier(objective="multiclassova"), "multi")
wrapper_case("classifier_balanced", lambda: classifier(class_weight="balanced"), "multi")
wrapper_case("classifier_dart", lambda: classifier(boosting_type="dart"), "binary")
wrapper_case("classifier_rf", lambda: classifier(boosting_type="rf", subsample=0.7, subsample_freq=1), "multi")
wrapper_case("classifier_linear", lambda: classifier(linear_tree=True), "binary")
wrapper_case("classifier_cross_entropy", lambda: classifier(objective="cross_entropy"), "binary")
wrapper_case("regressor", regressor, "plain")
wrapper_case("regressor_poisson", lambda: regressor(objective="poisson"), "count", None, as_joblib)
wrapper_case("regressor_quantile", lambda: regressor(objective="quantile", alpha=0.9), "plain")
wrapper_case("regressor_zero_missing", lambda: regressor(zero_as_missing=True), "plain")
wrapper_case("ranker", lambda: lgb.LGBMRanker(**WRAPPER), "rank")


@case
def classifier_early_stopping():
    x, v = numbers(), numbers(11)
    y, w = targets(x, "binary"), rng(12).randint(2, size=len(v))
    model = classifier(n_estimators=30, learning_rate=0.5)
    model.fit(x, y, eval_set=[(v, w)], callbacks=[lgb.early_stopping(3, verbose=False)])
    assert 0 < model.best_iteration_ < 30
    return as_pickle, model, hard_rows(model.booster_, x)


@case
def classifier_table():
    frame, score = table()
    return as_pickle, classifier().fit(frame, np.where(score > np.median(score), "high", "low")), table_rows()


@case
def regressor_table():
    frame, score = table()
    return as_joblib, regressor().fit(frame, score), table_rows()


@case
def regressor_names():
    frame, score = table()
    names = ["age", "income"]
    return as_pickle, regressor().fit(frame[names], score), table_rows()[names]


# --- As a step of something.

@case
def pipeline_scaler():
    x = numbers()
    model = Pipeline([("scale", StandardScaler()), ("model", classifier())]).fit(x, targets(x, "multi"))
    return as_pickle, model, numbers(3, 20)


@case
def pipeline_imputer():
    x = numbers(missing=0.2)
    model = Pipeline([("impute", SimpleImputer()), ("model", regressor())]).fit(x, targets(x, "plain"))
    return as_joblib, model, numbers(3, 20, missing=0.3)


def plain_table(seed, rows=240):
    frame, score = table(seed, rows)
    frame["city"] = frame["city"].astype(object)
    return frame[["age", "city", "income"]], score


@case
def pipeline_columns():
    frame, score = plain_table(31)
    columns = ColumnTransformer([("city", OneHotEncoder(handle_unknown="ignore"), ["city"])], remainder="passthrough")
    model = Pipeline([("columns", columns), ("model", classifier())]).fit(frame, score > np.median(score))
    return as_pickle, model, plain_table(32, 20)[0]


@case
def pipeline_codes():
    frame, score = plain_table(31)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("city", codes, ["city"])], remainder="passthrough")
    model = Pipeline([("columns", columns), ("model", regressor())])
    model.fit(frame, score, model__categorical_feature=[0])
    return as_pickle, model, plain_table(32, 20)[0]


@case
def pipeline_only_model():
    frame, score = table()
    return as_pickle, Pipeline([("model", regressor())]).fit(frame, score), table_rows()


@case
def search():
    x = numbers()
    grid = GridSearchCV(classifier(), {"num_leaves": [4, 7]}, cv=2)
    return as_joblib, grid.fit(x, targets(x, "multi")), numbers(3, 20)


@case
def search_of_pipeline():
    x = numbers()
    pipeline = Pipeline([("scale", StandardScaler()), ("model", regressor())])
    grid = GridSearchCV(pipeline, {"model__num_leaves": [4, 7]}, cv=2)
    return as_pickle, grid.fit(x, targets(x, "plain")), numbers(3, 20)


# --- Writing.

def rows_of(data):
    if isinstance(data, pd.DataFrame):
        lists = [data[name].tolist() for name in data.columns]
        return [[cell(column[i]) for column in lists] for i in range(len(data))]
    return [[cell(value) for value in row] for row in data.tolist()]


def main():
    version = lgb.__version__
    folder = pathlib.Path(sys.argv[1]) / version
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    skipped = []
    for name, build in CASES:
        if not name.startswith(prefix):
            continue
        try:
            write, model, rows = build()
            file, outputs = write(model, folder, name, rows)
        except Exception as error:  # pylint: disable=broad-except
            skipped.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
            continue
        table_like = isinstance(rows, pd.DataFrame)
        content = {
            "lightgbm": version, "numpy": np.__version__, "case": name, "file": file,
            "estimator": type(model).__name__, "columns": list(rows.columns) if table_like else None,
            "tolerance": 1e-15, "outputs": {key: answer(value) for key, value in outputs.items()}, "error": None,
            "rows": rows_of(rows),
        }
        (folder / f"{name}.json").write_text(json.dumps(content) + "\n")
    if not prefix:
        (folder / "SKIPPED.txt").write_text("".join(line + "\n" for line in skipped))
    print(f"{version}: {len(CASES) - len(skipped)} cases, {len(skipped)} skipped", *skipped, sep="\n")


if __name__ == "__main__":
    main()
