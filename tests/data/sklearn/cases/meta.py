"""Estimators around estimators: votes, stacks, bags, boosts, calibration, several classes and targets, thresholds."""

import importlib

import numpy as np
from sklearn import ensemble, multiclass, multioutput, preprocessing as pp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import RFE, RFECV
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, RANSACRegressor, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline, Pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from cases import data
from cases.registry import add


def LR(**options):
    return LogisticRegression(max_iter=300, **options)


def tree(depth=2, **options):
    return DecisionTreeClassifier(max_depth=depth, random_state=0, **options)


def tree_r(depth=2):
    return DecisionTreeRegressor(max_depth=depth, random_state=0)


def fit(model, xy):
    X, y = xy
    return model.fit(X, y), data.probe(X)


def fit_frame(model, xy):
    return model.fit(*xy), data.frame_probe(xy[0])


def named(module, name):
    """A class that not every version has."""
    return getattr(importlib.import_module(module), name)


def inner(cls, estimator, *args, **options):
    """The parameter `estimator`, called base_estimator in older versions."""
    try:
        return cls(*args, estimator=estimator, **options)
    except TypeError:
        return cls(*args, base_estimator=estimator, **options)


def three():
    return [("lr", LR()), ("tree", tree(3)), ("nb", GaussianNB())]


def three_r():
    return [("lr", LinearRegression()), ("tree", tree_r(3)), ("ridge", Ridge())]


def iris_two_labels():
    X, y = data.iris()
    return X, np.column_stack([(y == 1).astype(int), (X[:, 0] > 5.8).astype(int), (y == 2).astype(int)])


def iris_two_texts():
    X, y = data.iris()
    return X, np.column_stack([np.array(["a", "b", "c"])[y], np.where(X[:, 0] > 5.8, "long", "short")])


# Votes.
for name, xy in {"": data.iris, "_text": data.iris_text, "_binary": data.iris_binary}.items():
    add(f"voting_classifier_hard{name}", lambda xy=xy: fit(ensemble.VotingClassifier(three()), xy()))
    add(f"voting_classifier_soft{name}", lambda xy=xy: fit(
        ensemble.VotingClassifier(three(), voting="soft", weights=[2, 1, 0.5]), xy()))
add("voting_classifier_hard_weights", lambda: fit(
    ensemble.VotingClassifier(three(), weights=[1, 3, 1.5]), data.four_classes()))
add("voting_classifier_dropped", lambda: fit(ensemble.VotingClassifier(
    three(), voting="soft", weights=[2, 1, 3]).set_params(tree="drop"), data.iris()))
add("voting_classifier_in_pipeline", lambda: fit(make_pipeline(
    pp.StandardScaler(), ensemble.VotingClassifier(three(), voting="soft"), LR()), data.iris()))
add("voting_classifier_frame", lambda: fit_frame(ensemble.VotingClassifier(three(), voting="soft"), data.iris_frame()))
add("voting_regressor", lambda: fit(ensemble.VotingRegressor(three_r()), data.diabetes()))
add("voting_regressor_weights", lambda: fit(
    ensemble.VotingRegressor(three_r(), weights=[0.2, 1, 3]).set_params(lr="drop"), data.diabetes()))

# Stacks.
add("stacking_classifier", lambda: fit(ensemble.StackingClassifier(three(), LR(), cv=3), data.iris_text()))
add("stacking_classifier_binary", lambda: fit(
    ensemble.StackingClassifier(three(), LR(), cv=3), data.iris_binary()))
add("stacking_classifier_passthrough", lambda: fit(
    ensemble.StackingClassifier(three(), tree(3), cv=3, passthrough=True), data.iris()))
for method in ("predict", "predict_proba", "auto"):
    add(f"stacking_classifier_{method}", lambda method=method: fit(ensemble.StackingClassifier(
        three(), RidgeClassifier(), cv=3, stack_method=method), data.iris()))
add("stacking_classifier_scores", lambda: fit(ensemble.StackingClassifier(
    [("svc", SVC()), ("ridge", RidgeClassifier()), ("lr", LR())], cv=3, stack_method="decision_function"), data.iris()))
add("stacking_classifier_dropped", lambda: fit(ensemble.StackingClassifier(
    three(), cv=3).set_params(nb="drop"), data.iris()))
add("stacking_classifier_prefit", lambda: prefit_stack())
add("stacking_classifier_multilabel", lambda: fit(ensemble.StackingClassifier(
    [("knn", KNeighborsClassifier(3)), ("tree", tree(3))], KNeighborsClassifier(5), cv=3), iris_two_labels()))
add("stacking_regressor", lambda: fit(ensemble.StackingRegressor(three_r(), Ridge(), cv=3), data.diabetes()))
add("stacking_regressor_passthrough", lambda: fit(
    ensemble.StackingRegressor(three_r(), tree_r(3), cv=3, passthrough=True), data.diabetes()))
add("stacking_nested", lambda: fit(ensemble.StackingClassifier(
    [("vote", ensemble.VotingClassifier(three(), voting="soft")),
     ("stack", ensemble.StackingClassifier(three()[:2], LR(), cv=3))], LR(), cv=3), data.iris_text()))


def prefit_stack():
    X, y = data.iris_text()
    parts = [(name, model.fit(X, y)) for name, model in three()]
    return ensemble.StackingClassifier(parts, LR(), cv="prefit").fit(X, y), data.probe(X)


# Bags.
for name, base in {"trees": lambda: tree(3), "svc": lambda: SVC(), "ridge": lambda: RidgeClassifier(),
                   "knn": lambda: KNeighborsClassifier(3)}.items():
    add(f"bagging_classifier_{name}", lambda base=base: fit(
        inner(ensemble.BaggingClassifier, base(), n_estimators=4, random_state=1), data.iris_text()))
    add(f"bagging_classifier_{name}_features", lambda base=base: fit(inner(
        ensemble.BaggingClassifier, base(), n_estimators=4, max_features=0.5, random_state=1), data.iris()))
add("bagging_classifier_binary_scores", lambda: fit(inner(
    ensemble.BaggingClassifier, LinearSVC(random_state=0), n_estimators=4, random_state=1), data.iris_binary()))
add("bagging_classifier_missing_class", lambda: fit(inner(
    ensemble.BaggingClassifier, tree(3), n_estimators=6, max_samples=4, random_state=2), data.iris()))
add("bagging_classifier_frame", lambda: fit_frame(inner(
    ensemble.BaggingClassifier, LR(), n_estimators=3, max_features=0.6, bootstrap_features=True, random_state=1),
    data.iris_frame()))
add("bagging_regressor", lambda: fit(inner(
    ensemble.BaggingRegressor, tree_r(3), n_estimators=5, max_features=0.6, random_state=1), data.diabetes()))
add("bagging_regressor_two_targets", lambda: fit(inner(
    ensemble.BaggingRegressor, LinearRegression(), n_estimators=3, random_state=1), data.diabetes_two()))

# Boosts.
for algorithm in ("SAMME", "SAMME.R"):
    for name, xy in {"": data.iris_text, "_binary": data.iris_binary}.items():
        add(f"ada_boost_classifier_{algorithm.lower().replace('.', '_')}{name}", lambda xy=xy, algorithm=algorithm: fit(
            inner(ensemble.AdaBoostClassifier, tree(1), n_estimators=6, random_state=0, algorithm=algorithm), xy()))
add("ada_boost_classifier_default", lambda: fit(
    ensemble.AdaBoostClassifier(n_estimators=6, random_state=0), data.four_classes()))
add("ada_boost_classifier_of_bayes", lambda: fit(inner(
    ensemble.AdaBoostClassifier, GaussianNB(), n_estimators=4, random_state=0), data.four_classes()))
add("ada_boost_regressor", lambda: fit(ensemble.AdaBoostRegressor(n_estimators=7, random_state=0), data.diabetes()))
add("ada_boost_regressor_linear", lambda: fit(inner(
    ensemble.AdaBoostRegressor, LinearRegression(), n_estimators=5, loss="exponential", random_state=0), data.diabetes()))

# Calibration.
for method in ("sigmoid", "isotonic", "temperature"):
    for name, xy in {"": data.iris_text, "_binary": data.iris_binary}.items():
        add(f"calibrated_{method}{name}", lambda xy=xy, method=method: fit(
            inner(CalibratedClassifierCV, LinearSVC(random_state=0), method=method, cv=3), xy()))
        add(f"calibrated_{method}_probabilities{name}", lambda xy=xy, method=method: fit(
            inner(CalibratedClassifierCV, GaussianNB(), method=method, cv=3), xy()))
        add(f"calibrated_{method}_one{name}", lambda xy=xy, method=method: fit(
            inner(CalibratedClassifierCV, SVC(), method=method, cv=3, ensemble=False), xy()))
add("calibrated_prefit", lambda: prefit_calibrated())
add("calibrated_frozen", lambda: frozen_calibrated())
add("calibrated_pipeline", lambda: fit(inner(
    CalibratedClassifierCV, make_pipeline(pp.StandardScaler(), SVC(kernel="linear")), cv=3), data.iris()))


def prefit_calibrated():
    X, y = data.iris_text()
    return inner(CalibratedClassifierCV, tree(3).fit(X[::2], y[::2]), cv="prefit").fit(X[1::2], y[1::2]), data.probe(X)


def frozen_calibrated():
    X, y = data.iris()
    frozen = named("sklearn.frozen", "FrozenEstimator")(SVC().fit(X[::2], y[::2]))
    return CalibratedClassifierCV(frozen, method="isotonic").fit(X[1::2], y[1::2]), data.probe(X)


for outside in ("nan", "clip"):
    add(f"isotonic_regression_{outside}", lambda outside=outside: isotonic(outside))
add("isotonic_regression_decreasing", lambda: isotonic("clip", increasing=False))
add("isotonic_regression_one_point", lambda: (
    IsotonicRegression(out_of_bounds="clip").fit([1.0, 1.0], [2.0, 4.0]), np.array([[0.0], [1.0], [3.0]])))


def isotonic(outside, **options):
    X, y = data.diabetes()
    rows = np.concatenate([X[:12, 2], [-50.0, 50.0, 0.0]]).reshape(-1, 1)
    return IsotonicRegression(out_of_bounds=outside, **options).fit(X[:, 2], y), rows


# Several classes from two.
for name, base in {"lr": LR, "linear_svc": lambda: LinearSVC(random_state=0), "tree": lambda: tree(3),
                   "linear_regression": LinearRegression}.items():
    add(f"one_vs_rest_{name}", lambda base=base: fit(multiclass.OneVsRestClassifier(base()), data.iris_text()))
    add(f"one_vs_rest_{name}_binary", lambda base=base: fit(multiclass.OneVsRestClassifier(base()), data.iris_binary()))
    add(f"one_vs_rest_{name}_multilabel", lambda base=base: fit(
        multiclass.OneVsRestClassifier(base()), iris_two_labels()))
    add(f"one_vs_one_{name}", lambda base=base: fit(multiclass.OneVsOneClassifier(base()), data.four_classes()))
    add(f"one_vs_one_{name}_binary", lambda base=base: fit(multiclass.OneVsOneClassifier(base()), data.iris_binary()))
    add(f"output_code_{name}", lambda base=base: fit(multiclass.OutputCodeClassifier(
        base(), code_size=2, random_state=1), data.four_classes()))
add("one_vs_rest_constant", lambda: fit(multiclass.OneVsRestClassifier(LR()), constant_label()))


def constant_label():
    X, Y = iris_two_labels()
    Y[:, 1] = 1
    return X, Y


# Several targets.
add("multi_output_regressor", lambda: fit(multioutput.MultiOutputRegressor(Ridge()), data.diabetes_two()))
add("multi_output_regressor_trees", lambda: fit(
    multioutput.MultiOutputRegressor(ensemble.GradientBoostingRegressor(n_estimators=3, random_state=0)), data.diabetes_two()))
add("multi_output_classifier", lambda: fit(multioutput.MultiOutputClassifier(LR()), iris_two_labels()))
add("multi_output_classifier_text", lambda: fit(multioutput.MultiOutputClassifier(tree(3)), iris_two_texts()))
add("multi_output_classifier_scores", lambda: fit(multioutput.MultiOutputClassifier(LinearSVC(random_state=0)), iris_two_labels()))
for order in ("given", "random", "none"):
    add(f"classifier_chain_{order}", lambda order=order: fit(inner_chain(
        multioutput.ClassifierChain, LR(), order), iris_two_labels()))
    add(f"regressor_chain_{order}", lambda order=order: fit(inner_chain(
        multioutput.RegressorChain, Ridge(), order, 2), data.diabetes_two()))
add("classifier_chain_cv", lambda: fit(multioutput.ClassifierChain(tree(3), cv=3), iris_two_labels()))
for method in ("predict_proba", "decision_function"):
    add(f"classifier_chain_{method}", lambda method=method: fit(
        multioutput.ClassifierChain(LR(), chain_method=method, order=[1, 2, 0]), iris_two_labels()))


def inner_chain(cls, base, order, targets=3):
    given = {"given": [2, 0, 1][:targets] if targets == 3 else [1, 0], "random": "random", "none": None}[order]
    return cls(base, order=given, random_state=2)


# Thresholds and other estimators that hand on.
SELECTION = "sklearn.model_selection"
add("fixed_threshold", lambda: fit(
    named(SELECTION, "FixedThresholdClassifier")(LR(), threshold=0.7), data.iris_binary()))
add("fixed_threshold_auto", lambda: fit(named(SELECTION, "FixedThresholdClassifier")(SVC()), data.iris_binary()))
add("fixed_threshold_label", lambda: fit(named(SELECTION, "FixedThresholdClassifier")(
    LR(), threshold=0.3, pos_label="a"), text_binary()))
add("fixed_threshold_scores", lambda: fit(named(SELECTION, "FixedThresholdClassifier")(
    LR(), threshold=0.4, pos_label="a", response_method="decision_function"), text_binary()))
add("tuned_threshold", lambda: fit(named(SELECTION, "TunedThresholdClassifierCV")(LR(), cv=3), data.iris_binary()))
add("tuned_threshold_label", lambda: tuned_label())


def text_binary():
    X, y = data.iris_binary()
    return X, np.array(["a", "b"])[y]


def tuned_label():
    from sklearn.metrics import f1_score, make_scorer
    return fit(named(SELECTION, "TunedThresholdClassifierCV")(
        LR(), cv=3, scoring=make_scorer(f1_score, pos_label="a")), text_binary())


def half_labelled():
    X, y = data.iris()
    y = y.copy()
    y[::3] = -1
    return X, y


add("self_training", lambda: fit(inner(named("sklearn.semi_supervised", "SelfTrainingClassifier"), LR()), half_labelled()))
add("rfe", lambda: fit(RFE(LR(), n_features_to_select=2), data.iris_text()))
add("rfe_regressor", lambda: fit(RFE(Ridge(), n_features_to_select=4, step=2), data.diabetes()))
add("rfecv", lambda: fit(RFECV(LR(), cv=3), data.iris()))
add("rfe_in_pipeline", lambda: fit(make_pipeline(RFE(tree(3), n_features_to_select=2), LR()), data.iris()))
add("ransac", lambda: fit(RANSACRegressor(random_state=0), data.diabetes()))
add("ransac_ridge", lambda: fit(inner(RANSACRegressor, Ridge(), random_state=0, min_samples=20), data.diabetes()))

# Nested as people nest.
def columns():
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(), pp.StandardScaler()), ["age", "fare", "sibsp"]),
        ("words", pp.OneHotEncoder(handle_unknown="ignore"), ["sex"])])


def calibrated_svms():
    return ensemble.VotingClassifier([
        ("linear", inner(CalibratedClassifierCV, LinearSVC(random_state=0), cv=2)),
        ("rbf", inner(CalibratedClassifierCV, SVC(), cv=2, method="isotonic"))], voting="soft")


add("nested_grid_search_of_calibrated_votes", lambda: fit_frame(GridSearchCV(
    Pipeline([("columns", columns()), ("votes", calibrated_svms())]),
    {"votes__weights": [[1, 2], [2, 1]]}, cv=2), data.titanic()))
add("nested_randomized_search_of_bag", lambda: fit_frame(RandomizedSearchCV(
    Pipeline([("columns", columns()), ("bag", inner(ensemble.BaggingClassifier, tree(3), n_estimators=3, random_state=0))]),
    {"bag__max_samples": [0.5, 0.9]}, n_iter=2, cv=2, random_state=0), data.titanic()))
add("nested_votes_of_pipelines", lambda: fit_frame(ensemble.VotingClassifier([
    ("a", make_pipeline(columns(), LR())),
    ("b", make_pipeline(columns(), ensemble.RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)))],
    voting="soft"), data.titanic()))
add("nested_stack_of_pipelines", lambda: fit_frame(ensemble.StackingClassifier([
    ("a", make_pipeline(columns(), LR())),
    ("b", make_pipeline(columns(), inner(ensemble.AdaBoostClassifier, tree(1), n_estimators=3, random_state=0)))],
    LR(), cv=2), data.titanic()))
add("nested_one_vs_rest_of_calibrated", lambda: fit(multiclass.OneVsRestClassifier(make_pipeline(
    FeatureUnion([("pca", PCA(2)), ("scale", pp.MinMaxScaler())]),
    inner(CalibratedClassifierCV, LinearSVC(random_state=0), cv=2))), data.iris_text()))
add("nested_multi_output_of_stacks", lambda: fit(multioutput.MultiOutputRegressor(
    ensemble.StackingRegressor(three_r()[:2], Ridge(), cv=2)), data.diabetes_two()))
add("nested_chain_of_votes", lambda: fit(multioutput.ClassifierChain(
    ensemble.VotingClassifier(three(), voting="soft")), iris_two_labels()))
add("nested_bag_of_stacks", lambda: fit(inner(ensemble.BaggingClassifier, ensemble.StackingClassifier(
    three()[:2], LR(), cv=2), n_estimators=2, max_features=0.8, random_state=0), data.iris()))

# Targets that were transformed.
def target(transformer=None, model=None, **options):
    return TransformedTargetRegressor(model or Ridge(), transformer=transformer, **options)


def positive():
    X, y = data.diabetes()
    return X, y + 1


for name, transformer in {"standard": pp.StandardScaler, "min_max": pp.MinMaxScaler, "max_abs": pp.MaxAbsScaler,
                          "robust": pp.RobustScaler, "power": pp.PowerTransformer,
                          "box_cox": lambda: pp.PowerTransformer(method="box-cox"),
                          "power_plain": lambda: pp.PowerTransformer(standardize=False),
                          "quantile": lambda: pp.QuantileTransformer(n_quantiles=20),
                          "quantile_normal": lambda: pp.QuantileTransformer(n_quantiles=20, output_distribution="normal"),
                          "function": lambda: pp.FunctionTransformer(np.log1p, np.expm1),
                          "pipeline": lambda: make_pipeline(pp.FunctionTransformer(np.sqrt, np.square), pp.StandardScaler()),
                          }.items():
    add(f"target_{name}", lambda transformer=transformer: fit(
        target(transformer(), check_inverse=False), positive()))
for name, (func, inverse) in {"log": (np.log, np.exp), "log1p": (np.log1p, np.expm1), "sqrt": (np.sqrt, np.square),
                              "log2": (np.log2, np.exp2)}.items():
    add(f"target_{name}", lambda func=func, inverse=inverse: fit(target(func=func, inverse_func=inverse), positive()))
add("target_two", lambda: fit(target(pp.StandardScaler()), data.diabetes_two()))
add("target_default", lambda: fit(TransformedTargetRegressor(), data.diabetes()))
add("target_in_search", lambda: fit(GridSearchCV(
    target(pp.StandardScaler(), make_pipeline(pp.StandardScaler(), Ridge())), {"regressor__ridge__alpha": [0.1, 1]}, cv=2),
    data.diabetes()))
