"""Writes the CatBoost fixtures of one version of the library; run by tools/make_catboost_fixtures.

    make.py FOLDER     writes FOLDER/<version>/

Each case trains a small model, writes it (.cbm, JSON, pickle, joblib), reads it back with the library and notes what it answers.
"""

import json
import os
import pickle
import sys

import catboost
import joblib
import numpy as np
import pandas as pd
import sklearn
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from case_json import answer, cell  # noqa: E402

VERSION = catboost.__version__
COMMON = dict(iterations=6, depth=3, thread_count=1, verbose=0, allow_writing_files=False, random_seed=1)
TOLERANCE = 1e-12
ROWS = 12

CASES = []


def case(kinds="cbm", tolerance=TOLERANCE):
    """Registers a function that gives (estimator, test data). `kinds`: the files written, one case each."""

    def register(function):
        for kind in kinds.split():
            name = function.__name__ if kind == kinds.split()[0] else f"{function.__name__}_{kind}"
            CASES.append((name, kind, tolerance, function))
        return function

    return register


# --- data


def numbers(n=240, seed=0, columns=4):
    return np.random.RandomState(seed).rand(n, columns)


def table(n=300, seed=0):
    """Numbers, texts of every length that the hash treats differently, and whole numbers as categories."""
    r = np.random.RandomState(seed)
    long = ["a" * 16, "b" * 17, "c" * 33, "d" * 64, "e" * 65, "f" * 130, "", "Zürich"]
    return pd.DataFrame({
        "size": r.rand(n) * 10,
        "city": r.choice(["Ulm", "Rome", "Oslo", "Lima", "Bern", "São Paulo"], n),
        "kind": r.choice(["x", "yy", "zzz"], n),
        "age": r.rand(n),
        "note": r.choice(long, n),
        "shop": r.randint(-3, 25, n),
    })


CATS = ["city", "kind", "note", "shop"]


def target(df):
    """Needs numbers and every category."""
    effect = {"Ulm": 1.0, "Rome": -1.0, "Oslo": 0.4, "Lima": 0.0, "Bern": 2.0, "São Paulo": -0.5}
    noise = np.random.RandomState(5).rand(len(df)) * 0.3
    return (df["size"] * 0.1 + df["city"].map(effect) + (df["kind"] == "yy") * (df["shop"] % 3)
            + df["note"].str.len() % 5 * 0.2 + noise).to_numpy()


def unseen(df):
    """Test rows: some known ones, then categories that the training did not have."""
    test = df.head(ROWS).reset_index(drop=True)
    test.loc[1, "city"] = "Paris"
    test.loc[2, "shop"] = 1000
    test.loc[3, "note"] = "never seen"
    test.loc[4, ["city", "kind", "note"]] = ["?", "", "g" * 200]
    return test


def three(x):
    return (x[:, 0] * 3).astype(int)


# --- regression losses


def regression(loss, y=None, **params):
    x = numbers()
    y = x[:, 0] * 3 + x[:, 1] if y is None else y(x)
    return CatBoostRegressor(loss_function=loss, **{**COMMON, **params}).fit(x, y), x[:ROWS]


LOSSES = {
    "rmse": "RMSE", "mae": "MAE", "quantile": "Quantile:alpha=0.7", "lq": "Lq:q=3", "huber": "Huber:delta=1.0",
    "logcosh": "LogCosh", "expectile": "Expectile:alpha=0.3", "mape": "MAPE", "loglin_quantile": "LogLinQuantile",
    "poisson": "Poisson", "tweedie": "Tweedie:variance_power=1.5", "multi_quantile": "MultiQuantile:alpha=0.1,0.5,0.9",
    "uncertainty": "RMSEWithUncertainty",
}
for _name, _loss in LOSSES.items():
    def _make(loss=_loss):
        return regression(loss)
    _make.__name__ = f"loss_{_name}"
    case("cbm json" if _name in ("rmse", "uncertainty", "tweedie") else "cbm")(_make)


@case("cbm json")
def loss_multi_rmse():
    return regression("MultiRMSE", lambda x: x[:, :2] * 3)


@case()
def loss_survival_aft():
    def y(x):
        return np.c_[x[:, 0] + 0.1, np.where(x[:, 1] > 0.5, -1, x[:, 0] + 0.1)]
    return regression("SurvivalAft:dist=Normal", y)


@case()
def loss_cox():
    return regression("Cox", lambda x: np.where(x[:, 1] > 0.5, x[:, 0] + 0.1, -x[:, 0] - 0.1))


@case("cbm pkl")
def ranker():
    x = numbers()
    model = CatBoostRanker(loss_function="YetiRank", **COMMON)
    return model.fit(x, (x[:, 0] * 4).astype(int), group_id=np.repeat(np.arange(24), 10)), x[:ROWS]


@case("cbm pkl")
def ranker_query_rmse():
    x = numbers()
    model = CatBoostRanker(loss_function="QueryRMSE", **COMMON)
    return model.fit(x, x[:, 0], group_id=np.repeat(np.arange(24), 10)), x[:ROWS]


# --- classifiers and their labels


def binary(labels, **params):
    x = numbers()
    y = np.asarray(labels)[(x[:, 0] + x[:, 1] > 1).astype(int)]
    return CatBoostClassifier(**{**COMMON, **params}).fit(x, y), x[:ROWS]


def multi(labels, **params):
    x = numbers()
    return CatBoostClassifier(**{**COMMON, **params}).fit(x, np.asarray(labels)[three(x)]), x[:ROWS]


@case("cbm json pkl joblib")
def binary_int():
    return binary([0, 1])


@case("cbm json")
def binary_other_ints():
    return binary([-7, 30])


@case("cbm json pkl")
def binary_text():
    return binary(["no", "yes"])


@case("cbm json pkl")
def binary_bool():
    return binary([False, True])


@case("cbm json")
def binary_float():
    return binary([0.0, 1.5])


@case()
def binary_class_names():
    return binary([0, 1], class_names=[1, 0])


@case()
def binary_cross_entropy():
    x = numbers()
    return CatBoostClassifier(loss_function="CrossEntropy", **COMMON).fit(x, x[:, 0]), x[:ROWS]


@case("cbm pkl")
def binary_threshold():
    model, x = binary([0, 1])
    model.set_probability_threshold(0.8)
    return model, x


@case("cbm json pkl")
def multi_int():
    return multi([1, 3, 5])


@case("cbm json")
def multi_float():
    return multi([0.0, 0.5, 1.0])


@case("cbm json pkl")
def multi_text():
    return multi(["red", "green", "blue"])


@case("cbm json")
def multi_one_vs_all():
    return multi([0, 1, 2], loss_function="MultiClassOneVsAll")


@case("cbm json", tolerance=1e-9)
def multi_classes_count():
    return multi([0, 2, 4], loss_function="MultiClass", classes_count=6)


@case(tolerance=1e-9)
def multi_class_names_unseen():
    return multi(["a", "c", "d"], loss_function="MultiClass", class_names=["d", "b", "c", "a"])


@case("cbm json pkl")
def multi_logloss():
    x = numbers()
    y = np.c_[x[:, 0] > 0.5, x[:, 1] > 0.3, x[:, 2] > 0.8].astype(int)
    return CatBoostClassifier(loss_function="MultiLogloss", **COMMON).fit(x, y), x[:ROWS]


@case()
def multi_cross_entropy():
    x = numbers()
    return CatBoostClassifier(loss_function="MultiCrossEntropy", **COMMON).fit(x, x[:, :2]), x[:ROWS]


# --- trees


@case("cbm json pkl")
def depthwise():
    return regression("RMSE", grow_policy="Depthwise", depth=5)


@case("cbm json")
def lossguide():
    return regression("RMSE", grow_policy="Lossguide", max_leaves=12, depth=8)


@case("cbm json")
def depthwise_multi():
    return multi([0, 1, 2], grow_policy="Depthwise")


@case("cbm json")
def lossguide_text():
    return binary(["n", "y"], grow_policy="Lossguide", max_leaves=6)


@case()
def deep():
    return regression("RMSE", depth=10, iterations=3)


@case()
def many_trees():
    return regression("RMSE", iterations=60, depth=4)


@case()
def depth_one():
    return regression("RMSE", depth=1)


@case()
def many_borders():
    """More borders than a byte can count: CatBoost then uses several."""
    x = np.random.RandomState(3).rand(3000, 1)
    y = np.sin(x[:, 0] * 300) * 5
    model = CatBoostRegressor(**{**COMMON, "iterations": 70, "depth": 5}, border_count=1000)
    return model.fit(x, y), x[:ROWS]


@case("cbm json")
def constant():
    """No split at all."""
    return regression("RMSE", lambda x: np.full(len(x), 2.5), allow_const_label=True, bootstrap_type="No")


@case()
def scaled():
    model, x = regression("RMSE")
    model.set_scale_and_bias(1.7, -0.3)
    return model, x


@case()
def boundary():
    """Numbers just beside a border, which counts in float32."""
    r = np.random.RandomState(2)
    x = (r.randint(0, 20, (300, 2)) / 10).astype(np.float32).astype(float)
    model = CatBoostRegressor(**COMMON).fit(x, x[:, 0] * 2 - x[:, 1])
    borders = sorted({b for f in model._get_float_feature_indices() for b in model.get_borders()[f]})
    rows = []
    for border in borders[:6]:
        b = np.float32(border)
        for value in (float(b), float(np.nextafter(b, np.float32(9))), float(b) + 1e-12, float(b) - 1e-12):
            rows.append([value, 0.5])
    return model, np.array(rows + [[1e300, -1e300], [np.inf, -np.inf]])


# --- missing numbers


def with_holes(**params):
    x = numbers(columns=3)
    y = np.where(x[:, 0] < 0.3, 2.0, x[:, 1])
    x[x[:, 0] < 0.3, 0] = np.nan
    x[::7, 2] = np.nan
    test = x[:ROWS].copy()
    test[0, :] = np.nan
    test[1, 1] = np.nan
    return CatBoostRegressor(**{**COMMON, **params}).fit(x, y), test


@case("cbm json pkl")
def missing_min():
    return with_holes(nan_mode="Min")


@case("cbm json")
def missing_max():
    return with_holes(nan_mode="Max")


@case("cbm json")
def missing_max_depthwise():
    return with_holes(nan_mode="Max", grow_policy="Depthwise")


@case()
def missing_not_in_training():
    x = numbers()
    test = x[:ROWS].copy()
    test[::2, 0] = np.nan
    return CatBoostRegressor(**COMMON).fit(x, x[:, 0]), test


# --- categories


def categorical(estimator=CatBoostRegressor, y=None, **params):
    df = table()
    y = target(df) if y is None else y(df)
    params = {**COMMON, "iterations": 12, "depth": 4, "model_size_reg": 0, "cat_features": CATS, **params}
    return estimator(**params).fit(df, y), unseen(df)


@case("cbm json pkl joblib")
def one_hot():
    return categorical(one_hot_max_size=50)


@case("cbm json")
def one_hot_depthwise():
    return categorical(one_hot_max_size=50, grow_policy="Depthwise")


@case("cbm json pkl")
def ctr_default():
    return categorical()


@case("cbm json pkl")
def ctr_binary():
    return categorical(CatBoostClassifier, lambda df: np.where(target(df) > 1, "high", "low"))


@case("cbm json")
def ctr_multi():
    return categorical(CatBoostClassifier, lambda df: np.digitize(target(df), [0.3, 1.2, 2]))


for _type in ("Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"):
    def _make(kind=_type):
        return categorical(simple_ctr=[kind], combinations_ctr=[kind])
    _make.__name__ = f"ctr_{_type.lower()}"
    case("cbm json")(_make)

    def _make_multi(kind=_type):
        return categorical(CatBoostClassifier, lambda df: np.digitize(target(df), [0.3, 1.2, 2]),
                           simple_ctr=[kind], combinations_ctr=[kind])
    _make_multi.__name__ = f"ctr_{_type.lower()}_multi"
    case("cbm json")(_make_multi)


@case("cbm json")
def ctr_borders_and_priors():
    return categorical(simple_ctr=["Borders:TargetBorderCount=4:CtrBorderCount=20:Prior=0:Prior=0.3:Prior=2"],
                       combinations_ctr=["Borders:TargetBorderCount=3:Prior=0.5"])


@case("cbm json")
def ctr_mixed_with_one_hot():
    return categorical(one_hot_max_size=3, max_ctr_complexity=4, iterations=10)


@case("cbm json")
def ctr_depthwise():
    return categorical(grow_policy="Depthwise", max_ctr_complexity=3)


@case()
def ctr_per_feature():
    return categorical(per_feature_ctr=["1:Buckets:Prior=0.1", "5:Counter:Prior=0.5"])


@case("cbm json")
def ctr_only_categories():
    df = table()[["city", "kind"]]
    test = df.head(ROWS).reset_index(drop=True)
    test.loc[0, "city"] = "nowhere"
    model = CatBoostRegressor(**COMMON, cat_features=["city", "kind"], model_size_reg=0)
    return model.fit(df, target(table())), test


@case("cbm json")
def ctr_matrix_without_names():
    df = table()
    model = CatBoostRegressor(**COMMON, cat_features=[1, 2, 4, 5], model_size_reg=0)
    rows = df.to_numpy(dtype=object).tolist()
    return model.fit(rows, target(df)), unseen(df).to_numpy(dtype=object).tolist()


@case("cbm")
def ctr_feature_freq():
    """Trained only on GPUs, which name what the CPU calls Counter."""
    return renamed_ctr("Counter", "FeatureFreq")


@case("cbm")
def ctr_float_target_mean():
    """Trained only on GPUs; kept as the mean value of binarized targets is."""
    return renamed_ctr("BinarizedTargetMeanValue", "FloatTargetMeanValue")


def renamed_ctr(trained, wanted):
    model, test = categorical(simple_ctr=[trained], combinations_ctr=[trained])
    path = os.path.join(sys.argv[1], "renamed.tmp")
    model.save_model(path, format="json")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace(f'"{trained}"', f'"{wanted}"').replace(f'\\"{trained}\\"', f'\\"{wanted}\\"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    changed = CatBoostRegressor()
    changed.load_model(path, format="json")
    os.remove(path)
    return changed, test


@case()
def unused_columns():
    """A category and a number that no tree uses."""
    df = table()
    df["flat"] = 1.0
    df["same"] = "s"
    test = unseen(df)
    model = CatBoostRegressor(**COMMON, cat_features=CATS + ["same"], model_size_reg=0)
    return model.fit(df, target(table())), test


# --- inside scikit-learn


@case("pkl joblib")
def generic_class():
    x = numbers()
    return CatBoost({**COMMON, "loss_function": "Logloss"}).fit(x, (x[:, 0] > 0.5).astype(int)), x[:ROWS]


@case("joblib pkl")
def pipeline_scaled():
    x = numbers()
    return Pipeline([("scale", StandardScaler()), ("cat", CatBoostRegressor(**COMMON))]).fit(x, x[:, 0]), x[:ROWS]


@case("joblib")
def pipeline_columns():
    df = table()
    columns = ColumnTransformer([
        ("numbers", SimpleImputer(), ["size", "age"]), ("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "kind"])])
    model = Pipeline([("columns", columns), ("cat", CatBoostClassifier(**COMMON))])
    return model.fit(df, np.where(target(df) > 1, "high", "low")), unseen(df)


@case("joblib")
def pipeline_categories():
    """The categories go through the pipeline as texts."""
    df = table()[["size", "city", "kind", "note"]]
    columns = ColumnTransformer([("numbers", "passthrough", ["size"]), ("texts", "passthrough", ["city", "kind", "note"])])
    model = Pipeline([("columns", columns),
                      ("cat", CatBoostRegressor(**COMMON, cat_features=[1, 2, 3], model_size_reg=0))])
    return model.fit(df, target(table())), unseen(table())[["size", "city", "kind", "note"]]


@case("joblib")
def pipeline_only_step():
    model, test = categorical()
    pipeline = Pipeline([("cat", model)])
    return pipeline.fit(table(), target(table())), test


@case("joblib")
def search():
    x = numbers()
    grid = GridSearchCV(CatBoostClassifier(**COMMON), {"depth": [2, 3]}, cv=2)
    return grid.fit(x, three(x)), x[:ROWS]


@case("joblib")
def search_of_pipeline():
    x = numbers()
    pipeline = Pipeline([("scale", StandardScaler()), ("cat", CatBoostRegressor(**COMMON))])
    return GridSearchCV(pipeline, {"cat__depth": [2, 3]}, cv=2).fit(x, x[:, 0]), x[:ROWS]


# --- writing


def write_model(model, kind, folder, name):
    if kind == "cbm":
        file = f"{name}.cbm"
        model.save_model(os.path.join(folder, file))
    elif kind == "json":
        file = f"{name}.model.json"
        model.save_model(os.path.join(folder, file), format="json")
    else:
        file = f"{name}.{kind}"
        path = os.path.join(folder, file)
        if kind == "pkl":
            with open(path, "wb") as out:
                pickle.dump(model, out, protocol=4)
        else:
            joblib.dump(model, path)
    return file


def read_model(model, kind, path):
    if kind == "pkl":
        with open(path, "rb") as file:
            return pickle.load(file)
    if kind == "joblib":
        return joblib.load(path)
    back = type(model)()
    return back.load_model(path, format=kind)


def answers(model, kind, x):
    found = {"predict": answer(model.predict(x))}
    for method in ("predict_proba", "predict_log_proba"):
        if isinstance(model, (CatBoostClassifier, Pipeline, GridSearchCV)) and hasattr(model, method):
            found[method] = answer(getattr(model, method)(x))
    if isinstance(model, CatBoost):
        found["raw"] = answer(CatBoost.predict(model, x, prediction_type="RawFormulaVal"))
    return found


def columns_of(x):
    """Names, types and rows as JSON; a whole number that is a category becomes its text."""
    if isinstance(x, pd.DataFrame):
        names = list(x.columns)
        rows = x.to_numpy(dtype=object).tolist()
    else:
        names = None
        rows = x.tolist() if isinstance(x, np.ndarray) else x
    texts = [any(isinstance(row[i], (str, int)) for row in rows) for i in range(len(rows[0]))]
    cells = [[str(v) if texts[i] and isinstance(v, int) else cell(v) for i, v in enumerate(row)] for row in rows]
    return names, ["str" if text else "float64" for text in texts], cells


def refused_rows(model, x):
    """Rows with a missing category, which CatBoost refuses."""
    if not isinstance(model, CatBoost) or not isinstance(x, pd.DataFrame):
        return None
    rows = []
    message = ""
    used = set(model.get_cat_feature_indices())
    importance = model.get_feature_importance()
    for i, name in enumerate(x.columns):
        if i not in used or importance[i] == 0:
            continue
        bad = x.head(1).astype(object)
        bad.loc[0, name] = float("nan")
        try:
            model.predict(bad)
        except catboost.CatBoostError as error:
            message = message or str(error)[:200]
            rows.append(columns_of(bad)[2][0])
    return {"rows": rows, "message": message} if rows else None


def write_case(folder, name, kind, tolerance, function):
    model, x = function()
    file = write_model(model, kind, folder, name)
    # CatBoost reads sums in its JSON as whole numbers: what was trained is right there.
    is_lossy = kind == "json" and name.startswith("ctr_binarizedtargetmeanvalue_multi")
    back = model if is_lossy else read_model(model, kind, os.path.join(folder, file))
    names, dtypes, rows = columns_of(x)
    content = {
        "catboost": VERSION, "sklearn": sklearn.__version__, "numpy": np.__version__, "case": name, "file": file,
        "container": {"kind": kind}, "estimator": type(model).__name__, "select": None, "columns": names,
        "dtypes": dtypes, "tolerance": tolerance, "outputs": answers(back, kind, x),
        "error": refused_rows(back, x), "rows": rows,
    }
    with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as out:
        json.dump(content, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


# Older versions write fewer cases: what their files may hold otherwise.
NEWEST = "1.2.10"
JSON_OF_OLDER = {"loss_rmse_json", "binary_text_json", "multi_text_json", "depthwise_json", "missing_max_json",
                 "one_hot_json", "ctr_default_json", "ctr_multi_json"}


def is_wanted(name, kind):
    if VERSION == NEWEST:
        return True
    if kind == "json":
        return name in JSON_OF_OLDER
    return VERSION != "1.2" or not name.startswith("loss_") or kind != "cbm"


def main():
    folder = os.path.join(sys.argv[1], VERSION)
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    skipped = []
    cases = [one for one in CASES if is_wanted(one[0], one[1])]
    for name, kind, tolerance, function in cases:
        try:
            write_case(folder, name, kind, tolerance, function)
        except Exception as error:  # a release that cannot build a case
            skipped.append(f"{name}: {str(error).splitlines()[0][:150]}")
    if skipped:
        with open(os.path.join(folder, "SKIPPED.txt"), "w", encoding="utf-8") as out:
            out.write("\n".join(skipped) + "\n")
    print(f"{VERSION}: {len(cases) - len(skipped)} cases, {len(skipped)} skipped")


main()
