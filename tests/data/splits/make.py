"""Writes folds of scikit-learn's splitters that draw nothing by lot.

    python make.py FOLDER      (tools/make_evaluation_fixtures runs it with the pinned scikit-learn)
"""

import json
import pathlib
import sys

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit


def case(splitter, kind, rows, labels=None, groups=None, **options):
    folds = splitter.split(np.zeros((rows, 1)), labels, groups)
    as_list = lambda array: None if array is None else [int(one) for one in array]
    return {"kind": kind, "rows": rows, "labels": as_list(labels), "groups": as_list(groups),
            "splits": splitter.get_n_splits(np.zeros((rows, 1)), labels, groups), "options": options,
            "folds": [[as_list(train), as_list(test)] for train, test in folds]}


def cases():
    random = np.random.default_rng(3)
    for rows, splits in ((10, 5), (11, 3), (7, 7), (2, 2), (23, 4)):
        yield case(KFold(splits), "k_fold", rows)
    for rows, classes, splits in ((30, 3, 5), (50, 2, 10), (41, 4, 3), (12, 1, 4)):
        labels = np.concatenate([np.repeat(np.arange(classes), splits), random.integers(0, classes, rows - classes * splits)])
        yield case(StratifiedKFold(splits), "stratified_k_fold", rows, labels=labels)
        yield case(StratifiedKFold(splits), "stratified_k_fold", rows, labels=random.permutation(labels) * 3 - 4)
    for rows, groups, splits in ((30, 6, 3), (60, 25, 4), (9, 3, 3), (100, 50, 7)):
        yield case(GroupKFold(splits), "group_k_fold", rows,
                   groups=np.concatenate([np.arange(groups), random.integers(0, groups, rows - groups)]))
    for rows, groups, classes, splits in ((60, 12, 2, 3), (90, 30, 3, 5), (40, 8, 2, 2)):
        group = np.concatenate([np.arange(groups), random.integers(0, groups, rows - groups)])
        yield case(StratifiedGroupKFold(splits), "stratified_group_k_fold", rows,
                   labels=random.integers(0, classes, rows), groups=group)
    for rows, options in ((6, {"folds": 5}), (20, {"folds": 3, "gap": 2}), (25, {"folds": 4, "train_rows_max": 6}),
                          (30, {"folds": 3, "test_rows": 4, "gap": 1}), (10, {"folds": 9}),
                          (12, {"folds": 2, "test_rows": 1, "train_rows_max": 100})):
        splitter = TimeSeriesSplit(options["folds"], gap=options.get("gap", 0), test_size=options.get("test_rows"),
                                   max_train_size=options.get("train_rows_max"))
        yield case(splitter, "time_series_split", rows, **options)


out = list(cases())
pathlib.Path(sys.argv[1], "folds.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
print(f"splits: {len(out)} cases")
