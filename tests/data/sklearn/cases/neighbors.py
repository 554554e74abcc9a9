"""k nearest neighbours. Integer grids give exact ties; free points have none."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from cases import data
from cases.registry import add


def grid_rows(features=2):
    state = data.random(6)
    rows = state.randint(-1, 5, size=(14, features)).astype(float)
    return np.concatenate([rows, rows[:2] + 0.5, np.zeros((1, features)), np.full((1, features), 40.0)])


def free_rows(X):
    """Rows near the data but on none of its points, so that distances are well away from zero."""
    state = data.random(8)
    X = np.asarray(X, dtype=float)
    picked = X[np.linspace(0, len(X) - 1, 14).astype(int)]
    near = picked + state.normal(scale=0.1, size=picked.shape) * X.std(axis=0)
    return np.concatenate([np.round(near, 5), X.max(axis=0, keepdims=True) * 3])


def fit(model, xy, rows=None):
    X, y = xy
    return model.fit(X, y), free_rows(X) if rows is None else rows


def on_grid(model, values=None, features=2):
    X, y = data.grid(features=features)
    return model.fit(X, y if values is None else values(X, y)), grid_rows(features)


def positive(xy):
    X, y = xy
    return np.abs(X) + 0.1, y


for algorithm in ("brute", "kd_tree", "ball_tree", "auto"):
    add(f"knn_classifier_{algorithm}", lambda algorithm=algorithm: fit(
        KNeighborsClassifier(algorithm=algorithm, leaf_size=8), data.iris()))
    add(f"knn_classifier_{algorithm}_grid_ties", lambda algorithm=algorithm: on_grid(
        KNeighborsClassifier(n_neighbors=4, algorithm=algorithm, leaf_size=5)))
    add(f"knn_classifier_{algorithm}_grid_distance", lambda algorithm=algorithm: on_grid(
        KNeighborsClassifier(n_neighbors=3, weights="distance", algorithm=algorithm, leaf_size=5)))
    add(f"knn_regressor_{algorithm}_grid_ties", lambda algorithm=algorithm: on_grid(
        KNeighborsRegressor(n_neighbors=4, algorithm=algorithm, leaf_size=5),
        values=lambda X, y: np.arange(len(y)) * 1.5))
    add(f"knn_regressor_{algorithm}", lambda algorithm=algorithm: fit(
        KNeighborsRegressor(algorithm=algorithm, weights="distance", leaf_size=8), data.diabetes(60)))
add("knn_classifier_three_dimensions_ties", lambda: on_grid(
    KNeighborsClassifier(n_neighbors=6, algorithm="kd_tree", leaf_size=3), features=3))

METRICS = {
    "euclidean": {}, "manhattan": {}, "chebyshev": {}, "canberra": {}, "braycurtis": {}, "cosine": {},
    "sqeuclidean": {}, "minkowski": {"p": 3}, "hamming": {},
}
for metric, extra in METRICS.items():
    source = (lambda: data.grid(features=5)) if metric == "hamming" else (lambda: positive(data.iris()))
    add(f"knn_classifier_metric_{metric}", lambda metric=metric, extra=extra, source=source: fit(
        KNeighborsClassifier(n_neighbors=5, metric=metric, weights="distance", **extra), source(),
        grid_rows(5) if metric == "hamming" else None))
    add(f"knn_regressor_metric_{metric}", lambda metric=metric, extra=extra: fit(
        KNeighborsRegressor(n_neighbors=3, metric=metric, **extra), positive(data.diabetes(60))))
for metric in ("manhattan", "chebyshev", "minkowski"):
    for algorithm in ("kd_tree", "ball_tree"):
        add(f"knn_classifier_{algorithm}_{metric}_ties", lambda metric=metric, algorithm=algorithm: on_grid(
            KNeighborsClassifier(n_neighbors=5, metric=metric, p=3, algorithm=algorithm, leaf_size=6)))
add("knn_classifier_brute_manhattan_ties", lambda: on_grid(
    KNeighborsClassifier(n_neighbors=5, metric="manhattan", algorithm="brute")))
add("knn_classifier_seuclidean", lambda: fit(
    KNeighborsClassifier(metric="seuclidean", metric_params={"V": data.iris()[0].var(axis=0)}), data.iris()))
add("knn_classifier_seuclidean_brute", lambda: fit(
    KNeighborsClassifier(metric="seuclidean", metric_params={"V": data.iris()[0].var(axis=0)}, algorithm="brute",
                         weights="distance"), data.iris()))
add("knn_classifier_mahalanobis", lambda: fit(
    KNeighborsClassifier(metric="mahalanobis", metric_params={"V": np.cov(data.iris()[0].T)}), data.iris()))
add("knn_classifier_mahalanobis_inverse", lambda: fit(
    KNeighborsClassifier(metric="mahalanobis", metric_params={"VI": np.linalg.inv(np.cov(data.iris()[0].T))},
                         algorithm="brute", weights="distance"), data.iris()))
add("knn_classifier_minkowski_weights", lambda: fit(
    KNeighborsClassifier(metric="minkowski", p=2, metric_params={"w": np.array([1.0, 2.0, 0.5, 3.0])}), data.iris()))
add("knn_classifier_minkowski_p1", lambda: fit(KNeighborsClassifier(p=1, weights="distance"), data.iris()))
add("knn_classifier_binary_even_vote", lambda: fit(KNeighborsClassifier(n_neighbors=2), data.iris_binary()))
add("knn_classifier_text", lambda: fit(KNeighborsClassifier(n_neighbors=3), data.iris_text()))
add("knn_classifier_frame", lambda: (
    KNeighborsClassifier(n_neighbors=3).fit(*data.iris_frame()), data.frame_probe(data.iris_frame()[0])))
add("knn_classifier_bool_labels", lambda: fit(
    KNeighborsClassifier(n_neighbors=3), (data.iris_binary()[0], data.iris_binary()[1] == 1)))
add("knn_classifier_two_outputs", lambda: on_grid(
    KNeighborsClassifier(n_neighbors=4, weights="distance"), values=lambda X, y: np.column_stack([y, (y + X[:, 0]) % 2])))
add("knn_regressor_two_outputs", lambda: fit(KNeighborsRegressor(n_neighbors=3, weights="distance"), data.diabetes_two(60)))
add("knn_regressor_one_neighbor", lambda: fit(KNeighborsRegressor(n_neighbors=1), data.diabetes(60)))
add("knn_regressor_duplicates_distance", lambda: on_grid(
    KNeighborsRegressor(n_neighbors=5, weights="distance"), values=lambda X, y: X[:, 0] * 2 + y))
add("knn_classifier_float32", lambda: fit(
    KNeighborsClassifier(n_neighbors=3, algorithm="brute"), (data.iris()[0].astype(np.float32), data.iris()[1])))
add("knn_classifier_integers", lambda: (
    KNeighborsClassifier(n_neighbors=3, algorithm="brute").fit(data.grid()[0].astype(int), data.grid()[1]), grid_rows()))
add("knn_classifier_integers_tree", lambda: (
    KNeighborsClassifier(n_neighbors=3, algorithm="kd_tree").fit(data.grid()[0].astype(int), data.grid()[1]), grid_rows()))
add("knn_regressor_many_features", lambda: fit(
    KNeighborsRegressor(n_neighbors=4), (np.round(data.random(9).normal(size=(60, 20)), 3), np.arange(60.0))))


def on_bits(model):
    """Rows of zeros and ones, few of them alike."""
    state = data.random(11)
    X, rows = state.rand(60, 12) < 0.5, state.rand(14, 12) < 0.4
    return model.fit(X, np.arange(60) % 3), rows.astype(float)


for metric in ("dice", "rogerstanimoto", "russellrao", "sokalmichener", "sokalsneath", "matching", "kulsinski", "yule"):
    add(f"knn_classifier_bits_{metric}", lambda metric=metric: on_bits(
        KNeighborsClassifier(metric=metric, weights="distance", algorithm="brute")))
    if metric != "yule":
        add(f"knn_classifier_bits_{metric}_tree", lambda metric=metric: on_bits(
            KNeighborsClassifier(metric=metric, algorithm="ball_tree", leaf_size=9)))
add("knn_classifier_metric_correlation", lambda: fit(
    KNeighborsClassifier(metric="correlation", weights="distance"), data.iris()))
