"""Writes unsupported/ and hostile/: files that must be answered with gaps or refusals, never with a model.

Run by tools/make_fixtures inside the environment of scikit-learn 1.7.2: `make_refused.py OUTPUT_FOLDER`.
Each folder gets an expected.json; README.md documents it. Nothing here is ever unpickled by this script.
"""

import bz2
import gzip
import io
import json
import pathlib
import pickle
import struct
import sys
import zlib

import cloudpickle
import joblib
import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.manifold import LocallyLinearEmbedding
from sklearn.decomposition import NMF
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from cases import data

CANARY = "slipway_canary_was_run"  # a hostile file that gets its code run leaves this file behind
X, Y = data.iris()


class Winsorize(StandardScaler):
    """A user's own transformer, pickled as __main__.Winsorize."""

    def transform(self, X):  # noqa: N803
        return np.clip(super().transform(X), -2, 2)


class Runs:
    """Pickles as a call of os.system."""

    def __reduce__(self):
        import os
        return os.system, (f"touch {CANARY}",)


def fitted(model):
    return model.fit(X, Y)


def unsupported(folder):
    expected = {}

    def put(name, value, expect, names, dump=joblib.dump):
        if dump is joblib.dump:
            joblib.dump(value, folder / name)
        else:
            (folder / name).write_bytes(dump(value))
        expected[name] = {"expect": expect, "names": names}

    put("kmeans.joblib", KMeans(3, n_init=1, random_state=0).fit(X), "gaps", ["sklearn.cluster._kmeans.KMeans"])
    texts = ["good film", "bad film", "good good plot", "bad plot"]
    put("text_pipeline.joblib",
        make_pipeline(TfidfVectorizer(tokenizer=str.split), LogisticRegression()).fit(texts, [1, 0, 1, 0]),
        "gaps", ["sklearn.feature_extraction.text.TfidfVectorizer"])
    put("three_gaps.joblib", fitted(make_pipeline(
        NMF(3, random_state=0), StandardScaler(), LocallyLinearEmbedding(n_components=2), MLPClassifier((3,), max_iter=20, tol=1.0, random_state=0))),
        "gaps", ["sklearn.decomposition._nmf.NMF", "sklearn.manifold._locally_linear.LocallyLinearEmbedding",
                 "sklearn.neural_network._multilayer_perceptron.MLPClassifier"])
    put("three_gaps.pkl", fitted(make_pipeline(NMF(3, random_state=0), LocallyLinearEmbedding(n_components=2), KMeans(2, n_init=1))),
        "gaps", ["sklearn.decomposition._nmf.NMF", "sklearn.manifold._locally_linear.LocallyLinearEmbedding",
                 "sklearn.cluster._kmeans.KMeans"], lambda value: pickle.dumps(value, 4))
    put("own_class.joblib", fitted(make_pipeline(Winsorize(), LogisticRegression(max_iter=1000))),
        "refused", ["__main__.Winsorize"])
    put("lambda.pkl", fitted(make_pipeline(FunctionTransformer(lambda x: x * 2), LogisticRegression(max_iter=1000))),
        "refused", ["cloudpickle.cloudpickle._make_function"], cloudpickle.dumps)
    put("not_fitted.joblib", make_pipeline(StandardScaler(), LogisticRegression()), "gaps", [])
    put("no_model.joblib", {"a": 1, "rows": np.arange(4)}, "gaps", [])
    write_expected(folder, expected)


def patched_tree(change):
    """A decision tree whose node table was changed after the fit."""
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y)
    state = model.tree_.__getstate__()
    nodes = state["nodes"].copy()
    change(nodes)
    state["nodes"] = nodes
    model.tree_.__setstate__(state)
    return pickle.dumps(model, 4)


def patched(model, **attributes):
    model = fitted(model)
    vars(model).update(attributes)
    return pickle.dumps(model, 4)


def array_pickle(shape, payload):
    """A float64 array that claims `shape` and carries `payload`."""
    out = io.BytesIO()
    out.write(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R")
    out.write(b"(K\x01")
    for extent in shape:
        out.write(b"\x8a\x08" + struct.pack("<q", extent))
    out.write({1: b"\x85", 2: b"\x86"}[len(shape)])
    out.write(b"cnumpy\ndtype\nX\x02\x00\x00\x00f8K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")
    out.write(b"\x89B" + struct.pack("<I", len(payload)) + payload + b"tb.")
    return out.getvalue()


def bomb(compressor, megabytes):
    """A valid pickle of a huge run of zero bytes, compressed as it is made."""
    size = megabytes << 20
    out = [compressor.compress(b"\x80\x04\x8e" + struct.pack("<Q", size))]
    out += [compressor.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join(out + [compressor.compress(b"."), compressor.flush()])


def hostile(folder):
    expected = {}

    def put(name, content, expect, names=()):
        (folder / name).write_bytes(content)
        expected[name] = {"expect": expect, "names": list(names)}

    touch = f"touch {CANARY}".encode()
    forest = pickle.dumps(fitted(RandomForestClassifier(4, max_depth=3, random_state=0)), 4)
    joblib_forest = io.BytesIO()
    joblib.dump(fitted(RandomForestClassifier(4, max_depth=3, random_state=0)), joblib_forest)
    joblib_forest = joblib_forest.getvalue()

    put("system_call.pkl", b"cposix\nsystem\n(S'" + touch + b"'\ntR.", "refused", ["posix.system"])
    put("system_inst.pkl", b"(S'" + touch + b"'\niposix\nsystem\n.", "refused", ["posix.system"])
    put("system_obj.pkl", b"(cposix\nsystem\nS'" + touch + b"'\no.", "refused", ["posix.system"])
    put("eval.pkl", b"\x80\x02cbuiltins\neval\n" + binunicode(f"open('{CANARY}', 'w')") + b"\x85R.", "refused", ["builtins.eval"])
    put("exec_old_name.pkl", b"c__builtin__\nexec\n" + binunicode("import os") + b"\x85R.", "refused", ["__builtin__.exec"])
    put("stack_global.pkl", b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93" + binunicode("true") + b"\x85R.",
        "refused", ["subprocess.Popen"])
    put("getattr_chain.pkl", b"\x80\x04cbuiltins\ngetattr\ncnumpy\nrandom\n" + binunicode("os") + b"\x86R"
        + b"0cbuiltins\ngetattr\ncos\npath\n" + binunicode("system") + b"\x86R" + binunicode(touch.decode()) + b"\x85R.",
        "refused", [])
    put("getattr_resolves.pkl", b"\x80\x04cbuiltins\ngetattr\nc__builtin__\n__import__\n" + binunicode("os") + b"\x85R"
        + binunicode("system") + b"\x86R" + binunicode(touch.decode()) + b"\x85R.", "refused", [])
    put("dotted_name.pkl", b"\x80\x04" + short("numpy") + short("testing.os.system") + b"\x93" + binunicode(touch.decode()) + b"\x85R.",
        "refused", [])
    put("build_sets_state.pkl", b"\x80\x04csklearn.linear_model._base\nLinearRegression\n)\x81}" + short("__class__")
        + b"cposix\nsystem\nsb.", "refused", ["posix.system"])
    nested = fitted(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)))
    nested.steps.insert(1, ("hidden", Runs()))
    put("inside_pipeline.joblib", dump_bytes(nested), "refused", ["posix.system"])
    extra = fitted(LogisticRegression(max_iter=1000))
    extra.note = Runs()
    put("inside_attribute.pkl", pickle.dumps(extra, 5), "refused", ["posix.system"])
    put("inside_object_array.joblib", dump_bytes({"a": np.array([Runs(), 1], dtype=object)}), "refused", ["posix.system"])
    put("persistent_id.pkl", b"\x80\x02X\x01\x00\x00\x00aQ.", "refused", [])
    put("extension.pkl", b"\x80\x02\x82\x01.", "refused", [])
    put("unknown_opcode.pkl", b"\x80\x04\xff.", "malformed", [])
    put("future_protocol.pkl", b"\x80\x63N.", "malformed", [])
    put("empty.joblib", b"", "malformed", [])
    put("text.joblib", b"this is not a model\n", "malformed", [])
    put("truncated_forest.pkl", forest[:len(forest) * 2 // 3], "malformed", [])
    put("truncated_forest.joblib", joblib_forest[:len(joblib_forest) - 100], "malformed", [])
    put("truncated_gzip.pkl", gzip.compress(forest, mtime=0)[:-200], "malformed", [])
    put("corrupt_zlib.joblib", damaged(zlib.compress(joblib_forest)), "malformed", [])
    doubling = b"]q\x00" + b"".join(b"](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(60))
    put("doubling.pkl", b"\x80\x02" + doubling + b".", "malformed", [])
    put("memo_far.pkl", b"\x80\x02Nr" + struct.pack("<I", 0xFFFFFFF0) + b".", "malformed", [])
    put("memo_missing.pkl", b"\x80\x02h\x07.", "malformed", [])
    put("deep.pkl", b"\x80\x02" + b"]" * 50000 + b"a" * 49999 + b".", "malformed", [])
    put("itself.pkl", b"\x80\x02]q\x00h\x00a.", "malformed", [])
    put("claims_length.pkl", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"abc.", "malformed", [])
    put("claims_frame.pkl", b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.", "malformed", [])
    put("huge_array.pkl", array_pickle([1 << 40], b"12345678"), "malformed", [])
    put("overflowing_array.pkl", array_pickle([1 << 33, 1 << 33], b"12345678"), "malformed", [])
    put("negative_array.pkl", array_pickle([-1], b"12345678"), "malformed", [])
    put("gzip_bomb.pkl", bomb(zlib.compressobj(9, zlib.DEFLATED, 31), 64), "limit", [])
    put("bz2_bomb.pkl", bomb(bz2.BZ2Compressor(), 1024), "limit", [])

    def cycle(nodes):
        nodes["left_child"][0] = 0

    def wild_child(nodes):
        nodes["right_child"][0] = 1 << 40

    def wild_feature(nodes):
        nodes["feature"][0] = 1 << 20

    put("tree_cycle.pkl", patched_tree(cycle), "malformed", [])
    put("tree_wild_child.pkl", patched_tree(wild_child), "malformed", [])
    put("tree_wild_feature.pkl", patched_tree(wild_feature), "malformed", [])
    put("linear_wrong_width.pkl", patched(LogisticRegression(max_iter=1000), coef_=np.zeros((3, 2))), "malformed", [])
    put("linear_wrong_classes.pkl", patched(LogisticRegression(max_iter=1000), classes_=np.arange(7)), "malformed", [])
    put("scaler_wrong_width.pkl", patched(StandardScaler(), scale_=np.ones(2)), "malformed", [])
    put("svc_wrong_support.pkl", patched(SVC(), _n_support=np.array([900, 900, 900], dtype=np.int32)), "malformed", [])
    put("svc_wrong_dual.pkl", patched(SVC(), _dual_coef_=np.zeros((2, 1))), "malformed", [])
    write_expected(folder, expected)


def binunicode(text):
    data_bytes = text.encode()
    return b"X" + struct.pack("<I", len(data_bytes)) + data_bytes


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def damaged(content):
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x5A for byte in content[middle:middle + 40]) + content[middle + 40:]


def dump_bytes(value):
    out = io.BytesIO()
    joblib.dump(value, out)
    return out.getvalue()


def write_expected(folder, expected):
    lines = [f" {json.dumps(name)}: {json.dumps(what)}" for name, what in sorted(expected.items())]
    (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    for write in (unsupported, hostile):
        folder = pathlib.Path(sys.argv[1]) / write.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        write(folder)
        print(f"{folder.name}: {len(list(folder.iterdir())) - 1} files")


if __name__ == "__main__":
    main()
