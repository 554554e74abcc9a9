// naive_bayes (Gaussian), multinomial_nb and bernoulli_nb.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "graph/ops/basic.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/naive_bayes.h"
#include "training/learners/internal/families.h"
#include "training/learners/internal/linear_model.h"
#include "training/learners/internal/outputs.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr std::array kGaussianTable = {
    Hyperparameter{"var_smoothing", Kind::kNumber, "1e-9", 0, 1e300},
};
constexpr std::array kMultinomialTable = {
    Hyperparameter{"alpha", Kind::kNumber, "1.0", 0, 1e300, true},
    Hyperparameter{"fit_prior", Kind::kFlag, "true"},
};
constexpr std::array kBernoulliTable = {
    Hyperparameter{"alpha", Kind::kNumber, "1.0", 0, 1e300, true},
    Hyperparameter{"binarize", Kind::kNumber, "0.0", -1e300, 1e300, false, "none"},
    Hyperparameter{"fit_prior", Kind::kFlag, "true"},
};

/// predict from the joint log likelihoods, and probabilities.
Result<std::vector<OutputSpec>> likelihood_outputs(GraphBuilder& graph, ValueId joint,
                                                   const ModelNaming& naming) {
  const uint32_t width = graph.type(joint).width;
  const ValueId index = TRY(graph.add(std::make_unique<ArgMaxOp>(), {joint}, naming.path));
  const ValueId logs = TRY(graph.add(std::make_unique<LogNormalizeOp>(), {joint}, naming.path));
  const ValueId probabilities = TRY(
      graph.add(std::make_unique<ActivationOp>(ActivationOp::Function::kExp), {logs}, naming.path));
  std::vector<OutputSpec> outputs = {label_output(index, naming)};
  outputs.push_back(number_output("predict_proba", probabilities, width, naming));
  outputs.push_back(number_output("predict_log_proba", logs, width, naming));
  outputs.push_back(number_output("predict_joint_log_proba", joint, width, naming));
  return outputs;
}

class GaussianModel final : public FittedModel {
 public:
  explicit GaussianModel(GaussianBayesOp::Tables tables) : tables_(std::move(tables)) {}
  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    const ValueId x = TRY(checked_features(graph, features, naming, "GaussianNB"));
    const ValueId joint =
        TRY(graph.add(std::make_unique<GaussianBayesOp>(tables_), {x}, naming.path));
    return likelihood_outputs(graph, joint, naming);
  }

 private:
  GaussianBayesOp::Tables tables_;
};

/// Joint log likelihoods that are linear in the features, or in whether they exceed a threshold.
class CountsModel final : public FittedModel {
 public:
  CountsModel(std::string_view estimator, LinearModel::Coefficients joint,
              std::optional<double> threshold)
      : estimator_(estimator), joint_(std::move(joint)), threshold_(threshold) {}
  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    ValueId x = TRY(checked_features(graph, features, naming, estimator_));
    if (threshold_.has_value()) {
      const ElementwiseOp::Parameters parameters{*threshold_, 0, 0};
      auto op = std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kBinarize, parameters);
      x = TRY(graph.add(std::move(op), {x}, naming.path));
    }
    const auto classes = static_cast<uint32_t>(joint_.intercepts.size());
    auto linear =
        std::make_unique<LinearOp>(classes, joint_.features, joint_.weights, joint_.intercepts);
    return likelihood_outputs(graph, TRY(graph.add(std::move(linear), {x}, naming.path)), naming);
  }

 private:
  std::string_view estimator_;
  LinearModel::Coefficients joint_;
  std::optional<double> threshold_;
};

std::vector<double> class_weights(const TrainingData& data) {
  std::vector<double> sums(data.class_count, 0.0);
  for (size_t i = 0; i < data.rows; ++i) {
    sums[static_cast<size_t>(data.classes[i])] += data.weight(i);
  }
  return sums;
}

/// The largest variance of a column, without weights: what var_smoothing is a share of.
double largest_variance(const TrainingData& data) {
  TrainingData plain = data;
  plain.weights = {};
  double largest = 0;
  const Moments moments = moments_of(plain);
  for (uint32_t j = 0; j < data.columns; ++j) {
    double variance = 0;
    for (size_t i = 0; i < data.rows; ++i) {
      const double d = data.row(i)[j] - moments.means[j];
      variance += d * d;
    }
    largest = std::max(largest, variance / static_cast<double>(data.rows));
  }
  return largest;
}

Result<Fit> train_gaussian(const Learner& /*learner*/, const TrainingData& data,
                           const Hyperparameters& parameters, const FitOptions& /*options*/) {
  const size_t columns = data.columns;
  const std::vector<double> sums = class_weights(data);
  GaussianBayesOp::Tables tables;
  tables.features = data.columns;
  tables.means.assign(data.class_count * columns, 0.0);
  tables.variances.assign(data.class_count * columns, 0.0);
  for (size_t i = 0; i < data.rows; ++i) {
    double* means = &tables.means[static_cast<size_t>(data.classes[i]) * columns];
    for (size_t j = 0; j < columns; ++j) means[j] += data.weight(i) * data.row(i)[j];
  }
  for (size_t at = 0; at < tables.means.size(); ++at) tables.means[at] /= sums[at / columns];
  for (size_t i = 0; i < data.rows; ++i) {
    const size_t first = static_cast<size_t>(data.classes[i]) * columns;
    for (size_t j = 0; j < columns; ++j) {
      const double d = data.row(i)[j] - tables.means[first + j];
      tables.variances[first + j] += data.weight(i) * d * d;
    }
  }
  const double smoothing = parameters.number("var_smoothing") * largest_variance(data);
  for (size_t at = 0; at < tables.variances.size(); ++at) {
    double& variance = tables.variances[at];
    variance = variance / sums[at / columns] + smoothing;
    if (!(variance > 0) || !std::isfinite(variance)) {
      return invalid_argument(
          fmt::format("naive_bayes: column {} has no variance within class {}; a larger "
                      "var_smoothing gives it one",
                      at % columns, at / columns));
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (const double sum : sums) tables.priors.push_back(sum / total);
  Fit fit;
  fit.model = std::make_unique<GaussianModel>(std::move(tables));
  return fit;
}

std::vector<double> log_priors(const std::vector<double>& sums, bool fit_prior) {
  double total = 0;
  for (const double sum : sums) total += sum;
  std::vector<double> priors;
  priors.reserve(sums.size());
  for (const double sum : sums) {
    const double share = fit_prior ? sum / total : 1 / static_cast<double>(sums.size());
    priors.push_back(std::log(share));
  }
  return priors;
}

Result<Fit> train_multinomial(const Learner& learner, const TrainingData& data,
                              const Hyperparameters& parameters, const FitOptions& /*options*/) {
  const size_t columns = data.columns;
  LinearModel::Coefficients joint;
  joint.features = data.columns;
  joint.intercepts = log_priors(class_weights(data), parameters.flag("fit_prior"));
  joint.weights.assign(data.class_count * columns, parameters.number("alpha"));
  for (size_t i = 0; i < data.rows; ++i) {
    double* counts = &joint.weights[static_cast<size_t>(data.classes[i]) * columns];
    for (size_t j = 0; j < columns; ++j) {
      const double count = data.row(i)[j];
      if (count < 0) {
        return invalid_argument(fmt::format(
            "multinomial_nb takes counts, not negative numbers: row {}, column {} has {}", i, j,
            count));
      }
      counts[j] += data.weight(i) * count;
    }
  }
  for (size_t k = 0; k < data.class_count; ++k) {
    double total = 0;
    for (size_t j = 0; j < columns; ++j) total += joint.weights[k * columns + j];
    for (size_t j = 0; j < columns; ++j) {
      double& weight = joint.weights[k * columns + j];
      weight = std::log(weight) - std::log(total);
    }
  }
  Fit fit;
  fit.model = std::make_unique<CountsModel>(learner.estimator, std::move(joint), std::nullopt);
  return fit;
}

Result<Fit> train_bernoulli(const Learner& learner, const TrainingData& data,
                            const Hyperparameters& parameters, const FitOptions& /*options*/) {
  const size_t columns = data.columns;
  std::optional<double> threshold;
  if (parameters.word("binarize").empty()) threshold = parameters.number("binarize");
  const double alpha = parameters.number("alpha");
  const std::vector<double> sums = class_weights(data);
  LinearModel::Coefficients joint;
  joint.features = data.columns;
  joint.intercepts = log_priors(sums, parameters.flag("fit_prior"));
  joint.weights.assign(data.class_count * columns, alpha);
  for (size_t i = 0; i < data.rows; ++i) {
    double* counts = &joint.weights[static_cast<size_t>(data.classes[i]) * columns];
    for (size_t j = 0; j < columns; ++j) {
      double x = data.row(i)[j];
      if (threshold.has_value()) x = x > *threshold ? 1 : 0;
      counts[j] += data.weight(i) * x;
    }
  }
  for (size_t k = 0; k < data.class_count; ++k) {
    for (size_t j = 0; j < columns; ++j) {
      double& weight = joint.weights[k * columns + j];
      const double share = weight / (sums[k] + 2 * alpha);
      if (!(share > 0 && share < 1)) {
        return invalid_argument(fmt::format(
            "bernoulli_nb with binarize none takes zeros and ones: column {} has others", j));
      }
      const double absent = std::log(1 - share);
      weight = std::log(share) - absent;
      joint.intercepts[k] += absent;
    }
  }
  Fit fit;
  fit.model = std::make_unique<CountsModel>(learner.estimator, std::move(joint), threshold);
  return fit;
}

}  // namespace

std::span<const Learner> bayes_family() {
  static constexpr std::array kTable = {
      Learner{"naive_bayes", Task::kClassification, "GaussianNB", "", false, kGaussianTable,
              train_gaussian},
      Learner{"multinomial_nb", Task::kClassification, "MultinomialNB", "", false,
              kMultinomialTable, train_multinomial},
      Learner{"bernoulli_nb", Task::kClassification, "BernoulliNB", "", false, kBernoulliTable,
              train_bernoulli},
  };
  return kTable;
}

}  // namespace slipway::training
