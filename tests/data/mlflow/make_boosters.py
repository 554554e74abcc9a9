"""Writes MLflow folders with the flavours of XGBoost, LightGBM and CatBoost, beside those of make.py.

Run by tools/make_container_fixtures in the environment of the one library that it is given: `make_boosters.py LIBRARY OUTPUT_FOLDER`.
"""

import importlib
import json
import pathlib
import shutil
import sys
import warnings

import mlflow
import numpy as np
import pandas as pd

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from case_json import cell  # noqa: E402


def write(folder, library, name, model, rows, answers, **options):
    path = folder / f"{name}_model"
    shutil.rmtree(path, ignore_errors=True)
    flavour = importlib.import_module(f"mlflow.{library}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flavour.save_model(model, str(path), pip_requirements=[library], **options)
    # MLmodel has the time and an identifier in it; nobody needs them.
    kept = [line for line in (path / "MLmodel").read_text().splitlines(True)
            if not line.startswith(("utc_time", "model_uuid", "model_id"))]
    (path / "MLmodel").write_text("".join(kept))
    for file in ("conda.yaml", "python_env.yaml", "requirements.txt", "input_example.json"):
        (path / file).unlink(missing_ok=True)
    # What MLflow itself answers is one of the outputs.
    served = np.asarray(mlflow.pyfunc.load_model(str(path)).predict(rows)).ravel()
    assert np.allclose(served.astype(float), np.asarray(answers["predict"]).ravel().astype(float), rtol=1e-6), name
    outputs = {}
    for output, values in answers.items():
        values = np.asarray(values)
        dtype = "int64" if values.dtype.kind in "iu" else "float64"
        outputs[output] = {"dtype": dtype, "shape": list(values.shape), "values": values.ravel().astype(dtype).tolist()}
    case = {
        library: importlib.import_module(library).__version__, "mlflow": mlflow.__version__, "case": name,
        "file": path.name, "container": {"kind": "mlflow", "compression": None, "protocol": None},
        "estimator": type(model).__name__, "select": None, "columns": list(rows.columns),
        "dtypes": ["float64"] * rows.shape[1], "tolerance": 1e-6, "outputs": outputs, "error": None,
        "rows": [[cell(value) for value in row] for row in rows.to_numpy().tolist()],
    }
    (folder / f"{name}.json").write_text(json.dumps(case) + "\n")


def data():
    random = np.random.RandomState(0)
    x = pd.DataFrame(random.rand(120, 3), columns=["age", "income", "debt"])
    x.iloc[::11, 1] = np.nan
    return x, (3 * (x.age + x.debt)).round().astype(int) % 3


def xgboost(folder):
    import xgboost as xgb
    x, y = data()
    rows = x[:25]
    options = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1}
    for name, target in (("binary", y > 0), ("classes", y)):
        model = xgb.XGBClassifier(**options).fit(x, target.astype(int))
        answers = {"predict": model.predict(rows), "predict_proba": model.predict_proba(rows)}
        for form in ("xgb", "json", "ubj"):
            write(folder, "xgboost", f"xgboost_{name}_{form}", model, rows, answers, model_format=form)
        booster = model.get_booster()
        write(folder, "xgboost", f"xgboost_{name}_booster", booster, rows, {"predict": booster.predict(xgb.DMatrix(rows))})
    model = xgb.XGBRegressor(**options).fit(x, y)
    write(folder, "xgboost", "xgboost_regressor", model, rows, {"predict": model.predict(rows)})
    early = xgb.XGBRegressor(n_estimators=40, learning_rate=1.0, early_stopping_rounds=3, n_jobs=1)
    early.fit(x[:80], y[:80], eval_set=[(x[80:], y[80:])], verbose=False)
    assert early.best_iteration + 1 < early.get_booster().num_boosted_rounds()
    write(folder, "xgboost", "xgboost_early_stopped", early, rows, {"predict": early.predict(rows)})


def lightgbm(folder):
    import lightgbm as lgb
    x, y = data()
    rows = x[:25]
    options = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1, "verbose": -1}
    model = lgb.LGBMClassifier(**options).fit(x, y)
    write(folder, "lightgbm", "lightgbm_classifier", model, rows,
          {"predict": model.predict(rows), "predict_proba": model.predict_proba(rows)})
    model = lgb.LGBMRegressor(**options).fit(x, y)
    write(folder, "lightgbm", "lightgbm_regressor", model, rows, {"predict": model.predict(rows)})
    write(folder, "lightgbm", "lightgbm_booster", model.booster_, rows, {"predict": model.booster_.predict(rows)})


def catboost(folder):
    import catboost as cb
    x, y = data()
    rows = x[:25]
    options = {"iterations": 4, "depth": 3, "verbose": False, "thread_count": 1, "allow_writing_files": False}
    model = cb.CatBoostClassifier(**options).fit(x, y)
    write(folder, "catboost", "catboost_classifier", model, rows,
          {"predict": model.predict(rows), "predict_proba": model.predict_proba(rows)})
    model = cb.CatBoostRegressor(**options).fit(x, y)
    write(folder, "catboost", "catboost_regressor", model, rows, {"predict": model.predict(rows)})
    write(folder, "catboost", "catboost_json", model, rows, {"predict": model.predict(rows)}, format="json")


if __name__ == "__main__":
    {"xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost}[sys.argv[1]](
        pathlib.Path(sys.argv[2]) / mlflow.__version__)
