"""Bins, power transforms, quantiles, splines, target encoding, labels, selection, decomposition, kernel approximations."""

import numpy as np
import pandas as pd
from sklearn import cross_decomposition, decomposition, ensemble, feature_selection as fs, kernel_approximation, linear_model
from sklearn import neighbors, neural_network, preprocessing as pp, random_projection, svm, tree
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes the next line work
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline

from cases import data
from cases.registry import add
from cases.text import MOOD, PROBE, TEXTS


def fit(model, X=None, y=None, rows=None):
    X = data.diabetes()[0] if X is None else X
    return model.fit(X, y), data.probe(X) if rows is None else rows


def positive():
    return np.round(np.abs(data.diabetes()[0]) + 0.1, 3)


def fit_holes(model):
    X = data.with_holes(data.iris()[0])
    rows = np.concatenate([X[:14], np.full((1, 4), np.nan), np.zeros((1, 4)), np.full((1, 4), -0.0)])
    return model.fit(X), rows


def fit_holes_not_whole(model):
    """A row with nothing but missing values is imputed otherwise when it is alone."""
    X = data.with_holes(data.iris()[0])
    return model.fit(X), np.concatenate([X[:14], np.zeros((1, 4)), np.full((1, 4), 30.0)])


def some_holes():
    """Two of four columns have missing values."""
    X = data.iris()[0].copy()
    X[::5, 0] = np.nan
    X[::7, 2] = np.nan
    return X


def far_apart():
    """Holes in what has no two distances alike: their order would hang on a last bit."""
    X = np.round(data.random(31).normal(size=(60, 5)) * 3, 6)
    X[::5, 0] = np.nan
    X[::7, 2] = np.nan
    return X


# Functions of columns.
for encode in ("ordinal", "onehot", "onehot-dense"):
    for strategy in ("uniform", "quantile", "kmeans"):
        add(f"k_bins_{encode.replace('-', '_')}_{strategy}", lambda encode=encode, strategy=strategy: fit(
            pp.KBinsDiscretizer(n_bins=4, encode=encode, strategy=strategy, random_state=0)))
add("k_bins_wide_logistic", lambda: fit(make_pipeline(
    pp.KBinsDiscretizer(n_bins=20, strategy="uniform"), linear_model.LogisticRegression()), *data.iris()))
add("k_bins_frame", lambda: (pp.KBinsDiscretizer(n_bins=3, encode="onehot-dense").fit(data.iris_frame()[0]),
                             data.frame_probe(data.iris_frame()[0])))
add("power_yeo_johnson", lambda: fit(pp.PowerTransformer()))
add("power_yeo_johnson_raw", lambda: fit(pp.PowerTransformer(standardize=False)))
add("power_yeo_johnson_missing", lambda: fit_holes(pp.PowerTransformer()))
add("power_box_cox", lambda: fit(pp.PowerTransformer(method="box-cox"), positive(), rows=positive()[:14]))
add("power_box_cox_raw", lambda: (pp.PowerTransformer(method="box-cox", standardize=False).fit(positive()), positive()[:9],
                                  np.array([[-1.0] + [1.0] * 9, [0.0] + [1.0] * 9])))
for distribution in ("uniform", "normal"):
    add(f"quantile_{distribution}", lambda d=distribution: fit(pp.QuantileTransformer(n_quantiles=50, output_distribution=d, random_state=0)))
    add(f"quantile_{distribution}_ties", lambda d=distribution: fit(
        pp.QuantileTransformer(n_quantiles=30, output_distribution=d), data.grid()[0], rows=np.concatenate([data.grid()[0][:14], data.grid()[0][:5] + 0.5])))
    add(f"quantile_{distribution}_missing", lambda d=distribution: fit_holes(pp.QuantileTransformer(n_quantiles=40, output_distribution=d)))
for extrapolation in ("constant", "linear", "continue", "periodic"):
    add(f"spline_{extrapolation}", lambda e=extrapolation: fit(
        pp.SplineTransformer(extrapolation=e), data.iris()[0], rows=np.concatenate([data.iris()[0][:12], data.probe(data.iris()[0]) / 5])))
add("spline_error", lambda: (pp.SplineTransformer(extrapolation="error").fit(data.iris()[0]), data.iris()[0][::11], np.array([[99.0, 1, 1, 1]])))
add("spline_no_bias", lambda: fit(pp.SplineTransformer(include_bias=False, n_knots=4, degree=2, knots="quantile"), data.iris()[0]))
add("spline_degree_zero", lambda: fit(pp.SplineTransformer(degree=0), data.iris()[0]))
add("spline_degree_one_linear", lambda: fit(pp.SplineTransformer(degree=1, extrapolation="linear"), data.iris()[0]))
add("spline_periodic_no_bias", lambda: fit(pp.SplineTransformer(extrapolation="periodic", include_bias=False, degree=2), data.iris()[0]))
add("spline_sparse_ridge", lambda: fit(make_pipeline(pp.SplineTransformer(**(
    {"sparse_output": True} if "sparse_output" in pp.SplineTransformer().get_params() else {})), linear_model.Ridge()), *data.diabetes()))
add("spline_missing_zeros", lambda: fit_holes(pp.SplineTransformer(handle_missing="zeros")))

# Targets and labels.
add("target_binary", lambda: fit(pp.TargetEncoder(random_state=0), data.titanic()[0][["sex", "pclass", "embarked"]], data.titanic()[1],
                                 rows=data.frame_probe(data.titanic()[0][["sex", "pclass", "embarked"]], [{"sex": "other"}, {"pclass": 9}])))
add("target_continuous", lambda: fit(pp.TargetEncoder(target_type="continuous", smooth=5.0), data.adult()[0][["workclass", "married"]],
                                     data.adult()[0]["age"].to_numpy() * 1.5, rows=data.frame_probe(data.adult()[0][["workclass", "married"]])))
add("target_multiclass", lambda: fit(pp.TargetEncoder(), data.adult()[0][["workclass", "occupation"]],
                                     np.array(["low", "middle", "high"])[data.adult()[0]["age"] % 3],
                                     rows=data.frame_probe(data.adult()[0][["workclass", "occupation"]], [{"occupation": "Clown"}])))
add("target_logistic", lambda: fit(make_pipeline(pp.TargetEncoder(), linear_model.LogisticRegression()), data.adult()[0][["workclass", "occupation"]],
                                   data.adult()[1], rows=data.frame_probe(data.adult()[0][["workclass", "occupation"]])))
LABELS = np.array(["cat", "dog", "bird", "dog", "cat"])
add("label_encoder_text", lambda: (pp.LabelEncoder().fit(LABELS), LABELS, np.array(["fish"])))
add("label_encoder_numbers", lambda: (pp.LabelEncoder().fit([5, 1, 9]), np.array([1.0, 9.0, 5.0]), np.array([2.0])))
add("label_binarizer_text", lambda: (pp.LabelBinarizer().fit(LABELS), np.append(LABELS, "fish")))
add("label_binarizer_numbers", lambda: (pp.LabelBinarizer(neg_label=-1, pos_label=2).fit([5, 1, 9]), np.array([1.0, 9.0, 5.0, 7.0])))
add("label_binarizer_two", lambda: (pp.LabelBinarizer().fit(["no", "yes"]), np.array(["yes", "no"])))

# Selection.
SELECT = {
    "k_best": lambda: fs.SelectKBest(k=4), "k_best_all": lambda: fs.SelectKBest(k="all"), "percentile": lambda: fs.SelectPercentile(percentile=35),
    "fpr": lambda: fs.SelectFpr(alpha=0.01), "fdr": lambda: fs.SelectFdr(alpha=0.01), "fwe": lambda: fs.SelectFwe(alpha=0.01),
    "generic_percentile": lambda: fs.GenericUnivariateSelect(param=30), "generic_k_best": lambda: fs.GenericUnivariateSelect(mode="k_best", param=3),
    "generic_fdr": lambda: fs.GenericUnivariateSelect(mode="fdr", param=0.05),
    "from_logistic": lambda: fs.SelectFromModel(linear_model.LogisticRegression(max_iter=3000)),
    "from_lasso": lambda: fs.SelectFromModel(linear_model.Lasso(alpha=0.01)),
    "from_l1_svc": lambda: fs.SelectFromModel(svm.LinearSVC(penalty="l1", dual=False, C=0.01, random_state=0)),
    "from_tree": lambda: fs.SelectFromModel(tree.DecisionTreeClassifier(random_state=0, max_depth=4)),
    "from_forest_median": lambda: fs.SelectFromModel(ensemble.RandomForestClassifier(n_estimators=7, max_depth=4, random_state=0), threshold="1.1*median"),
    "from_extra_trees": lambda: fs.SelectFromModel(ensemble.ExtraTreesClassifier(n_estimators=7, max_depth=4, random_state=0), threshold=-np.inf, max_features=3),
    "from_boosting": lambda: fs.SelectFromModel(ensemble.GradientBoostingClassifier(n_estimators=6, random_state=0), threshold="mean"),
    "sequential": lambda: fs.SequentialFeatureSelector(linear_model.LogisticRegression(max_iter=3000), n_features_to_select=3, cv=2),
    "rfe": lambda: fs.RFE(linear_model.LogisticRegression(max_iter=3000), n_features_to_select=3),
    "rfe_cv": lambda: fs.RFECV(linear_model.LogisticRegression(max_iter=3000), cv=2, min_features_to_select=2),
}
for name, make in SELECT.items():
    add(f"select_{name}", lambda make=make: fit(make(), *data.breast()))
add("select_variance", lambda: fit(fs.VarianceThreshold(threshold=0.02), data.iris()[0] / 5))
add("select_variance_missing", lambda: fit_holes(fs.VarianceThreshold(threshold=0.3)))
add("select_three_classes", lambda: fit(fs.SelectFromModel(linear_model.LogisticRegression(max_iter=3000), norm_order=2), *data.iris()))
add("select_regression", lambda: fit(fs.SelectKBest(fs.f_regression, k=5), *data.diabetes()))
add("select_chi2_texts", lambda: (make_pipeline(CountVectorizer(ngram_range=(1, 2)), fs.SelectKBest(fs.chi2, k=70),
                                                linear_model.LogisticRegression()).fit(TEXTS, MOOD), PROBE))
add("select_frame", lambda: (fs.SelectKBest(k=2).fit(data.iris_frame()[0], data.iris()[1]), data.frame_probe(data.iris_frame()[0])))

# Projections.
PROJECTIONS = {
    "truncated_svd": lambda: decomposition.TruncatedSVD(3, random_state=0), "incremental_pca": lambda: decomposition.IncrementalPCA(3),
    "incremental_pca_whiten": lambda: decomposition.IncrementalPCA(3, whiten=True), "factor_analysis": lambda: decomposition.FactorAnalysis(3, random_state=0),
    "factor_analysis_rotated": lambda: decomposition.FactorAnalysis(2, rotation="varimax", random_state=0),
    "fast_ica": lambda: decomposition.FastICA(3, random_state=0, max_iter=1000, whiten="unit-variance"),
    "sparse_pca": lambda: decomposition.SparsePCA(3, random_state=0, max_iter=20), "mini_batch_sparse_pca": lambda: decomposition.MiniBatchSparsePCA(3, random_state=0),
    "gaussian_projection": lambda: random_projection.GaussianRandomProjection(4, random_state=0),
    "sparse_projection": lambda: random_projection.SparseRandomProjection(4, random_state=0, density=0.4, dense_output=True),
    "boltzmann": lambda: neural_network.BernoulliRBM(4, random_state=0, n_iter=3),
    "rbf_sampler": lambda: kernel_approximation.RBFSampler(n_components=20, random_state=0), "rbf_sampler_scale": lambda: kernel_approximation.RBFSampler(gamma="scale", n_components=7, random_state=0),
    "count_sketch": lambda: kernel_approximation.PolynomialCountSketch(n_components=30, random_state=0),
    "count_sketch_cubic": lambda: kernel_approximation.PolynomialCountSketch(degree=3, coef0=1.5, gamma=0.5, n_components=17, random_state=0),
}
for name, make in PROJECTIONS.items():
    add(f"project_{name}", lambda make=make: fit(make()))
add("project_texts_svd", lambda: (make_pipeline(TfidfVectorizer(), decomposition.TruncatedSVD(4, random_state=0)).fit(TEXTS), PROBE))
add("project_neighborhood", lambda: fit(neighbors.NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=20), *data.iris()))
add("project_skewed_chi2", lambda: fit(kernel_approximation.SkewedChi2Sampler(n_components=12, random_state=0), positive(), rows=positive()[:14]))
for steps in (1, 2, 3):
    add(f"project_additive_chi2_{steps}", lambda steps=steps: (kernel_approximation.AdditiveChi2Sampler(sample_steps=steps).fit(data.grid()[0]), data.grid()[0][:14],
                                                               np.array([[-1.0, 2.0]])))
PLS = {"regression": lambda: cross_decomposition.PLSRegression(3), "canonical": lambda: cross_decomposition.PLSCanonical(2),
       "cca": lambda: cross_decomposition.CCA(2), "svd": lambda: cross_decomposition.PLSSVD(2), "regression_unscaled": lambda: cross_decomposition.PLSRegression(2, scale=False)}
for name, make in PLS.items():
    add(f"pls_{name}", lambda make=make: fit(make(), *data.diabetes_two()))
add("pls_regression_one_target", lambda: fit(cross_decomposition.PLSRegression(2), *data.diabetes()))
add("pls_in_pipeline", lambda: fit(make_pipeline(pp.StandardScaler(), cross_decomposition.PLSRegression(2)), *data.diabetes()))

# Missing values.
add("missing_indicator", lambda: fit_holes(MissingIndicator(features="all")))
add("missing_indicator_some", lambda: (MissingIndicator().fit(some_holes()), some_holes()[:12], np.array([[1.0, np.nan, 2.0, 3.0]])))
add("missing_indicator_not_strict", lambda: (MissingIndicator(error_on_new=False).fit(some_holes()), data.with_holes(data.iris()[0])[:12]))
for weights in ("uniform", "distance"):
    add(f"knn_imputer_{weights}", lambda w=weights: fit_holes(KNNImputer(n_neighbors=3, weights=w)))
add("knn_imputer_ties", lambda: (KNNImputer(n_neighbors=4).fit(data.with_holes(data.grid()[0])), data.with_holes(data.grid()[0], seed=3)[:20]))
add("knn_imputer_indicator", lambda: (KNNImputer(add_indicator=True).fit(far_apart()), far_apart()[:12]))
add("knn_imputer_minus_one", lambda: (KNNImputer(missing_values=-1).fit(np.nan_to_num(far_apart(), nan=-1)), np.nan_to_num(far_apart()[:12], nan=-1)))
add("iterative_imputer", lambda: fit_holes_not_whole(IterativeImputer(max_iter=4, random_state=0)))
add("iterative_imputer_bounds", lambda: fit_holes_not_whole(IterativeImputer(max_iter=3, random_state=0, min_value=0, max_value=6, add_indicator=True,
                                                                           imputation_order="roman", n_nearest_features=2)))
add("iterative_imputer_tree", lambda: fit_holes_not_whole(IterativeImputer(tree.DecisionTreeRegressor(max_depth=3, random_state=0), max_iter=2, random_state=0)))
add("iterative_imputer_pipeline", lambda: fit(make_pipeline(IterativeImputer(max_iter=2, random_state=0), linear_model.LogisticRegression(max_iter=2000)),
                                              data.with_holes(data.iris()[0]), data.iris()[1], rows=data.with_holes(data.iris()[0])[:12]))
