"""Pipelines as people write them: columns of several types, texts, feature work, searches, several outputs."""

import numpy as np
from onnx import helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import (DoubleTensorType, FloatTensorType, Int64TensorType,
                                        StringTensorType)
from sklearn import (calibration, cluster, compose, cross_decomposition, decomposition, discriminant_analysis, ensemble,
                     feature_extraction, feature_selection, gaussian_process, impute, kernel_approximation, linear_model, mixture,
                     model_selection, multiclass, multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing,
                     random_projection, svm, tree)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer

from .data import binary, numbers, target, targets, three, words

SENTENCES = ["The quick brown fox jumps over the lazy dog", "A quick test of words", "dogs and foxes, and words; and tests!",
             "Lazy LAZY lazy days", "one two three", "three two one, zero", "brown bread", "the end of the words",
             "to be or not to be", "be quick", "a b c", "jumps"]
MORE = ["Quick dogs, lazy foxes", "", "nothing known here at all zzz", "the the the THE", "words-words words' words", "be", "a",
        "don't stop: e.g. 3.14 tests", "  spaces   around  ", "two  two"]


def pipe(*steps):
    return pipeline.make_pipeline(*steps)


def simple(model, y_of, opset=17, options=None, inputs=None, train=None, types=None):
    """A model over a matrix of four numbers."""
    def build():
        from sklearn.base import clone
        x = numbers() if train is None else train()
        value = clone(model)
        value = value.fit(x, y_of(numbers())) if y_of else value.fit(x)
        given = {id(value): options} if options else None
        test = numbers(12, 4, seed=1) if inputs is None else inputs()
        if types:
            return to_onnx(value, initial_types=types, target_opset=opset, options=given), {"X": test}
        return to_onnx(value, test[:1], target_opset=opset, options=given), {"X": test}
    return build


def local(model):
    """Lower case by a locale that every machine has: ONNX Runtime's own choice is en_US."""
    for node in model.graph.node:
        if node.op_type == "StringNormalizer" and all(attribute.name != "locale" for attribute in node.attribute):
            node.attribute.append(helper.make_attribute("locale", "C.UTF-8"))
    return model


def texts(model, y=None, options=None, opset=17, shape=(None, 1)):
    def build():
        cells = np.array(SENTENCES)
        value = model.fit(cells, [i % 2 for i in range(len(cells))]) if y is None else model.fit(cells, y)
        test = np.array(MORE + SENTENCES[:3]).astype(object)
        test = test.reshape(-1, 1) if len(shape) == 2 else test
        given = options(value) if options else None
        return local(to_onnx(value, initial_types=[("X", StringTensorType(list(shape)))], target_opset=opset, options=given)), {"X": test}
    return build


def frame():
    import pandas as pd
    rng = np.random.RandomState(11)
    return pd.DataFrame({
        "age": rng.randint(18, 80, 60).astype(np.int64), "income": rng.normal(size=60).astype(np.float32),
        "city": rng.choice(["London", "Paris", "Zürich", "Oslo"], 60), "grade": rng.choice(["low", "mid", "high"], 60),
        "score": rng.uniform(size=60).astype(np.float32), "note": rng.choice(SENTENCES, 60)})


FRAME_TYPES = {"age": Int64TensorType([None, 1]), "income": FloatTensorType([None, 1]), "city": StringTensorType([None, 1]),
               "grade": StringTensorType([None, 1]), "score": FloatTensorType([None, 1]), "note": StringTensorType([None, 1])}


def table(columns, steps, last, y_of, options=None, missing=False, opset=17, unknown=True):
    """A ColumnTransformer over columns by name, and a model behind it."""
    def build():
        data = frame()[columns]
        if missing:
            data.loc[::4, "income"] = np.nan
        model = compose.ColumnTransformer(steps)
        if last is not None:
            model = pipe(model, last)
        model.fit(data, y_of(frame()))
        types = [(name, FRAME_TYPES[name]) for name in columns]
        given = {id(model.steps[-1][1]) if last is not None else id(model): options} if options else None
        onnx_model = local(to_onnx(model, initial_types=types, target_opset=opset, options=given))
        test = data.iloc[:9].copy()
        if "city" in columns and unknown:
            test.loc[2, "city"] = "Rome"
        inputs = {}
        for name in columns:
            cells = test[name].to_numpy()
            inputs[name] = (cells.astype(object) if test[name].dtype.kind in "OTU" or name in ("city", "grade", "note")
                            else cells).reshape(-1, 1)
        return onnx_model, {name: inputs[name] for name in [i.name for i in onnx_model.graph.input]}
    return build


def rich(data):
    return (data["income"] + data["score"] > 0.5).astype(np.int64).to_numpy()


def classes(data):
    return data["grade"].to_numpy().astype(str)


def amount(data):
    return (data["income"] * 2 + data["age"] / 10).to_numpy().astype(np.float32)


def holes(count=60, width=4, seed=0):
    x = numbers(count, width, seed)
    x[::3, 1] = np.nan
    x[::4, 2] = np.nan
    return x


ONE_HOT = preprocessing.OneHotEncoder(handle_unknown="ignore")
LOGISTIC = linear_model.LogisticRegression()
NO_MAP = {"zipmap": False}


def estimator_cases():
    yield "hist_gbc", simple(ensemble.HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5), binary)
    yield "hist_gbr", simple(ensemble.HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=5), target)
    yield "hist_gbc_three", simple(ensemble.HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5), three)
    yield "hist_gbr_missing", simple(ensemble.HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=5), target, train=holes,
                                     inputs=lambda: holes(12, 4, 1))
    yield "mlp_reg", simple(neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=60, random_state=0), target)
    yield "mlp_logistic", simple(neural_network.MLPClassifier((5,), activation="logistic", max_iter=60, random_state=0), binary)
    yield "mlp_identity", simple(neural_network.MLPClassifier((5,), activation="identity", max_iter=60, random_state=0), three)
    yield "vote_soft", simple(ensemble.VotingClassifier([("a", LOGISTIC), ("b", naive_bayes.GaussianNB())], voting="soft",
                                                         flatten_transform=False), three, options=NO_MAP)
    yield "vote_hard", simple(ensemble.VotingClassifier([("a", LOGISTIC), ("b", naive_bayes.GaussianNB())],
                                                         flatten_transform=False), three)
    yield "isolation_forest", simple(ensemble.IsolationForest(n_estimators=5, random_state=0), None,
                                     opset={"": 15, "ai.onnx.ml": 3})
    yield "multinomial_nb", simple(naive_bayes.MultinomialNB(), three, train=lambda: abs(numbers()), inputs=lambda: abs(numbers(12, 4, 1)))
    yield "complement_nb", simple(naive_bayes.ComplementNB(), three, train=lambda: abs(numbers()), inputs=lambda: abs(numbers(12, 4, 1)))
    yield "categorical_nb", simple(naive_bayes.CategoricalNB(), binary, train=lambda: abs(numbers()).astype(np.int64),
                                   inputs=lambda: np.minimum(abs(numbers(12, 4, 1)).astype(np.int64), 1))
    yield "ridge_cv", simple(linear_model.RidgeCV(), target)
    yield "lasso_lars", simple(linear_model.LassoLars(0.01), target)
    yield "omp", simple(linear_model.OrthogonalMatchingPursuit(n_nonzero_coefs=2), target)
    yield "ard", simple(linear_model.ARDRegression(), target)
    yield "gamma", simple(linear_model.GammaRegressor(), lambda x: abs(target(x)) + 0.1)
    yield "tweedie", simple(linear_model.TweedieRegressor(power=1.5, link="log"), lambda x: abs(target(x)))
    yield "quantile", simple(linear_model.QuantileRegressor(solver="highs"), target)
    yield "ransac", simple(linear_model.RANSACRegressor(random_state=0), target)
    yield "theil_sen", simple(linear_model.TheilSenRegressor(random_state=0), target)
    yield "sgd_reg", simple(linear_model.SGDRegressor(random_state=0), target)
    yield "sgd_one_class", simple(linear_model.SGDOneClassSVM(random_state=0), None)
    yield "multi_task_lasso", simple(linear_model.MultiTaskLasso(0.01), targets)
    yield "pls", simple(cross_decomposition.PLSRegression(2), target)
    yield "radius_neighbors", simple(neighbors.RadiusNeighborsRegressor(3.0), target)
    yield "radius_classifier", simple(neighbors.RadiusNeighborsClassifier(4.0), binary)
    yield "nearest_neighbors", simple(neighbors.NearestNeighbors(n_neighbors=3), None)
    yield "knn_manhattan", simple(neighbors.KNeighborsRegressor(3, metric="manhattan"), target)
    yield "knn_minkowski", simple(neighbors.KNeighborsRegressor(3, metric="minkowski", p=3), target)
    yield "knn_imputer", simple(impute.KNNImputer(n_neighbors=2), None, opset=18, train=holes, inputs=lambda: holes(12, 4, 1))
    yield "knn_cdist", simple(neighbors.KNeighborsClassifier(3), three, options={"optim": "cdist", "zipmap": False})
    yield "nca", simple(pipe(neighbors.NeighborhoodComponentsAnalysis(2, random_state=0), neighbors.KNeighborsClassifier(3)), three)
    yield "gp_std", simple(gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(2.0), alpha=1.0), target,
                           options={"return_std": True}, types=[("X", DoubleTensorType([None, 4]))])
    yield "gp_matern", simple(gaussian_process.GaussianProcessRegressor(
        gaussian_process.kernels.Matern(nu=1.5) + gaussian_process.kernels.WhiteKernel(), alpha=1.0), target)
    yield "gp_mixture", simple(gaussian_process.GaussianProcessRegressor(
        gaussian_process.kernels.ConstantKernel(2.0) * gaussian_process.kernels.RationalQuadratic(), alpha=1.0), target)
    yield "gp_sine", simple(gaussian_process.GaussianProcessRegressor(
        gaussian_process.kernels.ExpSineSquared() + gaussian_process.kernels.DotProduct(), alpha=1.0), target)
    yield "bayesian_mixture", simple(mixture.BayesianGaussianMixture(n_components=2, random_state=0), None)
    yield "mixture_diag", simple(mixture.GaussianMixture(2, covariance_type="diag", random_state=0), None)
    yield "mixture_tied", simple(mixture.GaussianMixture(2, covariance_type="tied", random_state=0), None)
    yield "mixture_spherical_score", simple(mixture.GaussianMixture(2, covariance_type="spherical", random_state=0), None,
                                            options={"score_samples": True})
    yield "grid_search", simple(model_selection.GridSearchCV(LOGISTIC, {"C": [0.1, 1.0]}, cv=2), three)
    yield "random_search_pipe", simple(model_selection.GridSearchCV(pipe(preprocessing.StandardScaler(), svm.SVC(probability=True)),
                                                                    {"svc__C": [1.0]}, cv=2), binary)
    yield "one_vs_rest_tree", simple(multiclass.OneVsRestClassifier(tree.DecisionTreeClassifier(max_depth=3, random_state=0)), three)
    yield "one_vs_one_svc", simple(multiclass.OneVsOneClassifier(svm.LinearSVC(random_state=0)), three)
    yield "output_code", simple(multiclass.OutputCodeClassifier(LOGISTIC, random_state=0), three)
    yield "chain", simple(multioutput.ClassifierChain(LOGISTIC), lambda x: np.stack([binary(x), binary(x)[::-1]], 1))
    yield "regressor_chain", simple(multioutput.RegressorChain(linear_model.Ridge()), targets)
    yield "multi_labels_knn", simple(neighbors.KNeighborsClassifier(3), lambda x: np.stack([binary(x), three(x)], 1))
    yield "multi_labels_tree", simple(tree.DecisionTreeClassifier(max_depth=3, random_state=0),
                                      lambda x: np.stack([binary(x), three(x)], 1), options=NO_MAP)
    yield "multi_labels_forest", simple(ensemble.RandomForestClassifier(3, max_depth=3, random_state=0),
                                        lambda x: np.stack([binary(x), binary(x)[::-1]], 1), options=NO_MAP)
    yield "multi_labels_mlp", simple(neural_network.MLPClassifier((5,), max_iter=60, random_state=0),
                                     lambda x: np.stack([binary(x), binary(x)[::-1]], 1))
    yield "multi_output_forest", simple(multioutput.MultiOutputRegressor(ensemble.GradientBoostingRegressor(n_estimators=3)), targets)
    yield "multi_output_classifier", simple(multioutput.MultiOutputClassifier(LOGISTIC),
                                            lambda x: np.stack([binary(x), three(x)], 1).astype(np.int64), options=NO_MAP)
    yield "calibrated_svc", simple(calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2), three)
    yield "calibrated_forest", simple(calibration.CalibratedClassifierCV(
        ensemble.RandomForestClassifier(3, max_depth=3, random_state=0), cv=2, method="isotonic"), binary)
    yield "stack_passthrough", simple(ensemble.StackingClassifier(
        [("a", LOGISTIC), ("b", tree.DecisionTreeClassifier(max_depth=2, random_state=0))], cv=2, passthrough=True), three)
    yield "bagging_svc", simple(ensemble.BaggingClassifier(svm.SVC(), n_estimators=3, random_state=0), three)
    yield "bagging_features", simple(ensemble.BaggingRegressor(linear_model.Ridge(), n_estimators=3, max_features=2, random_state=0), target)
    yield "ada_three", simple(ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=2), n_estimators=3, random_state=0), three)
    yield "gbc_init_zero", simple(ensemble.GradientBoostingClassifier(n_estimators=3, init="zero", max_depth=2), binary)
    yield "gbr_huber", simple(ensemble.GradientBoostingRegressor(n_estimators=3, loss="huber", max_depth=2), target)
    yield "gbr_quantile", simple(ensemble.GradientBoostingRegressor(n_estimators=3, loss="quantile", max_depth=2), target)
    yield "forest_leaf", simple(ensemble.RandomForestRegressor(3, max_depth=3, random_state=0), target, options={"decision_leaf": True})
    yield "tree_path", simple(tree.DecisionTreeClassifier(max_depth=3, random_state=0), three,
                              options={"decision_path": True, "zipmap": False})
    yield "raw_scores_logistic", simple(LOGISTIC, three, options={"raw_scores": True, "zipmap": False})
    yield "raw_scores_gbc", simple(ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2), binary,
                                   options={"raw_scores": True, "zipmap": False})
    yield "raw_scores_svc", simple(svm.SVC(), three, options={"raw_scores": True, "zipmap": False})
    yield "zipmap_columns", simple(LOGISTIC, three, options={"zipmap": "columns"})
    yield "zipmap_columns_texts", simple(LOGISTIC, lambda x: words(three(x)), options={"zipmap": "columns"})
    yield "output_class_labels", simple(LOGISTIC, lambda x: words(three(x)), options={"output_class_labels": True, "zipmap": False})
    yield "no_class_labels", simple(LOGISTIC, lambda x: words(binary(x)), options={"nocl": True, "zipmap": False})
    yield "bool_labels", simple(LOGISTIC, lambda x: binary(x) == 1)
    yield "multinomial_l1", simple(linear_model.LogisticRegression(solver="saga", penalty="l1", max_iter=50), three)
    yield "k_means_pipe", simple(pipe(preprocessing.StandardScaler(), cluster.KMeans(3, n_init=1, random_state=0)), None)
    yield "lda_double", simple(discriminant_analysis.LinearDiscriminantAnalysis(), three, train=lambda: numbers().astype(np.float64),
                               inputs=lambda: numbers(12, 4, 1).astype(np.float64), options=NO_MAP)
    yield "svr_double", simple(svm.SVR(), target, inputs=lambda: numbers(12, 4, 1).astype(np.float64))
    yield "forest_double", simple(ensemble.RandomForestRegressor(3, max_depth=3, random_state=0), target,
                                  inputs=lambda: numbers(12, 4, 1).astype(np.float64),
                                  opset={"": 17, "ai.onnx.ml": 3})
    yield "whole_inputs", simple(pipe(preprocessing.StandardScaler(), LOGISTIC), binary, inputs=lambda: numbers(12, 4, 1).astype(np.int64))
    yield "fixed_batch", simple(pipe(preprocessing.StandardScaler(), LOGISTIC), binary, inputs=lambda: numbers(1, 4, 1),
                                types=[("X", FloatTensorType([1, 4]))], options=None)
    yield "fixed_batch_forest", simple(ensemble.RandomForestClassifier(3, max_depth=3, random_state=0), three,
                                       inputs=lambda: numbers(1, 4, 1), types=[("X", FloatTensorType([1, 4]))])


def transformer_cases():
    yield "quantile_uniform", simple(preprocessing.QuantileTransformer(n_quantiles=7), None)
    yield "spline", simple(preprocessing.SplineTransformer(), None)
    yield "k_bins_ordinal", simple(preprocessing.KBinsDiscretizer(3, encode="ordinal"), None)
    yield "k_bins_onehot", simple(preprocessing.KBinsDiscretizer(3, encode="onehot", strategy="kmeans"), None)
    yield "poly_interaction", simple(preprocessing.PolynomialFeatures(3, interaction_only=True), None)
    yield "power_box_cox", simple(preprocessing.PowerTransformer("box-cox"), None, train=lambda: abs(numbers()) + 1,
                                  inputs=lambda: abs(numbers(12, 4, 1)) + 1)
    yield "power_plain", simple(preprocessing.PowerTransformer(standardize=False), None)
    yield "min_max_clip", simple(preprocessing.MinMaxScaler(clip=True), None)
    yield "robust_no_centre", simple(preprocessing.RobustScaler(with_centering=False), None)
    yield "imputer_median", simple(impute.SimpleImputer(strategy="median"), None, train=holes, inputs=lambda: holes(12, 4, 1))
    yield "imputer_indicator", simple(impute.SimpleImputer(add_indicator=True), None, train=holes, inputs=lambda: holes(12, 4, 1))
    yield "imputer_constant", simple(impute.SimpleImputer(strategy="constant", fill_value=-1.0), None, train=holes,
                                     inputs=lambda: holes(12, 4, 1))
    yield "missing_indicator", simple(impute.MissingIndicator(), None, train=holes, inputs=lambda: holes(12, 4, 1))
    yield "function", simple(pipe(preprocessing.FunctionTransformer(), linear_model.Ridge()), target)
    yield "label_binarizer", label_binarizer
    yield "label_encoder", label_encoder
    yield "rfe", simple(feature_selection.RFE(linear_model.Ridge(), n_features_to_select=2), target)
    yield "select_from_model", simple(feature_selection.SelectFromModel(linear_model.Lasso(0.01)), target)
    yield "select_percentile", simple(pipe(feature_selection.SelectPercentile(percentile=50), LOGISTIC), binary)
    yield "select_fdr", simple(feature_selection.SelectFdr(alpha=0.5), binary)
    yield "union", simple(pipe(pipeline.make_union(decomposition.PCA(2), preprocessing.StandardScaler()), LOGISTIC), three)
    yield "fast_ica", simple(decomposition.FastICA(2, random_state=0), None)
    yield "incremental_pca", simple(decomposition.IncrementalPCA(2), None)
    yield "pca_whiten", simple(decomposition.PCA(2, whiten=True), None)
    yield "kernel_pca_poly", simple(decomposition.KernelPCA(2, kernel="poly"), None)
    yield "kernel_centerer", simple(preprocessing.KernelCenterer(), None, train=lambda: numbers(4, 4))
    yield "sparse_projection", simple(random_projection.SparseRandomProjection(2, random_state=0), None)
    yield "nystroem", simple(kernel_approximation.Nystroem(n_components=4, random_state=0), None)
    yield "add_dummy", simple(preprocessing.MaxAbsScaler(), None, train=lambda: numbers().astype(np.float64),
                              inputs=lambda: numbers(12, 4, 1).astype(np.float64))


def label_binarizer():
    model = preprocessing.LabelBinarizer().fit(["a", "b", "c", "b"])
    cells = np.array(["a", "c", "b", "b"]).astype(object).reshape(-1, 1)
    return to_onnx(model, initial_types=[("X", StringTensorType([None, 1]))], target_opset=17), {"X": cells}


def label_encoder():
    model = preprocessing.LabelEncoder().fit(["a", "b", "c", "b"])
    cells = np.array(["a", "c", "b", "b"]).astype(object)
    return to_onnx(model, initial_types=[("X", StringTensorType([None]))], target_opset=17), {"X": cells}


def table_cases():
    both = ["age", "income", "city", "grade", "score"]
    numeric = ("n", preprocessing.StandardScaler(), ["income", "score"])
    yield "table_two_texts", table(both, [numeric, ("c", ONE_HOT, ["city", "grade"])], LOGISTIC, rich, NO_MAP)
    yield "table_forest_map", table(both, [numeric, ("c", ONE_HOT, ["city"])], ensemble.RandomForestClassifier(4, random_state=0), classes)
    yield "table_columns_map", table(both, [numeric, ("c", ONE_HOT, ["city"])], LOGISTIC, classes, {"zipmap": "columns"})
    yield "table_regression", table(both, [numeric, ("c", ONE_HOT, ["grade"]), ("a", "passthrough", ["age"])], linear_model.Ridge(), amount)
    yield "table_boosting", table(both, [numeric, ("c", ONE_HOT, ["grade"])], ensemble.GradientBoostingRegressor(n_estimators=4), amount)
    yield "table_ordinal", table(both, [numeric, ("c", preprocessing.OrdinalEncoder(), ["grade"])], LOGISTIC, rich, NO_MAP)
    yield "table_ordinal_unknown", table(both, [numeric, ("c", preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1), ["city"])], LOGISTIC, rich, NO_MAP)
    yield "table_imputed", table(both, [("n", pipe(impute.SimpleImputer(), preprocessing.StandardScaler()), ["income", "score"]),
                                        ("c", ONE_HOT, ["city"])], LOGISTIC, rich, NO_MAP, missing=True)
    yield "table_remainder", table(["income", "score"], [("n", preprocessing.StandardScaler(), ["income"]),
                                                         ("r", "passthrough", ["score"])], None, rich)
    yield "table_ages_one_hot", table(both, [("a", ONE_HOT, ["age"]), numeric], LOGISTIC, rich, NO_MAP)
    yield "table_target_encoder", table(both, [("t", preprocessing.TargetEncoder(), ["city"]) if hasattr(preprocessing, "TargetEncoder")
                                               else numeric, ], linear_model.Ridge(), amount)
    yield "table_one_hot_first", table(both, [("c", preprocessing.OneHotEncoder(drop="first"), ["city"]), numeric], LOGISTIC, rich,
                                       NO_MAP, unknown=False)
    yield "table_text_imputer", table(both, [("c", pipe(impute.SimpleImputer(strategy="most_frequent", missing_values=""), ONE_HOT),
                                              ["city"]), numeric], LOGISTIC, rich, NO_MAP)
    yield "table_nested", table(both, [("n", pipe(compose.ColumnTransformer([("m", preprocessing.MinMaxScaler(), [0])]),
                                                  preprocessing.PolynomialFeatures(2)), ["income", "score"]),
                                       ("c", ONE_HOT, ["city"])], LOGISTIC, rich, NO_MAP)
    yield "table_note", table(["note", "income"], [("t", TfidfVectorizer(), "note"), ("n", preprocessing.StandardScaler(), ["income"])],
                              LOGISTIC, rich, NO_MAP)
    yield "table_note_svd", table(["note", "city"], [("t", pipe(TfidfVectorizer(), decomposition.TruncatedSVD(3, random_state=0)), "note"),
                                                     ("c", ONE_HOT, ["city"])], LOGISTIC, rich, NO_MAP)


def text_cases():
    yield "tfidf", texts(TfidfVectorizer())
    yield "tfidf_vector", texts(TfidfVectorizer(), shape=(None,))
    yield "tfidf_logistic", texts(pipe(TfidfVectorizer(), LOGISTIC))
    yield "tfidf_svc", texts(pipe(TfidfVectorizer(), svm.SVC(kernel="linear")))
    yield "count", texts(CountVectorizer())
    yield "count_nb", texts(pipe(CountVectorizer(), naive_bayes.MultinomialNB()))
    yield "count_binary", texts(CountVectorizer(binary=True))
    yield "count_case", texts(CountVectorizer(lowercase=False))
    yield "tfidf_bigrams", texts(TfidfVectorizer(ngram_range=(1, 2)))
    yield "tfidf_only_bigrams", texts(TfidfVectorizer(ngram_range=(2, 2)))
    yield "tfidf_sublinear", texts(TfidfVectorizer(sublinear_tf=True))
    yield "tfidf_no_norm", texts(TfidfVectorizer(norm=None))
    yield "tfidf_l1", texts(TfidfVectorizer(norm="l1", use_idf=False))
    yield "tfidf_stop", texts(TfidfVectorizer(stop_words=["the", "a", "of"]))
    yield "tfidf_stop_case", texts(TfidfVectorizer(stop_words=["the", "a"], lowercase=False))
    yield "tfidf_pattern", texts(TfidfVectorizer(token_pattern="[a-zA-Z]+"))
    yield "tfidf_pattern_letters", texts(TfidfVectorizer(token_pattern=r"\b[a-z ]+\b"))
    yield "tfidf_char", texts(TfidfVectorizer(analyzer="char"))
    yield "tfidf_char_grams", texts(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)))
    yield "tfidf_char_wb", texts(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 2)))
    yield "count_transformer", texts(pipe(CountVectorizer(), TfidfTransformer()))
    yield "tfidf_separators", texts(pipe(TfidfVectorizer(), LOGISTIC), options=lambda model: {
        TfidfVectorizer: {"separators": [" ", ".", "\\?", ",", ";", ":", "\\!"]}})
    yield "tfidf_tokenexp", texts(pipe(TfidfVectorizer(), LOGISTIC), options=lambda model: {
        TfidfVectorizer: {"tokenexp": "[a-zA-Z0-9_]+"}})
    yield "tfidf_union", texts(pipe(pipeline.make_union(TfidfVectorizer(), CountVectorizer(analyzer="char")), LOGISTIC))
    yield "hashing", texts(pipe(HashingVectorizer(n_features=16), LOGISTIC))


def booster_cases():
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes

    def boosted(maker, y_of, last_options=None, **parameters):
        def build():
            import lightgbm
            import xgboost
            from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
            from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
            makers = {"XGBClassifier": xgboost.XGBClassifier, "XGBRegressor": xgboost.XGBRegressor,
                      "LGBMClassifier": lightgbm.LGBMClassifier, "LGBMRegressor": lightgbm.LGBMRegressor}
            for name, kind in makers.items():
                classifier = name.endswith("Classifier")
                update_registered_converter(
                    kind, name, calculate_linear_classifier_output_shapes if classifier else calculate_linear_regressor_output_shapes,
                    convert_xgboost if name.startswith("X") else convert_lightgbm,
                    options={"nocl": [True, False], "zipmap": [True, False, "columns"]} if classifier else
                    ({"split": None} if name.startswith("L") else None), overwrite=True)
            model = pipe(preprocessing.StandardScaler(), makers[maker](n_estimators=4, n_jobs=1, **parameters))
            x = numbers(200)
            model.fit(x, y_of(x))
            given = {id(model): last_options} if last_options else None
            return (to_onnx(model, x[:1], target_opset={"": 15, "ai.onnx.ml": 3}, options=given), {"X": numbers(12, 4, 1)})
        return build
    yield "xgb_classifier", boosted("XGBClassifier", binary, NO_MAP, max_depth=3)
    yield "xgb_classifier_three", boosted("XGBClassifier", three, NO_MAP, max_depth=3)
    yield "xgb_regressor", boosted("XGBRegressor", target, max_depth=3)
    yield "xgb_gamma", boosted("XGBRegressor", lambda x: abs(target(x)) + 0.1, max_depth=3, objective="reg:gamma")
    yield "xgb_logistic", boosted("XGBRegressor", binary, max_depth=3, objective="reg:logistic")
    yield "xgb_tweedie", boosted("XGBRegressor", lambda x: abs(target(x)), max_depth=3, objective="reg:tweedie")
    yield "xgb_rank", boosted("XGBRegressor", target, max_depth=3, objective="reg:pseudohubererror")
    yield "lgb_classifier", boosted("LGBMClassifier", binary, NO_MAP, num_leaves=6, verbose=-1)
    yield "lgb_classifier_columns", boosted("LGBMClassifier", three, {"zipmap": "columns"}, num_leaves=6, verbose=-1)
    yield "lgb_regressor", boosted("LGBMRegressor", target, num_leaves=6, verbose=-1)
    yield "lgb_split", boosted("LGBMRegressor", target, {"split": 2}, num_leaves=6, verbose=-1)
    yield "lgb_poisson", boosted("LGBMRegressor", lambda x: abs(target(x)), num_leaves=6, verbose=-1, objective="poisson")
    yield "lgb_gamma", boosted("LGBMRegressor", lambda x: abs(target(x)) + 0.1, num_leaves=6, verbose=-1, objective="gamma")
    yield "lgb_dart", boosted("LGBMRegressor", target, num_leaves=6, verbose=-1, boosting_type="dart")


def cases():
    for group in (estimator_cases, transformer_cases, table_cases, text_cases, booster_cases):
        for name, build in group():
            yield f"pipe_{name}", build, 1e-4 if name.startswith(("gp_", "knn_min", "mixture", "bayesian_m")) else 1e-5
