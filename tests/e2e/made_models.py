"""Model files with chosen answers and sizes, written without scikit-learn: classes of its names whose pickles
hold the attributes that a fitted estimator has."""

import pickle
import sys
import types

import numpy as np

VERSION = "1.7.2"


def _class(module, name, **members):
    """A class that pickles as module.name."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (), {"__module__": module, **members})
    setattr(sys.modules[module], name, made)
    return made


def _rebuild_tree(self):
    return type(self), (self.n_features, self.n_classes, self.n_outputs), self.state


class _Names:
    """Puts the stand-ins into sys.modules while something is pickled, and what was there back."""

    def __enter__(self):
        self.before = {name: sys.modules.get(name) for name in list(sys.modules) if name.split(".")[0] == "sklearn"}
        self.linear = _class("sklearn.linear_model._base", "LinearRegression")
        self.tree_estimator = _class("sklearn.tree._classes", "DecisionTreeRegressor")
        self.tree = _class("sklearn.tree._tree", "Tree", __reduce__=_rebuild_tree)
        return self

    def __exit__(self, *_):
        for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
            del sys.modules[name]
        sys.modules.update(self.before)


def constant(value, features=4):
    """The bytes of a model that answers every row with this number."""
    with _Names() as names:
        model = names.linear()
        model.__dict__.update(fit_intercept=True, copy_X=True, n_jobs=None, positive=False, n_features_in_=features,
                              coef_=np.zeros(features), intercept_=np.float64(value), rank_=features,
                              _sklearn_version=VERSION)
        return pickle.dumps(model)


def large_tree(nodes, value=1.0):
    """The bytes of a regression tree of about 70 bytes a node; every leaf answers `value`."""
    nodes |= 1  # a complete binary tree
    table = np.zeros(nodes, dtype=np.dtype([
        ("left_child", "<i8"), ("right_child", "<i8"), ("feature", "<i8"), ("threshold", "<f8"), ("impurity", "<f8"),
        ("n_node_samples", "<i8"), ("weighted_n_node_samples", "<f8"), ("missing_go_to_left", "u1")], align=True))
    index = np.arange(nodes)
    inner = index < nodes // 2
    table["left_child"] = np.where(inner, 2 * index + 1, -1)
    table["right_child"] = np.where(inner, 2 * index + 2, -1)
    table["feature"] = np.where(inner, index % 4, -2)
    table["threshold"] = np.where(inner, 0.5, -2)
    with _Names() as names:
        tree = names.tree()
        tree.n_features, tree.n_classes, tree.n_outputs = 4, np.array([1]), 1
        tree.state = {"max_depth": int(nodes).bit_length(), "node_count": nodes, "nodes": table,
                      "values": np.full((nodes, 1, 1), value)}
        model = names.tree_estimator()
        model.__dict__.update(criterion="squared_error", splitter="best", monotonic_cst=None, n_features_in_=4,
                              n_outputs_=1, max_features_=4, tree_=tree, _sklearn_version=VERSION)
        return pickle.dumps(model)
