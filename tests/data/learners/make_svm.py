"""Writes what scikit-learn's support vector machines decide for the first rows of the data sets of this folder,
at the default tolerance: svm.json.

    python make_svm.py     (run by tools/make_fixtures with scikit-learn 1.9.1, after make.py)
"""

import json
import os

import numpy as np
from sklearn import svm

HERE = os.path.dirname(os.path.abspath(__file__))
HOW_MANY_ROWS = 60
CLASSIFIERS = [
    {},
    {"C": 30.0},
    {"kernel": "linear", "C": 0.5},
    {"kernel": "poly", "degree": 2, "coef0": 1.0},
    {"kernel": "sigmoid", "gamma": 0.01},
    {"C": 10.0, "class_weight": "balanced"},
]
REGRESSORS = [
    {"C": 50.0},
    {"kernel": "linear", "C": 10.0, "epsilon": 1.0},
    {"kernel": "poly", "degree": 2, "coef0": 1.0, "C": 5.0},
]


def case(name, learner, estimator, x, y, parameters):
    estimator.set_params(**parameters).fit(x, y)
    decide = estimator.decision_function if learner == "svc" else estimator.predict
    return {"data": name, "learner": learner, "hyperparameters": {key: str(value) for key, value in parameters.items()},
            "vectors": len(estimator.support_), "decisions": decide(x[:HOW_MANY_ROWS]).ravel().tolist()}


def main():
    cases = []
    for name in ("iris", "wine", "breast_cancer", "diabetes"):
        with open(os.path.join(HERE, name + ".json"), encoding="ascii") as file:
            data = json.load(file)
        x, y = np.reshape(data["x"], (-1, data["columns"])), np.array(data["y"])
        for parameters in CLASSIFIERS if data["classes"] else REGRESSORS:
            estimator, learner = (svm.SVC(), "svc") if data["classes"] else (svm.SVR(), "svr")
            cases.append(case(name, learner, estimator, x, y, parameters))
    with open(os.path.join(HERE, "svm.json"), "w", encoding="ascii") as file:
        json.dump({"cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
