"""Models outside of the linear and tree families: Gaussian, kernel, neural, cluster and outlier models, naive Bayes, dummies."""

import functools

import numpy as np
from sklearn import cluster, covariance, dummy, ensemble, linear_model, mixture, naive_bayes, neighbors
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
from sklearn.kernel_ridge import KernelRidge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from cases import data, registry

add = functools.partial(registry.add, some_releases=True)


def fit(model, xy):
    X, y = xy
    return model.fit(X, y), data.probe(X)


def fit_few(model, xy, n=40):
    """Every training row is part of these models: few of them keep the files small."""
    X, y = xy
    step = max(1, len(X) // n)
    return model.fit(X[::step], y[::step]), data.probe(X)


def fit_rows(model, n=60):
    X = data.iris()[0]
    return model.fit(X[::max(1, len(X) // n)]), data.probe(X)


def two_labels():
    X, y = data.iris()
    return X, np.column_stack([(y == 1).astype(int), (X[:, 0] > 5.8).astype(int)])


def two_targets():
    X, y = data.iris()
    return X, np.column_stack([np.array(["a", "b", "c"])[y], np.where(X[:, 0] > 5.8, "long", "short")])


# Discriminant analysis.
for solver in ("svd", "eigen", "lsqr"):
    add(f"lda_{solver}", lambda solver=solver: fit(LinearDiscriminantAnalysis(solver=solver), data.iris_text()))
add("lda_binary", lambda: fit(LinearDiscriminantAnalysis(), data.iris_binary()))
add("lda_components", lambda: fit(LinearDiscriminantAnalysis(n_components=1), data.iris()))
add("lda_shrinkage_frame", lambda: (LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(
    *data.iris_frame()), data.frame_probe(data.iris_frame()[0])))
add("lda_in_pipeline", lambda: fit(make_pipeline(LinearDiscriminantAnalysis(), linear_model.LogisticRegression()), data.iris()))
add("qda", lambda: fit(QuadraticDiscriminantAnalysis(), data.iris_text()))
add("qda_binary", lambda: fit(QuadraticDiscriminantAnalysis(reg_param=0.1), data.iris_binary()))

# Gaussian mixtures and covariances.
for covariance_type in ("full", "tied", "diag", "spherical"):
    add(f"gaussian_mixture_{covariance_type}", lambda covariance_type=covariance_type: fit_rows(
        mixture.GaussianMixture(3, covariance_type=covariance_type, random_state=0)))
    add(f"bayesian_mixture_{covariance_type}", lambda covariance_type=covariance_type: fit_rows(
        mixture.BayesianGaussianMixture(n_components=3, covariance_type=covariance_type, random_state=0)))
add("gaussian_mixture_one", lambda: fit_rows(mixture.GaussianMixture(1)))
add("bayesian_mixture_distribution", lambda: fit_rows(mixture.BayesianGaussianMixture(
    n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0)))
for name, model in {"empirical": covariance.EmpiricalCovariance, "shrunk": covariance.ShrunkCovariance,
                    "ledoit_wolf": covariance.LedoitWolf, "oas": covariance.OAS,
                    "min_cov_det": lambda: covariance.MinCovDet(random_state=0),
                    "graphical_lasso": lambda: covariance.GraphicalLasso(alpha=0.05),
                    "graphical_lasso_cv": lambda: covariance.GraphicalLassoCV(cv=2)}.items():
    add(f"covariance_{name}", lambda model=model: fit_rows(model()))
add("elliptic_envelope", lambda: fit_rows(covariance.EllipticEnvelope(random_state=0)))

# Neural networks.
for activation in ("relu", "tanh", "logistic", "identity"):
    add(f"mlp_classifier_{activation}", lambda activation=activation: fit(MLPClassifier(
        (5,), activation=activation, max_iter=60, random_state=0), data.iris_text()))
    add(f"mlp_regressor_{activation}", lambda activation=activation: fit(MLPRegressor(
        hidden_layer_sizes=(6, 4), activation=activation, max_iter=60, random_state=0), data.diabetes()))
add("mlp_classifier_binary", lambda: fit(MLPClassifier((4,), max_iter=60, random_state=0), data.iris_binary()))
add("mlp_classifier_multilabel", lambda: fit(MLPClassifier((4,), max_iter=60, random_state=0), two_labels()))
add("mlp_regressor_two_targets", lambda: fit(MLPRegressor(hidden_layer_sizes=(4,), max_iter=60, random_state=0), data.diabetes_two()))
add("mlp_regressor_lbfgs_scaled", lambda: fit(make_pipeline(StandardScaler(), MLPRegressor(
    hidden_layer_sizes=(4,), solver="lbfgs", max_iter=60, random_state=0)), data.diabetes()))

# Gaussian processes.
KERNELS = {
    "rbf": lambda: kernels.RBF(1.5), "rbf_lengths": lambda: 2.0 * kernels.RBF([1.0, 2.0, 1.5, 0.7]),
    "matern_half": lambda: kernels.Matern(nu=0.5), "matern_three": lambda: kernels.Matern(nu=1.5),
    "matern_five": lambda: kernels.Matern(nu=2.5), "matern_infinite": lambda: kernels.Matern(nu=np.inf),
    "matern_general": lambda: kernels.Matern(nu=1.1), "rational": lambda: kernels.RationalQuadratic(1.2, 0.7),
    "sine": lambda: 0.02 * kernels.ExpSineSquared(1.1, 3.0) + kernels.RBF(0.5), "dot": lambda: kernels.DotProduct(0.8) ** 2,
    "constant": lambda: kernels.ConstantKernel(0.5) + kernels.RBF() + kernels.WhiteKernel(0.1),
    "pairwise": lambda: kernels.PairwiseKernel(metric="laplacian", gamma=0.3),
    "pairwise_poly": lambda: kernels.PairwiseKernel(metric="polynomial", gamma=0.05),
}
for name, kernel in KERNELS.items():
    add(f"gp_regressor_{name}", lambda kernel=kernel: fit_few(GaussianProcessRegressor(
        kernel(), alpha=0.05, optimizer=None), (data.iris()[0], data.iris()[0][:, 0] * 0.3 + data.iris()[1]), 15), tolerance=1e-9)
add("gp_regressor_default", lambda: fit_few(GaussianProcessRegressor(alpha=0.1), data.diabetes()))
add("gp_regressor_fitted", lambda: fit_few(GaussianProcessRegressor(
    kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel(), normalize_y=True), data.diabetes()))
add("gp_regressor_two_targets", lambda: fit_few(GaussianProcessRegressor(
    kernels.RBF(), alpha=0.1, optimizer=None, normalize_y=True), data.diabetes_two()))
for name, xy in {"": data.iris_text, "_binary": data.iris_binary}.items():
    add(f"gp_classifier{name}", lambda xy=xy: fit_few(GaussianProcessClassifier(kernels.RBF(), random_state=0), xy(), 24), tolerance=1e-9)
    add(f"gp_classifier_matern{name}", lambda xy=xy: fit_few(GaussianProcessClassifier(
        kernels.DotProduct() + kernels.Matern(nu=2.5), optimizer=None), xy(), 24), tolerance=1e-8)
add("gp_classifier_one_vs_one", lambda: fit_few(GaussianProcessClassifier(
    kernels.RBF(), multi_class="one_vs_one", random_state=0), data.iris(), 24), tolerance=1e-9)

# Kernel ridge, label propagation.
for kernel in ("linear", "rbf", "poly", "sigmoid", "laplacian", "cosine"):
    add(f"kernel_ridge_{kernel}", lambda kernel=kernel: fit_few(KernelRidge(kernel=kernel, alpha=0.5), data.diabetes()))
for kernel in ("chi2", "additive_chi2"):
    add(f"kernel_ridge_{kernel}", lambda kernel=kernel: positive_ridge(kernel))
add("kernel_ridge_two_targets", lambda: fit_few(KernelRidge(kernel="rbf", gamma=0.3), data.diabetes_two()))


def positive_ridge(kernel):
    X, y = data.iris()
    return KernelRidge(kernel=kernel, gamma=0.7 if kernel == "chi2" else None).fit(X[::4], y[::4]), np.round(X[::13] * 1.1, 3)


def partly():
    X, y = data.iris()
    y = y.copy()
    y[::4] = -1
    return X[::2], y[::2]


add("label_propagation", lambda: fit(LabelPropagation(), partly()))
add("label_propagation_knn", lambda: fit(LabelPropagation(kernel="knn", max_iter=3000), partly()))
add("label_spreading", lambda: fit(LabelSpreading(gamma=3), partly()))
add("label_spreading_knn", lambda: fit(LabelSpreading(kernel="knn", n_neighbors=4), partly()))

# Clusters.
add("k_means", lambda: fit_rows(cluster.KMeans(3, n_init=2, random_state=0)))
add("k_means_one", lambda: fit_rows(cluster.KMeans(1, n_init=1, random_state=0)))
add("k_means_frame", lambda: (cluster.KMeans(4, n_init=2, random_state=0).fit(data.iris_frame()[0]), data.frame_probe(data.iris_frame()[0])))
add("k_means_in_pipeline", lambda: fit(make_pipeline(
    StandardScaler(), cluster.KMeans(4, n_init=1, random_state=0), linear_model.LogisticRegression(max_iter=300)), data.iris()))
add("mini_batch_k_means", lambda: fit_rows(cluster.MiniBatchKMeans(3, n_init=2, random_state=0)))
add("bisecting_k_means", lambda: fit_rows(cluster.BisectingKMeans(5, random_state=0)))
add("birch", lambda: fit_rows(cluster.Birch(n_clusters=3, threshold=0.8)))
add("birch_plain", lambda: fit_rows(cluster.Birch(n_clusters=None, threshold=1.0)))
add("mean_shift", lambda: fit_rows(cluster.MeanShift(bandwidth=1.0)))
add("affinity_propagation", lambda: fit_rows(cluster.AffinityPropagation(random_state=0)))
for metric in ("euclidean", "manhattan"):
    add(f"nearest_centroid_{metric}", lambda metric=metric: fit(neighbors.NearestCentroid(metric=metric), data.iris_text()))
add("nearest_centroid_shrunk", lambda: fit(neighbors.NearestCentroid(shrink_threshold=0.3), data.four_classes()))
add("nearest_centroid_binary", lambda: fit(neighbors.NearestCentroid(), data.iris_binary()))
add("nearest_centroid_priors", lambda: fit(neighbors.NearestCentroid(priors=[0.5, 0.3, 0.2]), data.iris()))

# Outliers and novelty, forests without a target.
add("isolation_forest", lambda: fit_rows(ensemble.IsolationForest(n_estimators=8, random_state=0)))
add("isolation_forest_features", lambda: fit_rows(ensemble.IsolationForest(
    n_estimators=6, max_features=2, contamination=0.1, random_state=0)))
add("isolation_forest_one_row", lambda: fit_rows(ensemble.IsolationForest(n_estimators=3, max_samples=1, random_state=0)))
for algorithm in ("brute", "kd_tree"):
    add(f"local_outlier_factor_{algorithm}", lambda algorithm=algorithm: fit_rows(
        neighbors.LocalOutlierFactor(8, novelty=True, algorithm=algorithm)))
add("sgd_one_class_svm", lambda: fit_rows(linear_model.SGDOneClassSVM(random_state=0)))
add("random_trees_embedding", lambda: fit_rows(ensemble.RandomTreesEmbedding(4, max_depth=2, random_state=0)))
add("random_trees_embedding_logistic", lambda: fit(make_pipeline(ensemble.RandomTreesEmbedding(
    4, max_depth=2, random_state=0), linear_model.LogisticRegression()), data.iris()))

# Neighbours by radius, graphs of neighbours, densities.
for algorithm in ("brute", "kd_tree", "ball_tree"):
    for weights in ("uniform", "distance"):
        add(f"radius_classifier_{algorithm}_{weights}", lambda algorithm=algorithm, weights=weights: fit_few(
            neighbors.RadiusNeighborsClassifier(1.5, algorithm=algorithm, weights=weights, outlier_label="none"), data.iris_text()))
        add(f"radius_regressor_{algorithm}_{weights}", lambda algorithm=algorithm, weights=weights: fit_few(
            neighbors.RadiusNeighborsRegressor(1.0, algorithm=algorithm, weights=weights), data.diabetes()))
add("radius_classifier_refuses", lambda: refusing())
add("radius_classifier_most_frequent", lambda: fit_few(
    neighbors.RadiusNeighborsClassifier(1.0, outlier_label="most_frequent"), data.four_classes()))
add("radius_classifier_two_targets", lambda: fit_few(
    neighbors.RadiusNeighborsClassifier(1.5, outlier_label="a"), two_targets()))
for algorithm in ("brute", "ball_tree"):
    add(f"nearest_neighbors_{algorithm}", lambda algorithm=algorithm: (
        neighbors.NearestNeighbors(n_neighbors=3, algorithm=algorithm).fit(data.diabetes()[0][:30]), data.diabetes()[0][30:42]))
for mode in ("distance", "connectivity"):
    add(f"neighbors_transformer_{mode}", lambda mode=mode: fit_rows(neighbors.KNeighborsTransformer(mode=mode, n_neighbors=3), 30))
    add(f"radius_transformer_{mode}", lambda mode=mode: fit_rows(neighbors.RadiusNeighborsTransformer(mode=mode, radius=1.2), 30))
for kernel in ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"):
    add(f"kernel_density_{kernel}", lambda kernel=kernel: fit_rows(neighbors.KernelDensity(bandwidth=0.8, kernel=kernel), 40), tolerance=1e-9)
add("kernel_density_weights", lambda: (neighbors.KernelDensity(bandwidth=0.5, metric="manhattan").fit(
    data.iris()[0][::4], sample_weight=np.linspace(0.5, 2, 38)), data.probe(data.iris()[0])), tolerance=1e-9)


def refusing():
    X, y = data.iris()
    model = neighbors.RadiusNeighborsClassifier(2.0).fit(X[::4], y[::4])
    return model, X[1::13], np.array([[100.0, 0, 0, 0]])


# Naive Bayes.
def counts():
    X, y = data.grid(n=90, features=5, values=6)
    return X, np.array(["x", "y", "z"])[y]


for name, model in {"multinomial": naive_bayes.MultinomialNB, "complement": naive_bayes.ComplementNB,
                    "complement_norm": lambda: naive_bayes.ComplementNB(norm=True, alpha=0.3),
                    "bernoulli": lambda: naive_bayes.BernoulliNB(binarize=2.5),
                    "bernoulli_bits": lambda: naive_bayes.BernoulliNB(binarize=None)}.items():
    add(f"nb_{name}", lambda model=model: counted(model()))
add("nb_categorical", lambda: categorical())
add("nb_multinomial_binary", lambda: fit(naive_bayes.MultinomialNB(fit_prior=False), (data.iris_binary())))


def counted(model):
    X, y = counts()
    if isinstance(model, naive_bayes.BernoulliNB) and model.binarize is None:
        X = (X > 2).astype(float)
    return model.fit(X, y), X[::7]


def categorical():
    X, y = counts()
    bad = np.array([[1.0, 2, 3, 4, 9], [-1.0, 0, 0, 0, 0]])
    return naive_bayes.CategoricalNB().fit(X, y), X[::7], bad


# Dummies need a first step that says how many columns there are.
def scaled(model):
    return make_pipeline(StandardScaler(), model)


for strategy in ("prior", "most_frequent", "constant"):
    constant = {"constant": "setosa"} if strategy == "constant" else {}
    add(f"dummy_classifier_{strategy}", lambda strategy=strategy, constant=constant: fit(
        scaled(dummy.DummyClassifier(strategy=strategy, **constant)), data.iris_text()))
add("dummy_classifier_two_targets", lambda: fit(scaled(dummy.DummyClassifier(strategy="prior")), two_targets()))
for strategy in ("mean", "median"):
    add(f"dummy_regressor_{strategy}", lambda strategy=strategy: fit(scaled(dummy.DummyRegressor(strategy=strategy)), data.diabetes()))
add("dummy_regressor_two_targets", lambda: fit(scaled(dummy.DummyRegressor()), data.diabetes_two()))
add("dummy_in_votes", lambda: fit(ensemble.VotingClassifier([
    ("dummy", dummy.DummyClassifier(strategy="prior")), ("nb", naive_bayes.GaussianNB())], voting="soft"), data.iris()))

# Linear models that no other module has.
REGRESSORS = {
    "lars": linear_model.Lars, "lars_cv": lambda: linear_model.LarsCV(cv=3), "lasso_lars": lambda: linear_model.LassoLars(0.01),
    "lasso_lars_cv": lambda: linear_model.LassoLarsCV(cv=3), "lasso_lars_ic": linear_model.LassoLarsIC,
    "lasso_cv": lambda: linear_model.LassoCV(cv=3), "elastic_net_cv": lambda: linear_model.ElasticNetCV(cv=3),
    "ridge_cv": linear_model.RidgeCV, "omp": linear_model.OrthogonalMatchingPursuit,
    "omp_cv": lambda: linear_model.OrthogonalMatchingPursuitCV(cv=3), "bayesian_ridge": linear_model.BayesianRidge,
    "ard": linear_model.ARDRegression, "huber": lambda: linear_model.HuberRegressor(max_iter=500),
    "theil_sen": lambda: linear_model.TheilSenRegressor(random_state=0, max_subpopulation=200),
    "quantile": lambda: linear_model.QuantileRegressor(alpha=0.01, solver="highs"),
    "passive_aggressive": lambda: linear_model.PassiveAggressiveRegressor(random_state=0),
}
for name, model in REGRESSORS.items():
    add(f"regression_{name}", lambda model=model: fit(model(), data.diabetes()))
for name, model in {"lasso": lambda: linear_model.MultiTaskLasso(0.05), "elastic_net": lambda: linear_model.MultiTaskElasticNet(0.05),
                    "lasso_cv": lambda: linear_model.MultiTaskLassoCV(cv=3),
                    "elastic_net_cv": lambda: linear_model.MultiTaskElasticNetCV(cv=3)}.items():
    add(f"multi_task_{name}", lambda model=model: fit(model(), data.diabetes_two()))
for name, model in {"poisson": linear_model.PoissonRegressor, "gamma": linear_model.GammaRegressor,
                    "tweedie": lambda: linear_model.TweedieRegressor(power=1.5),
                    "tweedie_identity": lambda: linear_model.TweedieRegressor(power=0, link="identity")}.items():
    add(f"glm_{name}", lambda model=model: fit(model(), (data.counts()[0], data.counts()[1] + 0.5)))
add("ridge_classifier", lambda: fit(linear_model.RidgeClassifier(), data.iris_text()))
add("ridge_classifier_binary", lambda: fit(linear_model.RidgeClassifierCV(), data.iris_binary()))
add("ridge_classifier_multilabel", lambda: fit(linear_model.RidgeClassifier(), two_labels()))
add("passive_aggressive_classifier", lambda: fit(linear_model.PassiveAggressiveClassifier(random_state=0), data.iris_text()))
