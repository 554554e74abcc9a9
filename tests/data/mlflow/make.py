"""Writes the MLflow fixtures of one version of mlflow: model folders, and zip and tar.gz files of some.

Run by tools/make_container_fixtures: `make.py OUTPUT_FOLDER`. The cases, the JSON and the rules are those of ../sklearn
(its README.md documents them). Every other model is logged with a signature, the serialisation takes turns.
"""

import inspect
import pathlib
import shutil
import sys
import tarfile
import traceback
import warnings
import zipfile

SKLEARN = pathlib.Path(__file__).resolve().parent.parent / "sklearn"
sys.path.insert(0, str(SKLEARN))
import make as sklearn_make  # noqa: E402
import mlflow  # noqa: E402
import mlflow.sklearn  # noqa: E402
from cases import all_cases  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402

NAMES = """
linear_regression logistic_regression_text_labels logistic_regression_frame random_forest_classifier svc_rbf
gaussian_nb columns_by_name one_hot_text_ignore gradient_boosting_regressor_huber grid_search_pipeline
hist_gradient_boosting_classifier_missing pipeline_scaler_logistic
""".split()
FILES_KEPT = ("MLmodel", "model.pkl", "model.skops", "requirements.txt")
state = {"place": 0, "data": None}


def pack(folder, path, place):
    """The folder itself, or an archive of it with or without a folder at the top."""
    if place % 3 == 0:
        return folder
    if place % 3 == 1:
        archive = path.with_suffix(".tar.gz")
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder, arcname=".")
    else:
        archive = path.with_suffix(".zip")
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
            for file in sorted(folder.iterdir()):
                into.write(file, f"model/{file.name}")
    shutil.rmtree(folder)
    return archive


def write(value, folder, name, way):
    path = folder / f"{name}_model"
    shutil.rmtree(path, ignore_errors=True)
    place = state["place"] = state["place"] + 1
    options = {"serialization_format": "pickle" if place % 2 else "cloudpickle"}
    if place % 4 == 0 and "skops_trusted_types" in inspect.signature(mlflow.sklearn.save_model).parameters:
        options["serialization_format"] = "skops"
    if place % 2:
        options["signature"] = infer_signature(state["data"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(value, str(path), pip_requirements=["scikit-learn"], **options)
        loaded = mlflow.sklearn.load_model(str(path))
    for file in path.iterdir():
        if file.name not in FILES_KEPT:
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    return pack(path, path, place).name, loaded


def main():
    sklearn_make.write = write
    sklearn_make.WAYS = [("mlflow", None, None)]
    folder = pathlib.Path(sys.argv[1]) / mlflow.__version__
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = 0
    for case in all_cases():
        if case.name not in NAMES:
            continue
        state["data"] = sklearn_make.as_input(case.build()[1])
        try:
            sklearn_make.make(case, folder)
            made += 1
        except Exception:  # noqa: BLE001 - the others are still made
            traceback.print_exc()
            for partial in folder.glob(f"{case.name}.*"):
                partial.unlink()
    print(f"mlflow {mlflow.__version__}: {made} cases made of {len(NAMES)}")


if __name__ == "__main__":
    main()
