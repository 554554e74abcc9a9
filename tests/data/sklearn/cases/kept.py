"""Models beside which users keep things that no prediction needs: dates, frames, arrays of every dtype, random states.

Readers must keep all of it without a word. One model holds them all, so the files stay few and small.
"""

import array
import collections
import datetime
import decimal
import fractions
import functools
import http
import ipaddress
import itertools
import logging
import math
import operator
import pathlib
import random
import re
import time
import types
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import scipy.sparse as sparse
import scipy.stats
from sklearn import linear_model, model_selection
from sklearn.gaussian_process import kernels

from cases import data
from cases.registry import add


def fitted():
    X, y = data.iris()
    return linear_model.LogisticRegression(max_iter=1000).fit(X, y), data.probe(X)


def python_values():
    return {
        "dates": [datetime.datetime(2024, 5, 6, 7, 8), datetime.date(2024, 5, 6), datetime.time(7, 8),
                  datetime.timedelta(3), datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc),
                  datetime.datetime(2024, 5, 6, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")), time.gmtime(0)],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1 + 2j, 2**200, -2**200, float("nan")],
        "names": [uuid.UUID(int=7), pathlib.PurePosixPath("/a"), pathlib.PureWindowsPath("c:/a"),
                  re.compile("a+", re.I), ipaddress.ip_address("127.0.0.1"), http.HTTPStatus.OK,
                  logging.getLogger("model"), "n\u00e9\U0001f600\ud800", "a\nb\\u1234\r"],
        "containers": [collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter("aab"),
                       collections.deque([1, 2], maxlen=3), collections.ChainMap({"a": 1}),
                       collections.UserDict(a=1), types.SimpleNamespace(a=1), {1, 2}, frozenset([1]),
                       array.array("d", [1, 2]), b"\0\xff", bytearray(b"ab\xff"), slice(1, None, 2), range(1, 10, 2)],
        "functions": [functools.partial(np.clip, a_min=0, a_max=1), functools.partial(int, base=2), math.sqrt, len,
                      operator.itemgetter(1), operator.add,
                      str.lower, itertools.count(3)],
        "others": [..., NotImplemented, int, type(None), [dict, str, float, object], ValueError("x"), random.Random(3)],
    }


def numpy_values():
    record = np.dtype([("a", "f8", (2, 2)), ("b", [("c", "i4", 3)])])
    return {
        "arrays": [np.array([1 + 2j], "c8"), np.array([1 + 2j]), np.array(["2020-01-01"], "M8[ns]"),
                   np.array([1], "m8[s]"), np.zeros(2, record), np.zeros(2, "V5"),
                   np.rec.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")]), np.array([1, "a", None, {2: 3}], object),
                   np.array({1: 2}, object), np.array([1.5], np.longdouble), np.array([1j], np.clongdouble),
                   np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.masked, np.matrix([[1.0, 2.0]]),
                   np.char.array(["a", "b"]), np.zeros(2, [("o", "O"), ("x", "f8")]), np.zeros((0, 3)), np.array(None),
                   np.zeros(1, [(("title", "a"), "f8")]),
                   np.ma.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")], mask=[(0, 1)])],
        "scalars": [np.complex128(1j), np.datetime64("2020-01-01"), np.datetime64("NaT"), np.timedelta64(1, "D"),
                    np.void(b"abc"), np.zeros(1, [("a", "i8")])[0], np.longdouble(1.5), np.float16(1), np.str_("a"),
                    np.bytes_(b"a")],
        "dtypes": [np.dtype(t) for t in ("f8", "O", "U3", "c16", "M8[ns]", "m8", "V3", ">i4", "g")] +
                  [np.float64, np.str_, np.ndarray, np.dtype(("f8", (3,))), np.dtype("f8", metadata={"a": 1})],
        "functions": [np.log, np.mean, np.clip, np.linalg.norm, np.fft.fft, np.vectorize(math.sqrt),
                      np.polynomial.Polynomial([1, 2]), np.poly1d([1, 2]), np.iinfo(np.int32)],
        "random": [np.random.RandomState(3), np.random.default_rng(1), np.random.PCG64(1), np.random.MT19937(1),
                   np.random.Generator(np.random.Philox(2)), np.random.SeedSequence(5).spawn(1)[0]],
        "sparse": [getattr(sparse, f"{kind}_{form}")(np.eye(4)) for kind in "csr csc coo dia lil bsr dok".split()
                   for form in ("matrix", "array") if hasattr(sparse, f"{kind}_{form}")],
        "stats": [scipy.stats.norm(1, 2), scipy.stats.loguniform(0.1, 1), scipy.stats.randint(1, 5),
                  scipy.stats.rv_histogram(np.histogram([1, 2, 3, 4], bins=2))],
        "kernel": kernels.ConstantKernel() * kernels.RBF([1, 2]) + kernels.Matern() + kernels.WhiteKernel(),
    }


def pandas_values():
    frame = pd.DataFrame({
        "a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"]), "d": pd.date_range("2020", periods=2, tz="UTC"),
        "e": pd.array([1, None], dtype="Int64"), "f": pd.array(["a", None], dtype="string"),
        "g": pd.period_range("2020", periods=2, freq="D"), "h": pd.interval_range(0, 2),
        "i": pd.timedelta_range("1D", periods=2), "j": pd.arrays.SparseArray([0, 1.0])})
    return {
        "frames": [frame, frame["a"], frame["c"], frame.dtypes, pd.DataFrame(),
                   pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))],
        "indices": [pd.Index(["a"]), pd.Index([1.5]), pd.RangeIndex(3), pd.CategoricalIndex(["a", "b"]),
                    pd.date_range("2020", periods=3), pd.date_range("2020", periods=3, tz="Europe/Berlin"),
                    pd.timedelta_range("1D", periods=2), pd.period_range("2020", periods=2, freq="M"),
                    pd.interval_range(0, 2)],
        "scalars": [pd.Timestamp("2020", tz="Europe/Berlin"), pd.Timedelta("1D"), pd.NaT, pd.NA, pd.Period("2020-01"),
                    pd.Interval(0, 1), pd.CategoricalDtype(["a"]), pd.Int64Dtype(), pd.offsets.MonthEnd()],
    }


def keeping(**things):
    model, rows = fitted()
    for name, value in things.items():
        setattr(model, name, value)
    model.meta = things
    return model, rows


for container, protocol in (("pickle", 0), ("pickle", 2), ("pickle", 5), ("joblib", None)):
    suffix = f"{container}_{protocol}" if container == "pickle" else container
    add(f"kept_python_values_{suffix}", lambda: keeping(**python_values()), way=(container, None, protocol))
    add(f"kept_numpy_values_{suffix}", lambda: keeping(**numpy_values()), way=(container, None, protocol))
    add(f"kept_pandas_values_{suffix}", lambda: keeping(**pandas_values()), way=(container, None, protocol))


def two_models():
    model, rows = fitted()
    return model, linear_model.LogisticRegression(C=0.01, max_iter=1000).fit(*data.iris()), rows


def search_frame():
    X, y = data.iris()
    search = model_selection.GridSearchCV(linear_model.LogisticRegression(max_iter=1000), {"C": [0.1, 1.0]}, cv=2)
    search.fit(X, y)
    search.results_ = pd.DataFrame(search.cv_results_).drop(columns=["params"])
    return search, data.probe(X)


def in_container(make):
    first, second, rows = two_models()
    return make([first, second]), rows


add("container_deque", lambda: in_container(collections.deque), select="1", way=("pickle", None, 4))
add("container_object_array", lambda: in_container(lambda models: np.array(models, dtype=object)), select="1",
    way=("joblib", None, None))
add("container_defaultdict", lambda: in_container(lambda models: collections.defaultdict(list, m=models)), select="m.1",
    way=("pickle", None, 2))
add("kept_search_results_frame", search_frame, way=("joblib", "zlib", None))
