"""Writes the fixtures of one XGBoost version: model files and the answers that this very version gives.

Run by tools/make_xgboost_fixtures inside that version's environment: `make.py OUTPUT_FOLDER [NAME_PREFIX]`.
The JSON of a case is as in ../sklearn/README.md. A case that this version cannot build is skipped and listed in
<version>/SKIPPED.txt with the reason. Rows hold the trees' own thresholds and the numbers just below and above them.
"""

import json
import pathlib
import pickle
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from booster_data import numbers, targets  # noqa: E402
from case_json import answer, cell  # noqa: E402

BASE = {"nthread": 1, "max_depth": 3, "seed": 7, "tree_method": "hist", "verbosity": 0}
WRAPPER = {"n_estimators": 4, "max_depth": 3, "random_state": 7, "n_jobs": 1, "tree_method": "hist", "verbosity": 0}
ROUNDS = 4
ROWS_KEPT = 20
VERSION = tuple(int(part) for part in xgb.__version__.split(".")[:2])
# The versions between hold each case in fewer variants.
ALL_VARIANTS = VERSION < (2, 0) or VERSION >= (3, 4)


def with_edges(booster, x):
    """Some rows of x, and rows where features are exactly at, just below and just above thresholds."""
    rows = np.array(x[:ROWS_KEPT], dtype=np.float64)
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("gbtree", model).get("model", {})
    edges = [(feature, np.float32(condition))
             for tree in model.get("trees", [])
             for feature, condition, left in
             zip(tree["split_indices"], tree["split_conditions"], tree["left_children"]) if left != -1][:12]
    for place, (feature, condition) in enumerate(edges):
        towards = [condition, np.nextafter(condition, np.float32(-np.inf)),
                   np.nextafter(condition, np.float32(np.inf))][place % 3]
        rows[place, feature] = float(towards)
    return rows


def cells_of(column, codes):
    """A column's cells; categories as texts, or as their codes where the model does not keep the texts."""
    if isinstance(column.dtype, pd.CategoricalDtype) and codes:
        return [cell(float(code)) if code >= 0 else {"f": "nan"} for code in column.cat.codes]
    return [None if value is None or value is pd.NA or value != value and isinstance(column.dtype, pd.CategoricalDtype)
            else cell(value) for value in column.tolist()]


class Writer:
    def __init__(self, folder, prefix):
        self.folder = folder
        self.prefix = prefix
        self.made = 0
        self.skipped = []

    def case(self, name, build):
        """`build` gives (object or booster, rows) or (object, rows, options)."""
        if not name.startswith(self.prefix):
            return
        for old in self.folder.glob(f"{name}.*"):
            old.unlink()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                built = build()
                self.write(name, built[0], built[1], built[2] if len(built) > 2 else {})
            self.made += 1
        except Exception as error:  # noqa: BLE001 - the summary is the point
            for partial in self.folder.glob(f"{name}.*"):
                partial.unlink()
            self.skipped.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:140]}")

    def write(self, name, model, rows, options):
        way = options.get("way", "ubj" if isinstance(model, xgb.Booster) else "joblib")
        loaded, file = self.store(name, model, way)
        frame = isinstance(rows, pd.DataFrame)
        outputs = self.outputs(loaded, rows, options)
        codes = frame and VERSION < (3, 1)
        columns = list(rows.columns) if frame else None
        if frame:
            cells = [cells_of(rows[column], codes) for column in rows.columns]
            listed = [[column[i] for column in cells] for i in range(len(rows))]
        else:
            listed = [[cell(value) for value in row] for row in rows.tolist()]
        document = {
            "xgboost": xgb.__version__, "numpy": np.__version__, "case": name, "file": file,
            "container": {"kind": way, "compression": None, "protocol": options.get("protocol")},
            "estimator": type(loaded).__name__, "select": None, "columns": columns,
            "tolerance": options.get("tolerance", 1e-6),
            "outputs": {key: answer(value) for key, value in outputs.items()}, "error": None,
        }

        def text(value):
            return json.dumps(value, ensure_ascii=False, allow_nan=False)

        lines = [f" {text(key)}: {text(value)}" for key, value in document.items() if key != "outputs"]
        methods = [f"  {text(key)}: {text(value)}" for key, value in document["outputs"].items()]
        lines.append(' "outputs": {\n' + ",\n".join(methods) + "\n }")
        lines.append(' "rows": [\n' + ",\n".join("  " + text(row) for row in listed) + "\n ]")
        (self.folder / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    def store(self, name, model, way):
        """Writes the file and gives what reading it back gives."""
        if way in ("json", "ubj", "binary"):
            file = f"{name}." + {"json": "model.json", "ubj": "ubj", "binary": "deprecated"}[way]
            if way == "binary":
                raw = model.save_raw("deprecated")
                (self.folder / file).write_bytes(bytes(raw))
                loaded = xgb.Booster(model_file=bytearray(raw))
            else:
                model.save_model(self.folder / file)
                loaded = xgb.Booster(model_file=self.folder / file)
            loaded.set_param({"nthread": 1})
            return loaded, file
        if way == "joblib":
            joblib.dump(model, self.folder / f"{name}.joblib")
            return joblib.load(self.folder / f"{name}.joblib"), f"{name}.joblib"
        data = pickle.dumps(model, protocol=int(way[-1]))
        (self.folder / f"{name}.pkl").write_bytes(data)
        return pickle.loads(data), f"{name}.pkl"

    @staticmethod
    def outputs(model, rows, options):
        if isinstance(model, xgb.Booster):
            data = xgb.DMatrix(rows, nthread=1, **options.get("matrix", {}))
            return {"predict": model.predict(data), "margin": model.predict(data, output_margin=True)}
        found = {"predict": model.predict(rows)}
        if hasattr(model, "predict_proba"):
            found["predict_proba"] = model.predict_proba(rows)
        if isinstance(model, xgb.XGBModel):
            found["margin"] = model.predict(rows, output_margin=True)
        return {key: value for key, value in found.items() if not isinstance(value, list)}


def train(parameters, x, y, rounds=ROUNDS, matrix=None, **keywords):
    data = xgb.DMatrix(x, y, nthread=1, **(matrix or {}))
    return xgb.train({**BASE, **parameters}, data, rounds, **keywords)


def simple(parameters, kind, missing=0.0, way="ubj", rounds=ROUNDS, **options):
    def build():
        x = numbers(missing=missing)
        booster = train(parameters, x, targets(x, kind), rounds)
        return booster, with_edges(booster, x), {"way": way, **options}
    return build


def objectives(writer):
    for name, kind, extra in [
            ("reg:squarederror", "real", {}), ("reg:squaredlogerror", "positive", {}),
            ("reg:pseudohubererror", "real", {}), ("reg:absoluteerror", "real", {}),
            ("reg:quantileerror", "real", {"quantile_alpha": 0.3}),
            ("reg:logistic", "fraction", {}), ("reg:gamma", "positive", {}),
            ("reg:tweedie", "positive", {"tweedie_variance_power": 1.3}),
            ("binary:logistic", "binary", {}), ("binary:logitraw", "binary", {}), ("binary:hinge", "binary", {}),
            ("multi:softmax", "multi", {"num_class": 3}), ("multi:softprob", "multi", {"num_class": 3}),
            ("count:poisson", "count", {}), ("survival:cox", "positive", {})]:
        plain = name.replace(":", "_")
        writer.case(f"{plain}_ubj", simple({"objective": name, **extra}, kind))
        if ALL_VARIANTS:
            writer.case(f"{plain}_json", simple({"objective": name, **extra}, kind, way="json"))
        writer.case(f"{plain}_missing", simple({"objective": name, **extra}, kind, missing=0.2))
    writer.case("quantiles", simple(
        {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9], "learning_rate": 0.9}, "real"))
    writer.case("expectiles", simple(
        {"objective": "reg:expectileerror", "expectile_alpha": [0.1, 0.5, 0.9]}, "real"))
    writer.case("expectile", simple({"objective": "reg:expectileerror", "expectile_alpha": 0.3}, "real"))
    for name in ("pairwise", "ndcg", "map"):
        def rank(name=name):
            x = numbers()
            y = targets(x, "binary" if name == "map" else "rank")
            data = xgb.DMatrix(x, y, nthread=1)
            data.set_group([40] * 4)
            booster = xgb.train({**BASE, "objective": f"rank:{name}"}, data, ROUNDS)
            return booster, with_edges(booster, x)
        writer.case(f"rank_{name}", rank)

    def aft():
        x = numbers()
        y = targets(x, "positive")
        data = xgb.DMatrix(x, nthread=1)
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", np.where(y > 1, np.inf, y))
        booster = xgb.train({**BASE, "objective": "survival:aft"}, data, ROUNDS)
        return booster, with_edges(booster, x)
    writer.case("survival_aft", aft)


def boosters(writer):
    for name, objective, kind, extra in [("reg", "reg:squarederror", "real", {}),
                                         ("binary", "binary:logistic", "binary", {}),
                                         ("multi", "multi:softprob", "multi", {"num_class": 3})]:
        linear = {"booster": "gblinear", "objective": objective, "updater": "coord_descent", **extra}
        for way in ("json", "ubj"):
            writer.case(f"gblinear_{name}_{way}", lambda p=linear, k=kind, w=way: linear_case(p, k, w))
        dart = {"booster": "dart", "objective": objective, "rate_drop": 0.4, "one_drop": 1, **extra}
        for way in ("json", "ubj"):
            writer.case(f"dart_{name}_{way}", simple(dart, kind, missing=0.1, way=way, rounds=8))
        forest = {"objective": objective, "num_parallel_tree": 3, "subsample": 0.7, "colsample_bynode": 0.7, **extra}
        writer.case(f"forest_{name}", simple(forest, kind, missing=0.1, rounds=2))
        score = {"objective": objective, "base_score": 0.2, **extra}
        writer.case(f"base_score_{name}", simple(score, kind, rounds=3))
    writer.case("pruned", simple({"gamma": 30, "tree_method": "exact", "max_depth": 5}, "real"))
    writer.case("lossguide", simple({"grow_policy": "lossguide", "max_leaves": 9, "max_depth": 0}, "real", missing=0.1))
    writer.case("stumps", simple({"max_depth": 1}, "binary", rounds=12))
    writer.case("single_leaf", simple({"gamma": 1e9}, "real"))
    writer.case("no_rounds", simple({}, "real", rounds=0))
    writer.case("many_rounds", simple({"objective": "binary:logistic", "max_depth": 1}, "binary", rounds=60))
    for objective, kind in [("reg:squarederror", "two"), ("binary:logistic", "labels")]:
        plain = objective.split(":")[0]
        for way in ("json", "ubj"):
            writer.case(f"targets_{plain}_{way}", simple({"objective": objective}, kind, missing=0.1, way=way))
            vector = {"objective": objective, "multi_strategy": "multi_output_tree"}
            writer.case(f"vector_{plain}_{way}", simple(vector, kind, missing=0.1, way=way))
    vector = {"objective": "multi:softprob", "num_class": 3, "multi_strategy": "multi_output_tree"}
    writer.case("vector_multi", simple(vector, "multi"))
    if VERSION < (3, 0):
        for name, parameters, kind in [
                ("reg", {}, "real"), ("binary", {"objective": "binary:logistic"}, "binary"),
                ("multi", {"objective": "multi:softprob", "num_class": 3}, "multi"),
                ("dart", {"booster": "dart", "rate_drop": 0.4, "one_drop": 1}, "real"),
                ("forest", {"num_parallel_tree": 3, "subsample": 0.7}, "real"), ("empty", {}, "real")]:
            writer.case(f"binary_{name}", simple(
                parameters, kind, missing=0.1, way="binary", rounds=0 if name == "empty" else ROUNDS))
        writer.case("binary_gblinear", lambda: linear_case({"booster": "gblinear"}, "real", "binary"))

    def stopped():
        x = numbers()
        y = targets(x, "binary")
        held = xgb.DMatrix(x[:40], 1 - y[:40], nthread=1)
        booster = train({"objective": "binary:logistic"}, x[40:], y[40:], 12, evals=[(held, "held")],
                        early_stopping_rounds=3, verbose_eval=False)
        assert booster.best_iteration + 1 < booster.num_boosted_rounds()
        return booster, with_edges(booster, x)
    writer.case("early_stopping", stopped)


def linear_case(parameters, kind, way):
    x = numbers(missing=0.1)
    data = xgb.DMatrix(x, targets(x, kind), nthread=1)
    plain = {key: value for key, value in BASE.items() if key in ("nthread", "seed", "verbosity")}
    booster = xgb.train({**plain, **parameters}, data, ROUNDS)
    return booster, x[:ROWS_KEPT], {"way": way}


def categories_of(seed=3, rows=200, count=12):
    r = np.random.RandomState(seed)
    codes = r.randint(0, count, size=rows).astype(float)
    codes[r.uniform(size=rows) < 0.1] = np.nan
    x = np.column_stack([r.normal(size=rows).round(3), codes, r.randint(0, 3, size=rows)])
    y = x[:, 0] + np.where(np.isin(codes, [1, 4, 5, 9]), 2.0, 0) - (x[:, 2] == 1) + np.isnan(codes)
    return x, y


def categorical(writer):
    for name, parameters in [("onehot", {"max_cat_to_onehot": 100}), ("partition", {"max_cat_to_onehot": 1}),
                             ("mixed", {"max_cat_to_onehot": 4})]:
        for count in (12, 300):
            def build(parameters=parameters, count=count):
                x, y = categories_of(count=count, rows=200 if count == 12 else 900)
                kinds = {"feature_types": ["q", "c", "c"], "enable_categorical": True}
                booster = train({**parameters, "max_cat_threshold": 128}, x, y, matrix=kinds)
                rows = x[:ROWS_KEPT].copy()
                rows[0, 1], rows[1, 1] = count + 5, 100000  # categories that training has not seen
                return booster, rows, {"matrix": kinds, "way": "json" if count == 12 else "ubj"}
            writer.case(f"categories_{name}_{count}", build)

    def frame(booster=True):
        x, y = categories_of(count=5)
        # 3.1 to 3.3 cut names outside ASCII in the file.
        names = np.array(["berlin", "oslo", "rome", "paris", "københavn" if VERSION >= (3, 4) else "vienna"])
        table = pd.DataFrame({
            "size": x[:, 0],
            "city": pd.Categorical([None if np.isnan(code) else names[int(code)] for code in x[:, 1]], categories=names),
            "grade": pd.Categorical(np.array(["low", "mid", "top"])[x[:, 2].astype(int)])})
        if booster:
            return train({}, table, y, matrix={"enable_categorical": True}), table[:ROWS_KEPT], \
                {"matrix": {"enable_categorical": True}}
        model = xgb.XGBClassifier(**{**WRAPPER, "enable_categorical": True}).fit(table, (y > 0).astype(int))
        return model, table[:ROWS_KEPT]
    writer.case("frame_categories", frame)
    writer.case("wrapped_categories", lambda: frame(False))

    def grades():
        x, y = categories_of(count=5)
        table = pd.DataFrame({"size": x[:, 0], "grade": pd.Categorical(x[:, 2].astype(int) * 10)})
        model = xgb.XGBRegressor(**{**WRAPPER, "enable_categorical": True}).fit(table, y)
        return model, table[:ROWS_KEPT]
    writer.case("wrapped_number_categories", grades)


def named(writer):
    def build(kind):
        x = pd.DataFrame(numbers(missing=0.1), columns=["b", "a", "d d", "c", "ø"])
        x["whole"] = np.arange(len(x)) % 7
        y = targets(x.to_numpy(), "real")
        if kind == "booster":
            return train({}, x, y), x[:ROWS_KEPT]
        return xgb.XGBRegressor(**WRAPPER).fit(x, y), x[:ROWS_KEPT]
    writer.case("names_booster", lambda: build("booster"))
    writer.case("names_wrapper", lambda: build("wrapper"))


def wrapper(cls, kind, missing=0.0, data=numbers, way="joblib", fit=None, **parameters):
    def build():
        x = data(missing=missing)
        model = cls(**{**WRAPPER, **parameters}).fit(x, targets(x, kind), **(fit(x) if fit else {}))
        return model, with_edges(model.get_booster(), x), {"way": way}
    return build


def wrappers(writer):
    ways = ["joblib", "pickle2", "pickle3", "pickle4", "pickle5"]
    for place, (name, cls, kind, parameters) in enumerate([
            ("classifier", xgb.XGBClassifier, "binary", {}), ("classifier_multi", xgb.XGBClassifier, "multi", {}),
            ("classifier_softmax", xgb.XGBClassifier, "multi", {"objective": "multi:softmax"}),
            ("classifier_labels", xgb.XGBClassifier, "labels", {}),
            ("classifier_hinge", xgb.XGBClassifier, "binary", {"objective": "binary:hinge"}),
            ("classifier_raw", xgb.XGBClassifier, "binary", {"objective": "binary:logitraw"}),
            ("classifier_dart", xgb.XGBClassifier, "binary", {"booster": "dart", "rate_drop": 0.4, "one_drop": True}),
            ("regressor", xgb.XGBRegressor, "real", {}),
            ("regressor_targets", xgb.XGBRegressor, "two", {}),
            ("regressor_vector", xgb.XGBRegressor, "two", {"multi_strategy": "multi_output_tree"}),
            ("regressor_gamma", xgb.XGBRegressor, "positive", {"objective": "reg:gamma"}),
            ("regressor_poisson", xgb.XGBRegressor, "count", {"objective": "count:poisson", "base_score": 0.7}),
            ("forest_classifier", xgb.XGBRFClassifier, "multi", {}),
            ("forest_classifier_binary", xgb.XGBRFClassifier, "binary", {}),
            ("forest_regressor", xgb.XGBRFRegressor, "real", {})]):
        if ALL_VARIANTS:
            writer.case(f"wrapped_{name}", wrapper(cls, kind, way=ways[place % 5], **parameters))
        writer.case(f"wrapped_{name}_missing", wrapper(cls, kind, missing=0.2, way=ways[(place + 1) % 5], **parameters))

    def sentinel(missing=0.0):
        x = numbers()
        x[np.random.RandomState(5).uniform(size=x.shape) < 0.2] = -999
        return x
    writer.case("wrapped_sentinel", wrapper(xgb.XGBRegressor, "real", data=sentinel, missing=-999.0))

    def linear():
        x = numbers()
        model = xgb.XGBClassifier(booster="gblinear", n_estimators=5, n_jobs=1, random_state=7,
                                  updater="coord_descent").fit(x, targets(x, "binary"))
        return model, x[:ROWS_KEPT]
    writer.case("wrapped_gblinear", linear)

    def ranker():
        x = numbers()
        model = xgb.XGBRanker(**WRAPPER).fit(x, targets(x, "rank"), qid=np.repeat(np.arange(4), 40))
        return model, with_edges(model.get_booster(), x)
    writer.case("wrapped_ranker", ranker)

    def stopped(kind, missing=0.0):
        x = numbers(missing=missing)
        y = targets(x, kind)
        held = (np.max(y) - y[:40]) if kind == "multi" else 1 - y[:40]
        model = xgb.XGBClassifier(**{**WRAPPER, "n_estimators": 12, "early_stopping_rounds": 3})
        model.fit(x[40:], y[40:], eval_set=[(x[:40], held)], verbose=False)
        assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
        return model, with_edges(model.get_booster(), x), {"way": "pickle4"}
    writer.case("wrapped_early_stopping", lambda: stopped("binary"))
    writer.case("wrapped_early_stopping_multi", lambda: stopped("multi", 0.1))

    def pickled(way):
        x = numbers(missing=0.1)
        booster = train({"objective": "binary:logistic"}, x, targets(x, "binary"))
        return booster, with_edges(booster, x), {"way": way}
    for way in ("joblib", "pickle2", "pickle5"):
        writer.case(f"pickled_booster_{way}", lambda w=way: pickled(w))


def pipelines(writer):
    def scaled(kind, cls):
        x = numbers(missing=0.1)
        model = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler()), ("model", cls(**WRAPPER))])
        return model.fit(x, targets(x, kind)), x[:ROWS_KEPT]
    writer.case("pipeline_classifier", lambda: scaled("multi", xgb.XGBClassifier))
    writer.case("pipeline_regressor", lambda: scaled("real", xgb.XGBRegressor))

    def bare():
        x = numbers(missing=0.1)
        return Pipeline([("model", xgb.XGBClassifier(**WRAPPER))]).fit(x, targets(x, "binary")), x[:ROWS_KEPT]
    writer.case("pipeline_bare", bare)

    def columns(encoder):
        x = pd.DataFrame(numbers(missing=0.1), columns=list("abcde"))
        x["city"] = np.array(["berlin", "oslo", "rome"])[np.arange(len(x)) * 7 % 3]
        y = (targets(x[list("abcde")].to_numpy(), "real") + (x["city"] == "oslo") * 3 > 0).astype(int)
        prepare = ColumnTransformer([("city", encoder, ["city"]), ("numbers", "passthrough", list("abcde"))])
        return Pipeline([("prepare", prepare), ("model", xgb.XGBClassifier(**WRAPPER))]).fit(x, y), x[:ROWS_KEPT]
    writer.case("pipeline_columns_onehot", lambda: columns(OneHotEncoder(sparse_output=False)))
    writer.case("pipeline_columns_ordinal", lambda: columns(OrdinalEncoder()))

    def search(pipeline):
        x = numbers(missing=0.1)
        y = targets(x, "binary")
        if pipeline:
            model = GridSearchCV(Pipeline([("scale", StandardScaler()), ("model", xgb.XGBClassifier(**WRAPPER))]),
                                 {"model__max_depth": [1, 2]}, cv=2)
        else:
            model = GridSearchCV(xgb.XGBRegressor(**WRAPPER), {"max_depth": [1, 2]}, cv=2)
        return model.fit(x, y), x[:ROWS_KEPT]
    writer.case("search_pipeline", lambda: search(True))
    writer.case("search_regressor", lambda: search(False))

    def nested(make):
        x = numbers(missing=0.1)
        return make().fit(x, targets(x, "binary")), x[:ROWS_KEPT]
    two = lambda: [("a", xgb.XGBClassifier(**WRAPPER)), ("b", xgb.XGBClassifier(**{**WRAPPER, "max_depth": 1}))]
    writer.case("voting_soft", lambda: nested(lambda: VotingClassifier(two(), voting="soft")))
    writer.case("stacking", lambda: nested(lambda: StackingClassifier(two(), LogisticRegression(), cv=2)))
    writer.case("multi_output", lambda: (lambda x: (
        MultiOutputRegressor(xgb.XGBRegressor(**WRAPPER)).fit(x, targets(x, "two")), x[:ROWS_KEPT]))(numbers()))


def main():
    folder = pathlib.Path(sys.argv[1]) / xgb.__version__
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(folder, sys.argv[2] if len(sys.argv) > 2 else "")
    for part in (objectives, boosters, categorical, named, wrappers, pipelines):
        part(writer)
    if not writer.prefix:
        (folder / "SKIPPED.txt").write_text("".join(line + "\n" for line in writer.skipped))
    print(f"XGBoost {xgb.__version__}: {writer.made} cases made, {len(writer.skipped)} skipped")
    for line in writer.skipped:
        print("  skipped", line)


if __name__ == "__main__":
    main()
