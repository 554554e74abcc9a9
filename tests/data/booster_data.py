"""Training data for the fixtures of XGBoost and LightGBM; their scripts put this folder on their path."""

import numpy as np


def numbers(seed=1, rows=160, columns=5, missing=0.0, zeros=0.0):
    r = np.random.RandomState(seed)
    x = np.round(r.normal(size=(rows, columns)) * 3, 3)
    x[r.uniform(size=x.shape) < missing] = np.nan
    x[r.uniform(size=x.shape) < zeros] = 0
    return x


def signal(x):
    filled = np.nan_to_num(x, nan=1.7)
    return filled[:, 0] - 2 * np.sin(filled[:, 1]) + 0.5 * filled[:, 2] * (filled[:, 3] > 0) + np.isnan(x[:, 1])


def targets(x, kind, seed=2):
    r = np.random.RandomState(seed)
    y = signal(x) + 0.1 * r.normal(size=len(x))
    if kind == "positive":
        return np.exp(y / 4)
    if kind == "count":
        return r.poisson(np.exp(y / 5))
    if kind == "binary":
        return (y > np.median(y)).astype(int)
    if kind == "multi":
        return np.digitize(y, np.quantile(y, [0.4, 0.7]))
    if kind == "fraction":
        return 1 / (1 + np.exp(-y / 3))
    if kind == "rank":
        return np.clip(np.digitize(y, np.quantile(y, [0.5, 0.75, 0.9])), 0, 3)
    if kind == "two":
        return np.column_stack([y, -0.5 * y + np.cos(y)])
    if kind == "labels":
        return np.column_stack([y > 0, y > np.median(y), np.cos(y) > 0]).astype(int)
    return y
