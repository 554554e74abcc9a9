#!/usr/bin/env python3
"""Files as sklearn2pmml and nyoka write them, and JPMML-Evaluator's answers to them.

    make_libraries.py DIRECTORY ORACLE_CLASSPATH [PATTERN]

Runs in a virtual environment of requirements.txt beside it; needs Java for sklearn2pmml. Files lie under the
version of the library that wrote them. What a library cannot write, or the evaluator not read, is told and left out.
"""

import fnmatch
import importlib.metadata
import pathlib
import sys

import make
import numpy
import pandas
import sklearn2pmml
import sklearn2pmml.feature_extraction.text as pmml_text
from nyoka import skl_to_pmml
from sklearn import (cluster, compose, discriminant_analysis, dummy, ensemble, feature_selection, impute, linear_model,
                     multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

SKLEARN2PMML, NYOKA = importlib.metadata.version("sklearn2pmml"), importlib.metadata.version("nyoka")


def data():
    random = numpy.random.RandomState(7)
    x = pandas.DataFrame(random.normal(size=(120, 4)).round(3), columns=["a", "b", "c", "d"])
    score = x["a"] - 0.5 * x["b"] * x["c"] + 0.3 * random.normal(size=120)
    labels = pandas.Series(numpy.where(score < -0.4, "low", numpy.where(score < 0.5, "mid", "high")), name="y")
    return x, score.rename("y").round(3), labels


X, NUMBERS, LABELS = data()
BINARY = (NUMBERS > 0).astype(int).rename("y")
MIXED = X.assign(kind=numpy.array(["red", "green", "blue"])[numpy.arange(120) % 3], size=numpy.arange(120) % 5)
ROWS = X.iloc[:12].to_dict("records")


def mixed_columns():
    return compose.ColumnTransformer([
        ("numbers", preprocessing.StandardScaler(), ["a", "b", "c", "d"]),
        ("kinds", preprocessing.OneHotEncoder(), ["kind", "size"]),
    ])


SHARED = {
    "linear": (linear_model.LinearRegression(), NUMBERS),
    "ridge": (linear_model.Ridge(0.5), NUMBERS),
    "lasso": (linear_model.Lasso(0.05), NUMBERS),
    "elastic_net": (linear_model.ElasticNet(0.05), NUMBERS),
    "logistic": (linear_model.LogisticRegression(), BINARY),
    "logistic3": (linear_model.LogisticRegression(), LABELS),
    "sgd_classifier": (linear_model.SGDClassifier(loss="log_loss", random_state=0), BINARY),
    "tree_regressor": (tree.DecisionTreeRegressor(max_depth=4, random_state=0), NUMBERS),
    "tree_classifier": (tree.DecisionTreeClassifier(max_depth=4, random_state=0), LABELS),
    "forest_regressor": (ensemble.RandomForestRegressor(5, max_depth=3, random_state=0), NUMBERS),
    "forest_classifier": (ensemble.RandomForestClassifier(5, max_depth=3, random_state=0), LABELS),
    "extra_trees": (ensemble.ExtraTreesClassifier(5, max_depth=3, random_state=0), LABELS),
    "boosting_regressor": (ensemble.GradientBoostingRegressor(n_estimators=6, random_state=0), NUMBERS),
    "boosting_classifier": (ensemble.GradientBoostingClassifier(n_estimators=5, random_state=0), BINARY),
    "boosting_classifier3": (ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0), LABELS),
    "svr": (svm.SVR(C=0.5), NUMBERS),
    "svc": (svm.SVC(C=0.5), LABELS),
    "linear_svc": (svm.LinearSVC(random_state=0), BINARY),
    "linear_svr": (svm.LinearSVR(random_state=0), NUMBERS),
    "knn_regressor": (neighbors.KNeighborsRegressor(3), NUMBERS),
    "knn_classifier": (neighbors.KNeighborsClassifier(3), LABELS),
    "gaussian_nb": (naive_bayes.GaussianNB(), LABELS),
    "mlp_regressor": (neural_network.MLPRegressor((5, 3), random_state=0, max_iter=60), NUMBERS),
    "mlp_classifier": (neural_network.MLPClassifier((5,), random_state=0, max_iter=60), LABELS),
    "kmeans": (cluster.KMeans(3, n_init=1, random_state=0), None),
    "isolation_forest": (ensemble.IsolationForest(n_estimators=5, random_state=0), None),
    "one_class_svm": (svm.OneClassSVM(nu=0.2), None),
    "bagging": (ensemble.BaggingClassifier(n_estimators=3, random_state=0), LABELS),
    "voting": (ensemble.VotingClassifier([("l", linear_model.LogisticRegression()),
                                          ("t", tree.DecisionTreeClassifier(max_depth=3, random_state=0))],
                                         voting="soft"), LABELS),
    "adaboost": (ensemble.AdaBoostRegressor(n_estimators=3, random_state=0), NUMBERS),
    "lda": (discriminant_analysis.LinearDiscriminantAnalysis(), LABELS),
    "dummy": (dummy.DummyClassifier(strategy="prior"), LABELS),
    "hist_boosting": (ensemble.HistGradientBoostingRegressor(max_iter=4, random_state=0), NUMBERS),
    "stacking": (ensemble.StackingRegressor([("l", linear_model.LinearRegression()),
                                             ("t", tree.DecisionTreeRegressor(max_depth=3, random_state=0))]), NUMBERS),
}
STEPS = {
    "scaled": [preprocessing.StandardScaler()],
    "min_max": [preprocessing.MinMaxScaler()],
    "max_abs": [preprocessing.MaxAbsScaler()],
    "robust": [preprocessing.RobustScaler()],
    "imputed": [impute.SimpleImputer(), preprocessing.StandardScaler()],
    "binarized": [preprocessing.Binarizer()],
    "polynomial": [preprocessing.PolynomialFeatures(2)],
    "selected": [feature_selection.SelectKBest(k=2)],
    "pca": [PCA(2)],
    "bins": [preprocessing.KBinsDiscretizer(3, encode="ordinal", subsample=None)],
}

# Files whose classes JPMML-Evaluator does not find, so that it answers 0 for the probability of each.
LEFT_OUT = {"nyoka_boosting_classifier"}

TEXTS = pandas.Series(["The quick brown fox", "jumps over the lazy dog!", "a Quick dog, and a fox",
                       "Lazy lazy cat; the dog's bowl", "brown bowl over the cat", "fox fox dog"] * 3, name="doc")
TEXT_ROWS = [{"doc": text} for text in [*TEXTS[:6], "", "nothing known here", "FOX, fox. (fox) -- over the over",
                                        "the lazy brown\tfox\n  quick brown fox", "dog's dogs dog", "an and a the"]]
VECTORIZERS = {
    "count": CountVectorizer(),
    "split": CountVectorizer(tokenizer=pmml_text.Splitter()),
    "bigram": CountVectorizer(ngram_range=(1, 2), stop_words=["the", "over", "a"]),
    "stop_words": CountVectorizer(stop_words="english"),
    "tfidf": TfidfVectorizer(norm=None),
    "tfidf_norm": TfidfVectorizer(),
    "sublinear": TfidfVectorizer(norm=None, sublinear_tf=True),
    "binary": CountVectorizer(binary=True, lowercase=False),
    "no_idf": TfidfVectorizer(norm=None, use_idf=False, token_pattern=r"(?u)\b[a-z]{3,}\b"),
}


def several_targets():
    numbers = pandas.DataFrame({"y1": X["a"] + X["b"], "y2": X["b"] * X["c"]})
    binary = pandas.DataFrame({"k1": (X["a"] > 0).astype(int), "k2": (X["b"] > 0).astype(int)})
    for name, estimator, y in (
            ("regressor", multioutput.MultiOutputRegressor(linear_model.LinearRegression()), numbers),
            ("classifier", multioutput.MultiOutputClassifier(linear_model.LogisticRegression()), binary),
            ("linear", linear_model.LinearRegression(), numbers),
            ("knn", neighbors.KNeighborsRegressor(3), numbers),
            ("knn_classifier", neighbors.KNeighborsClassifier(3), binary),
            ("chain", multioutput.ClassifierChain(linear_model.LogisticRegression()), binary),
            ("regressor_chain", multioutput.RegressorChain(linear_model.LinearRegression()), numbers)):
        yield f"targets_{name}", [("model", estimator)], X, y, ROWS


def text_cases():
    y = pandas.Series([0, 1, 0, 1, 1, 0] * 3, name="y")
    for name, vectorizer in VECTORIZERS.items():
        # A text of no known term has no norm: the evaluator refuses to divide by 0.
        rows = [row for row in TEXT_ROWS if "fox" in row["doc"].lower()] if name == "tfidf_norm" else TEXT_ROWS
        yield f"text_{name}", [("v", vectorizer), ("model", linear_model.LogisticRegression())], TEXTS, y, rows
    table = pandas.DataFrame({"doc": TEXTS, "other": TEXTS[::-1].values, "n": numpy.arange(18) / 10})
    columns = compose.ColumnTransformer([("a", TfidfVectorizer(norm=None), "doc"), ("b", CountVectorizer(), "other"),
                                         ("c", preprocessing.StandardScaler(), ["n"])])
    yield ("text_columns", [("c", columns), ("model", linear_model.LogisticRegression())], table, y,
           table.iloc[:8].to_dict("records"))
    yield ("text_forest", [("v", CountVectorizer()), ("model", ensemble.RandomForestClassifier(4, random_state=0))],
           TEXTS, y, TEXT_ROWS)


def cases():
    for name, (estimator, y) in SHARED.items():
        yield name, [("model", estimator)], X, y, ROWS
    for name, steps in STEPS.items():
        y = BINARY if name == "selected" else NUMBERS
        last = linear_model.LogisticRegression() if name == "selected" else linear_model.LinearRegression()
        yield name, [(f"s{i}", step) for i, step in enumerate(steps)] + [("model", last)], X, y, ROWS
    rows = MIXED.iloc[:12].to_dict("records")
    yield "mixed_logistic", [("c", mixed_columns()), ("model", linear_model.LogisticRegression())], MIXED, LABELS, rows
    yield "mixed_forest", [("c", mixed_columns()),
                           ("model", ensemble.RandomForestClassifier(4, max_depth=3, random_state=0))], MIXED, LABELS, rows


def write_sklearn2pmml(path, steps, x, y):
    made = sklearn2pmml.PMMLPipeline(steps)
    made.fit(x, y)
    sklearn2pmml.sklearn2pmml(made, str(path))


def write_nyoka(path, steps, x, y):
    made = pipeline.Pipeline(steps)
    made.fit(x, y)
    skl_to_pmml(made, list(x.columns), "y", str(path))


def main():
    data_folder, classpath = pathlib.Path(sys.argv[1]), sys.argv[2]
    pattern = sys.argv[3] if len(sys.argv) > 3 else "*"
    for library, version, writer, made in (("sklearn2pmml", SKLEARN2PMML, write_sklearn2pmml, 
                                            [cases, text_cases, several_targets]),
                                           ("nyoka", NYOKA, write_nyoka, [cases])):
        folder = data_folder / version
        folder.mkdir(exist_ok=True)
        for name, steps, x, y, rows in (case for group in made for case in group()):
            case = f"{library}_{name}"
            if case in LEFT_OUT or not fnmatch.fnmatch(case, pattern):
                continue
            path = folder / f"{case}.pmml"
            try:
                writer(path, steps, x, y)
                make.write(folder, case, path, [{k: str(v) for k, v in row.items()} for row in rows], classpath,
                           tolerance=1e-6 if "x-mathContext" in path.read_text() else 1e-9)
            except Exception as error:  # whatever the library cannot do
                path.unlink(missing_ok=True)
                print("NOT WRITTEN", case, str(getattr(error, "stderr", error))[-160:].replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
