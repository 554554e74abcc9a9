// sklearn.naive_bayes.
#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/naive_bayes.h"

namespace slipway::sklearn {
namespace {

/// predict, and probabilities from joint log likelihoods.
Result<Step> likelihood_classifier(Lowering& lowering, ValueId joint, const LabelTable& labels) {
  const uint32_t width = lowering.type(joint).width;
  if (labels.size() != width) {
    return invalid_argument("it has another number of classes than of likelihoods");
  }
  Step step;
  // With one class its index is 0 whatever the likelihood.
  const double threshold = width == 1 ? std::numeric_limits<double>::infinity() : 0;
  step.methods.push_back(
      label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {joint})), labels));
  const ValueId logs = TRY(lowering.add(std::make_unique<LogNormalizeOp>(), {joint}));
  const ValueId probabilities =
      TRY(lowering.add(std::make_unique<ActivationOp>(ActivationOp::Function::kExp), {logs}));
  const std::vector<std::string> names = label_names(labels);
  step.methods.push_back(number_method("predict_proba", probabilities, width, false, names));
  step.methods.push_back(number_method("predict_log_proba", logs, width, false, names));
  step.methods.push_back(number_method("predict_joint_log_proba", joint, width, false, names));
  return step;
}

Result<Step> lower_gaussian(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const pickle::Value classes_attr = TRY(self.attr("classes_"));
  const LabelTable labels = TRY(label_table(classes_attr));
  GaussianBayesOp::Tables tables;
  pickle::Array<double> means = TRY(matrix_attr(self, "theta_"));
  // sigma_ was renamed var_ in 1.0.
  pickle::Array<double> variances =
      TRY(matrix_attr(self, self.find_attr("var_").has_value() ? "var_" : "sigma_"));
  tables.features = lowering.type(x).width;
  tables.means = std::move(means.values);
  tables.variances = std::move(variances.values);
  tables.priors = TRY(f64_attr(self, "class_prior_")).values;
  const ValueId joint =
      TRY(lowering.add(std::make_unique<GaussianBayesOp>(std::move(tables)), {x}));
  return likelihood_classifier(lowering, joint, labels);
}

/// coefficients x + offsets, for each class.
Result<ValueId> joint_sums(Lowering& lowering, ValueId x, std::vector<double> coefficients,
                           std::vector<double> offsets) {
  const auto classes = static_cast<uint32_t>(offsets.size());
  return lowering.add(std::make_unique<LinearOp>(classes, lowering.type(x).width,
                                                 std::move(coefficients), std::move(offsets)),
                      {x});
}

Result<Step> lower_multinomial(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  std::vector<double> offsets(labels.size(), 0.0);
  // Complement naive Bayes has no use for the prior, but with one class.
  if (self.name() == "MultinomialNB" || labels.size() == 1) {
    offsets = TRY(f64_attr(self, "class_log_prior_")).values;
  }
  const ValueId joint = TRY(
      joint_sums(lowering, x, TRY(f64_attr(self, "feature_log_prob_")).values, std::move(offsets)));
  return likelihood_classifier(lowering, joint, labels);
}

Result<Step> lower_bernoulli(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId x = TRY(lowering.finite(self, input));
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const auto threshold = self.find_attr("binarize");
  if (threshold.has_value() && !threshold->is_none()) {
    const ElementwiseOp::Parameters parameters{TRY(threshold->as_double()), 0, 0};
    x = TRY(lowering.add(
        std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kBinarize, parameters), {x}));
  }
  std::vector<double> offsets = TRY(f64_attr(self, "class_log_prior_")).values;
  std::vector<double> logs = TRY(f64_attr(self, "feature_log_prob_")).values;
  const size_t features = lowering.type(x).width;
  if (logs.size() != offsets.size() * features) {
    return invalid_argument("BernoulliNB.feature_log_prob_: no usable shape");
  }
  for (size_t k = 0; k < offsets.size(); ++k) {
    double sum = 0;
    for (size_t i = 0; i < features; ++i) {
      double& log = logs[k * features + i];
      const double absent = std::log(1 - std::exp(log));
      log -= absent;
      sum += absent;
    }
    offsets[k] += sum;
  }
  const ValueId joint = TRY(joint_sums(lowering, x, std::move(logs), std::move(offsets)));
  return likelihood_classifier(lowering, joint, labels);
}

Result<Step> lower_categorical(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  CategoricalBayesOp::Tables tables;
  tables.priors = TRY(f64_attr(self, "class_log_prior_")).values;
  for (const pickle::Value one :
       TRY(pickle::to_values(TRY(self.attr("feature_log_prob_")))).values) {
    tables.features.push_back(TRY(pickle::to_f64(one)).values);
  }
  const ValueId joint =
      TRY(lowering.add(std::make_unique<CategoricalBayesOp>(std::move(tables)), {x}));
  return likelihood_classifier(lowering, joint, labels);
}

}  // namespace

std::span<const EstimatorEntry> naive_bayes_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"GaussianNB", lower_gaussian},
      EstimatorEntry{"MultinomialNB", lower_multinomial},
      EstimatorEntry{"ComplementNB", lower_multinomial},
      EstimatorEntry{"BernoulliNB", lower_bernoulli},
      EstimatorEntry{"CategoricalNB", lower_categorical},
  };
  return kTable;
}

}  // namespace slipway::sklearn
