"""MLflow's own parts, in an environment of their own: models saved, the original server, the client.

    original.py save FOLDER              saves the models named, proba, unnamed, mixed and optional
    original.py serve FOLDER             serves one; prints its port
    original.py score URL FOLDER         asks a server with mlflow's client; prints the predictions
"""

import datetime
import json
import socket
import sys

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature


def save(folder):
    from sklearn.compose import make_column_transformer
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame, target = load_iris(return_X_y=True, as_frame=True)
    frame.columns = ["sepal length", "sepal width", "petal length", "petal width"]
    names = np.array(["setosa", "versicolor", "virginica"])[target]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, names)
    mlflow.sklearn.save_model(model, f"{folder}/named", signature=infer_signature(frame, names))
    mlflow.sklearn.save_model(model, f"{folder}/proba", pyfunc_predict_fn="predict_proba",
                              signature=infer_signature(frame, model.predict_proba(frame)))
    model = RandomForestClassifier(5, random_state=0).fit(frame.to_numpy(), target)
    mlflow.sklearn.save_model(model, f"{folder}/unnamed")
    mixed = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0] * 10, "city": ["Rome", "Oslo", "Rome", "Kyiv"] * 10})
    encoder = make_column_transformer((SimpleImputer(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["city"]))
    model = make_pipeline(encoder, LogisticRegression()).fit(mixed, [0, 1, 0, 1] * 10)
    mlflow.sklearn.save_model(model, f"{folder}/mixed", signature=infer_signature(mixed, np.array([0, 1])))
    mixed.loc[::5, "age"] = np.nan  # so it is a column that may be missing
    params = {"share": 0.5, "count": 3, "word": "a", "counts": [1, 2], "day": datetime.date(2024, 1, 1), "is_on": True}
    mlflow.sklearn.save_model(model, f"{folder}/optional", signature=infer_signature(mixed, np.array([0, 1]), params=params))


def serve(folder):
    import uvicorn
    from mlflow.pyfunc import scoring_server

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = scoring_server.init(mlflow.pyfunc.load_model(folder))
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def score(url, folder):
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    host, port = url.removeprefix("http://").split(":")
    client = ScoringServerClient(host, int(port))
    client.ping()
    rows = pd.DataFrame([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]],
                        columns=["sepal length", "sepal width", "petal length", "petal width"])
    answers = {"remote": client.invoke(rows).get_predictions().iloc[:, 0].tolist(),
               "local": mlflow.pyfunc.load_model(folder).predict(rows).tolist(),
               "version": client.get_version()}
    print(json.dumps(answers))


if __name__ == "__main__":
    {"save": save, "serve": serve, "score": score}[sys.argv[1]](*sys.argv[2:])
