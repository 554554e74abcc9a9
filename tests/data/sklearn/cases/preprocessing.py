"""Scalers, encoders, imputers, polynomials, PCA and numpy functions."""

import numpy as np
import pandas as pd
import sklearn
from sklearn import preprocessing as pp
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer

from cases import data
from cases.registry import add

SPARSE_NAME = "sparse" if sklearn.__version__ < "1.2" else "sparse_output"


def onehot(sparse=False, **options):
    return pp.OneHotEncoder(**{SPARSE_NAME: sparse}, **options)


def fit(model, X=None, rows=None):
    X = data.diabetes()[0] if X is None else X
    return model.fit(X), data.probe(X) if rows is None else rows


def fit_holes(model):
    X = data.with_holes(data.iris()[0])
    rows = np.concatenate([X[:14], np.full((1, 4), np.nan), np.zeros((1, 4)), np.full((1, 4), -0.0)])
    return model.fit(X), rows


def wide(X):
    """A constant column and a nearly constant one, which scalers must not divide by."""
    X = X.copy()
    X[:, 1], X[:, 2] = 3.0, 1e-9 * X[:, 2]
    return X


SCALERS = {
    "standard_scaler": lambda: pp.StandardScaler(),
    "standard_scaler_no_mean": lambda: pp.StandardScaler(with_mean=False),
    "standard_scaler_no_std": lambda: pp.StandardScaler(with_std=False),
    "standard_scaler_neither": lambda: pp.StandardScaler(with_mean=False, with_std=False),
    "min_max_scaler": lambda: pp.MinMaxScaler(),
    "min_max_scaler_clip": lambda: pp.MinMaxScaler(feature_range=(-2, 3), clip=True),
    "max_abs_scaler": lambda: pp.MaxAbsScaler(),
    "robust_scaler": lambda: pp.RobustScaler(),
    "robust_scaler_unit_variance": lambda: pp.RobustScaler(unit_variance=True, quantile_range=(10, 90)),
    "robust_scaler_no_centering": lambda: pp.RobustScaler(with_centering=False),
    "robust_scaler_no_scaling": lambda: pp.RobustScaler(with_scaling=False),
}
for name, make in SCALERS.items():
    add(name, lambda make=make: fit(make()))
    add(f"{name}_constant_column", lambda make=make: fit(make(), wide(data.diabetes()[0])))
    add(f"{name}_missing", lambda make=make: fit_holes(make()))
for name in ("standard_scaler", "min_max_scaler", "max_abs_scaler", "robust_scaler"):
    add(f"{name}_float32", lambda name=name: fit(SCALERS[name](), data.iris()[0].astype(np.float32)), tolerance=1e-6)
add("standard_scaler_frame", lambda: (
    pp.StandardScaler().fit(data.iris_frame()[0]), data.frame_probe(data.iris_frame()[0])))
add("standard_scaler_partial_fit", lambda: (
    pp.StandardScaler().partial_fit(data.iris()[0][:50]).partial_fit(data.iris()[0][50:]), data.probe(data.iris()[0])))
add("standard_scaler_integers", lambda: fit(pp.StandardScaler(), data.grid()[0].astype(int), data.grid()[0][:14]))
add("standard_scaler_pandas_output", lambda: (
    pp.StandardScaler().set_output(transform="pandas").fit(data.iris_frame()[0]), data.frame_probe(data.iris_frame()[0])))

for norm in ("l1", "l2", "max"):
    add(f"normalizer_{norm}", lambda norm=norm: fit(pp.Normalizer(norm=norm)))
add("binarizer", lambda: fit(pp.Binarizer()))
add("binarizer_threshold", lambda: fit(pp.Binarizer(threshold=0.25), data.grid()[0] / 4))

# Imputation.
for strategy in ("mean", "median", "most_frequent", "constant"):
    add(f"simple_imputer_{strategy}", lambda strategy=strategy: fit_holes(SimpleImputer(strategy=strategy)))
    add(f"simple_imputer_{strategy}_indicator", lambda strategy=strategy: fit_holes(
        SimpleImputer(strategy=strategy, add_indicator=True)))
add("simple_imputer_fill_value", lambda: fit_holes(SimpleImputer(strategy="constant", fill_value=-7.5)))
add("simple_imputer_minus_one", lambda: (
    SimpleImputer(missing_values=-1, strategy="mean").fit(data.grid()[0] - 1), data.grid()[0][:14] - 1))


def empty_column(**options):
    X = data.with_holes(data.iris()[0])
    X[:, 2] = np.nan
    return SimpleImputer(**options).fit(X), X[:14]


add("simple_imputer_empty_column", lambda: empty_column())
add("simple_imputer_empty_column_constant", lambda: empty_column(strategy="constant", fill_value=4.0))
add("simple_imputer_empty_column_kept", lambda: empty_column(keep_empty_features=True))
add("simple_imputer_empty_column_kept_indicator", lambda: empty_column(
    keep_empty_features=True, strategy="median", add_indicator=True))


def words(missing, n=40):
    state = data.random(51)
    X = state.choice(["red", "green", "blue", ""], size=(n, 2)).astype(object)
    X[state.uniform(size=X.shape) < 0.2] = missing
    return X


def impute_words(missing, rows=16, **options):
    X = words(missing)
    return SimpleImputer(missing_values=missing, **options).fit(X), X[:rows]


add("simple_imputer_text_nan", lambda: impute_words(np.nan, strategy="most_frequent"))
add("simple_imputer_text_none", lambda: impute_words(None, strategy="most_frequent"))
add("simple_imputer_text_constant", lambda: impute_words(np.nan, strategy="constant", fill_value="missing"))
add("simple_imputer_text_constant_default", lambda: impute_words(None, strategy="constant"))
add("simple_imputer_text_empty", lambda: impute_words("", strategy="most_frequent"))
add("simple_imputer_text_indicator", lambda: impute_words(np.nan, strategy="most_frequent", add_indicator=True))
add("simple_imputer_frame_text", lambda: (
    SimpleImputer(strategy="most_frequent").fit(data.titanic()[0][["sex", "embarked"]]),
    data.titanic()[0][["sex", "embarked"]].iloc[:20]))

# Encoders.
TEXT = np.array([["red", "S"], ["green", "M"], ["blue", "L"], ["red", "XL"], ["green", "S"], ["blue", "S"],
                 ["red", "M"], ["red", "S"], ["yellow", "S"], ["größe", "M"]], dtype=object)
TEXT_ROWS = TEXT[:10]
TEXT_NEW = np.array([["violet", "S"], ["red", "XXL"], ["", "s"], ["red ", "M"]], dtype=object)
WITH_NEW = np.concatenate([TEXT_ROWS, TEXT_NEW])
NUMBERS = np.array([[1, 10], [2, 20], [3, 10], [1, -30], [2, 10], [5, 20], [1, 10], [1, 20]])
NUMBER_ROWS = NUMBERS.astype(float)
NUMBER_NEW = np.array([[4.0, 10.0], [1.0, 15.0], [1.5, -30.0]])

add("one_hot_text", lambda: (onehot().fit(TEXT), TEXT_ROWS, TEXT_NEW))
add("one_hot_text_sparse", lambda: (onehot(sparse=True).fit(TEXT), TEXT_ROWS, TEXT_NEW))
add("one_hot_text_fixed_width", lambda: (onehot().fit(TEXT.astype(str)), TEXT_ROWS, TEXT_NEW))
add("one_hot_text_ignore", lambda: (onehot(handle_unknown="ignore").fit(TEXT), WITH_NEW))
add("one_hot_text_ignore_sparse", lambda: (onehot(sparse=True, handle_unknown="ignore").fit(TEXT), WITH_NEW))
add("one_hot_text_drop_first", lambda: (onehot(drop="first").fit(TEXT), TEXT_ROWS))
add("one_hot_text_drop_first_ignore", lambda: (onehot(drop="first", handle_unknown="ignore").fit(TEXT), WITH_NEW))
add("one_hot_text_drop_array", lambda: (onehot(drop=["green", "M"]).fit(TEXT), TEXT_ROWS))
add("one_hot_drop_if_binary", lambda: (
    onehot(drop="if_binary").fit(np.column_stack([TEXT, np.arange(10) % 2 == 0]).astype(object)),
    np.column_stack([TEXT_ROWS, np.arange(10) % 2 == 0]).astype(object)))
add("one_hot_min_frequency", lambda: (
    onehot(min_frequency=2, handle_unknown="infrequent_if_exist").fit(TEXT), WITH_NEW))
add("one_hot_min_frequency_share", lambda: (
    onehot(min_frequency=0.25, handle_unknown="ignore").fit(TEXT), WITH_NEW))
add("one_hot_max_categories", lambda: (
    onehot(max_categories=3, handle_unknown="infrequent_if_exist").fit(TEXT), WITH_NEW))
add("one_hot_max_categories_drop_first", lambda: (
    onehot(max_categories=2, drop="first", handle_unknown="infrequent_if_exist").fit(TEXT), WITH_NEW))
add("one_hot_infrequent_without_rare", lambda: (
    onehot(min_frequency=1, handle_unknown="infrequent_if_exist").fit(TEXT), WITH_NEW))
add("one_hot_warn", lambda: (onehot(min_frequency=2, handle_unknown="warn").fit(TEXT), WITH_NEW))
add("one_hot_given_categories", lambda: (
    onehot(categories=[["red", "blue", "green", "yellow", "größe", "pink"], ["XL", "S", "M", "L"]]).fit(TEXT), TEXT_ROWS))
add("one_hot_integers", lambda: (onehot().fit(NUMBERS), NUMBER_ROWS, NUMBER_NEW))
add("one_hot_integers_ignore", lambda: (
    onehot(handle_unknown="ignore").fit(NUMBERS), np.concatenate([NUMBER_ROWS, NUMBER_NEW])))
add("one_hot_floats", lambda: (onehot(dtype=np.float32).fit(NUMBER_ROWS / 4), NUMBER_ROWS / 4), tolerance=1e-12)
add("one_hot_integer_output", lambda: (onehot(dtype=int).fit(TEXT), TEXT_ROWS))
add("one_hot_floats_nan", lambda: (
    onehot(handle_unknown="ignore").fit(np.array([[1.5], [np.nan], [2.5], [1.5]])),
    np.array([[1.5], [np.nan], [2.5], [9.0], [-0.0]])))
add("one_hot_floats_nan_absent", lambda: (
    onehot(handle_unknown="ignore").fit(np.array([[1.5], [0.0], [2.5]])),
    np.array([[1.5], [np.nan], [2.5], [0.0], [-0.0]])))
add("one_hot_text_none", lambda: (
    onehot(handle_unknown="ignore").fit(np.array([["a"], [None], ["b"]], dtype=object)),
    np.array([["a"], [None], ["b"], ["c"]], dtype=object)))
add("one_hot_text_nan", lambda: (
    onehot(handle_unknown="ignore").fit(np.array([["a"], [np.nan], ["b"]], dtype=object)),
    np.array([["a"], [np.nan], ["b"], ["c"]], dtype=object)))
add("one_hot_text_none_and_nan", lambda: (
    onehot().fit(np.array([["a"], [np.nan], [None]], dtype=object)), np.array([["a"], [np.nan], [None]], dtype=object)))
add("one_hot_bools", lambda: (
    onehot().fit(pd.DataFrame({"flag": [True, False, True], "size": ["s", "m", "l"]})),
    pd.DataFrame({"flag": [False, True, False], "size": ["s", "m", "l"]})))
add("one_hot_frame_mixed", lambda: (
    onehot(handle_unknown="ignore").fit(data.adult()[0][["workclass", "age", "married"]]),
    data.frame_probe(data.adult()[0][["workclass", "age", "married"]], [{"workclass": "Retired"}, {"age": 200}])))

add("ordinal_text", lambda: (pp.OrdinalEncoder().fit(TEXT), TEXT_ROWS, TEXT_NEW))
add("ordinal_unknown_value", lambda: (
    pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(TEXT), WITH_NEW))
add("ordinal_unknown_nan", lambda: (
    pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(TEXT), WITH_NEW))
add("ordinal_float32", lambda: (
    pp.OrdinalEncoder(dtype=np.float32, handle_unknown="use_encoded_value", unknown_value=-2).fit(TEXT), WITH_NEW),
    tolerance=1e-12)
add("ordinal_int64", lambda: (pp.OrdinalEncoder(dtype=np.int64).fit(TEXT), TEXT_ROWS))
add("ordinal_given_categories", lambda: (
    pp.OrdinalEncoder(categories=[["yellow", "red", "green", "blue", "größe"], ["S", "M", "L", "XL"]]).fit(TEXT), TEXT_ROWS))
add("ordinal_numbers", lambda: (
    pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=99).fit(NUMBERS),
    np.concatenate([NUMBER_ROWS, NUMBER_NEW])))
add("ordinal_missing", lambda: (
    pp.OrdinalEncoder().fit(np.array([["a"], [np.nan], ["b"]], dtype=object)),
    np.array([["a"], [np.nan], ["b"]], dtype=object)))
add("ordinal_missing_value", lambda: (
    pp.OrdinalEncoder(encoded_missing_value=-5, handle_unknown="use_encoded_value", unknown_value=-1).fit(
        np.array([["a"], [np.nan], ["b"]], dtype=object)),
    np.array([["a"], [np.nan], ["b"], ["c"]], dtype=object)))
add("ordinal_missing_numbers", lambda: (
    pp.OrdinalEncoder(encoded_missing_value=-1).fit(np.array([[3.0], [np.nan], [1.0]])), np.array([[3.0], [np.nan], [1.0]])))
add("ordinal_none", lambda: (
    pp.OrdinalEncoder(encoded_missing_value=7).fit(np.array([["a"], [None], ["b"]], dtype=object)),
    np.array([["a"], [None], ["b"]], dtype=object)))
add("ordinal_min_frequency", lambda: (
    pp.OrdinalEncoder(min_frequency=2, handle_unknown="use_encoded_value", unknown_value=-1).fit(TEXT), WITH_NEW))
add("ordinal_max_categories", lambda: (
    pp.OrdinalEncoder(max_categories=3, handle_unknown="use_encoded_value", unknown_value=-1).fit(TEXT), WITH_NEW))

# Polynomials and PCA.
for name, options in {
    "": {}, "_degree_three": {"degree": 3}, "_range": {"degree": (2, 3)}, "_interaction": {"interaction_only": True},
    "_interaction_three": {"interaction_only": True, "degree": 3}, "_no_bias": {"include_bias": False},
    "_fortran": {"order": "F"}, "_degree_one": {"degree": 1},
}.items():
    add(f"polynomial_features{name}", lambda options=options: fit(pp.PolynomialFeatures(**options), data.iris()[0]))
for name, options in {
    "": {}, "_two": {"n_components": 2}, "_whiten": {"n_components": 3, "whiten": True},
    "_full": {"svd_solver": "full", "n_components": 2}, "_share": {"n_components": 0.9},
    "_randomized": {"svd_solver": "randomized", "n_components": 2, "random_state": 0},
    "_arpack": {"svd_solver": "arpack", "n_components": 2, "random_state": 0},
    "_covariance_eigh": {"svd_solver": "covariance_eigh", "n_components": 2},
}.items():
    add(f"pca{name}", lambda options=options: fit(PCA(**options), data.iris()[0]))
add("pca_float32", lambda: fit(PCA(n_components=2), data.iris()[0].astype(np.float32)), tolerance=1e-6)

# Numpy functions.
POSITIVE = np.abs(data.probe(data.iris()[0])) + 0.5
SIGNED = data.probe(data.diabetes()[0][:, :3])
FUNCTIONS = {
    "identity": (None, {}, SIGNED), "log1p": (np.log1p, {}, POSITIVE), "sqrt": (np.sqrt, {}, POSITIVE),
    "exp": (np.exp, {}, SIGNED / 9), "expm1": (np.expm1, {}, SIGNED / 9), "log": (np.log, {}, POSITIVE),
    "log2": (np.log2, {}, POSITIVE), "log10": (np.log10, {}, POSITIVE), "abs": (np.abs, {}, SIGNED),
    "square": (np.square, {}, SIGNED), "reciprocal": (np.reciprocal, {}, POSITIVE), "sign": (np.sign, {}, SIGNED),
    "clip": (np.clip, {"a_min": -0.2, "a_max": 0.4}, SIGNED), "round": (np.round, {"decimals": 1}, SIGNED),
    "nan_to_num": (np.nan_to_num, {"nan": -1.0, "posinf": 9.0}, np.array([
        [np.nan, np.inf, 1.0], [-np.inf, 0.5, np.nan], [np.nan, -0.0, 3.0], [0.25, np.nan, np.nan]])),
    "floor": (np.floor, {}, SIGNED * 10), "ceil": (np.ceil, {}, SIGNED * 10),
    "tanh": (np.tanh, {}, SIGNED), "sin": (np.sin, {}, SIGNED), "cos": (np.cos, {}, SIGNED), "cbrt": (np.cbrt, {}, SIGNED),
    "negative": (np.negative, {}, SIGNED), "rint": (np.rint, {}, SIGNED * 10), "arcsinh": (np.arcsinh, {}, SIGNED),
    "asarray": (np.asarray, {}, SIGNED), "logical_not": (np.logical_not, {}, np.round(SIGNED)),
    "isnan": (np.isnan, {}, np.array([[np.nan, 1.0], [0.0, np.inf], [np.nan, np.nan], [-1.0, -np.inf]])),
    "isfinite": (np.isfinite, {}, np.array([[np.nan, 1.0], [0.0, np.inf], [np.nan, np.nan], [-1.0, -np.inf]])),
    "log_of_zero": (np.log, {}, np.array([[0.0, 1.0], [-1.0, -0.0]])),
}


def function(call, kw_args, rows):
    return pp.FunctionTransformer(call, kw_args=kw_args or None).fit(rows), rows


for name, (call, kw_args, rows) in FUNCTIONS.items():
    add(f"function_{name}", lambda call=call, kw_args=kw_args, rows=rows: function(call, kw_args, rows))
add("function_inverse_and_check", lambda: (
    pp.FunctionTransformer(np.log1p, inverse_func=np.expm1, check_inverse=True, validate=True).fit(POSITIVE), POSITIVE))
add("function_log1p_frame", lambda: (
    pp.FunctionTransformer(np.log1p).fit(data.iris_frame()[0]), data.frame_probe(data.iris_frame()[0])))
