"""XGBoost and LightGBM by onnxmltools, CatBoost by its own exporter."""

import os
import tempfile

import numpy as np
import onnx
from onnxmltools.convert import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from .data import binary, numbers, target, three

TYPES = [("X", FloatTensorType([None, 4]))]


def xgboost_case(maker, y_of, missing=False, **options):
    def build():
        import xgboost
        x = numbers(200)
        model = getattr(xgboost, maker)(n_estimators=6, max_depth=3, n_jobs=1, **options).fit(x, y_of(x))
        test = numbers(12, 4, seed=1)
        if missing:
            test[::3, 0] = np.nan
        return convert_xgboost(model, initial_types=TYPES, target_opset=15), {"X": test}
    return build


def lightgbm_case(maker, y_of, missing=False, zipmap=True, **options):
    def build():
        import lightgbm
        x = numbers(200)
        model = getattr(lightgbm, maker)(n_estimators=6, num_leaves=6, n_jobs=1, verbose=-1, **options).fit(x, y_of(x))
        test = numbers(12, 4, seed=1)
        if missing:
            test[::3, 0] = np.nan
        return (convert_lightgbm(model, initial_types=TYPES, target_opset=15, zipmap=zipmap), {"X": test})
    return build


def lightgbm_categories():
    import lightgbm
    rng = np.random.RandomState(0)
    x = numbers(300)
    x[:, 1] = rng.randint(0, 6, 300)
    y = target(x) + np.array([3, -2, 1, 0, 5, -4])[x[:, 1].astype(int)]
    model = lightgbm.LGBMRegressor(n_estimators=5, num_leaves=8, n_jobs=1, verbose=-1).fit(x, y, categorical_feature=[1])
    test = numbers(12, 4, seed=1)
    test[:, 1] = rng.randint(0, 7, 12)
    return convert_lightgbm(model, initial_types=TYPES, target_opset=15), {"X": test}


def catboost_case(maker, y_of, **options):
    def build():
        import catboost
        x = numbers(200)
        model = getattr(catboost, maker)(iterations=6, depth=3, thread_count=1, verbose=False, random_seed=0,
                                         allow_writing_files=False, **options).fit(x, y_of(x))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            model.save_model(path, format="onnx")
            result = onnx.load(path)
        name = result.graph.input[0].name
        return result, {name: numbers(12, 4, seed=1)}
    return build


def cases():
    yield "xgb_regressor", xgboost_case("XGBRegressor", target), 1e-5
    yield "xgb_regressor_missing", xgboost_case("XGBRegressor", target, missing=True), 1e-5
    yield "xgb_regressor_base_score", xgboost_case("XGBRegressor", target, base_score=0.7), 1e-5
    yield "xgb_classifier_binary", xgboost_case("XGBClassifier", binary), 1e-5
    yield "xgb_classifier_three", xgboost_case("XGBClassifier", three), 1e-5
    yield "xgb_rf_regressor", xgboost_case("XGBRFRegressor", target), 1e-5
    yield "xgb_poisson", xgboost_case("XGBRegressor", lambda x: np.abs(target(x)), objective="count:poisson"), 1e-5
    yield "lgb_regressor", lightgbm_case("LGBMRegressor", target), 1e-5
    yield "lgb_regressor_missing", lightgbm_case("LGBMRegressor", target, missing=True), 1e-5
    yield "lgb_classifier_binary", lightgbm_case("LGBMClassifier", binary), 1e-5
    yield "lgb_classifier_three", lightgbm_case("LGBMClassifier", three), 1e-5
    yield "lgb_classifier_matrix", lightgbm_case("LGBMClassifier", three, zipmap=False), 1e-5
    yield "lgb_forest", lightgbm_case("LGBMRegressor", target, boosting_type="rf", bagging_freq=1,
                                      bagging_fraction=0.7), 1e-5
    yield "lgb_categories", lightgbm_categories, 1e-5
    yield "cat_regressor", catboost_case("CatBoostRegressor", target), 1e-5
    yield "cat_classifier_binary", catboost_case("CatBoostClassifier", binary), 1e-5
    yield "cat_classifier_three", catboost_case("CatBoostClassifier", three), 1e-5
