"""Writes hostile_models/: well-formed pickles of scikit-learn classes that no fit() could have made.

`make_hostile.py OUTPUT_FOLDER` with any Python 3: the pickles are assembled by hand, so neither scikit-learn nor numpy
is needed. Most are small files that stand for an enormous amount of work or memory, because a pickle can use one
object any number of times, even inside itself. expected.json says which limit or contradiction each must be refused
for: a word that the message holds, or nothing where the file may also be read without the part that is too large.
"""

import json
import pathlib
import struct
import sys


class Raw(bytes):
    """Opcodes that push one value."""


def pickled(value):
    """The opcodes of a Python value; nothing is memoized."""
    if isinstance(value, Raw):
        return value
    if value is None:
        return b"N"
    if value is True or value is False:
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        if -(1 << 31) <= value < 1 << 31:
            return b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)
        return b"\x8a\x08" + struct.pack("<q", value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"X" + struct.pack("<I", len(text)) + text
    if isinstance(value, bytes):
        return b"B" + struct.pack("<I", len(value)) + value
    if isinstance(value, list):
        return b"](" + b"".join(map(pickled, value)) + b"e"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(pickled, value)) + b"t"
    if isinstance(value, dict):
        return b"}(" + b"".join(pickled(k) + pickled(v) for k, v in value.items()) + b"u"
    raise TypeError(type(value))


def put(key):
    """Memoizes the value on top of the stack."""
    return b"r" + struct.pack("<I", key)


def get(key):
    return Raw(b"h" + bytes([key]) if key < 256 else b"j" + struct.pack("<I", key))


def named(value, key):
    """A value that get(key) gives again."""
    return Raw(pickled(value) + put(key))


def model(path, key=None, library="sklearn.", **attributes):
    """An estimator; with a key it is memoized before its state, so that the state can hold the estimator itself."""
    module, name = path.rsplit(".", 1)
    made = b"c" + f"{library}{module}\n{name}\n".encode() + b")\x81"
    if key is not None:
        made += put(key)
    return Raw(made + pickled({**attributes, "_sklearn_version": "1.7.2"}) + b"b")


DTYPES = {"f": ("f8", "<", 8), "i": ("i8", "<", 8), "n": ("i4", "<", 4)}


def array(values, shape=None, kind="f"):
    code, order, size = DTYPES[kind]
    form = {"f": "d", "i": "q", "n": "i"}[kind]
    dtype = Raw(b"cnumpy\ndtype\n" + pickled((code, False, True)) + b"R" +
                pickled((3, order, None, None, None, -1, -1, 0)) + b"b")
    content = struct.pack(f"<{len(values)}{form}", *values)
    shape = (len(values),) if shape is None else shape
    head = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + pickled((0,)) + pickled(b"b") + b"\x87R"
    return Raw(head + pickled((1, shape, dtype, False, content)) + b"b")


def objects(items):
    dtype = Raw(b"cnumpy\ndtype\n" + pickled(("O8", False, True)) + b"R" +
                pickled((3, "|", None, None, None, -1, -1, 63)) + b"b")
    head = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + pickled((0,)) + pickled(b"b") + b"\x87R"
    return Raw(head + pickled((1, (len(items),), dtype, False, list(items))) + b"b")


def scaler(columns=2, **attributes):
    return model("preprocessing._data.MaxAbsScaler", n_features_in_=columns,
                 scale_=array([1.0] * columns), **attributes)


def pipeline(steps, key=None, **attributes):
    return model("pipeline.Pipeline", key, steps=steps, **attributes)


def union(parts, key=None, **attributes):
    return model("pipeline.FeatureUnion", key, transformer_list=parts, transformer_weights=None, **attributes)


def nested_union(levels):
    """Each level uses the one below it twice: 2 ** levels scalers from a file of a few kilobytes."""
    part = named(scaler(), 1)
    for level in range(levels):
        part = named(union([("a", part), ("b", get(level + 1))]), level + 2)
    return part


def nested_pipelines(depth):
    part = scaler()
    for _ in range(depth):
        part = pipeline([("p", part)])
    return part


def everything_holds_everything(count):
    """Unions that all share one list of themselves."""
    parts = named([(f"u{i}", model("pipeline.FeatureUnion", 10 + i, transformer_list=get(1))) for i in range(count)], 2)
    # The list is needed before it is complete: it is memoized while empty.
    return Raw(b"]" + put(1) + b"(" + parts[2:-len(put(2)) - 1] + b"e0" +
               union(get(1), n_features_in_=1))


def columns(transformers, width, **attributes):
    return model("compose._column_transformer.ColumnTransformer", transformers_=transformers, n_features_in_=width,
                 sparse_threshold=0.3, transformer_weights=None, verbose_feature_names_out=True, **attributes)


def one_hot(categories, **attributes):
    return model("preprocessing._encoders.OneHotEncoder", categories_=categories, n_features_in_=len(categories),
                 handle_unknown="error", drop_idx_=None, sparse_output=True, _infrequent_enabled=False, **attributes)


def polynomial(degree, width, **attributes):
    return model("preprocessing._polynomial.PolynomialFeatures", degree=degree, n_features_in_=width,
                 interaction_only=False, include_bias=True, order="C", **attributes)


def neighbors(k, points=4):
    return model("neighbors._classification.KNeighborsClassifier", n_neighbors=k, weights="uniform", n_features_in_=1,
                 outputs_2d_=False, classes_=array([0, 1], kind="i"), _y=array([0, 1] * (points // 2), kind="i"),
                 _fit_X=array([float(i) for i in range(points)], (points, 1)), _fit_method="brute", _tree=None,
                 effective_metric_="euclidean", effective_metric_params_={}, n_samples_fit_=points, metric="minkowski")


def classifier(classes):
    return model("linear_model._logistic.LogisticRegression", coef_=array([0.5] * 6, (3, 2)),
                 intercept_=array([0.0] * 3), classes_=array(classes, kind="i"), n_features_in_=2,
                 multi_class="auto", solver="lbfgs")


def pca(rows, width):
    return model("decomposition._pca.PCA", components_=array([1.0] * (rows * width), (rows, width)),
                 mean_=array([0.0]), explained_variance_=array([1.0] * 9), whiten=True, n_components_=1 << 40,
                 n_features_in_=width, noise_variance_=0.0)


def svc(counts):
    return model("svm._classes.SVC", kernel="rbf", _gamma=0.5, degree=3, coef0=0.0, n_features_in_=1,
                 classes_=array([0, 1], kind="i"), _n_support=array(counts, kind="n"), probability=False,
                 break_ties=False, decision_function_shape="ovr", support_vectors_=array([0.0, 1.0], (2, 1)),
                 _dual_coef_=array([1.0, -1.0], (1, 2)), _intercept_=array([0.0]), _sparse=False)


def sparse_support(rows, width):
    matrix = Raw(b"cscipy.sparse._csr\ncsr_matrix\n)\x81" +
                 pickled({"_shape": (rows, width), "indptr": array([0] * (rows + 1), kind="n"),
                          "indices": array([], kind="n"), "data": array([])}) + b"b")
    return model("svm._classes.SVR", kernel="rbf", _gamma=0.5, degree=3, coef0=0.0, n_features_in_=2,
                 _n_support=array([rows], kind="n"), support_vectors_=matrix, _dual_coef_=array([1.0], (1, 1)),
                 _intercept_=array([0.0]), _sparse=True)


def search(key=None, **attributes):
    return model("model_selection._search.GridSearchCV", key, **attributes)


def repeated(item, times):
    """A list of one memoized value many times over."""
    first = pickled(named(item, 77))
    return Raw(b"](" + first + get(77) * (times - 1) + b"e")


WIDE = 1 << 20


def doubling(levels, key):
    """A list whose two items are one list, whose two items are one list, ...: 2 ** levels numbers."""
    out = b"]" + pickled(1.0) + b"a" + put(key)
    for level in range(levels):
        out += b"0](" + get(key + level) * 2 + b"e" + put(key + level + 1)
    return Raw(out)


def union_of_doubling(count):
    """Many scalers that share one doubling list."""
    first = model("preprocessing._data.MaxAbsScaler", n_features_in_=1, scale_=doubling(30, 100))
    rest = [model("preprocessing._data.MaxAbsScaler", n_features_in_=1, scale_=get(130)) for _ in range(count)]
    return union([("a", part) for part in [first, *rest]], n_features_in_=1)


def long_text_scalars(size, times):
    """One numpy.str_ of `size` zeros, as a category many times over: each look at it costs its length."""
    dtype = Raw(b"cnumpy\ndtype\n" + pickled((f"U{size}", False, True)) + b"R" +
                pickled((3, "<", None, None, None, 4 * size, 4, 8)) + b"b")
    scalar = Raw(b"cnumpy.core.multiarray\nscalar\n" + pickled((dtype, b"\0" * (4 * size))) + b"R")
    return one_hot([repeated(scalar, times)])


def tree_of_many_fields(fields):
    """A tree whose nodes have more fields than anything looks through by name."""
    number = Raw(pickled((Raw(b"cnumpy\ndtype\n" + pickled(("f8", False, True)) + b"R" +
                              pickled((3, "<", None, None, None, -1, -1, 0)) + b"b"), 0)) + put(40))
    table = Raw(b"}(" + pickled("f0") + number + b"".join(pickled(f"f{i}") + get(40) for i in range(1, fields)) + b"u")
    dtype = Raw(b"cnumpy\ndtype\n" + pickled(("V8", False, True)) + b"R" +
                pickled((3, "|", None, tuple(f"f{i}" for i in range(fields)), table, 8, 1, 16)) + b"b")
    head = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + pickled((0,)) + pickled(b"b") + b"\x87R"
    nodes = Raw(head + pickled((1, (1,), dtype, False, b"\0" * 8)) + b"b")
    made = Raw(b"csklearn.tree._tree\nTree\n" + pickled((1, array([1], kind="i"), 1)) + b"R" +
               pickled({"max_depth": 1, "node_count": 1, "nodes": nodes, "values": array([1.0], (1, 1, 1))}) + b"b")
    return model("tree._classes.DecisionTreeRegressor", tree_=made, n_features_in_=1, n_outputs_=1)


def long_names(width, size):
    names = objects([named("n" * size, 5)] + [get(5)] * (width - 1))
    return model("preprocessing._data.Normalizer", norm="l2", n_features_in_=width, feature_names_in_=names)


def bisecting(tree, **attributes):
    return model("cluster._bisect_k_means.BisectingKMeans", n_features_in_=1, cluster_centers_=array([1.0, 2.0], (2, 1)),
                 _X_mean=None, _bisecting_tree=tree, **attributes)


def tree_of_itself():
    """Each child is its own parent: a walk over the tree would not end."""
    return model("cluster._bisect_k_means._BisectingTree", 1, center=array([1.0]), left=get(1), right=get(1))


def doubling_tree(levels):
    """Both children of a node are one node: 2 ** levels leaves."""
    part = named(model("cluster._bisect_k_means._BisectingTree", center=array([1.0]), label=0), 1)
    for level in range(levels):
        part = named(model("cluster._bisect_k_means._BisectingTree", center=array([1.0]), left=part, right=get(level + 1)), level + 2)
    return part


def kernel_sum(levels):
    part = named(model("gaussian_process.kernels.ConstantKernel", constant_value=1.0), 1)
    for level in range(levels):
        part = named(model("gaussian_process.kernels.Sum", k1=part, k2=get(level + 1)), level + 2)
    return part


def process(kernel):
    return model("gaussian_process._gpr.GaussianProcessRegressor", kernel_=kernel, X_train_=array([1.0], (1, 1)), alpha_=array([1.0]),
                 _y_train_mean=array([0.0]), _y_train_std=array([1.0]), n_features_in_=1)


def factorization(**attributes):
    return model("decomposition._nmf.NMF", **{**dict(components_=array([1.0, 2.0], (2, 1)), beta_loss="frobenius", solver="cd", tol=1e-4,
                                                    max_iter=200, n_features_in_=1), **attributes})


def mixture(**attributes):
    return model("mixture._gaussian_mixture.GaussianMixture", **{**dict(
        means_=array([1.0, 2.0], (2, 1)), weights_=array([0.5, 0.5]), covariance_type="full",
        precisions_cholesky_=array([1.0, 1.0], (2, 1, 1)), n_features_in_=1), **attributes})


def series(labels, values):
    made = b"cpandas.core.internals.managers\nSingleBlockManager\n)\x81" + pickled(([labels], [values], [labels], {})) + b"b"
    return Raw(b"cpandas.core.series\nSeries\n)\x81" + pickled({"_mgr": Raw(made)}) + b"b")


def encoder(name="ordinal.OrdinalEncoder", **attributes):
    return model(name, library="category_encoders.", cols=["a"], feature_names_in_=["a"], n_features_in_=1, handle_unknown="value",
                 handle_missing="value", **attributes)


def perceptron(layers):
    return model("neural_network._multilayer_perceptron.MLPRegressor", coefs_=layers, intercepts_=[array([0.0])] * len(layers),
                 activation="relu", out_activation_="identity", n_features_in_=1)


def more_models():
    yield "cluster_tree_of_itself.pkl", bisecting(tree_of_itself()), "more nodes"
    yield "cluster_tree_doubles.pkl", bisecting(doubling_tree(40)), "more nodes"
    yield "kernel_doubles.pkl", process(kernel_sum(40)), "kernels"
    yield "kernel_of_none.pkl", process(None), "kernel"
    yield "factorization_without_end.pkl", factorization(max_iter=1 << 60), "iterations"
    yield "factorization_negative.pkl", factorization(max_iter=-1), "max_iter"
    yield "factorization_shape.pkl", factorization(components_=array([1.0, 2.0], (1, 2))), "components_"
    yield "topics_missing.pkl", model("decomposition._lda.LatentDirichletAllocation", n_features_in_=1), "exp_dirichlet_component_"
    yield "dictionary_of_many.pkl", model("decomposition._dict_learning.DictionaryLearning", n_features_in_=1,
                                          components_=array([1.0] * 5000, (5000, 1)), transform_algorithm="omp"), "atoms"
    yield "pursuit_of_too_many.pkl", model("decomposition._dict_learning.DictionaryLearning", n_features_in_=1, components_=array([1.0], (1, 1)),
                                           transform_algorithm="omp", transform_n_nonzero_coefs=1 << 40), "atoms"
    yield "mixture_shape.pkl", mixture(precisions_cholesky_=array([1.0])), "precisions_cholesky_"
    yield "mixture_weights.pkl", mixture(weights_=array([1.0])), "weights_"
    yield "centers_none.pkl", model("cluster._kmeans.KMeans", cluster_centers_=array([], (0, 1)), n_features_in_=1), "cluster_centers_"
    yield "perceptron_layers.pkl", perceptron([array([1.0, 2.0], (1, 2)), array([1.0], (1, 1))]), "layer"
    yield "kernel_pca_shape.pkl", model("decomposition._kernel_pca.KernelPCA", kernel="rbf", gamma=None, X_fit_=array([1.0], (1, 1)), n_features_in_=1,
                                        eigenvectors_=array([1.0], (1, 1)), eigenvalues_=array([1.0, 2.0])), "eigenvectors_"
    yield "labels_beyond.pkl", model("cluster._agglomerative.FeatureAgglomeration", labels_=array([1 << 40], kind="i"), n_features_in_=1,
                                     pooling_func=Raw(b"cnumpy\nmean\n")), "label"
    yield "encoder_no_table.pkl", encoder(mapping=[{"col": "a", "mapping": None}]), "pandas"
    yield "encoder_short_table.pkl", encoder(mapping=[{"col": "a", "mapping": series(objects(["x", "y"]), array([1.0]))}]), "fit each other"
    yield "encoder_of_none.pkl", encoder(mapping=[{"col": "b", "mapping": series(objects(["x"]), array([1.0]))}]), "no column"
    yield "encoder_twice.pkl", encoder(mapping=[named({"col": "a", "mapping": series(objects(["x"]), array([1.0]))}, 9), get(9)]), "twice"
    yield "encoder_repeats.pkl", encoder(mapping=repeated({"col": "a", "mapping": series(objects(["x"] * 3000), array([1.0] * 3000))}, 20_000)), "columns"


def cases():
    yield from more_models()
    yield "pipeline_of_itself.pkl", pipeline([("a", get(1))], 1), "places"
    yield "search_of_none.pkl", search(best_estimator_=search(best_estimator_=None)), "not supported"
    yield "search_cycle.pkl", search(1, best_estimator_=get(1)), "places"
    yield "union_doubles_30_times.pkl", nested_union(30), "places"
    yield "pipelines_60_deep.pkl", nested_pipelines(60), "nests deeper"
    yield "unions_of_each_other.pkl", everything_holds_everything(400), "places"
    yield "wide_passthrough.pkl", pipeline(repeated(("p", "passthrough"), 10_000), n_features_in_=WIDE), "columns"
    yield "wide_union.pkl", union([("x" * 20_000, "passthrough")], n_features_in_=WIDE), "columns"
    yield "wide_scaler.pkl", model("preprocessing._data.MaxAbsScaler", n_features_in_=WIDE, scale_=array([1.0])), \
        "1048576"
    yield "too_wide.pkl", model("preprocessing._data.Normalizer", norm="l2", n_features_in_=1 << 40), "fitted on"
    yield "negative_width.pkl", model("preprocessing._data.Normalizer", norm="l2", n_features_in_=-1), \
        "fitted on"
    yield "polynomial_degree.pkl", polynomial(1 << 62, 3), "polynomial"
    yield "polynomial_terms.pkl", polynomial(9, 4000), "polynomial"
    yield "polynomial_wide.pkl", polynomial(2, WIDE), "polynomial"
    yield "columns_picked_again.pkl", columns(
        [(f"p{i}", "passthrough", get(9) if i else named([0] * 20_000, 9)) for i in range(3000)], 2), "columns"
    yield "columns_beyond.pkl", columns([("p", "passthrough", [0, 1 << 40])], 2), "selects column"
    yield "one_hot_shared.pkl", one_hot(
        [named(array([float(i) for i in range(5000)]), 9)] + [get(9)] * 20_000), "columns"
    yield "one_hot_long_text.pkl", one_hot(
        [objects([named("t" * 50_000, 9)] + [get(9)] * 20_000)]), "larger"
    yield "neighbors_more_than_points.pkl", neighbors(1 << 30), "neighbors"
    yield "neighbors_none.pkl", neighbors(0), "neighbors"
    yield "classes_too_few.pkl", classifier([0, 1]), "classes"
    yield "classes_none.pkl", classifier([]), "classes"
    yield "pca_mean.pkl", pca(3, 2), "mean_"
    yield "svc_negative_counts.pkl", svc([-1, 3]), "count"
    yield "svc_many_counts.pkl", svc([1 << 30, 1 << 30]), "support"
    yield "svr_sparse_huge.pkl", sparse_support(1000, 1 << 40), "too large"
    yield "long_names.pkl", long_names(10_000, 50_000), ""
    yield "union_of_doubling.pkl", union_of_doubling(1000), "larger than the limit"
    yield "long_text_scalars.pkl", long_text_scalars(20_000, 20_000), ""
    yield "tree_of_many_fields.pkl", tree_of_many_fields(300), "300 fields"
    yield "many_attributes.pkl", scaler(**{f"a{i}": None for i in range(10_010)}), "attributes"


def main():
    folder = pathlib.Path(sys.argv[1]) / "hostile_models"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    expected = {}
    for name, value, word in cases():
        (folder / name).write_bytes(b"\x80\x04" + value + b".")
        expected[name] = word
    lines = [f" {json.dumps(name)}: {json.dumps(word)}" for name, word in sorted(expected.items())]
    (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
