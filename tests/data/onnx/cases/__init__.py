"""All cases: (name, function giving a model and its inputs, tolerance)."""

from . import boosters, networks, nodes, sklearn_cases


def all_cases():
    for module in (sklearn_cases, boosters, nodes, networks):
        yield from module.cases()
