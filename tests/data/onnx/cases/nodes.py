"""Operators of ai.onnx.ml and around them, one or a few nodes each, with rows without number."""

import numpy as np
from onnx import TensorProto, helper

from .data import numbers

KINDS = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE,
         np.dtype(np.int64): TensorProto.INT64, np.dtype(object): TensorProto.STRING,
         np.dtype(np.bool_): TensorProto.BOOL}
ML = "ai.onnx.ml"


def model_of(nodes, inputs, outputs, ml=3, opset=15, initializers=()):
    """`outputs`: name to (element type, shape behind the rows' axis or None for [N])."""
    graph = helper.make_graph(
        nodes, "case",
        [helper.make_tensor_value_info(n, KINDS[a.dtype], [None, *a.shape[1:]]) for n, a in inputs.items()],
        [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in outputs.items()],
        list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, ml)],
                              producer_name="onnx.helper")
    model.ir_version = 8 if opset < 19 else 10
    return model, inputs


def ml(op, inputs, outputs, version=3, opset=15, **attributes):
    node = helper.make_node(op, list(inputs), list(outputs), domain=ML, name=op.lower(), **attributes)
    return lambda: model_of([node], inputs, outputs, version, opset)


def texts(rows=8, columns=2, seed=0):
    return np.random.RandomState(seed).choice(["a", "b", "c", "zz"], (rows, columns)).astype(object)


def whole(rows=8, columns=2, seed=0):
    return np.random.RandomState(seed).randint(0, 5, (rows, columns)).astype(np.int64)


STUMPS = {  # two trees of two tests each
    "nodes_treeids": [0] * 5 + [1] * 5,
    "nodes_nodeids": list(range(5)) * 2,
    "nodes_featureids": [0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
    "nodes_values": [0.5, 1.0, 0, 0, 0, 2.0, 1.0, 0, 0, 0],
    "nodes_truenodeids": [1, 3, 0, 0, 0] * 2,
    "nodes_falsenodeids": [2, 4, 0, 0, 0] * 2,
}


def stumps(mode, missing=0):
    modes = [mode, mode, "LEAF", "LEAF", "LEAF"] * 2
    return dict(STUMPS, nodes_modes=modes, nodes_missing_value_tracks_true=[missing] * 10)


def tree_rows():
    values = np.array([0, 0.5, 1, 1.5, 2, np.nan], np.float32)
    return np.array([[a, b] for a in values for b in values], np.float32)


LEAVES = {"treeids": [0, 0, 0, 1, 1, 1], "nodeids": [2, 3, 4, 2, 3, 4]}


def leaves(prefix, ids, weights):
    return {f"{prefix}_treeids": LEAVES["treeids"] * (len(ids) // 6), f"{prefix}_nodeids": LEAVES["nodeids"] * (len(ids) // 6),
            f"{prefix}_ids": ids, f"{prefix}_weights": weights}


def tree_cases():
    x = {"X": tree_rows()}
    one = {"Y": (TensorProto.FLOAT, [None, 1])}
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        for missing in (0, 1):
            yield f"tree_regressor_{mode.lower()}_{missing}", ml(
                "TreeEnsembleRegressor", x, one, n_targets=1, **stumps("BRANCH_" + mode, missing),
                **leaves("target", [0] * 6, [1.5, -2, 4, 0.25, 8, -16]))
    two = {"Y": (TensorProto.FLOAT, [None, 2])}
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        yield f"tree_regressor_{aggregate.lower()}_base", ml(
            "TreeEnsembleRegressor", x, one, n_targets=1, aggregate_function=aggregate, base_values=[0.5],
            **stumps("BRANCH_LEQ"), **leaves("target", [0] * 6, [1.5, -2, 4, 0.25, 8, -16]))
        yield f"tree_regressor_{aggregate.lower()}_two", ml(
            "TreeEnsembleRegressor", x, two, n_targets=2, aggregate_function=aggregate, base_values=[0.5, -1.0],
            **stumps("BRANCH_LEQ"), **leaves("target", [0] * 6 + [1] * 6, [1.5, -2, 4, 0.25, 8, -16, 3, 1, 2, 9, -7, 5]))
    scores = {"label": (TensorProto.INT64, [None]), "scores": (TensorProto.FLOAT, [None, 2])}
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        for name, ids, weights, base in (
                ("positive", [0] * 6, [.1, .2, .3, .4, .35, .15], None), ("mixed", [0] * 6, [.1, -.2, .3, .4, -.35, .15], None),
                ("base", [0] * 6, [.1, -.2, .3, .4, -.35, .15], [0.2]), ("second", [1] * 6, [.1, -.2, .3, .4, -.35, .15], None)):
            more = {"base_values": base} if base else {}
            yield f"tree_classifier_{name}_{transform.lower()}", ml(
                "TreeEnsembleClassifier", x, scores, classlabels_int64s=[10, 20], post_transform=transform,
                **stumps("BRANCH_LEQ"), **leaves("class", ids, weights), **more)
        text_scores = {"label": (TensorProto.STRING, [None]), "scores": (TensorProto.FLOAT, [None, 3])}
        yield f"tree_classifier_three_{transform.lower()}", ml(
            "TreeEnsembleClassifier", x, text_scores, classlabels_strings=["p", "q", "r"], post_transform=transform,
            base_values=[0.1, 0.2, -0.3], **stumps("BRANCH_LEQ"),
            **leaves("class", [0, 1, 2] * 2, [.1, .2, .3, .4, .35, .15]))
    yield from rooted_cases()


def tensor(kind, values):
    return helper.make_tensor("t", kind, [len(values)], values)


def rooted_cases():
    """TreeEnsemble of ai.onnx.ml 5."""
    x = {"X": tree_rows()}
    for mode, name in ((0, "leq"), (1, "lt"), (2, "gte"), (3, "gt"), (4, "eq"), (5, "neq")):
        yield f"tree_ensemble_{name}", ml(
            "TreeEnsemble", x, {"Y": (TensorProto.FLOAT, [None, 2])}, version=5, n_targets=2, aggregate_function=1,
            tree_roots=[0], nodes_featureids=[0, 1, 1], nodes_splits=tensor(TensorProto.FLOAT, [0.5, 1.0, 2.0]),
            nodes_modes=tensor(TensorProto.UINT8, [mode] * 3), nodes_truenodeids=[1, 0, 2], nodes_falsenodeids=[2, 1, 3],
            nodes_trueleafs=[0, 1, 1], nodes_falseleafs=[0, 1, 1], leaf_targetids=[0, 1, 0, 1],
            leaf_weights=tensor(TensorProto.FLOAT, [1.0, 2.5, -3.0, 4.0]))
    yield "tree_ensemble_member", ml(
        "TreeEnsemble", x, {"Y": (TensorProto.FLOAT, [None, 1])}, version=5, n_targets=1, aggregate_function=1,
        tree_roots=[0], nodes_featureids=[0, 1], nodes_splits=tensor(TensorProto.FLOAT, [0.0, 0.0]),
        nodes_modes=tensor(TensorProto.UINT8, [6, 6]), nodes_truenodeids=[1, 0], nodes_falsenodeids=[2, 1],
        nodes_trueleafs=[0, 1], nodes_falseleafs=[1, 1], leaf_targetids=[0, 0, 0],
        leaf_weights=tensor(TensorProto.FLOAT, [1.0, 2.5, -3.0]),
        membership_values=tensor(TensorProto.FLOAT, [0.5, 2.0, float("nan"), 1.0, float("nan")]))


def linear_cases():
    x = {"X": numbers(8, 3)}
    yield "linear_regressor", ml("LinearRegressor", x, {"Y": (TensorProto.FLOAT, [None, 1])}, coefficients=[1.5, -2, .25], intercepts=[.5])
    yield "linear_regressor_two", ml("LinearRegressor", x, {"Y": (TensorProto.FLOAT, [None, 2])}, targets=2,
                                     coefficients=[1.5, -2, .25, 1, 2, 3], intercepts=[.5, -1])
    two = {"L": (TensorProto.INT64, [None]), "Y": (TensorProto.FLOAT, [None, 2])}
    three = {"L": (TensorProto.STRING, [None]), "Y": (TensorProto.FLOAT, [None, 3])}
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"):
        yield f"linear_classifier_{transform.lower()}", ml(
            "LinearClassifier", x, three, coefficients=[.5, -.2, .25, .1, .2, .3, -.1, .2, 0], intercepts=[.5, .4, .3],
            classlabels_strings=["a", "b", "c"], post_transform=transform)
        yield f"linear_classifier_pair_{transform.lower()}", ml(
            "LinearClassifier", x, two, coefficients=[.5, -.2, .25, -.5, .2, -.25], intercepts=[.5, -.5],
            classlabels_ints=[3, 7], post_transform=transform)
        yield f"linear_classifier_one_{transform.lower()}", ml(
            "LinearClassifier", x, two, coefficients=[.5, -.2, .25], intercepts=[.1], classlabels_ints=[3, 7],
            post_transform=transform)


def svm_cases():
    x = {"X": numbers(8, 3)}
    vectors = numbers(5, 3, seed=2).ravel().tolist()
    for kernel, parameters in (("LINEAR", [1, 0, 3]), ("POLY", [.3, .5, 2]), ("RBF", [.4, 0, 0]), ("SIGMOID", [.2, .1, 0])):
        yield f"svm_regressor_{kernel.lower()}", ml(
            "SVMRegressor", x, {"Y": (TensorProto.FLOAT, [None, 1])}, kernel_type=kernel, kernel_params=parameters,
            n_supports=5, support_vectors=vectors, coefficients=[1, -2, .5, .25, -1], rho=[.3])
    yield "svm_regressor_one_class", ml(
        "SVMRegressor", x, {"Y": (TensorProto.FLOAT, [None, 1])}, kernel_type="RBF", kernel_params=[.4, 0, 0], one_class=1,
        n_supports=5, support_vectors=vectors, coefficients=[1, -2, .5, .25, -1], rho=[.3])
    yield "svm_regressor_no_vectors", ml(
        "SVMRegressor", x, {"Y": (TensorProto.FLOAT, [None, 1])}, kernel_type="LINEAR", n_supports=0,
        coefficients=[1, -2, .5], rho=[.3])
    two = {"L": (TensorProto.INT64, [None]), "Y": (TensorProto.FLOAT, [None, 2])}
    three = {"L": (TensorProto.STRING, [None]), "Y": (TensorProto.FLOAT, [None, 3])}
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        yield f"svm_classifier_{transform.lower()}", ml(
            "SVMClassifier", x, three, kernel_type="RBF", kernel_params=[.4, 0, 0], vectors_per_class=[2, 1, 2],
            support_vectors=vectors, coefficients=[1, -2, .5, .25, -1, .5, .75, -1, 1, -.5], rho=[.3, -.1, .2],
            classlabels_strings=["a", "b", "c"], post_transform=transform)
        yield f"svm_classifier_pair_{transform.lower()}", ml(
            "SVMClassifier", x, two, kernel_type="RBF", kernel_params=[.4, 0, 0], vectors_per_class=[3, 2],
            support_vectors=vectors, coefficients=[1, -2, .5, .25, -1], rho=[.3], classlabels_ints=[4, 9],
            post_transform=transform)
        yield f"svm_classifier_no_vectors_{transform.lower()}", ml(
            "SVMClassifier", x, three, kernel_type="LINEAR", coefficients=[.1, -.2, .5, .3, .2, -.4, .5, -.1, .1],
            rho=[.3, .3, .3], classlabels_strings=["a", "b", "c"], post_transform=transform)
    yield "svm_classifier_probability", ml(
        "SVMClassifier", x, three, kernel_type="RBF", kernel_params=[.4, 0, 0], vectors_per_class=[2, 1, 2],
        support_vectors=vectors, coefficients=[1, -2, .5, .25, -1, .5, .75, -1, 1, -.5], rho=[.3, -.1, .2],
        prob_a=[-1, -1.5, -.5], prob_b=[.1, 0, -.1], classlabels_strings=["a", "b", "c"])
    yield "svm_classifier_no_vectors_pair", ml(
        "SVMClassifier", x, two, kernel_type="LINEAR", coefficients=[.1, -.2, .5, .3, .2, -.4], rho=[.3],
        classlabels_ints=[4, 9])


def feature_cases():
    x = {"X": numbers(8, 3)}
    three = {"Y": (TensorProto.FLOAT, [None, 3])}
    yield "scaler", ml("Scaler", x, three, offset=[.1, .2, .3], scale=[2, 3, 4])
    yield "scaler_one", ml("Scaler", x, three, offset=[.1], scale=[2])
    yield "scaler_whole", ml("Scaler", {"X": whole(8, 3)}, three, offset=[.1, .2, .3], scale=[2, 3, 4])
    yield "binarizer", ml("Binarizer", x, three, threshold=.25)
    for norm in ("MAX", "L1", "L2"):
        zeros = numbers(8, 3)
        zeros[2] = 0
        yield f"normalizer_{norm.lower()}", ml("Normalizer", {"X": zeros}, three, norm=norm)
    missing = numbers(8, 3)
    missing[::2, 1] = np.nan
    missing[1, 0] = -1
    yield "imputer_nan", ml("Imputer", {"X": missing}, three, imputed_value_floats=[1, 2, 3], replaced_value_float=float("nan"))
    yield "imputer_value", ml("Imputer", {"X": missing}, three, imputed_value_floats=[7], replaced_value_float=-1.0)
    yield "imputer_whole", ml("Imputer", {"X": whole(8, 3)}, {"Y": (TensorProto.INT64, [None, 3])},
                              imputed_value_int64s=[10, 20, 30], replaced_value_int64=2)
    yield "feature_vectorizer", ml("FeatureVectorizer", {"A": numbers(8, 2), "B": numbers(8, 1, 3)}, three,
                                   inputdimensions=[2, 1])
    hot = {"Y": (TensorProto.FLOAT, None)}
    yield "one_hot_whole", ml("OneHotEncoder", {"X": whole()}, hot, cats_int64s=[0, 2, 3], zeros=1)
    yield "one_hot_text", ml("OneHotEncoder", {"X": texts()}, hot, cats_strings=["a", "c", "b"], zeros=1)
    yield "one_hot_float", ml("OneHotEncoder", {"X": whole().astype(np.float32)}, hot, cats_int64s=[0, 2, 3], zeros=1)
    for name, array, keys in (("text", texts(), {"keys_strings": ["a", "b", "c"]}), ("whole", whole(), {"keys_int64s": [0, 2, 3]}),
                              ("float", whole().astype(np.float32), {"keys_floats": [0.0, 2.0, 3.0]})):
        for other, kind, values in (("text", TensorProto.STRING, {"values_strings": ["x", "y", "z"], "default_string": "?"}),
                                    ("whole", TensorProto.INT64, {"values_int64s": [7, 8, 9], "default_int64": -5}),
                                    ("float", TensorProto.FLOAT, {"values_floats": [.5, 1.5, 2.5], "default_float": -.5})):
            yield f"label_encoder_{name}_to_{other}", ml("LabelEncoder", {"X": array}, {"Y": (kind, [None, 2])}, **keys, **values)
    yield "label_encoder_tensors", ml(
        "LabelEncoder", {"X": texts()}, {"Y": (TensorProto.DOUBLE, [None, 2])}, version=4,
        keys_tensor=tensor(TensorProto.STRING, [b"a", b"b"]), values_tensor=tensor(TensorProto.DOUBLE, [.5, .25]),
        default_tensor=tensor(TensorProto.DOUBLE, [9.0]))
    yield "label_encoder_1_text", ml("LabelEncoder", {"X": texts()}, {"Y": (TensorProto.INT64, [None, 2])}, version=1, opset=9,
                                     classes_strings=["a", "b"], default_int64=-1)
    yield "label_encoder_1_whole", ml("LabelEncoder", {"X": whole()}, {"Y": (TensorProto.STRING, [None, 2])}, version=1, opset=9,
                                      classes_strings=["a", "b", "c"], default_string="none")
    yield "category_mapper_text", ml("CategoryMapper", {"X": texts()}, {"Y": (TensorProto.INT64, [None, 2])},
                                     cats_strings=["a", "b"], cats_int64s=[5, 6], default_int64=-2)
    yield "category_mapper_whole", ml("CategoryMapper", {"X": whole()}, {"Y": (TensorProto.STRING, [None, 2])},
                                      cats_strings=["a", "b"], cats_int64s=[1, 2], default_string="other")


def extractor_and_map():
    places = helper.make_tensor("P", TensorProto.INT64, [2], [2, 0])
    node = helper.make_node("ArrayFeatureExtractor", ["X", "P"], ["Y"], domain=ML)
    yield "array_feature_extractor", lambda: model_of([node], {"X": numbers(8, 3)}, {"Y": (TensorProto.FLOAT, [None, 2])},
                                                      initializers=[places])
    labels = helper.make_tensor("C", TensorProto.STRING, [3], [b"a", b"b", b"c"])
    nodes = [helper.make_node("ArgMax", ["X"], ["M"], axis=1, keepdims=0),
             helper.make_node("ArrayFeatureExtractor", ["C", "M"], ["A"], domain=ML),
             helper.make_node("Reshape", ["A", "S"], ["Y"])]
    shape = helper.make_tensor("S", TensorProto.INT64, [1], [-1])
    yield "labels_of_argmax", lambda: model_of(nodes, {"X": numbers(8, 3)}, {"Y": (TensorProto.STRING, [None])},
                                               initializers=[labels, shape])


def cases():
    for group in (tree_cases, linear_cases, svm_cases, feature_cases, extractor_and_map):
        for name, build in group():
            yield name, build, 1e-5
