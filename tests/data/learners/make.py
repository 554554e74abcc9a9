"""Writes what scikit-learn learns from its bundled data sets, for the tests of src/training/learners.

Each file holds a data set (rows in the order of a fixed shuffle), the fold of each row, and cases: a
learner of ours with its hyperparameters, and of the scikit-learn estimator of the same
hyperparameters either the coefficients, the answers for the training rows, or the cross-validated
scores (accuracy or R2 by fold).

    python make.py     (run by tools/make_fixtures with scikit-learn 1.9.1)
"""

import json
import os
import warnings

import numpy as np
from sklearn import datasets, ensemble, linear_model, naive_bayes, neighbors, svm, tree
from sklearn.model_selection import KFold, PredefinedSplit, StratifiedKFold, cross_val_score
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
TIGHT = {"tol": "1e-9", "max_iter": "100000"}
HOW_MANY_ANSWERS = 60


def texts(parameters):
    """Values as our command line takes them."""
    return {name: "none" if value is None else str(value).lower() for name, value in parameters.items()}


def coefficients(learner, estimator, x, y, weights=None, **ours):
    estimator.fit(x, y, sample_weight=weights)
    return {
        "learner": learner,
        "hyperparameters": texts(ours),
        "weights": [] if weights is None else weights.tolist(),
        "coef": np.atleast_2d(estimator.coef_).ravel().tolist(),
        "intercept": np.atleast_1d(estimator.intercept_).tolist(),
    }


def answers(learner, estimator, x, y, **ours):
    estimator.fit(x, y)
    case = {"learner": learner, "hyperparameters": texts(ours)}
    rows = x[:HOW_MANY_ANSWERS]
    if hasattr(estimator, "predict_proba"):
        case["predict_proba"] = estimator.predict_proba(rows).ravel().tolist()
    else:
        case["predict"] = estimator.predict(rows).ravel().tolist()
    return case


def scores(learner, estimator, x, y, folds, **ours):
    """By fold; of an estimator that draws numbers the mean over some seeds."""
    seeds = range(5) if hasattr(estimator, "splitter") or hasattr(estimator, "bootstrap") else [0]
    found = []
    for seed in seeds:
        if "random_state" in estimator.get_params():
            estimator.set_params(random_state=seed)
        found.append(cross_val_score(estimator, x, y, cv=PredefinedSplit(folds)))
    return {"learner": learner, "hyperparameters": texts(ours), "seeds": len(seeds),
            "scores": np.mean(found, axis=0).tolist()}


def classification(x, y, folds, is_count):
    logistic = linear_model.LogisticRegression
    tight = {"tol": 1e-9, "max_iter": 100000}
    if is_count:
        # On columns of unlike scales lbfgs ends early, by scipy's ftol; this is the same optimum.
        tight["solver"] = "newton-cholesky"
    weights = 0.5 + (np.arange(len(y)) % 4) / 2
    gamma = 0.0001 if is_count else 0.01
    cases = [
        coefficients("logistic_regression", logistic(**tight), x, y, **TIGHT),
        coefficients("logistic_regression", logistic(C=0.05, **tight), x, y, C=0.05, **TIGHT),
        coefficients("logistic_regression", logistic(class_weight="balanced", **tight), x, y,
                     class_weight="balanced", **TIGHT),
        coefficients("logistic_regression", logistic(**tight), x, y, weights, **TIGHT),
        coefficients("logistic_regression", logistic(fit_intercept=False, **tight), x, y,
                     fit_intercept=False, **TIGHT),
    ]
    if not is_count:
        saga = {"solver": "saga", "tol": 1e-10, "max_iter": 200000, "random_state": 0}
        cases += [
            coefficients("logistic_regression", logistic(penalty="l1", C=0.5, **saga), x, y,
                         penalty="l1", solver="saga", C=0.5, **TIGHT),
            coefficients("logistic_regression",
                         logistic(penalty="elasticnet", l1_ratio=0.4, C=0.5, **saga), x, y,
                         penalty="elasticnet", solver="saga", l1_ratio=0.4, C=0.5, **TIGHT),
        ]
    if len(set(y)) == 2:
        liblinear = {"solver": "liblinear", "tol": 1e-9, "max_iter": 100000}
        cases += [
            coefficients("logistic_regression", logistic(C=0.3, **liblinear), x, y, C=0.3,
                         solver="liblinear", **TIGHT),
            coefficients("logistic_regression", logistic(penalty="l1", C=0.3, **liblinear), x, y,
                         penalty="l1", C=0.3, solver="liblinear", **TIGHT),
            coefficients("linear_svc", svm.LinearSVC(C=0.2, dual=False, tol=1e-10, max_iter=100000), x,
                         y, C=0.2, **TIGHT),
        ]
    cases += [
        scores("logistic_regression", logistic(), x, y, folds),
        scores("linear_svc", svm.LinearSVC(), x, y, folds),
        answers("naive_bayes", naive_bayes.GaussianNB(), x, y),
        answers("naive_bayes", naive_bayes.GaussianNB(var_smoothing=0.01), x, y, var_smoothing=0.01),
        answers("bernoulli_nb", naive_bayes.BernoulliNB(alpha=0.5), x, y, alpha=0.5),
        answers("knn", neighbors.KNeighborsClassifier(), x, y),
        answers("knn", neighbors.KNeighborsClassifier(n_neighbors=7, weights="distance", p=1), x, y,
                n_neighbors=7, weights="distance", p=1),
        scores("knn", neighbors.KNeighborsClassifier(), x, y, folds),
    ]
    if is_count:
        cases.append(answers("multinomial_nb", naive_bayes.MultinomialNB(alpha=2.0), x, y, alpha=2.0))
    forest = {"n_estimators": 100, "n_jobs": 2}
    cases += [
        scores("random_forest", ensemble.RandomForestClassifier(**forest), x, y, folds),
        scores("random_forest",
               ensemble.RandomForestClassifier(max_depth=4, min_samples_leaf=3, class_weight="balanced",
                                               criterion="gini", max_features=0.5, **forest),
               x, y, folds, max_depth=4, min_samples_leaf=3, class_weight="balanced", max_features=0.5),
        scores("extra_trees", ensemble.ExtraTreesClassifier(**forest), x, y, folds),
        scores("decision_tree", tree.DecisionTreeClassifier(random_state=0), x, y, folds),
        scores("decision_tree", tree.DecisionTreeClassifier(max_depth=3, random_state=0), x, y, folds,
               max_depth=3),
        scores("gradient_boosting", ensemble.GradientBoostingClassifier(random_state=0), x, y, folds),
        scores("svc", svm.SVC(), x, y, folds),
        scores("svc", svm.SVC(kernel="linear", C=0.5), x, y, folds, kernel="linear", C=0.5),
        scores("svc", svm.SVC(kernel="poly", degree=2, coef0=1.0), x, y, folds, kernel="poly", degree=2,
               coef0=1.0),
        scores("svc", svm.SVC(kernel="sigmoid", gamma=gamma), x, y, folds, kernel="sigmoid", gamma=gamma),
        scores("svc", svm.SVC(class_weight="balanced", C=10), x, y, folds, class_weight="balanced", C=10),
    ]
    return cases


def regression(x, y, folds):
    weights = 0.5 + (np.arange(len(y)) % 4) / 2
    tight = {"tol": 1e-12, "max_iter": 1000000}
    ours = {"tol": "1e-12", "max_iter": "1000000"}
    forest = {"n_estimators": 100, "n_jobs": 2}
    return [
        coefficients("linear_regression", linear_model.LinearRegression(), x, y),
        coefficients("linear_regression", linear_model.LinearRegression(), x, y, weights),
        coefficients("linear_regression", linear_model.LinearRegression(fit_intercept=False), x, y,
                     fit_intercept=False),
        coefficients("ridge", linear_model.Ridge(), x, y),
        coefficients("ridge", linear_model.Ridge(alpha=0.02), x, y, weights, alpha=0.02),
        coefficients("lasso", linear_model.Lasso(alpha=0.3, **tight), x, y, alpha=0.3, **ours),
        coefficients("lasso", linear_model.Lasso(alpha=0.05), x, y, alpha=0.05),
        coefficients("elastic_net", linear_model.ElasticNet(alpha=0.01, l1_ratio=0.3, **tight), x, y,
                     weights, alpha=0.01, l1_ratio=0.3, **ours),
        coefficients("elastic_net", linear_model.ElasticNet(positive=True, alpha=0.01, **tight), x, y,
                     positive=True, alpha=0.01, **ours),
        answers("knn", neighbors.KNeighborsRegressor(), x, y),
        answers("knn", neighbors.KNeighborsRegressor(weights="distance", n_neighbors=9), x, y,
                weights="distance", n_neighbors=9),
        scores("random_forest", ensemble.RandomForestRegressor(**forest), x, y, folds),
        scores("random_forest",
               ensemble.RandomForestRegressor(max_depth=4, min_samples_leaf=3, max_features="sqrt",
                                              **forest),
               x, y, folds, max_depth=4, min_samples_leaf=3, max_features="sqrt"),
        scores("extra_trees", ensemble.ExtraTreesRegressor(**forest), x, y, folds),
        scores("decision_tree", tree.DecisionTreeRegressor(max_depth=3, random_state=0), x, y, folds,
               max_depth=3),
        scores("gradient_boosting", ensemble.GradientBoostingRegressor(random_state=0), x, y, folds),
        scores("svr", svm.SVR(C=50), x, y, folds, C=50),
        scores("svr", svm.SVR(kernel="linear", C=100, epsilon=1), x, y, folds, kernel="linear", C=100,
               epsilon=1),
        scores("svr", svm.SVR(kernel="poly", degree=2, coef0=1, C=20), x, y, folds, kernel="poly",
               degree=2, coef0=1, C=20),
    ]


def write(name, x, y, cases, folds, classes):
    document = {"rows": x.shape[0], "columns": x.shape[1], "classes": classes, "x": x.ravel().tolist(),
                "y": y.tolist(), "folds": folds.tolist(), "cases": cases}
    with open(os.path.join(HERE, name + ".json"), "w", encoding="ascii") as file:
        json.dump(document, file, separators=(",", ":"))
        file.write("\n")


def fold_of_rows(splitter, x, y):
    folds = np.zeros(len(y), dtype=int)
    for number, (_, test) in enumerate(splitter.split(x, y)):
        folds[test] = number
    return folds


def main():
    for name, rows in (("iris", None), ("wine", None), ("breast_cancer", None), ("digits", 500)):
        x, y = getattr(datasets, "load_" + name)(return_X_y=True)
        order = np.random.RandomState(0).permutation(len(y))[:rows]
        x, y = x[order].astype(float), y[order]
        is_count = name == "digits"
        if not is_count:
            x = np.round(StandardScaler().fit_transform(x), 4)
        folds = fold_of_rows(StratifiedKFold(5), x, y)
        write(name, x, y, classification(x, y, folds, is_count), folds, len(set(y.tolist())))
    x, y = datasets.load_diabetes(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    x, y = np.round(x[order] * 21, 4), y[order]  # to a deviation of about 1
    folds = fold_of_rows(KFold(5), x, y)
    write("diabetes", x, y, regression(x, y, folds), folds, 0)


if __name__ == "__main__":
    main()
