"""Writes the fixtures of scikit-learn's relatives: imbalanced-learn, category_encoders, scikit-learn-intelex.

Run by tools/make_relative_fixtures inside an environment: `make.py OUTPUT_FOLDER`. The cases are written as those of
scikit-learn are (../sklearn/make.py), with the same JSON.
"""

import pathlib
import sys
import traceback
import warnings

import numpy as np
import pandas as pd
import sklearn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sklearn"))

import make  # noqa: E402 - the writer of scikit-learn's own fixtures
from cases import data, registry  # noqa: E402

CASES = []


def add(name, build, **options):
    CASES.append(registry.Case(name, build, **options))


def encoder_frame():
    frame = data.titanic(60)[0][["sex", "age", "embarked", "sibsp"]].copy()
    frame["age"] = frame["age"].fillna(30.0)
    frame["deck"] = np.array(["A", "B", "C", "D", "E", "F"], dtype=object)[np.arange(60) % 6]
    return frame


def encoder_target():
    return data.titanic(60)[1]


def encoded(model):
    frame = encoder_frame()
    model.fit(frame, encoder_target())
    return model, data.frame_probe(frame, [{"sex": "other"}, {"embarked": np.nan}, {"deck": "Z"}])


def encoder_cases():
    import category_encoders as ce

    encoders = {"ordinal": ce.OrdinalEncoder, "one_hot": ce.OneHotEncoder, "target": ce.TargetEncoder, "binary": ce.BinaryEncoder,
                "count": ce.CountEncoder, "leave_one_out": ce.LeaveOneOutEncoder}
    for name, encoder in encoders.items():
        add(f"encode_{name}", lambda encoder=encoder: encoded(encoder()))
        add(f"encode_{name}_return_nan", lambda encoder=encoder: encoded(encoder(handle_unknown="return_nan", handle_missing="return_nan")))
    for name in ("ordinal", "one_hot", "target", "leave_one_out"):
        add(f"encode_{name}_numbers", lambda name=name: numbers(encoders[name](cols=["sibsp", "sex"])))
    add("encode_base_three", lambda: encoded(ce.BaseNEncoder(base=3)))
    add("encode_one_hot_names", lambda: encoded(ce.OneHotEncoder(use_cat_names=True)))
    add("encode_nothing_missing", lambda: full(ce.OrdinalEncoder()))
    add("encode_leave_one_out_full", lambda: full(ce.LeaveOneOutEncoder()))
    add("encode_count_full", lambda: full(ce.CountEncoder()))
    add("encode_logistic", lambda: pipeline(ce.TargetEncoder()))
    add("encode_binary_forest", lambda: pipeline(ce.BinaryEncoder(), forest=True))


def numbers(model):
    """A column of numbers as categories, another that passes."""
    frame = encoder_frame()[["sex", "age", "sibsp"]]
    model.fit(frame, encoder_target())
    return model, data.frame_probe(frame, [{"sex": "other"}, {"sibsp": 7}])


def full(model):
    """No missing value in the training, some afterwards."""
    frame = encoder_frame().drop(columns="embarked")
    model.fit(frame, encoder_target())
    return model, data.frame_probe(frame, [{"sex": None}, {"deck": "Z"}])


def pipeline(encoder, forest=False):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    frame = encoder_frame()
    last = RandomForestClassifier(4, max_depth=3, random_state=0) if forest else LogisticRegression(max_iter=2000)
    return make_pipeline(encoder, last).fit(frame, encoder_target()), data.frame_probe(frame, [{"sex": "other"}])


def imbalanced_cases():
    from imblearn import combine, ensemble, over_sampling, under_sampling
    from imblearn.pipeline import make_pipeline
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.preprocessing import StandardScaler

    def skewed():
        X, y = data.iris_text()
        return X[:115], y[:115]

    def fit(model):
        X, y = skewed()
        return model.fit(X, y), data.probe(X)

    samplers = {"smote": lambda: over_sampling.SMOTE(random_state=0, k_neighbors=3), "random_over": lambda: over_sampling.RandomOverSampler(random_state=0),
                "random_under": lambda: under_sampling.RandomUnderSampler(random_state=0), "tomek": under_sampling.TomekLinks,
                "combine": lambda: combine.SMOTETomek(random_state=0)}
    for name, sampler in samplers.items():
        add(f"imbalanced_{name}", lambda sampler=sampler: fit(make_pipeline(StandardScaler(), sampler(), LogisticRegression(max_iter=500))))
    add("imbalanced_search", lambda: fit(GridSearchCV(make_pipeline(
        over_sampling.RandomOverSampler(random_state=0), StandardScaler(), LogisticRegression(max_iter=500)), {"logisticregression__C": [0.5, 2.0]}, cv=2)))
    add("imbalanced_forest", lambda: fit(ensemble.BalancedRandomForestClassifier(
        4, max_depth=3, random_state=0, sampling_strategy="all", replacement=True, bootstrap=False)))
    add("imbalanced_bagging", lambda: fit(ensemble.BalancedBaggingClassifier(n_estimators=3, random_state=0)))
    add("imbalanced_easy_ensemble", lambda: fit(ensemble.EasyEnsembleClassifier(n_estimators=2, random_state=0)))
    add("imbalanced_boost", lambda: fit(ensemble.RUSBoostClassifier(n_estimators=4, random_state=0)), tolerance=1e-9)


def intel_cases():
    from sklearn.pipeline import make_pipeline
    from sklearnex.decomposition import PCA
    from sklearnex.linear_model import LinearRegression, LogisticRegression, Ridge

    def fit(model, xy):
        return model.fit(*xy), data.probe(xy[0])

    def near(model, xy):
        """oneDAL gives a finite logarithm for a probability of 0, which far rows have."""
        return model.fit(*xy), xy[0][::13]

    # oneDAL adds in another order: 1e-9.
    add("intel_linear", lambda: fit(LinearRegression(), data.diabetes()), tolerance=1e-9)
    add("intel_linear_two_targets", lambda: fit(LinearRegression(), data.diabetes_two()), tolerance=1e-9)
    if not Ridge.__module__.startswith("daal4py"):  # an older one, which is not read
        add("intel_ridge", lambda: fit(Ridge(0.5), data.diabetes()), tolerance=1e-9)
    add("intel_logistic", lambda: near(LogisticRegression(max_iter=500), data.iris_text()), tolerance=1e-9)
    add("intel_logistic_binary", lambda: near(LogisticRegression(max_iter=500), data.iris_binary()), tolerance=1e-9)
    add("intel_pca", lambda: fit(PCA(2), data.iris()), tolerance=1e-9)
    add("intel_pca_whiten", lambda: fit(PCA(3, whiten=True), data.iris()), tolerance=1e-9)
    add("intel_pipeline", lambda: near(make_pipeline(PCA(3), LogisticRegression(max_iter=500)), data.iris_text()), tolerance=1e-9)


def main():
    folder = pathlib.Path(sys.argv[1]) / sklearn.__version__
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    encoder_cases()
    imbalanced_cases()
    intel_cases()
    skipped = []
    for case in CASES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                make.make(case, folder)
        except Exception as error:  # noqa: BLE001 - the summary is the point
            for partial in folder.glob(f"{case.name}.*"):
                partial.unlink()
            skipped.append(f"{case.name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200])
            if isinstance(error, AssertionError):
                traceback.print_exc()
    (folder / "SKIPPED.txt").write_text("".join(line + "\n" for line in skipped))
    print(f"{len(CASES) - len(skipped)} cases made, {len(skipped)} skipped")
    for line in skipped:
        print("  skipped", line)


if __name__ == "__main__":
    main()
