"""Linear models and Gaussian naive Bayes."""

import numpy as np
from sklearn import linear_model as lm
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC, LinearSVR

from cases import data
from cases.registry import add


def fit(model, xy):
    X, y = xy
    return model.fit(X, y), data.probe(X)


def fit_frame(model):
    frame, y = data.iris_frame()
    return model.fit(frame, y), data.frame_probe(frame, [{"petal_width": 0.0}, {"sepal_length": 1e6}])


def relabel(xy, labels):
    X, y = xy
    return X, np.asarray(labels)[y]


# Regression.
for name, model in {
    "linear_regression": lambda: lm.LinearRegression(),
    "linear_regression_no_intercept": lambda: lm.LinearRegression(fit_intercept=False),
    "linear_regression_positive": lambda: lm.LinearRegression(positive=True),
    "ridge": lambda: lm.Ridge(alpha=0.5),
    "ridge_sag_random_state": lambda: lm.Ridge(solver="sag", random_state=np.random.RandomState(4)),
    "lasso": lambda: lm.Lasso(alpha=0.02),
    "elastic_net": lambda: lm.ElasticNet(alpha=0.05, l1_ratio=0.3),
    "sgd_regressor": lambda: lm.SGDRegressor(random_state=0),
    "sgd_regressor_huber_averaged": lambda: lm.SGDRegressor(loss="huber", average=True, random_state=0),
    "linear_svr": lambda: LinearSVR(random_state=0, max_iter=20000),
}.items():
    add(name, lambda model=model: fit(model(), data.diabetes()))
for name, model in {
    "linear_regression_two_targets": lambda: lm.LinearRegression(),
    "ridge_two_targets": lambda: lm.Ridge(alpha=np.array([0.1, 2.0])),
    "lasso_two_targets": lambda: lm.Lasso(alpha=0.02),
    "elastic_net_two_targets": lambda: lm.ElasticNet(alpha=0.02),
}.items():
    add(name, lambda model=model: fit(model(), data.diabetes_two()))
add("linear_regression_column_target", lambda: fit(
    lm.LinearRegression(), (data.diabetes()[0], data.diabetes()[1].reshape(-1, 1))))
add("linear_regression_float32", lambda: fit(
    lm.LinearRegression(), tuple(part.astype(np.float32) for part in data.diabetes())))
add("linear_regression_one_feature", lambda: fit(
    lm.LinearRegression(), (data.diabetes()[0][:, 2:3], data.diabetes()[1])))

# Logistic regression.
for name, model in {
    "logistic_regression": lambda: lm.LogisticRegression(max_iter=1000),
    "logistic_regression_no_intercept": lambda: lm.LogisticRegression(fit_intercept=False, max_iter=1000),
    "logistic_regression_ovr": lambda: lm.LogisticRegression(multi_class="ovr", max_iter=1000),
    "logistic_regression_multinomial": lambda: lm.LogisticRegression(multi_class="multinomial", max_iter=1000),
    "logistic_regression_auto": lambda: lm.LogisticRegression(multi_class="auto", max_iter=1000),
    "logistic_regression_newton_balanced": lambda: lm.LogisticRegression(solver="newton-cg", class_weight="balanced"),
    "logistic_regression_newton_cholesky": lambda: lm.LogisticRegression(solver="newton-cholesky"),
    "logistic_regression_saga_elastic": lambda: lm.LogisticRegression(
        solver="saga", penalty="elasticnet", l1_ratio=0.5, max_iter=300, random_state=1),
    "logistic_regression_cv": lambda: lm.LogisticRegressionCV(Cs=3, cv=3, max_iter=1000),
}.items():
    add(name, lambda model=model: fit(model(), data.iris()))
for name, model in {
    "logistic_regression_binary": lambda: lm.LogisticRegression(max_iter=1000),
    "logistic_regression_binary_multinomial": lambda: lm.LogisticRegression(multi_class="multinomial", max_iter=1000),
    "logistic_regression_liblinear": lambda: lm.LogisticRegression(solver="liblinear"),
    "logistic_regression_liblinear_l1": lambda: lm.LogisticRegression(solver="liblinear", penalty="l1"),
    "logistic_regression_cv_binary": lambda: lm.LogisticRegressionCV(Cs=3, cv=3, solver="liblinear"),
}.items():
    add(name, lambda model=model: fit(model(), data.iris_binary()))
add("logistic_regression_text_labels", lambda: fit(lm.LogisticRegression(max_iter=1000), data.iris_text()))
add("logistic_regression_object_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris(), np.array(["a", "bb", "ccc"], dtype=object))))
add("logistic_regression_unicode_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris(), ["größe", "naïve", "日本"])))
add("logistic_regression_bool_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris_binary(), [False, True])))
add("logistic_regression_negative_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris(), [-7, -1, 5])))
add("logistic_regression_float_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris(), [0.0, 1.0, 2.0])))
add("logistic_regression_uint8_labels", lambda: fit(
    lm.LogisticRegression(max_iter=1000), relabel(data.iris(), np.array([1, 2, 200], dtype=np.uint8))))
add("logistic_regression_frame", lambda: fit_frame(lm.LogisticRegression(max_iter=1000)))
add("logistic_regression_float32", lambda: fit(
    lm.LogisticRegression(max_iter=1000), (data.iris()[0].astype(np.float32), data.iris()[1])))
add("logistic_regression_sparse_coefficients", lambda: (
    lm.LogisticRegression(solver="liblinear", penalty="l1", C=0.5).fit(*data.breast()).sparsify(),
    data.probe(data.breast()[0])))

# Stochastic gradient descent and margins.
for loss in ("hinge", "log_loss", "modified_huber", "perceptron", "squared_hinge"):
    add(f"sgd_classifier_{loss}_binary", lambda loss=loss: fit(
        lm.SGDClassifier(loss=loss, random_state=0), data.iris_binary()))
    add(f"sgd_classifier_{loss}", lambda loss=loss: fit(
        lm.SGDClassifier(loss=loss, random_state=0), data.iris()))
add("sgd_classifier_text_averaged", lambda: fit(
    lm.SGDClassifier(loss="log_loss", average=True, early_stopping=True, random_state=0), data.iris_text()))
add("perceptron", lambda: fit(lm.Perceptron(random_state=0), data.iris()))
add("perceptron_binary", lambda: fit(lm.Perceptron(random_state=0), data.iris_binary()))
add("linear_svc", lambda: fit(LinearSVC(random_state=0, max_iter=20000), data.iris()))
add("linear_svc_binary", lambda: fit(LinearSVC(random_state=0, max_iter=20000), data.iris_binary()))
add("linear_svc_crammer_singer", lambda: fit(
    LinearSVC(multi_class="crammer_singer", random_state=0, max_iter=20000), data.iris()))
add("linear_svc_frame_no_intercept", lambda: fit_frame(
    LinearSVC(fit_intercept=False, random_state=0, max_iter=20000)))


# Gaussian naive Bayes.
def partial():
    X, y = data.iris()
    model = GaussianNB()
    model.partial_fit(X[::2], y[::2], classes=[0, 1, 2])
    return model.partial_fit(X[1::2], y[1::2]), data.probe(X)


add("gaussian_nb", lambda: fit(GaussianNB(), data.iris()))
add("gaussian_nb_text_frame", lambda: fit_frame(GaussianNB()))
add("gaussian_nb_binary", lambda: fit(GaussianNB(), data.iris_binary()))
add("gaussian_nb_priors", lambda: fit(GaussianNB(priors=[0.1, 0.3, 0.6], var_smoothing=1e-3), data.iris()))
add("gaussian_nb_partial_fit", partial)
