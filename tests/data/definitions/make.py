"""Writes <version>/<case>.joblib, .json and .joblib.slipway.yaml, with the scikit-learn that runs it.

    ~/.cache/slipway/venvs/sklearn-1.7.2/bin/python make.py     (tools/make_fixtures --envs makes the environments)

The JSON is that of tests/data/sklearn/README.md.
"""

import json
import pathlib
import shutil
import sys

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import shop  # noqa: E402
from case_json import cell  # noqa: E402


def write(name, model, rows, outputs=("predict",), tolerance=1e-12):
    folder = HERE / sklearn.__version__
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.joblib"
    joblib.dump(model, path)
    model = joblib.load(path)
    shutil.copy(HERE / "cases" / f"{name}.yaml", f"{path}.slipway.yaml")
    frame = isinstance(rows, pd.DataFrame)
    table = rows.to_numpy().tolist() if frame else rows.tolist()
    dtypes = [str(dtype) if dtype.kind in "fi" else "str" for dtype in rows.dtypes] if frame else ["float64"] * rows.shape[1]
    answers = {}
    for output in outputs:
        got = np.asarray(getattr(model, output)(rows))
        dtype = "str" if got.dtype.kind in "OU" else "int64" if got.dtype.kind == "i" else "float64"
        answers[output] = {"dtype": dtype, "shape": list(got.shape), "values": [cell(value) for value in got.ravel()]}
    case = {
        "sklearn": sklearn.__version__, "numpy": np.__version__, "case": name, "file": path.name,
        "container": {"kind": "joblib", "compression": None, "protocol": None}, "estimator": type(model).__name__,
        "select": None, "columns": list(rows.columns) if frame else None, "dtypes": dtypes, "tolerance": tolerance,
        "outputs": answers, "error": None, "rows": [[cell(value) for value in row] for row in table],
    }
    (folder / f"{name}.json").write_text(json.dumps(case) + "\n")


def main():
    random = np.random.RandomState(0)
    count = 60
    frame = pd.DataFrame({
        "income": random.rand(count) * 5, "debt": random.rand(count) * 4,
        "city": random.choice(["Rome", "Oslo", "Bonn"], count),
    })
    target = (frame.debt > frame.income).astype(int)
    pair = frame[["income", "debt"]]
    both = ("predict", "predict_proba")
    write("ratio_function", make_pipeline(
        FunctionTransformer(shop.add_ratio, kw_args={"epsilon": 0.25}), StandardScaler(),
        LogisticRegression()).fit(pair, target), pair, both)
    write("log_array", make_pipeline(
        FunctionTransformer(shop.log_all), LinearRegression()).fit(pair.to_numpy(), frame.debt), pair.to_numpy())
    write("log_search", GridSearchCV(make_pipeline(
        FunctionTransformer(shop.log_all, validate=True), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(pair.to_numpy(), target), pair.to_numpy(), both)
    write("ratio_class", make_pipeline(
        shop.Ratio(), StandardScaler(), LogisticRegression()).fit(frame, target), frame, both)
    write("center", make_pipeline(shop.Center(), LinearRegression()).fit(pair, frame.debt), pair)
    write("subclass", Pipeline([
        ("scale", shop.ShopScaler()), ("model", LogisticRegression())]).fit(pair, target), pair, both)
    write("tariff", make_pipeline(
        StandardScaler(), shop.Tariff()).fit(pair.to_numpy(), frame.debt), pair.to_numpy())
    holes = pair.copy()
    holes.loc[::7, "income"] = np.nan
    write("numbers", make_pipeline(
        FunctionTransformer(shop.numbers), LinearRegression()).fit(holes, frame.debt), holes, tolerance=1e-9)
    names = pd.DataFrame({
        "name": random.choice(["Dr Anderson", "Mr Wu", "Ms Petrova", "Søren", "Éva", "Johnson"], count),
        "city": random.choice([" Rome", "OSLO ", "Bonn", "Łódź"], count),
    })
    write("texts", make_pipeline(
        FunctionTransformer(shop.texts), OneHotEncoder(handle_unknown="ignore"),
        LogisticRegression()).fit(names, target), names, both, tolerance=1e-9)
    days = pd.DataFrame({"when": [f"{2018 + i % 6}-{1 + i % 12:02d}-{1 + (7 * i) % 28:02d}" for i in range(count)]})
    write("dates", make_pipeline(
        FunctionTransformer(shop.dates), StandardScaler(), LogisticRegression()).fit(days, target), days, both, 1e-9)
    parts = ColumnTransformer([
        ("ratio", FunctionTransformer(shop.add_ratio), ["income", "debt"]),
        ("city", OneHotEncoder(), ["city"])])
    write("nested", make_pipeline(parts, VotingClassifier([
        ("forest", RandomForestClassifier(5, max_depth=3, random_state=0)),
        ("logistic", make_pipeline(shop.ShopScaler(), LogisticRegression()))],
        voting="soft")).fit(frame, target), frame, both)


if __name__ == "__main__":
    main()
