"""Trains the iris example: writes beside this file iris.joblib (a fitted model), iris.csv (the 150 flowers) and
predictions.csv (what scikit-learn itself answers for each of them).

Written with scikit-learn 1.7.2 on Python 3.11; requirements.txt pins the rest:
    python3 -m venv env && env/bin/pip install -r requirements.txt && env/bin/python train.py
"""

import pathlib

import joblib
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def main():
    here = pathlib.Path(__file__).resolve().parent
    iris = load_iris()
    flowers = pd.DataFrame(iris.data, columns=COLUMNS)
    species = iris.target_names[iris.target]

    model = LogisticRegression(max_iter=1000).fit(flowers, species)
    joblib.dump(model, here / "iris.joblib")
    flowers.assign(species=species).to_csv(here / "iris.csv", index=False)
    answers = pd.DataFrame(model.predict_proba(flowers), columns=[f"predict_proba_{name}" for name in model.classes_])
    answers.insert(0, "predict", model.predict(flowers))
    answers.to_csv(here / "predictions.csv", index=False)
    print(f"accuracy on its own data: {model.score(flowers, species):.3f}")


if __name__ == "__main__":
    main()
