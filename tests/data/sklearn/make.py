"""Writes the fixtures of one scikit-learn version: model files and the answers that this very version gives.

Run by tools/make_fixtures inside that version's environment: `make.py OUTPUT_FOLDER [NAME_PREFIX or cases.MODULE ...]`.
README.md beside this file documents the JSON. Cases live in cases/, one module per estimator family.
A case that this version cannot build is skipped and listed in <version>/SKIPPED.txt with the reason.
"""

import bz2
import gzip
import lzma
import pathlib
import pickle
import sys
import traceback
import warnings
import zlib

import joblib
import lz4.frame
import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
import zstandard

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from case_json import cell, layout  # noqa: E402

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform",
           "score_samples", "mahalanobis")

# How a file is written: (container, codec, pickle protocol). A case takes one by a hash of its name,
# so that every estimator family meets most of them and a rerun gives the same choice.
WAYS = [
    ("joblib", None, None), ("pickle", None, 2), ("joblib", "zlib", None), ("pickle", None, 4),
    ("joblib", None, None), ("pickle", None, 5), ("joblib", "gzip", None), ("pickle", None, 3),
    ("joblib", None, 4), ("pickle", None, None), ("joblib", "bz2", None), ("pickle", "gzip", 4),
    ("joblib", "lzma", None), ("pickle", "zstd", 5), ("joblib", "xz", None), ("pickle", "bz2", 3),
    ("joblib", "lz4", None), ("pickle", "lz4", 4), ("joblib", None, 3), ("pickle", "xz", 2),
]
ENCODE = {
    None: lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}
DECODE = {
    None: lambda data: data,
    "gzip": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
}


def write(value, folder, name, way):
    """Writes a model file and returns its name and the value that reading it gives back."""
    container, codec, protocol = way
    if container == "joblib":
        path = folder / f"{name}.joblib"
        joblib.dump(value, path, compress=(codec, 3) if codec else 0, protocol=protocol)
        return path.name, joblib.load(path)
    path = folder / f"{name}.pkl"
    path.write_bytes(ENCODE[codec](pickle.dumps(value, protocol=protocol)))
    return path.name, pickle.loads(DECODE[codec](path.read_bytes()))


def pick(value, select):
    """Follows a selection: keys of dicts and indices of sequences, separated by dots."""
    for step in select.split(".") if select else []:
        value = value[step] if isinstance(value, dict) else value[int(step)]
    return value


def dtype_name(dtype):
    if pd.api.types.is_bool_dtype(dtype):
        return "bool"
    if isinstance(dtype, np.dtype):
        return {"i": "int64", "u": "int64", "f": "float64", "U": "str", "S": "str"}.get(dtype.kind, "object")
    return str(dtype)


def record(value):
    """A dict as JSON: lists of texts stay lists."""
    return {str(key): list(item) if isinstance(item, (list, tuple)) else cell(item) for key, item in value.items()}


def is_records(data):
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict)


def is_texts(data):
    return isinstance(data, list) and bool(data) and isinstance(data[0], str)


def rows_of(data):
    if is_records(data):
        return [[record(value)] for value in data]
    if is_texts(data) or (isinstance(data, np.ndarray) and data.ndim == 1):
        return [[cell(value)] for value in data]
    if isinstance(data, pd.DataFrame):
        columns = [data[name].tolist() for name in data.columns]
        return [[record(column[i]) if isinstance(column[i], dict) else cell(column[i]) for column in columns]
                for i in range(len(data))]
    return [[cell(value) for value in row] for row in np.asarray(data).tolist()] \
        if not isinstance(data, list) else [[cell(value) for value in row] for row in data]


def take(data, indices):
    if is_records(data) or is_texts(data):
        return [data[i] for i in indices]
    return data.iloc[indices] if isinstance(data, pd.DataFrame) else data[indices]


def call(model, method, data):
    """The answers of one method as named arrays; several outputs become method_0, method_1, ..."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = getattr(model, method)(data)
    if isinstance(result, (list, tuple)):
        return {f"{method}_{i}": dense(part) for i, part in enumerate(result)}
    return {method: dense(result)}


def dense(result):
    if scipy.sparse.issparse(result):
        return result.toarray()
    if isinstance(result, (pd.DataFrame, pd.Series)):
        return result.to_numpy()
    return np.asarray(result)


def answer(array):
    kind = dtype_name(array.dtype)
    values = [cell(value) for value in array.ravel(order="C").tolist()]
    if kind == "object" and all(isinstance(value, str) for value in values):
        kind = "str"
    return {"dtype": kind, "shape": list(array.shape), "values": values}


def outputs_of(model, data):
    found = {}
    own = ("kneighbors",) if type(model).__name__ == "NearestNeighbors" else ()
    for method in METHODS + own:
        if hasattr(model, method):
            try:
                found.update(call(model, method, data))
            except (NotImplementedError, AttributeError):
                pass  # an advertised method that this configuration does not have
            except ValueError as error:
                if "does not support" not in str(error):
                    raise
    return found


def outputs_alone(model, data):
    """The answers that each row gets by itself, one below the other."""
    rows = [outputs_of(model, take(data, [i])) for i in range(len(data))]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def stable_digits(model, data, outputs):
    """Whether each row alone gives what it gives in the batch, to 1e-13; raises where labels differ."""
    stable = True
    for i in range(len(data)):
        for name, alone in outputs_of(model, take(data, [i])).items():
            whole = outputs[name][i:i + 1]
            if whole.dtype.kind != "f":
                if not np.array_equal(whole, alone) and rows_of(whole.reshape(1, -1)) != rows_of(alone.reshape(1, -1)):
                    raise AssertionError(f"{name} of row {i} differs alone and in a batch")
                continue
            finite = np.isfinite(whole)
            difference = np.abs(whole[finite] - alone[finite])
            if np.any(difference > 1e-13 * np.maximum(1, np.abs(whole[finite]))):
                stable = False
    return stable


def with_value(data, value):
    """The first row with one numeric value replaced, or None where no column can hold it."""
    if is_records(data) or is_texts(data) or np.ndim(data) < 2:
        return None
    row = take(data, [0]).copy()
    if isinstance(row, pd.DataFrame):
        for column in row.columns:
            if isinstance(row[column].dtype, np.dtype) and row[column].dtype.kind == "f":
                row[column] = [value]
                return row
        return None
    if row.dtype.kind != "f":
        return None
    row[0, -1] = value
    return row


def refused(model, data, bad):
    """Rows that scikit-learn refuses: those the case names, and NaN, infinity and 1e300 where it takes none."""
    rows, message = [], None
    must = [take(bad, [i]) for i in range(len(bad))] if bad is not None else []
    tries = must + [with_value(data, value) for value in (float("nan"), float("inf"), 1e300)]
    for position, row in enumerate(tries):
        if row is None:
            continue
        method = next(name for name in ("predict", "transform", "score_samples", "mahalanobis", "kneighbors") if hasattr(model, name))
        try:
            call(model, method, row)
        except (ValueError, TypeError, IndexError) as error:
            rows += rows_of(row)
            message = message or f"{type(error).__name__}: {str(error).splitlines()[0]}"
        else:
            if position < len(must):
                raise AssertionError(f"row {rows_of(row)} was expected to be refused")
    return {"rows": rows, "message": message} if rows else None


def as_input(data):
    """What a server hands to the model: tables as they are, matrices of numbers in float64."""
    if isinstance(data, pd.DataFrame):
        return data.reset_index(drop=True)
    if is_records(data) or is_texts(data):
        return data
    array = np.asarray(data)
    return array.astype(np.float64) if array.dtype.kind in "iufb" else array


def column_types(data):
    if is_records(data):
        return ["record"]
    if is_texts(data):
        return ["str"]
    if np.ndim(data) == 1:
        return [dtype_name(data.dtype)]
    if isinstance(data, pd.DataFrame):
        return ["record" if len(data) and isinstance(data[name].iloc[0], dict) else dtype_name(data[name].dtype)
                for name in data.columns]
    return [dtype_name(data.dtype)] * data.shape[1]


def make(case, folder):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        built = case.build()
    value, data = built[0], as_input(built[1])
    bad = as_input(built[2]) if len(built) > 2 else None
    way = case.way or WAYS[zlib.crc32(case.name.encode()) % len(WAYS)]
    file, loaded = write(value, folder, case.name, way)
    model = pick(loaded, case.select)
    outputs = outputs_alone(model, data) if case.alone else outputs_of(model, data)
    if not outputs:
        raise AssertionError("no outputs")
    exact = (case.alone or stable_digits(model, data, outputs)) and all(
        array.dtype != np.float32 for array in outputs.values())
    frame = isinstance(data, pd.DataFrame)
    document = {
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "case": case.name,
        "file": file,
        "container": {"kind": way[0], "compression": way[1], "protocol": way[2]},
        "estimator": type(model).__name__,
        "select": case.select,
        "columns": [str(name) for name in data.columns] if frame else None,
        "dtypes": column_types(data),
        "tolerance": case.tolerance or (1e-12 if exact else 1e-6),
        "outputs": {name: answer(array) for name, array in outputs.items()},
        "error": refused(model, data, bad),
    }
    (folder / f"{case.name}.json").write_text(layout(document, rows_of(data)), encoding="utf-8")


def main():
    from cases import all_cases
    from cases.registry import MILESTONES
    from sklearn.utils import all_estimators
    out = pathlib.Path(sys.argv[1])
    wanted = sys.argv[2:]
    folder = out / sklearn.__version__
    folder.mkdir(parents=True, exist_ok=True)
    skipped, tried, made, failed = [], set(), 0, 0
    old_release = sklearn.__version__.startswith("0.") or sklearn.__version__ < "1.1"
    for case in all_cases():
        if wanted and not case.name.startswith(tuple(wanted)) and case.build.__module__ not in wanted:
            continue
        if (old_release and not case.read_from_old) or not case.is_made_by(sklearn.__version__):
            continue
        tried.add(case.name)
        for old in folder.glob(f"{case.name}.*"):
            old.unlink()
        try:
            make(case, folder)
            made += 1
        except Exception as error:  # noqa: BLE001 - the summary is the point
            for partial in folder.glob(f"{case.name}.*"):
                partial.unlink()
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            skipped.append(f"{case.name}: {reason[:160]}")
            if isinstance(error, AssertionError):
                failed += 1
                traceback.print_exc()
    if sklearn.__version__ == MILESTONES[-1]:
        names = [name for name, _ in all_estimators()]
        (folder / "ESTIMATORS.txt").write_text("".join(name + "\n" for name in names))
    note = folder / "SKIPPED.txt"
    kept = note.read_text().splitlines() if wanted and note.exists() else []
    kept = [line for line in kept if line.split(":")[0] not in tried]
    note.write_text("".join(line + "\n" for line in kept + skipped))
    print(f"scikit-learn {sklearn.__version__}: {made} cases made, {len(skipped)} skipped")
    for line in skipped:
        print("  skipped", line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
