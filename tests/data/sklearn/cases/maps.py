"""Transformers by kernels, by ways between neighbours, and those that solve a problem for each row."""

import functools

import numpy as np
from sklearn import cluster, decomposition, kernel_approximation, linear_model, manifold, preprocessing as pp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline

from cases import data, registry
from cases.text import MOOD, PROBE, TEXTS

add = functools.partial(registry.add, some_releases=True)


def fit(model, X, y=None):
    return model.fit(X, y), data.probe(X)


def few(n=25):
    return data.iris()[0][::150 // n]


def positive(n=40):
    return np.round(np.abs(data.diabetes()[0][:n]) + 0.05, 3)


def near(model, X):
    """Rows among the training's: far away every kernel is next to nothing."""
    return model.fit(X), np.round((X[:10] + X[-10:]) / 2, 3)


# Kernels.
for kernel in ("linear", "poly", "rbf", "sigmoid", "cosine"):
    gamma = {"gamma": 0.02} if kernel in ("poly", "sigmoid") else {}
    add(f"kernel_pca_{kernel}", lambda kernel=kernel, gamma=gamma: near(
        decomposition.KernelPCA(3, kernel=kernel, **gamma), few()), tolerance=1e-9)
add("kernel_pca_all_components", lambda: near(decomposition.KernelPCA(kernel="rbf", gamma=0.3, remove_zero_eig=True), few(12)), tolerance=1e-6)
add("kernel_pca_precomputed", lambda: (decomposition.KernelPCA(2, kernel="precomputed").fit(rbf_kernel(few(12))),
                                       rbf_kernel(few(50)[:9], few(12))), tolerance=1e-9)
add("kernel_pca_logistic", lambda: (make_pipeline(decomposition.KernelPCA(3, kernel="rbf"), linear_model.LogisticRegression()).fit(
    few(30), data.iris()[1][::5]), few(50)[:12]), tolerance=1e-9)
add("kernel_centerer", lambda: (pp.KernelCenterer().fit(rbf_kernel(few(12))), rbf_kernel(few(50)[:9], few(12))))
for kernel in ("rbf", "polynomial", "laplacian", "chi2"):
    add(f"nystroem_{kernel}", lambda kernel=kernel: near(
        kernel_approximation.Nystroem(kernel=kernel, n_components=8, random_state=0), few(30)), tolerance=1e-8)
add("nystroem_sgd", lambda: (make_pipeline(pp.StandardScaler(), kernel_approximation.Nystroem(gamma=0.2, n_components=10, random_state=0),
                                           linear_model.SGDClassifier(random_state=0)).fit(*data.iris()), data.iris()[0][::13]), tolerance=1e-8)

# Manifolds, clusters of features.
add("isomap", lambda: near(manifold.Isomap(n_neighbors=4), few(30)), tolerance=1e-9)
add("isomap_manhattan", lambda: near(manifold.Isomap(n_neighbors=6, n_components=3, metric="manhattan"), few(30)), tolerance=1e-9)
for method in ("standard", "modified", "ltsa"):
    add(f"locally_linear_{method}", lambda method=method: near(manifold.LocallyLinearEmbedding(
        n_neighbors=6, method=method, random_state=0), few(30)), tolerance=1e-8)
add("feature_agglomeration", lambda: fit(cluster.FeatureAgglomeration(3), data.diabetes()[0][:40]))
add("feature_agglomeration_ridge", lambda: fit(make_pipeline(cluster.FeatureAgglomeration(4), linear_model.Ridge()), *data.diabetes(60)))

# Factorizations: the answers of single rows, since a batch's rows decide together when they are done.
NMF = {
    "plain": {}, "penalties": {"alpha_W": 0.001, "l1_ratio": 0.4}, "multiplicative": {"solver": "mu"},
    "kullback_leibler": {"solver": "mu", "beta_loss": "kullback-leibler"}, "itakura_saito": {"solver": "mu", "beta_loss": "itakura-saito"},
    "beta": {"solver": "mu", "beta_loss": 1.5, "alpha_W": 0.001}, "beta_large": {"solver": "mu", "beta_loss": 2.5},
}
for name, options in NMF.items():
    add(f"nmf_{name}", lambda options=options: (decomposition.NMF(3, random_state=0, init="nndsvda", max_iter=300, **options).fit(positive()), positive()[:9] * 1.1),
        alone=True, tolerance=1e-8)
add("nmf_texts", lambda: (make_pipeline(TfidfVectorizer(), decomposition.NMF(3, random_state=0, init="nndsvd")).fit(TEXTS), PROBE), alone=True, tolerance=1e-8)
for name, loss in {"": "frobenius", "_kullback_leibler": "kullback-leibler"}.items():
    add(f"mini_batch_nmf{name}", lambda loss=loss: (decomposition.MiniBatchNMF(3, random_state=0, beta_loss=loss, init="nndsvda").fit(positive()), positive()[:9] * 1.1),
        alone=True, tolerance=1e-8)

# Topics.
add("topics_texts", lambda: (make_pipeline(CountVectorizer(), decomposition.LatentDirichletAllocation(3, random_state=0, max_iter=5)).fit(TEXTS), PROBE), tolerance=1e-9)
add("topics_logistic", lambda: (make_pipeline(CountVectorizer(), decomposition.LatentDirichletAllocation(
    4, random_state=0, max_iter=3, learning_method="online"), linear_model.LogisticRegression()).fit(TEXTS, MOOD), PROBE), tolerance=1e-9)
add("topics_counts", lambda: (decomposition.LatentDirichletAllocation(2, random_state=0, doc_topic_prior=0.3).fit(data.grid(features=6)[0]),
                              data.grid(features=6)[0][:12], np.array([[-1.0, 0, 0, 0, 0, 1]])), tolerance=1e-9)

# Sparse codes.
CODES = {"omp": {}, "omp_three": {"transform_n_nonzero_coefs": 3}, "threshold": {"transform_algorithm": "threshold", "transform_alpha": 0.2},
         "threshold_positive": {"transform_algorithm": "threshold", "transform_alpha": 0.1, "positive_code": True, "fit_algorithm": "cd"},
         "lasso_lars": {"transform_algorithm": "lasso_lars", "transform_alpha": 0.05}, "split_sign": {"transform_n_nonzero_coefs": 2, "split_sign": True}}
for name, options in CODES.items():
    add(f"dictionary_{name}", lambda options=options: (decomposition.DictionaryLearning(
        5, random_state=0, max_iter=10, **options).fit(data.diabetes()[0][:40]), data.diabetes()[0][40:52]), tolerance=1e-8)
add("mini_batch_dictionary", lambda: (decomposition.MiniBatchDictionaryLearning(12, random_state=0, batch_size=20, transform_n_nonzero_coefs=4).fit(
    data.diabetes()[0][:40]), data.diabetes()[0][40:52]), tolerance=1e-8)
for name, options in {"omp": {"transform_n_nonzero_coefs": 2}, "lasso_lars": {"transform_algorithm": "lasso_lars", "transform_alpha": 0.1},
                      "default": {}}.items():
    add(f"sparse_coder_{name}", lambda options=options: (decomposition.SparseCoder(
        pp.normalize(data.random(4).normal(size=(7, 10))), **options).fit(data.diabetes()[0]), data.diabetes()[0][:12]), tolerance=1e-8)
