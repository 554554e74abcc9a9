"""Writes what scikit-learn's TfidfVectorizer and TargetEncoder and pandas' calendar make of small tables, for
src/training/preparation/texts_test.cpp: fitted on the first rows, asked for all.

    python make_texts.py     (run by tools/make_fixtures with scikit-learn 1.9.1)
"""

import io
import json
import os
import random

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import TargetEncoder

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = ["The", "coffee", "was", "cold,", "naïve", "and", "STRASSE", "not", "a", "I", "über", "good!", "very", "served",
         "by", "the", "waiter", "who", "smiled.", "it's", "42", "x", "end-of-line", "snow_man"]


def sentences(rows, seed):
    draw = random.Random(seed)
    # Words differ in how common they are, so that no two are at the border of max_features.
    weights = [3 ** (i % 5) + i for i in range(len(WORDS))]
    return [" ".join(draw.choices(WORDS, weights, k=draw.randrange(1, 12))) for _ in range(rows)]


def csv(columns):
    text = io.StringIO()
    pd.DataFrame(columns).to_csv(text, index=False)
    return text.getvalue()


def no_tie_at(vectorizer, texts):
    """Which of equally common terms stay is no rule of scikit-learn's."""
    if vectorizer.max_features is None:
        return
    every = TfidfVectorizer(ngram_range=vectorizer.ngram_range, stop_words=vectorizer.stop_words, use_idf=False, norm=None)
    counts = sorted(np.asarray(every.fit_transform(texts).sum(axis=0)).ravel(), reverse=True)
    assert len(counts) <= vectorizer.max_features or counts[vectorizer.max_features - 1] > counts[vectorizer.max_features]


def texts_case(name, plan, **options):
    rows, fit = 60, 40
    said = sentences(rows, len(name))
    said[5], said[45] = "", ""
    vectorizer = TfidfVectorizer(**options)
    no_tie_at(vectorizer, said[:fit])
    vectorizer.fit(said[:fit])
    return {"name": name, "csv": csv({"said": said, "y": [i % 2 for i in range(rows)]}), "column": "said", "type": "text",
            "rows": fit, "plan": plan, "names": ["said: " + n for n in vectorizer.get_feature_names_out()],
            "expected": vectorizer.transform(said).toarray().tolist()}


def target_case(name, plan, target, smooth="auto"):
    rows, fit = 80, 60
    draw = random.Random(len(name))
    cities = [draw.choice(["Ulm", "Bonn", "Kiel", "Jena", ""]) for _ in range(rows)]
    cities[3], cities[70] = "Aue", "Goslar"  # one row alone; not seen
    y = [target(city, draw) for city in cities]
    column = np.array([[np.nan if city == "" else city] for city in cities], dtype=object)
    encoder = TargetEncoder(smooth=smooth, random_state=0).fit(column[:fit], y[:fit])
    return {"name": name, "csv": csv({"city": cities, "y": y}), "column": "city", "type": "category", "rows": fit,
            "plan": {"encode": "target", **plan}, "expected": encoder.transform(column).tolist()}


def times_case(name, form, cell, plan=None):
    rows, fit = 50, 40
    draw = random.Random(len(name))
    moments = [pd.Timestamp("1999-11-30") + pd.Timedelta(seconds=draw.randrange(10**9)) for _ in range(rows)]
    if cell == "date":
        moments = [moment.normalize() for moment in moments]
    said = [moment.strftime(form) for moment in moments]
    times = pd.Series(pd.to_datetime(said, format=form))
    parts = {"days": (times - times[:fit].min()).dt.total_seconds() / 86400, "year": times.dt.year, "month": times.dt.month,
             "day": times.dt.day, "weekday": times.dt.day_of_week, "day of year": times.dt.day_of_year}
    if cell == "time":
        parts |= {"hour": times.dt.hour, "minute": times.dt.minute, "second": times.dt.second}
    kept = [key for key in parts if (plan or {}).get("times") != "parts" or key != "days"]
    return {"name": name, "csv": csv({"at": said, "y": [i % 2 for i in range(rows)]}), "column": "at",
            "type": "time:" + form, "rows": fit, "plan": plan or {}, "names": [f"at ({key})" for key in kept],
            "expected": np.column_stack([parts[key] for key in kept]).astype(float).tolist()}


def main():
    grades = {"Ulm": 0.8, "Bonn": 0.4, "Kiel": 0.1}
    cases = [
        texts_case("words", {}),
        texts_case("commonest words", {"terms_max": 6}, max_features=6),
        texts_case("pairs in three rows", {"words_max": 2, "term_rows_min": 3}, ngram_range=(1, 2), min_df=3),
        texts_case("pairs alone", {"words_min": 2, "words_max": 2}, ngram_range=(2, 2)),
        texts_case("no stop words", {"stop_words": True}, stop_words="english"),
        target_case("binary", {}, lambda city, draw: int(draw.random() < grades.get(city, 0.5))),
        target_case("binary, smoothed", {"smoothing": 7.5},
                    lambda city, draw: int(draw.random() < grades.get(city, 0.5)), smooth=7.5),
        target_case("classes", {}, lambda city, draw: draw.choice("abc") if city < "H" else draw.choice("aab")),
        target_case("numbers", {}, lambda city, draw: 1000 * grades.get(city, 0.5) + draw.gauss(0, 100)),
        times_case("dates", "%d.%m.%Y", "date"),
        times_case("times", "%Y-%m-%d %H:%M:%S", "time"),
        times_case("american", "%b %d, %Y", "date", {"times": "parts"}),
    ]
    with open(f"{HERE}/texts.json", "w", encoding="utf-8") as file:
        json.dump(cases, file, ensure_ascii=True)
        file.write("\n")


if __name__ == "__main__":
    main()
