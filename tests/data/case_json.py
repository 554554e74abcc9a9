"""The JSON of a case (sklearn/README.md): what the scripts that write fixtures share. They put this folder on their path."""

import json

import numpy as np

DTYPES = {"i": "int64", "u": "int64", "f": "float64", "b": "bool"}


def cell(value):
    """One value of a row or an output: special floats are {"f": ...}, None and pandas.NA are null."""
    if value is None or type(value).__name__ == "NAType":
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if np.isnan(value):
            return {"f": "nan"}
        if np.isinf(value):
            return {"f": "inf" if value > 0 else "-inf"}
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)


def answer(array):
    """An output; what is no number is text."""
    array = np.asarray(array)
    return {"dtype": DTYPES.get(array.dtype.kind, "str"), "shape": list(array.shape),
            "values": [cell(value) for value in array.ravel().tolist()]}


def layout(document, rows):
    """The file's text, so that it reads well in a diff: one key, one output and one row a line."""
    def text(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    lines = [f" {text(key)}: {text(value)}" for key, value in document.items() if key != "outputs"]
    outputs = [f"  {text(key)}: {text(value)}" for key, value in document["outputs"].items()]
    lines.append(' "outputs": {\n' + ",\n".join(outputs) + "\n }")
    lines.append(' "rows": [\n' + ",\n".join("  " + text(row) for row in rows) + "\n ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"
