"""Texts: CountVectorizer, TfidfVectorizer, HashingVectorizer, TfidfTransformer, FeatureHasher, and models behind them."""

import numpy as np
import pandas as pd
from sklearn import linear_model, model_selection, preprocessing as pp, svm, tree
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from cases import data
from cases.registry import add

TEXTS = [
    "The quick brown fox jumps over the lazy dog", "A film to love: great acting, great plot!", "I hated every minute of it; dull, dull, dull.",
    "Not good. Not bad either, it's just O.K.", "Terrible film -- 2 hours I'll never get back", "What a great, great and beautiful story",
    "Grüße aus Köln, naïve Café-Besucher über Straßen", "ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΙΣΥΦΟΣ, Ὀδυσσεύς", "İstanbul'da IŞIK ve ılık çay", "これは とても 良い 映画 です 良い",
    "Это очень хороший фильм, ХОРОШИЙ актёр", "한국어 텍스트 분석 한국어", "price: 42.50 EUR, 3 x 14 = 42, no_1 user@example.org", "email me: me@here.net #great #film @you",
    "love love love the acting and the plot", "bad acting, bad plot, bad film", "ﬁne ½ x² Ⅷ — “quoted” ‘words’ …", "the and of to in a", "beautiful film, a quick and lazy plot", "dull story; never again",
]
MOOD = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0])
PROBE = TEXTS[::2] + ["", " ", "a", "great film", "GREAT\tFILM\n\nfilm  film", "unknown wörds öf nö vocabulary", "Σ ΑΣ ΑΣ' ΑΣ.Α İ ΣΣ",
                     "cafe\u0301 e\u0301 \u0301", "no_1 _ __ 42", "日本 映画", "\u00a0great\u2003plot\x1cdull\x85story", "😀 great😀film"]


def fit(model, rows=PROBE):
    return model.fit(TEXTS), rows


def learn(model, target=MOOD, rows=PROBE):
    return model.fit(TEXTS, target), rows


COUNTS = {
    "plain": dict(),
    "bigrams": dict(ngram_range=(1, 2), max_features=90),
    "only_trigrams": dict(ngram_range=(3, 3)),
    "binary": dict(binary=True, max_features=40),
    "case_kept": dict(lowercase=False),
    "accents_ascii": dict(strip_accents="ascii"),
    "accents_unicode": dict(strip_accents="unicode"),
    "english": dict(stop_words="english", ngram_range=(1, 2), max_features=80),
    "stop_list": dict(stop_words=["the", "great", "плот", "фильм"], ngram_range=(2, 2)),
    "document_frequency": dict(min_df=2, max_df=0.5),
    "char": dict(analyzer="char", ngram_range=(1, 3), max_features=120),
    "char_case": dict(analyzer="char", ngram_range=(2, 2), lowercase=False, max_features=70),
    "char_wb": dict(analyzer="char_wb", ngram_range=(2, 4), max_features=120),
    "char_wb_long": dict(analyzer="char_wb", ngram_range=(5, 7), max_features=90, strip_accents="unicode"),
    "pattern_one_letter": dict(token_pattern=r"(?u)\b\w+\b", max_features=80),
    "pattern_letters": dict(token_pattern=r"[a-z']+", max_features=60),
    "pattern_not_space": dict(token_pattern=r"\S+", max_features=60),
    "pattern_group": dict(token_pattern=r"[#@](\w+)"),
    "pattern_numbers": dict(token_pattern=r"\d+(?:\.\d+)?|\w+@\w+\.\w+"),
    "vocabulary_list": dict(vocabulary=["great", "film", "plot", "нет", "良い", "café"]),
    "vocabulary_dict": dict(vocabulary={"great": 1, "film": 0, "dull dull": 2}, ngram_range=(1, 2)),
    "float32": dict(dtype=np.float32, max_features=20),
}
for name, options in COUNTS.items():
    add(f"text_count_{name}", lambda options=options: fit(CountVectorizer(**options)))
add("text_count_vocabulary_not_fitted", lambda: (CountVectorizer(vocabulary=["film", "great", "dull"]), PROBE))

TFIDF = {
    "plain": dict(max_features=70),
    "sublinear": dict(sublinear_tf=True, max_features=70),
    "no_idf": dict(use_idf=False, norm="l1", max_features=66),
    "no_norm": dict(norm=None, max_features=66),
    "not_smooth": dict(smooth_idf=False, max_features=66),
    "binary_english": dict(binary=True, stop_words="english", ngram_range=(1, 2), max_features=70),
    "char_wb": dict(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True, max_features=80),
    "narrow": dict(max_features=12),
    "float32": dict(dtype=np.float32, max_features=20),
}
for name, options in TFIDF.items():
    add(f"text_tfidf_{name}", lambda options=options: fit(TfidfVectorizer(**options)), tolerance=1e-6 if name == "float32" else None)

HASHING = {
    "plain": dict(n_features=128),
    "wide_bigrams": dict(n_features=300, ngram_range=(1, 2)),
    "unsigned": dict(n_features=97, alternate_sign=False, norm=None),
    "narrow_l1": dict(n_features=16, norm="l1"),
    "binary": dict(n_features=80, binary=True, norm=None),
    "char": dict(n_features=100, analyzer="char", ngram_range=(2, 3)),
}
for name, options in HASHING.items():
    add(f"text_hashing_{name}", lambda options=options: fit(HashingVectorizer(**options), PROBE[:14]))

# Models over texts.
add("text_logistic", lambda: learn(make_pipeline(TfidfVectorizer(), linear_model.LogisticRegression())))
add("text_logistic_text_labels", lambda: learn(
    make_pipeline(CountVectorizer(ngram_range=(1, 2)), linear_model.LogisticRegression(max_iter=1000)),
    np.array(["bad", "fine", "good"])[(MOOD + np.arange(20) % 2)]))
add("text_counts_weighed", lambda: learn(Pipeline([
    ("counts", CountVectorizer()), ("tfidf", TfidfTransformer(sublinear_tf=True)), ("svm", svm.LinearSVC(random_state=0))])))
add("text_hashed_sgd", lambda: learn(make_pipeline(
    HashingVectorizer(n_features=2 ** 10), linear_model.SGDClassifier(random_state=0))))
add("text_hashed_default_width", lambda: learn(make_pipeline(
    HashingVectorizer(), TfidfTransformer(), linear_model.Perceptron(random_state=0)), rows=PROBE[:6]), way=("joblib", "lzma", None))
add("text_ridge", lambda: learn(make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)), linear_model.Ridge()), MOOD * 2.5))
add("text_svc", lambda: learn(make_pipeline(TfidfVectorizer(), svm.SVC())))
add("text_tree", lambda: learn(make_pipeline(CountVectorizer(), tree.DecisionTreeClassifier(random_state=0))))
add("text_max_abs_scaled", lambda: learn(make_pipeline(CountVectorizer(), pp.MaxAbsScaler(), linear_model.LogisticRegression())))
add("text_union", lambda: learn(Pipeline([("both", FeatureUnion([
    ("words", TfidfVectorizer(max_features=80)), ("letters", TfidfVectorizer(analyzer="char", ngram_range=(2, 3), max_features=150))],
    transformer_weights={"letters": 0.5})), ("model", linear_model.LogisticRegression())])))
add("text_grid_search", lambda: learn(model_selection.GridSearchCV(
    make_pipeline(TfidfVectorizer(), linear_model.LogisticRegression()), {"tfidfvectorizer__ngram_range": [(1, 1), (1, 2)]}, cv=2)))


def beside_columns():
    frame = pd.DataFrame({"stars": np.arange(20) % 5 * 1.0, "review": TEXTS, "shop": np.array(["n", "s"])[np.arange(20) % 2],
                          "title": [text[:12] for text in TEXTS]})
    model = make_pipeline(
        ColumnTransformer([("number", pp.StandardScaler(), ["stars"]), ("words", TfidfVectorizer(), "review"),
                           ("title", CountVectorizer(analyzer="char", ngram_range=(1, 2)), 3),
                           ("shop", pp.OneHotEncoder(handle_unknown="ignore"), ["shop"])]),
        linear_model.LogisticRegression())
    rows = frame.iloc[::3].reset_index(drop=True).copy()
    rows.loc[1, "review"] = "great und unbekannt"
    rows.loc[2, "title"] = ""
    bad = rows.iloc[[0]].astype({"review": object}).copy()
    bad.loc[0, "review"] = np.nan
    return model.fit(frame, MOOD), rows, bad


add("text_beside_columns", beside_columns)

# Without texts of their own.
add("tfidf_transformer", lambda: (TfidfTransformer().fit(data.grid()[0]), data.grid()[0][:14]))
add("tfidf_transformer_sublinear", lambda: (TfidfTransformer(sublinear_tf=True, norm="l1").fit(data.grid()[0]), data.grid()[0][:14]))

RECORDS = [{"city": "London", "temperature": 12.5, "rain": True}, {"city": "Paris", "temperature": -3.0}, {"wind": 4}, {}, {"ключ": 2.5, "city": "Köln"},
           {"a": 1, "b": 2, "c": 0, "d": -1.5, "e": "x"}]
add("feature_hasher", lambda: (FeatureHasher(n_features=20), RECORDS))
add("feature_hasher_wide", lambda: (FeatureHasher(n_features=128, alternate_sign=False), RECORDS))
add("feature_hasher_ridge", lambda: (make_pipeline(FeatureHasher(n_features=64), linear_model.Ridge()).fit(RECORDS, np.arange(6.0)), RECORDS))
