"""The list of cases. `build` returns (model or container, input rows[, rows that must be refused])."""

import dataclasses
from typing import Callable, Optional, Tuple

CASES = []
MILESTONES = ("1.1.3", "1.5.2", "1.9.1")
OLD = """
linear_regression linear_regression_two_targets ridge lasso elastic_net sgd_regressor linear_svr logistic_regression
logistic_regression_ovr logistic_regression_text_labels logistic_regression_frame logistic_regression_cv
logistic_regression_liblinear sgd_classifier_hinge sgd_classifier_modified_huber_binary perceptron linear_svc
gaussian_nb gaussian_nb_priors decision_tree_classifier decision_tree_regressor decision_tree_classifier_two_outputs
extra_tree_classifier random_forest_classifier random_forest_regressor random_forest_classifier_text_labels
extra_trees_classifier extra_trees_regressor gradient_boosting_classifier gradient_boosting_classifier_binary
gradient_boosting_classifier_exponential gradient_boosting_classifier_init_zero gradient_boosting_regressor_huber
gradient_boosting_regressor_quantile hist_gradient_boosting_classifier hist_gradient_boosting_classifier_missing
hist_gradient_boosting_regressor_squared_error hist_gradient_boosting_regressor_categorical_mask
knn_classifier_kd_tree knn_classifier_brute_grid_ties knn_regressor_brute knn_classifier_text svc_rbf svc_linear_binary
svc_probability svc_text_labels_ovo svc_sparse_rbf svr_poly nu_svc_rbf nu_svr standard_scaler min_max_scaler_clip
max_abs_scaler robust_scaler normalizer_l2 binarizer simple_imputer_mean simple_imputer_median_indicator
simple_imputer_text_nan one_hot_text one_hot_text_ignore one_hot_text_drop_first one_hot_integers ordinal_text
ordinal_unknown_value polynomial_features_degree_three pca pca_whiten function_log1p function_identity
pipeline_scaler_logistic pipeline_passthrough columns_by_name columns_remainder_passthrough columns_by_selector
columns_by_mask union_pca_scaler union_weights grid_search_pipeline grid_search_scorer_splitter
randomized_search_distributions records_plain records_lists_of_texts records_logistic container_dict container_bunch diabetes_pipeline digits_pca_svc
""".split()


@dataclasses.dataclass
class Case:
    name: str
    build: Callable
    select: Optional[str] = None      # path to the model inside a container
    way: Optional[Tuple] = None       # (container, codec, protocol); None: chosen by the name
    tolerance: Optional[float] = None  # None: decided from the outputs
    alone: bool = False               # answers of each row alone: a batch would change them
    some_releases: bool = False       # only by those of MILESTONES: the file is the same in between

    def is_made_by(self, version):
        return not self.some_releases or version in MILESTONES

    @property
    def read_from_old(self):
        """Whether the releases before 1.1, read as far as the same code goes, have this case too."""
        return self.name in OLD or self.name.startswith(("titanic_", "adult_", "kept_"))


def add(name, build, **options):
    if any(case.name == name for case in CASES):
        raise AssertionError(f"two cases are named {name}")
    CASES.append(Case(name, build, **options))
