"""Writes what scikit-learn says of the features of two data sets, and what its KBinsDiscretizer makes of their
columns, for the tests of src/training/preparation. The rows are those of ../learners/*.json.

    python make.py     (run by tools/make_fixtures with scikit-learn 1.9.1)
"""

import json
import os

import numpy as np
from sklearn import ensemble, feature_selection, preprocessing

HERE = os.path.dirname(os.path.abspath(__file__))
SEEDS = range(5)


def mean_over_seeds(function):
    return np.mean([function(seed) for seed in SEEDS], axis=0).tolist()


def edges(x, strategy):
    fitted = preprocessing.KBinsDiscretizer(
        5, strategy=strategy, quantile_method="averaged_inverted_cdf", subsample=None
    ).fit(x)
    return [column[1:-1].tolist() for column in fitted.bin_edges_]


def scores(name):
    with open(f"{HERE}/../learners/{name}.json", encoding="utf-8") as file:
        data = json.load(file)
    x, y = np.reshape(data["x"], (data["rows"], data["columns"])), np.array(data["y"])
    is_classes = data["classes"] > 0
    f = feature_selection.f_classif if is_classes else feature_selection.f_regression
    information = feature_selection.mutual_info_classif if is_classes else feature_selection.mutual_info_regression
    forest = ensemble.RandomForestClassifier if is_classes else ensemble.RandomForestRegressor
    found = {
        "data": name,
        "variance": x.var(axis=0).tolist(),
        "f": f(x, y)[0].tolist(),
        "mutual_information": mean_over_seeds(lambda seed: information(x, y, random_state=seed)),
        "forest": mean_over_seeds(lambda seed: forest(random_state=seed).fit(x, y).feature_importances_),
        "uniform_edges": edges(x, "uniform"),
        "quantile_edges": edges(x, "quantile"),
    }
    if is_classes:  # of numbers from 0 on
        found["chi2"] = feature_selection.chi2(x - x.min(axis=0), y)[0].tolist()
    return found


if __name__ == "__main__":
    with open(f"{HERE}/scores.json", "w", encoding="utf-8") as file:
        json.dump([scores("wine"), scores("diabetes")], file, indent=1)
        file.write("\n")
