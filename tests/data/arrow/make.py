"""Writes the Arrow files of the tests with pyarrow (the environment of src/plugins/arrow/requirements.txt):

    "$(tools/venv arrow src/plugins/arrow/requirements.txt)/bin/python" tests/data/arrow/make.py

numbers.*: eleven number columns of different types, whose value in row i is i - 1 (unsigned: i), null in row 3; two
batches of 3 and 2 rows, the second a slice. plain.*: those of them, and of the texts, that neither are nested nor have a
dictionary, one without nulls, and metadata. texts.*: four text columns with "a", null, a text of 20 bytes, "".
"""

import decimal
import pathlib

import pyarrow as pa
from pyarrow import ipc

HERE = pathlib.Path(__file__).parent
LONG = "twenty bytes of text"


def write(name, table, slices, options=None):
    batches = [table.slice(start, length).to_batches()[0] for start, length in slices]
    for ending, new in (("arrows", ipc.new_stream), ("arrow", ipc.new_file)):
        with open(HERE / f"{name}.{ending}", "wb") as file, new(file, table.schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)


signed = [-1, 0, 1, None, 3]
unsigned = [0, 1, 2, None, 4]
columns = {str(kind): pa.array(signed, kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())}
columns |= {str(kind): pa.array(unsigned, kind) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())}
columns |= {name: pa.array([None if x is None else float(x) for x in signed], kind)
            for name, kind in (("half", pa.float16()), ("float", pa.float32()), ("double", pa.float64()))}
columns["bool"] = pa.array([False, True, True, None, False])
columns["decimal"] = pa.array([None if x is None else decimal.Decimal(x) / 10 for x in signed], pa.decimal128(20, 5))
columns["dictionary"] = pa.array(signed, pa.int64()).dictionary_encode()
write("numbers", pa.table(columns), [(0, 3), (3, 2)])

texts = ["a", None, LONG, ""]
kinds = {"utf8": pa.array(texts), "large": pa.array(texts, pa.large_utf8()), "view": pa.array(texts, pa.string_view()),
         "category": pa.array(texts).dictionary_encode()}
write("texts", pa.table(kinds), [(1, 3), (0, 2)])
plain = {name: column for name, column in columns.items() if name not in ("decimal", "dictionary")}
plain |= {"utf8": pa.array([*texts, "é"]), "large": pa.array([*texts, "é"], pa.large_utf8()), "whole": pa.array(range(5))}
write("plain", pa.table(plain).replace_schema_metadata({"pandas": "{}"}), [(0, 3), (3, 2)])
write("packed", pa.table({"x": pa.array([0.5] * 1000)}), [(0, 1000)], ipc.IpcWriteOptions(compression="zstd"))
write("nulls", pa.table({"x": pa.nulls(1 << 24)}), [(0, 1 << 24)])
record = pa.array([{"city": "Rome", "age": 3}, None, {"city": None, "age": 5}],
                  pa.struct([("city", pa.utf8()), ("age", pa.int32())]))
write("struct", pa.table({"record": record}), [(1, 2), (0, 1)])
write("row", pa.table({f"x{i}": [value] for i, value in enumerate([5.1, 3.5, 1.4, 0.2])}), [(0, 1)])
