"""Writes the cases of evaluation metrics: predictions, and what scikit-learn says of them.

    python make.py FOLDER      (tools/make_evaluation_fixtures runs it with the pinned scikit-learn)

NaN and infinity are written as null: JSON has no word for them.
"""

import json
import math
import pathlib
import sys
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.preprocessing import label_binarize

warnings.simplefilter("ignore")


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def averages(truth, predicted, weights):
    out = {}
    for average in ("macro", "micro", "weighted"):
        values = metrics.precision_recall_fscore_support(truth, predicted, average=average, sample_weight=weights,
                                                         zero_division=0)
        out |= {f"{name}_{average}": value for name, value in zip(("precision", "recall", "f1"), values)}
    return out


def classification(classes, truth, predicted, probabilities=None, scores=None, weights=None, positive=1):
    labels = list(range(classes))
    each = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, average=None, zero_division=0,
                                                   sample_weight=weights)
    expected = {"accuracy": metrics.accuracy_score(truth, predicted, sample_weight=weights),
                "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, sample_weight=weights)}
    if classes == 2:
        expected |= {name: each[i][positive] for i, name in enumerate(("precision", "recall", "f1"))}
    expected |= averages(truth, predicted, weights)
    expected["matthews_corrcoef"] = metrics.matthews_corrcoef(truth, predicted, sample_weight=weights)
    expected["cohen_kappa"] = metrics.cohen_kappa_score(truth, predicted, sample_weight=weights)
    case = {"classes": classes, "truth": truth, "predicted": predicted, "positive": positive, "weights": weights,
            "probabilities": None if probabilities is None else probabilities.ravel(), "scores": scores,
            "confusion": metrics.confusion_matrix(truth, predicted, labels=labels, sample_weight=weights).ravel()
            .astype(float), "per_class": np.transpose(each).ravel()}
    if classes == 2 and (probabilities is not None or scores is not None):
        rank = probabilities[:, positive] if probabilities is not None else (scores if positive else -scores)
        is_positive = truth == positive
        expected["roc_auc"] = metrics.roc_auc_score(is_positive, rank, sample_weight=weights)
        expected["average_precision"] = metrics.average_precision_score(is_positive, rank, sample_weight=weights)
        case["roc"] = metrics.roc_curve(is_positive, rank, pos_label=True, sample_weight=weights)
        case["precision_recall"] = metrics.precision_recall_curve(is_positive, rank, pos_label=True,
                                                                  sample_weight=weights)
        if probabilities is not None:
            case["calibration"] = [
                {"bins": bins, "strategy": strategy,
                 "curve": calibration_curve(is_positive, rank, pos_label=True, n_bins=bins, strategy=strategy)}
                for bins in (1, 5, 10) for strategy in ("uniform", "quantile")]
    if classes > 2 and probabilities is not None:
        one_hot = label_binarize(truth, classes=labels)
        expected |= {
            "roc_auc_ovr": metrics.roc_auc_score(one_hot, probabilities, average="macro", sample_weight=weights),
            "roc_auc_ovr_weighted": metrics.roc_auc_score(one_hot, probabilities, average="weighted",
                                                          sample_weight=weights),
            "average_precision_macro": metrics.average_precision_score(one_hot, probabilities, average="macro",
                                                                       sample_weight=weights)}
    if classes > 1 and probabilities is not None:
        expected["log_loss"] = metrics.log_loss(truth, probabilities, labels=labels, sample_weight=weights)
        expected["brier_score"] = metrics.brier_score_loss(truth, probabilities, labels=labels, sample_weight=weights)
    return case | {"expected": expected}


def regression(truth, predicted, weights=None):
    take = {"sample_weight": weights}
    return {"truth": truth, "predicted": predicted, "weights": weights, "expected": {
        "mean_absolute_error": metrics.mean_absolute_error(truth, predicted, **take),
        "median_absolute_error": metrics.median_absolute_error(truth, predicted, **take),
        "mean_squared_error": metrics.mean_squared_error(truth, predicted, **take),
        "root_mean_squared_error": metrics.root_mean_squared_error(truth, predicted, **take),
        "r2": metrics.r2_score(truth, predicted, **take),
        "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error(truth, predicted, **take),
        "max_error": metrics.max_error(truth, predicted),
        "explained_variance": metrics.explained_variance_score(truth, predicted, **take)}}


def drawn(random, classes, rows, digits=None, skill=1.5):
    """Truth, and probabilities with something to them; rounded ones have ties."""
    truth = random.integers(0, classes, rows)
    logits = random.normal(size=(rows, classes)) + skill * np.eye(classes)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if digits is not None:
        probabilities = np.round(probabilities, digits)
        probabilities[:, -1] = np.clip(1 - probabilities[:, :-1].sum(axis=1), 0, 1)
    return truth, probabilities


def classification_cases():
    random = np.random.default_rng(7)
    truth, p = drawn(random, 2, 80, digits=1)
    weights = np.round(random.uniform(0, 3, 80), 2) * (random.uniform(size=80) > 0.2)
    yield "binary_ties", classification(2, truth, p.argmax(1), p)
    yield "binary_ties_weights", classification(2, truth, p.argmax(1), p, weights=weights)
    yield "binary_positive_is_the_first", classification(2, truth, p.argmax(1), p, weights=weights, positive=0)
    scores = np.round(random.normal(size=80) + 2 * truth - 1, 1)
    yield "binary_scores", classification(2, truth, (scores > 0).astype(int), scores=scores)
    yield "binary_scores_positive_is_the_first", classification(2, truth, (scores > 0).astype(int), scores=scores,
                                                                positive=0)
    yield "binary_without_scores", classification(2, truth, p.argmax(1))
    yield "binary_one_class_only", classification(2, np.ones(20, int), p[:20].argmax(1), p[:20])
    yield "binary_no_positive", classification(2, np.zeros(20, int), p[:20].argmax(1), p[:20])
    yield "binary_one_row", classification(2, truth[:1], p[:1].argmax(1), p[:1])
    yield "binary_two_rows", classification(2, np.array([0, 1]), np.array([1, 0]), np.array([[.2, .8], [.7, .3]]))
    sure = np.eye(2)[truth]
    yield "binary_sure_and_right", classification(2, truth, truth, sure)
    yield "binary_sure_and_wrong", classification(2, truth, 1 - truth, 1 - sure)
    yield "binary_never_positive", classification(2, truth, np.zeros(80, int), np.tile([0.9, 0.1], (80, 1)))
    truth, p = drawn(random, 2, 3000, digits=3, skill=0.8)
    yield "binary_large", classification(2, truth, p.argmax(1), p)
    truth, p = drawn(random, 4, 120)
    weights = np.round(random.exponential(size=120), 3)
    yield "four_classes", classification(4, truth, p.argmax(1), p)
    yield "four_classes_weights", classification(4, truth, p.argmax(1), p, weights=weights)
    yield "four_classes_without_scores", classification(4, truth, p.argmax(1))
    lower = np.minimum(truth, 2)
    yield "class_absent_from_truth", classification(4, lower, p.argmax(1), p)
    yield "class_absent_everywhere", classification(5, truth, p.argmax(1), np.column_stack([p, np.zeros(120)]))
    yield "class_absent_from_predictions", classification(4, truth, np.minimum(p.argmax(1), 2), p)
    yield "three_classes_one_in_truth", classification(3, np.full(30, 2), p[:30, :3].argmax(1),
                                                       p[:30, :3] / p[:30, :3].sum(1, keepdims=True))
    yield "one_class_model", classification(1, np.zeros(5, int), np.zeros(5, int), np.ones((5, 1)))
    truth, p = drawn(random, 3, 1500, digits=2)
    yield "three_classes_large", classification(3, truth, p.argmax(1), p)


def regression_cases():
    random = np.random.default_rng(11)
    truth = random.normal(size=101) * 3
    predicted = truth + random.normal(size=101)
    weights = np.round(random.exponential(size=101), 2) * (random.uniform(size=101) > 0.3)
    yield "odd", regression(truth, predicted)
    yield "even", regression(truth[:100], predicted[:100])
    yield "weights", regression(truth, predicted, weights)
    yield "weights_met_in_half", regression(np.zeros(6), np.array([1., 2, 3, 4, 5, 6]), np.array([1., 0, 1, 0, 2, 0]))
    yield "ties", regression(np.round(truth), np.round(predicted), np.round(weights))
    yield "constant_and_met", regression(np.full(5, 2.5), np.full(5, 2.5))
    yield "constant_and_missed", regression(np.full(5, 2.5), np.arange(5.0))
    yield "constant_offset", regression(truth, truth + 3)
    yield "zeros", regression(np.array([0, 0, 1, -2.0]), np.array([0, 1e-9, 1, 2]))
    yield "one_row", regression(np.array([1.0]), np.array([2.0]))
    yield "far_from_zero", regression(1e6 + truth, 1e6 + predicted)
    yield "large", regression(*(np.round(column, 4) for column in
                                np.random.default_rng(12).normal(size=(2, 4000)) * [[10], [11]]))


def main(folder):
    for kind, cases in (("classification", classification_cases()), ("regression", regression_cases())):
        out = {name: plain(case) for name, case in cases}
        (folder / f"{kind}.json").write_text(json.dumps(out, allow_nan=False, separators=(",", ":")) + "\n")
        print(f"{kind}: {len(out)} cases")


main(pathlib.Path(sys.argv[1]))
