"""All cases: (name, function giving a model and its inputs, tolerance)."""

from . import boosters, networks, nodes, pipelines, sklearn_cases


def all_cases():
    for module in (sklearn_cases, pipelines, boosters, nodes, networks):
        yield from module.cases()
