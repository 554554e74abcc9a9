"""Data that the cases share: small, with ties and boundaries left out."""

import numpy as np


def numbers(rows=60, columns=4, seed=0):
    return np.random.RandomState(seed).normal(size=(rows, columns)).astype(np.float32)


def binary(x):
    return (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(np.int64)


def three(x):
    return np.digitize(x[:, 0] + 0.5 * x[:, 1], [-0.5, 0.5]).astype(np.int64)


def words(y):
    return np.array(["low", "middle", "high"])[y]


def target(x):
    return (2 * x[:, 0] - x[:, 1] ** 2 + 0.1 * x[:, 2]).astype(np.float32)


def targets(x):
    return np.stack([target(x), x[:, 2] - x[:, 3]], axis=1)
