"""Writes the files that the pickle reader's tests read.

Run in an environment with the pinned packages of one of these sets, with the name of the folder:

    numpy2: Python 3.11, numpy 2.4.6, scipy 1.17.1, pandas 3.1.1, scikit-learn 1.9.1,
            joblib 1.6.0, lz4 4.4.5, zstandard 0.25.0
    numpy1: numpy 1.21.6, scipy 1.7.3, scikit-learn 1.0.2, joblib 1.1.1 (no alignment padding)

    python make.py numpy2
"""

import bz2
import collections
import gzip
import lzma
import pathlib
import pickle
import sys
import zlib

import joblib
import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KDTree
from sklearn.utils import Bunch

out = pathlib.Path(__file__).parent / sys.argv[1]
out.mkdir(exist_ok=True)

grid = np.arange(6).reshape(2, 3)
node = np.dtype([("left", "<i4"), ("threshold", "<f8"), ("leaf", "u1")], align=True)
nodes = np.array([(1, 0.5, 0), (-1, 2.5, 1), (-1, -1.0, 1)], dtype=node)

values = {
    **{t: grid.astype(t) for t in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 g >i2 >u4 >f4 >f8".split()},
    "fortran": np.asfortranarray(grid.astype("f8")),
    "big_fortran": np.asfortranarray(grid.astype(">i8")),
    "transposed": np.arange(24.0).reshape(2, 3, 4).transpose(1, 2, 0),
    "strided": np.arange(12.0).reshape(2, 6)[:, ::2],
    "zero_d": np.array(2.5),
    "zero_d_text": np.array("dé"),
    "empty": np.empty((0, 3)),
    "text": np.array(["a", "bé", "", "\U0001f600"]),
    "big_text": np.array(["a", "bé"]).astype(">U4"),
    "bytes_array": np.array([b"ab", b"c"]),
    "objects": np.array(["x", None, 1, 2.5, float("nan"), True], dtype=object),
    "object_grid": np.asfortranarray(np.array([["a", "b"], ["c", "d"]], dtype=object)),
    "nodes": nodes,
    "big_nodes": nodes.astype([("left", ">i4"), ("threshold", ">f8"), ("leaf", "u1")]),
    "masked": np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "matrix": np.matrix([[1.0, 2.0]]),
    "complex_array": np.array([1j]),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "float_scalar": np.float64(1.5),
    "float32_scalar": np.float32(0.1),
    "int_scalar": np.int64(-7),
    "bool_scalar": np.bool_(True),
    "text_scalar": np.str_("hé"),
    "csr": sparse.csr_matrix(np.array([[0, 1.5, 0], [2, 0, 3]])),
    "csc": sparse.csc_matrix(np.array([[0, 1.5, 0], [2, 0, 3]])),
    "list": [[1, 2.5], [3, True]],
    "big_int": 2**70,
    "min_int": -(2**63),
    "uint64": 2**63,
    "str": "né\U0001f600\n\\",
    "bytes": bytes(range(256)),
    "bytearray": bytearray(b"a\xff"),
    "set": {1},
    "frozenset": frozenset({"a"}),
    "ordered": collections.OrderedDict([("k", 1), ("l", 2)]),
    "bunch": Bunch(a=1),
    "slice": slice(1, None),
    "model": LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"]),
    "kd_tree": KDTree(np.arange(8.0).reshape(4, 2)),
    "random": np.random.RandomState(3),
    "function": np.log1p,
    "dtype": np.float32,
}
if sys.argv[1] == "numpy2":
    import pandas as pd

    values["index"] = pd.Index(["a", "bé"])
    values["object_index"] = pd.Index(["a", "b"], dtype=object)
    values["int_index"] = pd.Index([3, 5])
    values["range_index"] = pd.RangeIndex(1, 7, 2)
    values["string_array"] = pd.array(["a", None], dtype="string")

for protocol in range(6):
    (out / f"values.p{protocol}.pkl").write_bytes(pickle.dumps(values, protocol))
joblib.dump(values, out / "values.joblib")
joblib.dump(values["model"], out / "model.joblib")

if sys.argv[1] == "numpy2":
    import lz4.frame
    import zstandard

    for name in ("z", "gz", "bz2", "xz", "lzma", "lz4"):
        joblib.dump(values, out / f"values.joblib.{name}", compress=3)
    plain = pickle.dumps(values, 4)
    half = len(plain) // 2
    two = (plain[:half], plain[half:])
    (out / "values.pkl.zst").write_bytes(zstandard.compress(plain))
    (out / "values.two.zst").write_bytes(b"".join(map(zstandard.compress, two)))
    (out / "values.two.gz").write_bytes(b"".join(map(gzip.compress, two)))
    (out / "values.two.bz2").write_bytes(b"".join(map(bz2.compress, two)))
    (out / "values.two.xz").write_bytes(b"".join(map(lzma.compress, two)))
    (out / "values.two.lz4").write_bytes(b"".join(map(lz4.frame.compress, two)))
    (out / "values.pkl.zlib").write_bytes(zlib.compress(plain, 9))
