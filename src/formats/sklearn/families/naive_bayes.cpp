// sklearn.naive_bayes.
#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
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

}  // namespace

std::span<const EstimatorEntry> naive_bayes_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"GaussianNB", lower_gaussian},
  };
  return kTable;
}

}  // namespace slipway::sklearn
