// logistic_regression and linear_svc.
#include <array>

#include "training/learners/internal/families.h"
#include "training/learners/internal/linear_loss.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr double kIterationsMax = 1e8;

constexpr std::array kLogisticTable = {
    Hyperparameter{"penalty", Kind::kWord, "l2", 0, 0, false, "l1|l2|elasticnet|none"},
    Hyperparameter{"C", Kind::kNumber, "1.0", 0, 1e300, true},
    Hyperparameter{"l1_ratio", Kind::kNumber, "none", 0, 1, false, "none"},
    Hyperparameter{"tol", Kind::kNumber, "0.0001", 0, 1e300, true},
    Hyperparameter{"max_iter", Kind::kInteger, "100", 1, kIterationsMax},
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
    Hyperparameter{"class_weight", Kind::kWord, "none", 0, 0, false, "none|balanced"},
    Hyperparameter{"solver", Kind::kWord, "lbfgs", 0, 0, false, "lbfgs|liblinear|saga"},
};

constexpr std::array kLinearSvcTable = {
    Hyperparameter{"C", Kind::kNumber, "1.0", 0, 1e300, true},
    Hyperparameter{"loss", Kind::kWord, "squared_hinge", 0, 0, false, "squared_hinge"},
    Hyperparameter{"penalty", Kind::kWord, "l2", 0, 0, false, "l1|l2"},
    Hyperparameter{"tol", Kind::kNumber, "0.0001", 0, 1e300, true},
    Hyperparameter{"max_iter", Kind::kInteger, "1000", 1, kIterationsMax},
    Hyperparameter{"fit_intercept", Kind::kFlag, "true"},
    Hyperparameter{"class_weight", Kind::kWord, "none", 0, 0, false, "none|balanced"},
};

Result<LinearLossProblem> logistic_problem(const TrainingData& data,
                                           const Hyperparameters& parameters) {
  LinearLossProblem problem;
  const std::string_view penalty = parameters.word("penalty");
  const bool has_ratio = parameters.word("l1_ratio").empty();
  if (penalty == "elasticnet" && !has_ratio) {
    return invalid_argument(
        "hyperparameter l1_ratio of logistic_regression: penalty elasticnet needs it, 0 to 1");
  }
  if (penalty != "elasticnet" && has_ratio) {
    return invalid_argument(
        "hyperparameter l1_ratio of logistic_regression is for penalty elasticnet only");
  }
  problem.l1 = penalty == "l1" ? 1 : 0;
  if (penalty == "elasticnet") problem.l1 = parameters.number("l1_ratio");
  problem.l2 = penalty == "none" ? 0 : 1 - problem.l1;
  problem.c = parameters.number("C");
  problem.has_intercept = parameters.flag("fit_intercept");
  if (parameters.word("solver") == "liblinear") {
    if (penalty == "elasticnet" || penalty == "none") {
      return invalid_argument(
          "hyperparameter solver of logistic_regression: liblinear has the penalties l1 and l2 "
          "only");
    }
    problem.penalises_intercept = problem.has_intercept;
    problem.one_vs_rest = data.class_count > 2;
  }
  if (data.class_count > 2 && !problem.one_vs_rest) problem.loss = RowBlocks::Loss::kMultinomial;
  problem.tolerance = parameters.number("tol");
  problem.iterations_max = static_cast<int>(parameters.integer("max_iter"));
  return problem;
}

Result<Fit> train_logistic(const Learner& learner, const TrainingData& data,
                           const Hyperparameters& parameters, const FitOptions& options) {
  const LinearLossProblem problem = TRY(logistic_problem(data, parameters));
  LinearLossFit found = TRY(minimise_loss(data, problem, options));
  const bool softmax = problem.loss == RowBlocks::Loss::kMultinomial;
  Fit fit;
  fit.model =
      std::make_unique<LinearModel>(learner.estimator, std::move(found.coefficients),
                                    softmax ? Probability::kSoftmax : Probability::kOneVsRest);
  fit.warnings = std::move(found.warnings);
  return fit;
}

Result<Fit> train_linear_svc(const Learner& learner, const TrainingData& data,
                             const Hyperparameters& parameters, const FitOptions& options) {
  LinearLossProblem problem;
  problem.loss = RowBlocks::Loss::kSquaredHinge;
  problem.one_vs_rest = true;
  problem.c = parameters.number("C");
  problem.l1 = parameters.word("penalty") == "l1" ? 1 : 0;
  problem.l2 = 1 - problem.l1;
  problem.has_intercept = parameters.flag("fit_intercept");
  problem.penalises_intercept = problem.has_intercept;
  problem.tolerance = parameters.number("tol");
  problem.iterations_max = static_cast<int>(parameters.integer("max_iter"));
  LinearLossFit found = TRY(minimise_loss(data, problem, options));
  Fit fit;
  fit.model = std::make_unique<LinearModel>(learner.estimator, std::move(found.coefficients),
                                            Probability::kNone);
  fit.warnings = std::move(found.warnings);
  return fit;
}

}  // namespace

std::span<const Learner> logistic_family() {
  static constexpr std::array kTable = {
      Learner{"logistic_regression", Task::kClassification, "LogisticRegression", "libLBFGS", false,
              kLogisticTable, train_logistic},
      Learner{"linear_svc", Task::kClassification, "LinearSVC", "libLBFGS", false, kLinearSvcTable,
              train_linear_svc},
  };
  return kTable;
}

}  // namespace slipway::training
