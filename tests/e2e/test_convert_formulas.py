"""Formulas of definitions, converted: ONNX Runtime and JPMML-Evaluator compute what numpy and Python do."""

import math
import pickle
import re
import sys
import types

import numpy as np
import onnxruntime
import pytest

from conftest import run
from test_convert_pmml import Oracle

NAN = math.nan
A = [-2.5, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.5, 3.0, 7.0, 100.0, 1000.0, 1e9 + 0.5, NAN]
# Powers of two where `%` divides: of 2.5 % 0.1, PMML says 0.
B = [3.0, -1.0, 0.5, 2.0, NAN, -0.25, 1.0, 4.0, 0.125, 8.0, -7.0, 10.0, 0.0009765625, 2.0, 5.0]
# Seconds since 1970, before it and on leap days too.
T = [0.0, 86399.5, -1.0, 951782400.0, 1709164800.0, 1735689599.0, -2208988800.0, 1e9, 1234567890.25, 1.7e9, 4102444800.0, 5.0,
     3600.0, 59.0, NAN]
S = ["oslo", "Rome", "", "MS. Ann", "b.c", "oslo", "x", "Rome", "ann", "Ö-son", "a+b", "anson", "Dr X", "", "bern"]


def each(function):
    return lambda *columns: [NAN if any(isinstance(x, float) and math.isnan(x) for x in row) else function(*row) for row in zip(*columns)]


def moment(part):
    return each(lambda t: float(getattr((np.datetime64(0, "s") + np.timedelta64(math.floor(t), "s")).item(), part)))


def known(function):
    """Of a text: missing if it is."""
    return lambda s: [function(x) if x else NAN for x in s]


# Formula, its columns, what Python makes of them.
NUMBERS = [
    ("a + b * 2 - a / b", "ab", lambda a, b: a + b * 2 - a / b),
    ("a % b", "ab", lambda a, b: np.mod(a, b)),
    ("a // b", "ab", lambda a, b: np.floor(a / b)),
    ("abs(a) ** b", "ab", each(lambda a, b: float(np.power(abs(a), b)))),
    ("sqrt(a)", "a", np.sqrt), ("log(a)", "a", np.log), ("log1p(abs(a))", "a", lambda a: np.log1p(abs(a))),
    ("log10(a)", "a", np.log10), ("floor(log10(a))", "a", lambda a: np.floor(np.log10(a))), ("log2(b)", "b", np.log2),
    ("exp(b)", "b", np.exp), ("expm1(b)", "b", np.expm1), ("sign(a)", "a", np.sign), ("-a", "a", np.negative),
    ("floor(a)", "a", np.floor), ("ceil(a)", "a", np.ceil), ("trunc(a)", "a", np.trunc), ("round(a)", "a", np.round),
    ("round(b, 1)", "b", lambda b: np.round(b, 1)), ("sin(b)", "b", np.sin), ("cos(b)", "b", np.cos), ("tan(b)", "b", np.tan),
    ("sinh(b)", "b", np.sinh), ("cosh(b)", "b", np.cosh), ("tanh(b)", "b", np.tanh), ("expit(b)", "b", lambda b: 1 / (1 + np.exp(-b))),
    ("hypot(a, b)", "ab", np.hypot), ("minimum(a, b, 1)", "ab", lambda a, b: np.minimum(np.minimum(a, b), 1)),
    ("maximum(a, b)", "ab", np.maximum), ("clip(a, -1, 2)", "a", lambda a: np.clip(a, -1, 2)), ("float32(b)", "b", lambda b: b.astype(np.float32)),
    ("nansum(a, b)", "ab", lambda a, b: np.nansum([a, b], 0)), ("nanmean(a, b, 3)", "ab", lambda a, b: np.nanmean([a, b, np.full(len(a), 3.0)], 0)),
    ("nanmin(a, b)", "ab", np.fmin), ("nanmax(a, b)", "ab", np.fmax), ("count(a, b)", "ab", lambda a, b: 2.0 - np.isnan(a) - np.isnan(b)),
    ("a > b", "ab", each(lambda a, b: float(a > b))), ("a == 1", "a", each(lambda a: float(a == 1))), ("a != b", "ab", each(lambda a, b: float(a != b))),
    ("where(a >= 1, b, -a)", "ab", lambda a, b: np.where(np.isnan(a), NAN, np.where(a >= 1, b, -a))),
    ("isnull(a)", "a", lambda a: np.isnan(a) * 1.0), ("where(isnull(b), a, b) + notnull(a)", "ab", lambda a, b: np.where(np.isnan(b), a, b) + ~np.isnan(a)),
    ("fillna(b, a * 2)", "ab", lambda a, b: np.where(np.isnan(b), a * 2, b)),
    # Kleene's: what is known may decide.
    ("a > 0 and b > 0", "ab", lambda a, b: [0.0 if x <= 0 or y <= 0 else NAN if x != x or y != y else 1.0 for x, y in zip(a, b)]),
    ("a > 0 or b > 0", "ab", lambda a, b: [1.0 if x > 0 or y > 0 else NAN if x != x or y != y else 0.0 for x, y in zip(a, b)]),
    ("not (a > 0)", "a", each(lambda a: float(not a > 0))),
    ("a in [1, 7, -0.5]", "a", each(lambda a: float(a in (1, 7, -0.5)))),
    ("lookup(a, {1: 10, 7: 20}, -1)", "a", lambda a: [{1: 10.0, 7: 20.0}.get(x, -1.0) for x in a]),
    ("lookup(a, {1: 10, 7: 20})", "a", lambda a: [{1: 10.0, 7: 20.0}.get(x, NAN) for x in a]),
    ("digitize(a, [0, 1, 2.5])", "a", each(lambda a: float(np.digitize(a, [0, 1, 2.5])))),
    ("interp(a, [0, 1, 4], [0, 10, 5])", "a", lambda a: np.interp(a, [0, 1, 4], [0, 10, 5])),
    ("year(t)", "t", moment("year")), ("month(t)", "t", moment("month")), ("day(t)", "t", moment("day")), ("hour(t)", "t", moment("hour")),
    ("minute(t)", "t", moment("minute")), ("second(t)", "t", moment("second")),
    ("weekday(t)", "t", each(lambda t: float((math.floor(t / 86400) + 3) % 7))),
    ("dayofyear(t)", "t", each(lambda t: float((np.datetime64("1970-01-01") + np.timedelta64(math.floor(t / 86400), "D")).item().timetuple().tm_yday))),
    ('s == "oslo"', "s", known(lambda s: float(s == "oslo"))), ('s in ["x", "Rome"]', "s", known(lambda s: float(s in ("x", "Rome")))),
    ('lookup(s, {"oslo": 1, "x": 2}, 0)', "s", lambda s: [{"oslo": 1.0, "x": 2.0}.get(x, 0.0) for x in s]),
]
MORE = [
    ("isnull(s)", "s", lambda s: [float(not x) for x in s]), ('contains(s, "son")', "s", known(lambda s: float("son" in s))),
    ('startswith(s, "b.")', "s", known(lambda s: float(s.startswith("b.")))), ('endswith(s, "+b")', "s", known(lambda s: float(s.endswith("+b")))),
    (r'matches(s, "^(Dr|MS\\.) [A-Z]")', "s", known(lambda s: float(bool(re.search(r"^(Dr|MS\.) [A-Z]", s))))),
    ('lower(s) == "rome"', "s", known(lambda s: float(s.lower() == "rome"))),
    ('where(s == "oslo", a, b) + 1', "abs", lambda a, b, s: [NAN if not z else (x if z == "oslo" else y) + 1 for x, y, z in zip(a, b, s)]),
]
TEXTS = [
    ("lower(s)", "s", lambda s: [x.lower() for x in s]), ("upper(s)", "s", lambda s: [x.upper() for x in s]),
    ('concat(s, "-", lower(s))', "s", lambda s: [f"{x}-{x.lower()}" if x else "" for x in s]),
    ('fillna(s, "none")', "s", lambda s: [x or "none" for x in s]),
    ('where(a > 1, "high", s)', "as", lambda a, s: ["" if x != x else "high" if x > 1 else y for x, y in zip(a, s)]),
    ('lookup(s, {"oslo": "north", "Rome": "south"}, "else")', "s", lambda s: [{"oslo": "north", "Rome": "south"}.get(x, "else") for x in s]),
    ('lookup(a, {1: "one", 7: "seven"})', "a", lambda a: [{1: "one", 7: "seven"}.get(x, "") for x in a]),
]
ONLY_PMML = [
    ("arctan(a)", "a", np.arctan), ("arcsin(b)", "b", np.arcsin), ("arctan2(a, b)", "ab", np.arctan2), ("length(s)", "s", known(lambda s: float(len(s)))),
]
ONLY_PMML_TEXTS = [
    ("substring(s, 1, 2)", "s", lambda s: [x[1:3] for x in s]), ('strip(concat(" ", s))', "s", lambda s: list(s)),
    ('replace(s, "+", "*")', "s", lambda s: [x.replace("+", "*") for x in s]), ('regex_replace(s, "[aeiou]+", "_")', "s", lambda s: [re.sub("[aeiou]+", "_", x) for x in s]),
]
COLUMNS = {"a": "number", "b": "number", "t": "number", "s": "text"}


def model_of(folder, formulas):
    """A FunctionTransformer as scikit-learn pickles it, and what it computes."""
    used = [name for name in COLUMNS if any(name in columns for _, columns, _ in formulas)]
    module = types.ModuleType("sklearn.preprocessing._function_transformer")
    shop = types.ModuleType("shop")
    exec("class FunctionTransformer: pass", module.__dict__)
    exec("def formulas(frame): pass", shop.__dict__)
    shop.formulas.__module__ = "shop"
    made = module.FunctionTransformer()
    made.__dict__.update(func=shop.formulas, inverse_func=None, validate=False, accept_sparse=False, check_inverse=True, feature_names_out=None,
                         kw_args=None, inv_kw_args=None, n_features_in_=len(used), _sklearn_version="1.7.2")
    fakes = {"sklearn": types.ModuleType("sklearn"), "sklearn.preprocessing": types.ModuleType("sklearn.preprocessing"),
             module.__name__: module, "shop": shop}
    before = {name: sys.modules.get(name) for name in fakes}
    sys.modules.update(fakes)
    try:
        data = pickle.dumps(made, protocol=4)
    finally:
        for name, value in before.items():
            if value is None:
                del sys.modules[name]
            else:
                sys.modules[name] = value
    path = folder / "model.pkl"
    path.write_bytes(data)
    inputs = ", ".join(f"{name}: {COLUMNS[name]}" for name in used)
    lines = ["unverified: true", "definitions:", "  shop.formulas:", f"    inputs: {{{inputs}}}", "    outputs:"]
    for i, (formula, _, _) in enumerate(formulas):
        quoted = formula.replace("'", "''")
        lines.append(f"      f{i}: '{quoted}'")
    path.with_name("model.pkl.slipway.yaml").write_text("\n".join(lines) + "\n")
    return path, used


def wanted(formulas):
    data = {"a": np.array(A), "b": np.array(B), "t": np.array(T), "s": S}
    with np.errstate(all="ignore"):
        return [list(compute(*(data[name] for name in columns))) for _, columns, compute in formulas]


def assert_same(formula, expected, got):
    for row, (want, have) in enumerate(zip(expected, got, strict=True)):
        if isinstance(want, str):
            assert want == have, (formula, row, want, have)
            continue
        have = NAN if have == "" else float(have)
        same = have == want or (math.isnan(want) and math.isnan(have)) or abs(want - have) <= 1e-12 * max(1, abs(want))
        assert same, (formula, row, want, have)


@pytest.mark.parametrize("formulas", [NUMBERS, MORE, TEXTS], ids=["numbers", "more", "texts"])
def test_onnx_runtime_computes_formulas(formulas, tmp_path):
    path, used = model_of(tmp_path, formulas)
    done = run("convert", path, tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr + done.stdout
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    given = {name: np.array({"a": A, "b": B, "t": T}[name] if name != "s" else S, dtype=object if name == "s" else np.float64)[:, None] for name in used}
    if "X" in {one.name for one in session.get_inputs()}:
        given = {"X": np.concatenate(list(given.values()), axis=1)}
    (got,) = session.run(None, given)
    for i, (expected, (formula, _, _)) in enumerate(zip(wanted(formulas), formulas, strict=True)):
        assert_same(formula, expected, got[:, i].tolist())


@pytest.fixture(scope="module")
def oracle():
    made = Oracle()
    yield made
    made.process.stdin.close()
    made.process.wait(timeout=10)


@pytest.mark.parametrize("formulas", [NUMBERS, MORE + ONLY_PMML, TEXTS + ONLY_PMML_TEXTS], ids=["numbers", "more", "texts"])
def test_jpmml_computes_formulas(formulas, tmp_path, oracle):
    path, used = model_of(tmp_path, formulas)
    done = run("convert", path, tmp_path / "model.pmml")
    assert done.returncode == 0, done.stderr + done.stdout
    data = {"a": A, "b": B, "t": T, "s": S}
    rows = ["\t".join(f"{name}\t{data[name][i]}" for name in used if data[name][i] == data[name][i] and data[name][i] != "") for i in range(len(A))]
    (tmp_path / "rows").write_text("".join(row + "\n" for row in rows))
    answers, row = [], {}
    for line in oracle.answers(tmp_path / "model.pmml", tmp_path / "rows", tmp_path / "answers"):
        kind, *rest = line.split("\t")
        assert kind != "error", (line, len(answers))
        if kind == "output":
            row[rest[0]] = rest[2]
        if kind == "end":
            answers.append(row)
            row = {}
    for i, (expected, (formula, _, _)) in enumerate(zip(wanted(formulas), formulas, strict=True)):
        assert_same(formula, expected, [answer[f"transform_f{i}"] for answer in answers])


@pytest.mark.parametrize(("formula", "columns", "ending", "function"), [
    ("strip(s)", "s", "onnx", "trim"), ("length(s)", "s", "onnx", "length"), ("arctan(a)", "a", "onnx", "atan"), ("erf(a)", "a", "onnx", "erf"),
    ("number(s)", "s", "onnx", "parse_number"), (r'matches(s, "a(?=b)")', "s", "onnx", "pattern"), ("text(a)", "a", "pmml", "spell"),
    ("year(parse_date(s))", "s", "pmml", "parse_time"), ("nanmedian(a, b, 1)", "ab", "pmml", "median_of"), ("erf(a)", "a", "pmml", "erf"),
])
def test_what_a_format_lacks_is_named(formula, columns, ending, function, tmp_path):
    path, _ = model_of(tmp_path, [(formula, columns, None)])
    done = run("convert", path, tmp_path / f"model.{ending}")
    assert done.returncode == 2 and function in done.stderr, done.stderr
    assert "the operator expression" in done.stderr
