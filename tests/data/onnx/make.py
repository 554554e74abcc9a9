"""Writes the ONNX fixtures: model files and the answers that ONNX Runtime gives.

Run by tools/make_onnx_fixtures: `make.py OUTPUT_FOLDER [NAME_PREFIX]`. The JSON is that of ../sklearn/README.md, with
`onnxruntime` in the place of `sklearn`. Cases live in cases/. A case that the converter cannot make, or that ONNX
Runtime refuses, is listed in <version>/SKIPPED.txt with the reason.
"""

import pathlib
import sys
import warnings

import numpy as np
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from case_json import answer, cell, layout  # noqa: E402


def columns_of(inputs):
    if len(inputs) == 1:
        return None
    names = []
    for name, array in inputs.items():
        width = int(np.prod(array.shape[1:]))
        names += [name] if width == 1 else [f"{name}[{i}]" for i in range(width)]
    return names


def rows_of(inputs, count):
    parts = [array.reshape(count, -1) for array in inputs.values()]
    return [[cell(value) for part in parts for value in part[i].tolist()] for i in range(count)]


def run(model, inputs, count):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    results = {}
    for name, value in zip(names, session.run(None, inputs)):
        if isinstance(value, list):  # a list of maps
            keys = list(value[0])
            value = np.array([[row[key] for key in keys] for row in value])
        results[name] = rows_first(np.asarray(value), count)
    return results


def rows_first(array, count):
    """The axis of the rows in front; what has none is the same for each row."""
    if array.ndim and array.shape[0] == count:
        return array
    if count in array.shape:
        return np.moveaxis(array, array.shape.index(count), 0)
    return np.broadcast_to(array, (count, *array.shape))


def make(folder, name, model, inputs, tolerance):
    count = len(next(iter(inputs.values())))
    outputs = run(model, inputs, count)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    document = {
        "onnxruntime": onnxruntime.__version__,
        "producer": f"{model.producer_name} {model.producer_version}",
        "case": name,
        "file": f"{name}.onnx",
        "columns": columns_of(inputs),
        "tolerance": tolerance,
        "outputs": {output: answer(array) for output, array in outputs.items()},
        "error": None,
    }
    (folder / f"{name}.json").write_text(layout(document, rows_of(inputs, count)), encoding="utf-8")


def main():
    from cases import all_cases
    out = pathlib.Path(sys.argv[1])
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    folder = out / onnxruntime.__version__
    folder.mkdir(parents=True, exist_ok=True)
    made, skipped = 0, []
    for name, build, tolerance in all_cases():
        if not name.startswith(prefix):
            continue
        for old in (folder / f"{name}.onnx", folder / f"{name}.json"):
            old.unlink(missing_ok=True)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                model, inputs = build()
                make(folder, name, model, inputs, tolerance)
            made += 1
        except Exception as error:  # noqa: BLE001 - the summary is the point
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            skipped.append(f"{name}: {reason[:160]}")
    if not prefix:
        (folder / "SKIPPED.txt").write_text("".join(line + "\n" for line in skipped))
    print(f"ONNX Runtime {onnxruntime.__version__}: {made} cases made, {len(skipped)} skipped")
    for line in skipped:
        print("  skipped", line)


if __name__ == "__main__":
    main()
