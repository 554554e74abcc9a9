#!/usr/bin/env python3
"""Writes what JPMML-Evaluator (tools/pmml_oracle) answers to the PMML files in 4.4/.

    make.py DIRECTORY ORACLE_CLASSPATH [PATTERN]

A file has its rows in a comment at its end: one row a line, cells parted by blanks in the order of the
MiningSchema, "?" for a missing one, quoted where they hold blanks. With a PATTERN only files whose names match it are asked about. Where
there is a <case>.oracle.pmml, that is asked in the case's stead.
"""

import json
import math
import pathlib
import re
import shlex
import subprocess
import sys

NUMBERS = {"integer", "float", "double", "boolean"}


def number(text):
    if text in ("true", "false"):
        return text == "true"
    value = float(text)
    if math.isnan(value):
        return {"f": "nan"}
    if math.isinf(value):
        return {"f": "inf" if value > 0 else "-inf"}
    return value


def ask(classpath, path, rows):
    """The oracle's columns, and for each row its answer: a dict, or an error's text."""
    def escaped(cell):
        return str(cell).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    lines = ["\t".join(f"{name}\t{escaped(cell)}" for name, cell in row.items() if cell is not None) for row in rows]
    done = subprocess.run(["java", "-cp", classpath, "Oracle", path], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, check=True)
    out = done.stdout.splitlines()
    head = out[0].split("\t")[1:]
    columns = dict(zip(head[::2], head[1::2]))
    answers, answer = [], {"proba": {}, "output": {}}
    for line in out[1:]:
        kind, *rest = line.split("\t")
        if kind == "end" or kind == "error":
            answers.append(answer if kind == "end" else rest[0])
            answer = {"proba": {}, "output": {}}
        elif kind == "predict":
            answer["predict"] = rest
        elif kind == "proba":
            answer["proba"][rest[0]] = float(rest[1])
        else:
            answer["output"][rest[0]] = rest[1:]
    assert len(answers) == len(rows), done.stdout
    return columns, answers


def matrix(rows):
    made = vector([cell for row in rows for cell in row])
    if len(rows[0]) > 1:
        made["shape"] = [len(rows), len(rows[0])]
    return made


def vector(cells):
    kinds = {kind for kind, _ in cells} - {"missing"}
    as_text = kinds == {"str"}
    values = [None if kind == "missing" else value if as_text else number(value) for kind, value in cells]
    if not as_text:
        values = [{"f": "nan"} if value is None else value for value in values]
    return {"dtype": "str" if as_text else "float64", "shape": [len(cells)], "values": values}


def write(directory, case, path, rows, classpath, tolerance=1e-9):
    stand_in = path.with_suffix(".oracle.pmml")
    columns, answers = ask(classpath, stand_in if stand_in.exists() else path, rows)
    targets = re.findall(r'<MiningField name="([^"]*)" usageType="target"',
                         path.read_text(errors="replace").partition("</MiningSchema")[0])
    for answer in answers:
        if isinstance(answer, str):
            continue
        if stand_in.exists():  # its outputs are the prediction
            answer["predict"] = list(answer["output"].values())
            answer["output"] = {}
        elif len(targets) > 1:
            answer["predict"] = [answer["output"][name] for name in targets]
        else:
            answer["predict"] = [answer["predict"]]
    good = [i for i, answer in enumerate(answers) if not isinstance(answer, str)]
    bad = [i for i, answer in enumerate(answers) if isinstance(answer, str)]
    assert good, (case, answers)
    outputs = {"predict": matrix([answers[i]["predict"] for i in good])}
    if any(answers[i]["proba"] for i in good):
        text = path.read_text(errors="replace")
        listed = re.findall(r'<Value\s[^>]*value="([^"]*)"', text.partition("<MiningSchema")[0])
        classes = {label for i in good for label in answers[i]["proba"]}
        order = sorted(classes, key=lambda label: (listed.index(label) if label in listed else len(listed), label))
        values = [answers[i]["proba"].get(label, 0.0 if answers[i]["proba"] else float("nan"))
                  for i in good for label in order]
        outputs["predict_proba"] = {"dtype": "float64", "shape": [len(good), len(order)],
                                    "values": [number(str(value)) for value in values]}
    for name in answers[good[0]]["output"]:
        outputs[name] = vector([answers[i]["output"][name] for i in good])

    def cells(row):
        return [None if row.get(name) is None else number(row[name]) if kind in NUMBERS else row[name]
                for name, kind in columns.items()]

    error = None
    if bad:
        error = {"rows": [cells(rows[i]) for i in bad], "message": answers[bad[0]]}
    fixture = {"case": case, "file": path.name, "evaluator": "jpmml-evaluator 1.6.11", "select": None,
               "columns": list(columns), "dtypes": list(columns.values()), "tolerance": tolerance,
               "outputs": outputs, "error": error, "rows": [cells(rows[i]) for i in good]}
    (directory / f"{case}.json").write_text(json.dumps(fixture, indent=None, separators=(",", ":")) + "\n")
    print(case, len(good), "rows", len(bad), "refused")


def hand_made(directory, classpath, pattern):
    for path in sorted(directory.glob(f"{pattern}.pmml")):
        wide = path.read_bytes().startswith((b"\xff\xfe", b"\xfe\xff"))
        text = path.read_text(encoding="utf-16" if wide else "utf-8")
        if "<!-- rows" not in text or path.stem.endswith(".oracle"):
            continue
        model, rows_text = text.split("<!-- rows", 1)
        model = re.sub(r"<(/?)\w+:", r"<\1", model)  # prefixes
        names = re.findall(r'<MiningField name="([^"]*)"(?![^>]*usageType)',
                           model[model.index("<MiningSchema"):model.index("</MiningSchema")])
        rows = []
        for line in rows_text.replace("-->", "").strip().splitlines():
            parts = shlex.split(line)
            assert len(parts) == len(names), (path, line, names)
            rows.append({name: None if cell == "?" else cell for name, cell in zip(names, parts)})
        try:
            write(directory, path.stem, path, rows, classpath)
        except (AssertionError, subprocess.CalledProcessError) as error:
            print("NOT WRITTEN", path.stem, str(getattr(error, "stderr", error))[-300:])


def main():
    data, classpath = pathlib.Path(sys.argv[1]), sys.argv[2]
    directory = data / "4.4"
    directory.mkdir(exist_ok=True)
    hand_made(directory, classpath, sys.argv[3] if len(sys.argv) > 3 else "*")


if __name__ == "__main__":
    main()
