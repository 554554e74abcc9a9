"""Estimators of scikit-learn, converted by skl2onnx for several operator sets."""

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (cluster, compose, decomposition, discriminant_analysis, ensemble, feature_selection, gaussian_process,
                     impute, isotonic, kernel_approximation, linear_model, mixture, multiclass, naive_bayes, neighbors,
                     neural_network, pipeline, preprocessing, random_projection, svm, tree)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

from .data import binary, numbers, target, targets, three, words

CLASSIFIERS = {
    "logistic": linear_model.LogisticRegression(),
    "logistic_cv": linear_model.LogisticRegressionCV(Cs=2, cv=2),
    "sgd_classifier": linear_model.SGDClassifier(random_state=0),
    "sgd_log_loss": linear_model.SGDClassifier(loss="log_loss", random_state=0),
    "perceptron": linear_model.Perceptron(random_state=0),
    "ridge_classifier": linear_model.RidgeClassifier(),
    "passive_aggressive": linear_model.PassiveAggressiveClassifier(random_state=0),
    "tree_classifier": tree.DecisionTreeClassifier(max_depth=4, random_state=0),
    "extra_tree_classifier": tree.ExtraTreeClassifier(max_depth=4, random_state=0),
    "forest_classifier": ensemble.RandomForestClassifier(8, max_depth=4, random_state=0),
    "extra_trees_classifier": ensemble.ExtraTreesClassifier(8, max_depth=4, random_state=0),
    "gradient_boosting_classifier": ensemble.GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=0),
    "hist_gradient_boosting_classifier": ensemble.HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5),
    "ada_boost_classifier": ensemble.AdaBoostClassifier(n_estimators=4, random_state=0),
    "bagging_classifier": ensemble.BaggingClassifier(n_estimators=3, random_state=0),
    "svc": svm.SVC(),
    "svc_poly": svm.SVC(kernel="poly", coef0=0.5),
    "svc_linear": svm.SVC(kernel="linear"),
    "svc_sigmoid": svm.SVC(kernel="sigmoid"),
    "svc_probability": svm.SVC(probability=True, random_state=0),
    "nu_svc": svm.NuSVC(nu=0.2),
    "linear_svc": svm.LinearSVC(random_state=0),
    "gaussian_nb": naive_bayes.GaussianNB(),
    "bernoulli_nb": naive_bayes.BernoulliNB(),
    "knn_classifier": neighbors.KNeighborsClassifier(3),
    "knn_classifier_distance": neighbors.KNeighborsClassifier(4, weights="distance"),
    "mlp_classifier": neural_network.MLPClassifier((8, 5), max_iter=60, random_state=0),
    "mlp_classifier_tanh": neural_network.MLPClassifier((6,), activation="tanh", max_iter=60, random_state=0),
    "lda": discriminant_analysis.LinearDiscriminantAnalysis(),
    "qda": discriminant_analysis.QuadraticDiscriminantAnalysis(),
    "calibrated": CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2),
    "calibrated_isotonic": CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2, method="isotonic"),
    "one_vs_rest": multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
    "one_vs_one": multiclass.OneVsOneClassifier(linear_model.LogisticRegression()),
    "voting": ensemble.VotingClassifier([("a", linear_model.LogisticRegression()),
                                         ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=0))],
                                        voting="soft"),
    "voting_hard": ensemble.VotingClassifier([("a", linear_model.LogisticRegression()),
                                              ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
                                              ("c", naive_bayes.GaussianNB())]),
    "stacking": ensemble.StackingClassifier([("a", linear_model.LogisticRegression()),
                                             ("b", naive_bayes.GaussianNB())], cv=2),
    "gp_classifier": gaussian_process.GaussianProcessClassifier(),
    "scaled_logistic": pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    "pca_svc": pipeline.make_pipeline(decomposition.PCA(2), svm.SVC()),
}

REGRESSORS = {
    "linear": linear_model.LinearRegression(),
    "ridge": linear_model.Ridge(),
    "lasso": linear_model.Lasso(0.01),
    "elastic_net": linear_model.ElasticNet(0.01),
    "huber": linear_model.HuberRegressor(),
    "bayesian_ridge": linear_model.BayesianRidge(),
    "poisson": linear_model.PoissonRegressor(),
    "tree_regressor": tree.DecisionTreeRegressor(max_depth=4, random_state=0),
    "forest_regressor": ensemble.RandomForestRegressor(8, max_depth=4, random_state=0),
    "extra_trees_regressor": ensemble.ExtraTreesRegressor(8, max_depth=4, random_state=0),
    "gradient_boosting_regressor": ensemble.GradientBoostingRegressor(n_estimators=5, max_depth=2, random_state=0),
    "hist_gradient_boosting_regressor": ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5),
    "ada_boost_regressor": ensemble.AdaBoostRegressor(n_estimators=4, random_state=0),
    "bagging_regressor": ensemble.BaggingRegressor(n_estimators=3, random_state=0),
    "svr": svm.SVR(),
    "nu_svr": svm.NuSVR(),
    "linear_svr": svm.LinearSVR(random_state=0),
    "knn_regressor": neighbors.KNeighborsRegressor(3),
    "knn_regressor_distance": neighbors.KNeighborsRegressor(4, weights="distance"),
    "mlp_regressor": neural_network.MLPRegressor((8,), max_iter=60, random_state=0),
    "gp_regressor": gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(2.0), alpha=1.0),
    "stacking_regressor": ensemble.StackingRegressor([("a", linear_model.Ridge()),
                                                      ("b", tree.DecisionTreeRegressor(max_depth=3, random_state=0))], cv=2),
    "voting_regressor": ensemble.VotingRegressor([("a", linear_model.Ridge()),
                                                  ("b", tree.DecisionTreeRegressor(max_depth=3, random_state=0))]),
}

TRANSFORMERS = {
    "standard_scaler": preprocessing.StandardScaler(),
    "min_max_scaler": preprocessing.MinMaxScaler(),
    "max_abs_scaler": preprocessing.MaxAbsScaler(),
    "robust_scaler": preprocessing.RobustScaler(),
    "normalizer_l2": preprocessing.Normalizer("l2"),
    "normalizer_l1": preprocessing.Normalizer("l1"),
    "normalizer_max": preprocessing.Normalizer("max"),
    "binarizer": preprocessing.Binarizer(threshold=0.1),
    "polynomial": preprocessing.PolynomialFeatures(2),
    "power": preprocessing.PowerTransformer(),
    "k_bins": preprocessing.KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform"),
    "pca": decomposition.PCA(2),
    "truncated_svd": decomposition.TruncatedSVD(2, random_state=0),
    "kernel_pca": decomposition.KernelPCA(2, kernel="rbf", random_state=0),
    "random_projection": random_projection.GaussianRandomProjection(2, random_state=0),
    "select_k_best": feature_selection.SelectKBest(k=2),
    "variance_threshold": feature_selection.VarianceThreshold(0.5),
    "rbf_sampler": kernel_approximation.RBFSampler(n_components=5, random_state=0),
}

OTHERS = {
    "k_means": cluster.KMeans(3, n_init=1, random_state=0),
    "mini_batch_k_means": cluster.MiniBatchKMeans(3, n_init=1, random_state=0),
    "gaussian_mixture": mixture.GaussianMixture(2, random_state=0),
    "isolation_forest": ensemble.IsolationForest(n_estimators=5, random_state=0),
    "one_class_svm": svm.OneClassSVM(),
    "local_outlier_factor": neighbors.LocalOutlierFactor(5, novelty=True),
}


def convert(model, x, opset, zipmap):
    options = {"zipmap": True if zipmap else False} if hasattr(model, "classes_") else None
    try:
        return to_onnx(model, x[:1], target_opset=opset, options={id(model): options} if options else None)
    except (NameError, RuntimeError) as error:
        if "zipmap" not in str(error):
            raise
        return to_onnx(model, x[:1], target_opset=opset)


def fitted(model, y_of, opset, zipmap=False):
    def build():
        from sklearn.base import clone
        x = numbers()
        value = clone(model).fit(x, y_of(x)) if y_of else clone(model).fit(x)
        return convert(value, x, opset, zipmap), {"X": numbers(12, 4, seed=1)}
    return build


def imputed(opset):
    def build():
        x = numbers()
        x[::5, 1] = np.nan
        model = pipeline.make_pipeline(impute.SimpleImputer(), linear_model.Ridge()).fit(x, target(numbers()))
        test = numbers(12, 4, seed=1)
        test[::3, 2] = np.nan
        return to_onnx(model, x[:1], target_opset=opset), {"X": test}
    return build


def table():
    rng = np.random.RandomState(3)
    ages = rng.randint(20, 60, (40, 1)).astype(np.int64)
    incomes = rng.normal(size=(40, 2)).astype(np.float32)
    cities = rng.choice(["London", "Paris", "Zürich"], (40, 1))
    return ages, incomes, cities


def mixed(opset, last):
    def build():
        import pandas as pd
        ages, incomes, cities = table()
        frame = pd.DataFrame({"age": ages[:, 0], "a": incomes[:, 0], "b": incomes[:, 1], "city": cities[:, 0]})
        model = pipeline.make_pipeline(compose.ColumnTransformer([
            ("numbers", preprocessing.StandardScaler(), ["a", "b"]),
            ("ages", preprocessing.MinMaxScaler(), ["age"]),
            ("cities", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"])]), last)
        model.fit(frame, (incomes[:, 0] > 0).astype(np.int64))
        types = [("age", Int64TensorType([None, 1])), ("a", FloatTensorType([None, 1])),
                 ("b", FloatTensorType([None, 1])), ("city", StringTensorType([None, 1]))]
        onnx_model = to_onnx(model, initial_types=types, target_opset=opset, options={"zipmap": False})
        some = np.array(cities[:10]).astype(object)
        some[3] = "Oslo"
        return onnx_model, {"age": ages[:10], "a": incomes[:10, :1], "b": incomes[:10, 1:], "city": some}
    return build


def text_encoder(encoder, opset):
    def build():
        rng = np.random.RandomState(5)
        cells = rng.choice(["red", "green", "blue", "ünï"], (30, 2)).astype(object)
        model = encoder.fit(cells)
        return (to_onnx(model, initial_types=[("X", StringTensorType([None, 2]))], target_opset=opset), {"X": cells[:9]})
    return build


def multi(model, y_of, opset):
    def build():
        x = numbers()
        model.fit(x, y_of(x))
        return to_onnx(model, x[:1], target_opset=opset, options=None), {"X": numbers(12, 4, seed=1)}
    return build


def double_model(model, y_of, opset):
    def build():
        x = numbers().astype(np.float64)
        model.fit(x, y_of(x.astype(np.float32)))
        return to_onnx(model, x[:1], target_opset=opset), {"X": numbers(12, 4, seed=1).astype(np.float64)}
    return build


def isotonic_model():
    x = numbers()[:, :1]
    model = isotonic.IsotonicRegression(out_of_bounds="clip").fit(x, target(numbers()))
    return to_onnx(model, x[:1], target_opset=17), {"X": numbers(12, 1, seed=1)}


def cases():
    for opset in (12, 17, 21):
        for name, model in CLASSIFIERS.items():
            loose = 1e-4 if name.startswith(("gp_", "qda")) else 1e-5
            yield f"skl_{name}_binary_o{opset}", fitted(model, binary, opset), loose
            if opset == 17:
                yield f"skl_{name}_text_labels", fitted(model, lambda x: words(three(x)), opset, zipmap=True), loose
                yield f"skl_{name}_three", fitted(model, three, opset), loose
        for name, model in REGRESSORS.items():
            y_of = (lambda x: np.abs(target(x))) if name == "poisson" else target
            yield f"skl_{name}_o{opset}", fitted(model, y_of, opset), 1e-5
        for name, model in TRANSFORMERS.items():
            yield f"skl_{name}_o{opset}", fitted(model, binary, opset), 1e-5
        for name, model in OTHERS.items():
            yield f"skl_{name}_o{opset}", fitted(model, None, opset), 1e-5
        yield f"skl_imputed_ridge_o{opset}", imputed(opset), 1e-5
        yield f"skl_mixed_logistic_o{opset}", mixed(opset, linear_model.LogisticRegression()), 1e-5
        yield f"skl_mixed_forest_o{opset}", mixed(opset, ensemble.RandomForestClassifier(5, random_state=0)), 1e-5
        yield f"skl_one_hot_text_o{opset}", text_encoder(preprocessing.OneHotEncoder(), opset), 1e-6
        yield f"skl_ordinal_text_o{opset}", text_encoder(preprocessing.OrdinalEncoder(), opset), 1e-6
    yield "skl_linear_two_targets", multi(linear_model.LinearRegression(), targets, 17), 1e-5
    yield "skl_forest_two_targets", multi(ensemble.RandomForestRegressor(4, max_depth=3, random_state=0), targets, 17), 1e-5
    yield "skl_multi_output_regressor", multi(MultiOutputRegressor(linear_model.Ridge()), targets, 17), 1e-5
    yield "skl_multi_output_classifier", multi(
        MultiOutputClassifier(linear_model.LogisticRegression()),
        lambda x: np.stack([binary(x), three(x)], axis=1), 17), 1e-5
    yield "skl_double_ridge", double_model(linear_model.Ridge(), target, 17), 1e-9
    yield "skl_double_scaler", double_model(preprocessing.StandardScaler(), target, 17), 1e-9
    yield "skl_double_tree", double_model(tree.DecisionTreeRegressor(max_depth=3, random_state=0), target, 17), 1e-6
    yield "skl_double_gp", double_model(gaussian_process.GaussianProcessRegressor(alpha=0.5), target, 17), 1e-6
    yield "skl_isotonic", isotonic_model, 1e-5
