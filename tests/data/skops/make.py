"""Writes the skops fixtures of one version of skops: models of the scikit-learn cases as .skops files.

Run by tools/make_container_fixtures: `make.py OUTPUT_FOLDER [NAME_PREFIX]`. The cases, the JSON and the rules are those
of ../sklearn (its README.md documents them); a case that skops cannot write is listed in SKIPPED.txt.
"""

import pathlib
import sys
import traceback
import zipfile
import zlib

SKLEARN = pathlib.Path(__file__).resolve().parent.parent / "sklearn"
sys.path.insert(0, str(SKLEARN))
import make as sklearn_make  # noqa: E402
import skops  # noqa: E402
import skops.io  # noqa: E402
from cases import all_cases  # noqa: E402
from cases.registry import OLD  # noqa: E402

MORE = """
kept_pandas kept_arrays kernel_pca target_encoder spline_transformer knn_imputer columns_nested columns_pandas_output
voting_classifier stacking_classifier bagging_classifier one_vs_rest calibrated_classifier titanic_hist_boosting
adult_ordinal_hist_boosting titanic_pipeline columns_by_slice columns_by_name_reordered tfidf_vectorizer
count_vectorizer iterative_imputer ada_boost_classifier isolation_forest mlp_classifier
""".split()
BYTES_MAX = 60_000


def write(value, folder, name, way):
    """A .skops file; most of them deflated, as skops offers since 0.7."""
    path = folder / f"{name}.skops"
    deflate = zlib.crc32(name.encode()) % 3 != 0
    try:
        skops.io.dump(value, path, **({"compression": zipfile.ZIP_DEFLATED} if deflate else {}))
    except TypeError as error:
        if "compression" not in str(error):
            raise
        skops.io.dump(value, path)
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"larger than a fixture should be: {path.stat().st_size} bytes")
    try:
        trusted = skops.io.get_untrusted_types(file=path)
    except TypeError:
        trusted = True
    return path.name, skops.io.load(path, trusted=trusted)


def main():
    sklearn_make.write = write
    sklearn_make.WAYS = [("skops", None, None)]
    folder = pathlib.Path(sys.argv[1]) / skops.__version__
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    skipped, made = [], 0
    for case in all_cases():
        if case.name not in OLD + MORE or not case.name.startswith(prefix):
            continue
        for old in folder.glob(f"{case.name}.*"):
            old.unlink()
        try:
            sklearn_make.make(case, folder)
            made += 1
        except Exception as error:  # noqa: BLE001 - the summary is the point
            for partial in folder.glob(f"{case.name}.*"):
                partial.unlink()
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            skipped.append(f"{case.name}: {reason[:160]}")
            if isinstance(error, AssertionError):
                traceback.print_exc()
    if not prefix:
        (folder / "SKIPPED.txt").write_text("".join(line + "\n" for line in skipped))
    print(f"skops {skops.__version__}: {made} cases made, {len(skipped)} skipped")
    for line in skipped:
        print("  skipped", line)


if __name__ == "__main__":
    main()
