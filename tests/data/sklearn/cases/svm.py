"""Kernel support vector machines."""

import numpy as np
import scipy.sparse
from sklearn.datasets import load_digits
from sklearn.svm import NuSVC, NuSVR, OneClassSVM, SVC, SVR

from cases import data
from cases.registry import add


def fit(model, xy):
    X, y = xy
    return model.fit(X, y), data.probe(X)


def sparse(xy):
    X, y = xy
    X = np.where(np.abs(X - X.mean(axis=0)) < 0.3, 0.0, X)
    return scipy.sparse.csr_matrix(X), y, X


def fit_sparse(model, xy):
    S, y, X = sparse(xy)
    return model.fit(S, y), data.probe(X)


def digits(n=120):
    X, y = load_digits(return_X_y=True)
    return X[:n, 8:40] / 16, y[:n]


def text(xy):
    X, y = xy
    return X, np.array(["north", "east", "south", "west"])[y]


KERNELS = {
    "linear": {}, "rbf": {}, "poly": {"degree": 3, "coef0": 0.5}, "sigmoid": {"coef0": -0.3, "gamma": 0.01},
}
for kernel, extra in KERNELS.items():
    add(f"svc_{kernel}", lambda kernel=kernel, extra=extra: fit(SVC(kernel=kernel, **extra), data.iris()))
    add(f"svc_{kernel}_binary", lambda kernel=kernel, extra=extra: fit(SVC(kernel=kernel, **extra), data.iris_binary()))
    add(f"svc_{kernel}_four_classes_ovo", lambda kernel=kernel, extra=extra: fit(
        SVC(kernel=kernel, decision_function_shape="ovo", **extra), data.four_classes()))
    add(f"svr_{kernel}", lambda kernel=kernel, extra=extra: fit(SVR(kernel=kernel, **extra), data.diabetes()))
    add(f"nu_svc_{kernel}", lambda kernel=kernel, extra=extra: fit(NuSVC(nu=0.2, kernel=kernel, **extra), data.four_classes()))
for gamma in ("scale", "auto", 0.25):
    add(f"svc_rbf_gamma_{str(gamma).replace('.', '_')}", lambda gamma=gamma: fit(SVC(gamma=gamma, C=3.0), data.iris()))
add("svc_four_classes", lambda: fit(SVC(), data.four_classes()))
add("svc_four_classes_break_ties", lambda: fit(SVC(break_ties=True), data.four_classes()))
add("svc_text_labels", lambda: fit(SVC(class_weight="balanced"), text(data.four_classes())))
add("svc_text_labels_ovo", lambda: fit(SVC(decision_function_shape="ovo"), text(data.four_classes())))
add("svc_bool_labels", lambda: fit(SVC(), (data.iris_binary()[0], data.iris_binary()[1] == 1)))
add("svc_frame", lambda: (SVC().fit(*data.iris_frame()), data.frame_probe(data.iris_frame()[0])))
for name, xy in {"": data.four_classes, "_binary": data.iris_binary}.items():
    add(f"svc_probability{name}", lambda xy=xy: fit(SVC(probability=True, random_state=0), xy()), tolerance=1e-6)
    add(f"nu_svc_probability{name}", lambda xy=xy: fit(
        NuSVC(nu=0.2, probability=True, random_state=0), xy()), tolerance=1e-6)
add("svc_probability_text", lambda: fit(SVC(probability=True, random_state=0), text(data.four_classes())), tolerance=1e-6)
add("svc_sparse_linear", lambda: fit_sparse(SVC(kernel="linear"), data.iris()))
add("svc_sparse_rbf", lambda: fit_sparse(SVC(), data.iris()))
add("svc_sparse_rbf_binary", lambda: fit_sparse(SVC(), data.iris_binary()))
add("svc_sparse_linear_binary", lambda: fit_sparse(SVC(kernel="linear"), data.iris_binary()))
add("svr_sparse", lambda: fit_sparse(SVR(), data.diabetes()))
add("svc_digits", lambda: (SVC(gamma=0.05, C=10).fit(*digits()), data.probe(digits()[0])))
add("svc_cache_and_weights", lambda: fit(SVC(cache_size=50, class_weight={0: 2.0, 1: 0.5, 2: 1.0}), data.iris()))
add("nu_svc_binary", lambda: fit(NuSVC(nu=0.3), data.iris_binary()))
add("nu_svc_ovo_text", lambda: fit(NuSVC(nu=0.2, decision_function_shape="ovo"), text(data.four_classes())))
add("nu_svr", lambda: fit(NuSVR(), data.diabetes()))
add("nu_svr_linear", lambda: fit(NuSVR(kernel="linear", nu=0.3, C=0.5), data.diabetes()))
add("one_class_svm", lambda: (OneClassSVM(nu=0.2).fit(data.iris()[0]), data.probe(data.iris()[0])))
