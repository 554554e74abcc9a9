"""Small training sets and the rows that are asked of the fitted models. All of it is deterministic."""

import numpy as np
import pandas as pd
from sklearn import datasets

IRIS_NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def random(seed):
    return np.random.RandomState(seed)


def iris():
    return datasets.load_iris(return_X_y=True)


def iris_binary():
    X, y = iris()
    return X[50:], y[50:] - 1


def iris_text():
    X, y = iris()
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def iris_frame():
    X, y = iris_text()
    return pd.DataFrame(X, columns=IRIS_NAMES), y


def diabetes(n=120):
    X, y = datasets.load_diabetes(return_X_y=True)
    return np.round(X[:n] * 10, 3), y[:n] / 100


def diabetes_two(n=120):
    X, y = diabetes(n)
    return X, np.column_stack([y, 3 - 2 * y + X[:, 0] ** 2])


def breast(n=150, features=10):
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return X[:n, :features], y[:n]


def four_classes(n=120, features=4):
    X, y = datasets.make_blobs(n, features, centers=4, cluster_std=3.0, random_state=3)
    return np.round(X, 3), y


def grid(n=60, features=2, values=4, seed=5):
    """Points on a small integer grid: many exact duplicates and equal distances."""
    state = random(seed)
    X = state.randint(0, values, size=(n, features)).astype(float)
    return X, state.randint(0, 3, size=n)


def counts(n=120, features=4, seed=7):
    state = random(seed)
    X = np.round(state.normal(size=(n, features)), 3)
    return X, state.poisson(np.exp(0.3 * X[:, 0] - 0.2 * X[:, 1])).astype(float)


def with_holes(X, seed=11, share=0.15):
    X = np.array(X, dtype=float)
    X[random(seed).uniform(size=X.shape) < share] = np.nan
    return X


def probe(X, count=10):
    """Training rows, midpoints between them, zeros, negative zeros, a far row and a tiny one."""
    X = np.asarray(X, dtype=float)
    some = X[np.linspace(0, len(X) - 1, count).astype(int)]
    middle = np.round((X[1:4] + X[-4:-1]) / 2, 5)
    edge = np.stack([np.zeros(X.shape[1]), np.full(X.shape[1], -0.0), X.max(axis=0) * 20,
                     X.min(axis=0) * -3 - 1])
    return np.round(np.concatenate([some, middle, edge]), 9)


def frame_probe(frame, extra=()):
    """A spread of a table's rows, followed by extra rows given as dicts of changed values."""
    rows = frame.iloc[np.linspace(0, len(frame) - 1, 12).astype(int)].reset_index(drop=True)
    for change in extra:
        row = rows.iloc[[0]].copy()
        for name, value in change.items():
            row[name] = pd.Series([value], index=row.index, dtype=rows[name].dtype)
        rows = pd.concat([rows, row], ignore_index=True)
    return rows


def titanic(n=100, seed=21):
    """Passengers: integers, floats with holes, strings with missing values."""
    state = random(seed)
    frame = pd.DataFrame({
        "pclass": state.randint(1, 4, n),
        "sex": state.choice(["male", "female"], n),
        "age": np.where(state.uniform(size=n) < 0.2, np.nan, np.round(state.uniform(1, 80, n), 1)),
        "sibsp": state.randint(0, 4, n),
        "fare": np.round(state.lognormal(3, 1, n), 4),
        "embarked": pd.Series(state.choice(["S", "C", "Q"], n), dtype=object),
    })
    frame.loc[state.uniform(size=n) < 0.1, "embarked"] = np.nan
    chance = (frame["sex"] == "female") * 0.5 + (frame["pclass"] == 1) * 0.3
    return frame, (state.uniform(size=n) < chance).astype(int).to_numpy()


def adult(n=140, seed=23):
    """Incomes: integers, strings with rare values, a bool, text labels."""
    state = random(seed)
    frame = pd.DataFrame({
        "age": state.randint(17, 80, n),
        "workclass": state.choice(["Private", "Self-emp", "Gov", "Never-worked"], n, p=[.6, .2, .17, .03]),
        "education_num": state.randint(1, 17, n),
        "occupation": state.choice(["Sales", "Tech", "Craft", "Farming", "Armed-Forces"], n, p=[.3, .3, .25, .13, .02]),
        "hours_per_week": np.round(state.normal(40, 9, n), 1),
        "married": state.uniform(size=n) < 0.5,
    })
    score = 0.05 * frame["age"] + 0.2 * frame["education_num"] + frame["married"] + state.normal(size=n)
    return frame, np.where(score > score.median(), ">50K", "<=50K")
