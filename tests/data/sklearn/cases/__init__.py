"""All cases, in a fixed order. Each family module calls `add` for its own when it is imported."""

from cases import registry


def all_cases():
    from cases import (
        compose, kept, linear, meta, neighbors, preprocessing, records, svm, text, transformers, trees,
    )  # noqa: F401
    return registry.CASES
