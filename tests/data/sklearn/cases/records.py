"""DictVectorizer: rows that are dicts, by itself, in pipelines, unions and beside other columns."""

import numpy as np
import pandas as pd
from sklearn import ensemble, linear_model, model_selection, naive_bayes, preprocessing as pp, svm
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from cases.registry import add

WEATHER = [
    {"city": "London", "temperature": 12.5, "rain": True},
    {"city": "Dubai", "temperature": 33.0, "rain": False},
    {"city": "San Francisco", "temperature": 18, "rain": False},
    {"city": "London", "temperature": 7.25, "rain": True},
    {"city": "Köln", "temperature": 9.5, "rain": True, "wind": 3},
    {"city": "Dubai", "temperature": 39.75, "rain": False, "wind": 1.5},
    {"city": "Köln", "temperature": 21.0, "rain": False, "": 4.0},
    {"city": "San Francisco", "temperature": 15.5, "rain": True, "wind": 7},
]
WARM = [0, 1, 1, 0, 0, 1, 1, 0]
# Unknown keys and texts, nothing at all, a key that spells another entry, a number where a text was and the reverse.
PROBE = WEATHER + [
    {}, {"unknown": 5, "city": "Paris"}, {"temperature": 10}, {"city": 3.5}, {"temperature": "warm"},
    {"city=London": 2.5, "city": "London"}, {"rain": 0.5, "wind": -2, "city": "Dubai"}, {"": 2, "city": ""},
]
TAGGED = [
    {"tags": ["wet", "cold"], "size": 1.0}, {"tags": ["cold"], "size": 2.0}, {"tags": [], "size": 3.0},
    {"tags": ("wet", "windy"), "size": 0.5}, {"tags": "wet", "size": 4.0},
]
TAGGED_PROBE = TAGGED + [{"tags": ["wet", "wet", "unknown"]}, {"tags": "cold", "more": ["x"]}, {"tags=wet": 3, "tags": ["wet"]}]


def vectorizer(rows=WEATHER, **options):
    return DictVectorizer(**options).fit(rows)


def wide():
    """Enough texts that the matrix is sparse."""
    random = np.random.RandomState(3)
    return [{f"k{random.randint(40)}": float(random.randint(1, 9)), f"k{random.randint(40)}": random.randint(1, 5),
             "word": f"w{random.randint(120)}", "more": [f"m{i}" for i in random.randint(50, size=random.randint(4))]}
            for _ in range(160)]


def wide_target():
    return [(len(row["word"]) + sum(map(len, row["more"]))) % 3 for row in wide()]


def fit(model, rows, target, probe):
    return model.fit(rows, target), probe


add("records_plain", lambda: (vectorizer(), PROBE))
add("records_dense", lambda: (vectorizer(sparse=False), PROBE))
add("records_unsorted", lambda: (vectorizer(sort=False), PROBE))
add("records_separator", lambda: (vectorizer(separator=": "), PROBE))
add("records_empty_separator", lambda: (vectorizer(separator=""), PROBE))
add("records_float32", lambda: (vectorizer(dtype=np.float32), PROBE + [{"temperature": 0.1}, {"temperature": 1e300}]))
add("records_int64", lambda: (vectorizer(dtype=np.int64), PROBE + [{"temperature": -7.9}],
                              [{"temperature": None}, {"temperature": float("nan")}]))
add("records_int8", lambda: (vectorizer(dtype=np.int8), PROBE, [{"temperature": None}]))
add("records_python_float", lambda: (vectorizer(dtype=float), PROBE, [{"temperature": None}]))
add("records_python_int", lambda: (vectorizer(dtype=int), PROBE))
add("records_missing", lambda: (vectorizer(), [{"temperature": None}, {"temperature": float("nan")}, {"rain": None, "wind": 1}]))
add("records_lists_of_texts", lambda: (vectorizer(TAGGED), TAGGED_PROBE))
add("records_wide", lambda: (vectorizer(wide()), wide()[:24] + [{}, {"k1": 1, "k1=": "x"}]))
add("records_restricted", lambda: (vectorizer().restrict([True, False, True, True, False, True, False, True]), PROBE))
add("records_integer_keys", lambda: (vectorizer([{1: 2.5, 20: "x"}, {3: 1.0}], sort=False), [{1: 2.5, 20: "x"}, {3: 4.0}, {}]))
add("records_one_entry", lambda: (vectorizer([{"a": 1}]), [{"a": 2}, {"b": 1}]))

# Models over records.
add("records_logistic", lambda: fit(
    make_pipeline(DictVectorizer(), linear_model.LogisticRegression(max_iter=1000)), WEATHER, WARM, PROBE))
add("records_logistic_text_labels", lambda: fit(
    make_pipeline(DictVectorizer(), linear_model.LogisticRegression(max_iter=1000)), WEATHER,
    ["warm" if w else "cold" for w in WARM], PROBE))
add("records_wide_logistic", lambda: fit(
    make_pipeline(DictVectorizer(), linear_model.LogisticRegression(max_iter=1000)), wide(), wide_target(), wide()[:24]))
add("records_wide_scaled_svc", lambda: fit(
    make_pipeline(DictVectorizer(), pp.MaxAbsScaler(), svm.LinearSVC(random_state=0)), wide(), wide_target(), wide()[:24]))
add("records_wide_forest", lambda: fit(
    make_pipeline(DictVectorizer(), ensemble.RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0)),
    wide(), wide_target(), wide()[:24]))
add("records_scaled_ridge", lambda: fit(
    make_pipeline(DictVectorizer(sparse=False), pp.StandardScaler(), linear_model.Ridge()), WEATHER,
    [row["temperature"] for row in WEATHER], PROBE))
add("records_naive_bayes", lambda: fit(
    make_pipeline(DictVectorizer(sparse=False), naive_bayes.GaussianNB()), WEATHER, WARM, WEATHER))
add("records_logistic_refuses_missing", lambda: (
    make_pipeline(DictVectorizer(), linear_model.LogisticRegression()).fit(WEATHER, WARM), WEATHER,
    [{"temperature": None}, {"temperature": float("nan")}]))
add("records_union", lambda: fit(
    Pipeline([("both", FeatureUnion([("plain", DictVectorizer()), ("scaled", make_pipeline(
        DictVectorizer(sparse=False), pp.MinMaxScaler()))])), ("model", linear_model.LogisticRegression())]),
    WEATHER, WARM, PROBE))
add("records_identity_first", lambda: fit(
    make_pipeline(pp.FunctionTransformer(), DictVectorizer(), linear_model.LogisticRegression()), WEATHER, WARM, PROBE))
add("records_grid_search", lambda: fit(
    model_selection.GridSearchCV(make_pipeline(DictVectorizer(), linear_model.LogisticRegression()),
                                 {"logisticregression__C": [0.5, 2.0]}, cv=2), WEATHER, WARM, PROBE))


def beside_columns():
    frame = pd.DataFrame({"age": [31.0, 40.0, 22.0, 57.0, 35.0, 64.0, 29.0, 48.0], "weather": WEATHER,
                          "sex": ["f", "m", "f", "m", "m", "f", "f", "m"]})
    model = make_pipeline(
        ColumnTransformer([("number", pp.StandardScaler(), ["age"]), ("dict", DictVectorizer(), "weather"),
                           ("text", pp.OneHotEncoder(handle_unknown="ignore"), ["sex"])]),
        linear_model.LogisticRegression())
    rows = pd.DataFrame({"age": [50.0] * len(PROBE), "weather": PROBE, "sex": ["f", "m"] * (len(PROBE) // 2)})
    return model.fit(frame, WARM), rows


add("records_beside_columns", beside_columns)
