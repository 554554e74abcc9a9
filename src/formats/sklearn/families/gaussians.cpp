// Models of normal distributions: discriminant analysis, Gaussian mixtures, covariance estimators
// and EllipticEnvelope.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/linear_scores.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/linear.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/quadratic.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

using Form = QuadraticFormsOp::Form;
using Kind = QuadraticFormsOp::Kind;

std::vector<double> transposed(const std::vector<double>& matrix, size_t rows, size_t columns) {
  std::vector<double> made(matrix.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) made[j * rows + i] = matrix[i * columns + j];
  }
  return made;
}

Status add_lda_transform(Lowering& lowering, pickle::Value self, ValueId x, Step& step) {
  const std::string solver = string_attr_or(self, "solver", "svd");
  if (solver == "lsqr") return {};
  const pickle::Array<double> scalings = TRY(matrix_attr(self, "scalings_"));
  const int64_t most = TRY(int_attr_or(self, "_max_components", 0));
  const uint32_t features = lowering.type(x).width;
  if (scalings.rows() != features || most < 1) {
    return invalid_argument("LinearDiscriminantAnalysis.scalings_: no usable shape");
  }
  const auto kept =
      static_cast<uint32_t>(std::min<uint64_t>(scalings.columns(), static_cast<uint64_t>(most)));
  std::vector<double> weights;
  for (uint32_t k = 0; k < kept; ++k) {
    for (uint32_t i = 0; i < features; ++i) {
      weights.push_back(scalings.values[i * scalings.columns() + k]);
    }
  }
  if (solver == "svd") {
    x = TRY(lowering.add(
        std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, features,
                                  TRY(f64_attr(self, "xbar_")).values, std::vector<double>{}),
        {x}));
  }
  const ValueId y = TRY(lowering.add(
      std::make_unique<LinearOp>(kept, features, std::move(weights), std::vector<double>(kept)),
      {x}));
  std::vector<std::string> names;
  for (uint32_t k = 0; k < kept; ++k) {
    names.push_back(fmt::format("lineardiscriminantanalysis{}", k));
  }
  step.transform = all_columns(y, kept, std::move(names));
  return {};
}

Result<Step> lower_lda(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const LinearScores scores =
      TRY(linear_scores(lowering, self, all_columns(x, lowering.type(x).width)));
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  Step step =
      TRY(score_classifier(lowering, scores.value, labels,
                           labels.size() == 2 ? Probability::kOneVsRest : Probability::kSoftmax));
  for (Method& method : step.methods) {
    if (method.name != "predict_log_proba") continue;
    method.value = TRY(row_function(lowering, step.find("predict_proba")->value,
                                    RowFunctionOp::Function::kLogNotZero));
  }
  TRY_STATUS(add_lda_transform(lowering, self, x, step));
  return step;
}

Result<std::vector<Form>> qda_forms(pickle::Value self, uint32_t features) {
  const pickle::Array<double> means = TRY(matrix_attr(self, "means_"));
  const std::vector<double> priors = TRY(f64_attr(self, "priors_")).values;
  const auto rotations = TRY(pickle::to_values(TRY(self.attr("rotations_")))).values;
  const auto scalings = TRY(pickle::to_values(TRY(self.attr("scalings_")))).values;
  const size_t classes = means.rows();
  if (means.columns() != features || priors.size() != classes || rotations.size() != classes ||
      scalings.size() != classes) {
    return invalid_argument("QuadraticDiscriminantAnalysis: its tables do not fit each other");
  }
  std::vector<Form> forms(classes);
  for (size_t k = 0; k < classes; ++k) {
    const pickle::Array<double> rotation = TRY(pickle::to_f64(rotations[k]));
    const std::vector<double> scaling = TRY(pickle::to_f64(scalings[k])).values;
    const size_t rank = scaling.size();
    if (rotation.values.size() != rank * features || rotation.columns() != rank) {
      return invalid_argument("QuadraticDiscriminantAnalysis.rotations_: no usable shape");
    }
    Form& form = forms[k];
    form.mean.assign(means.values.begin() + static_cast<ptrdiff_t>(k * features),
                     means.values.begin() + static_cast<ptrdiff_t>((k + 1) * features));
    form.matrix = transposed(rotation.values, features, rank);
    double logs = 0;
    for (size_t r = 0; r < rank; ++r) {
      const double factor = std::pow(scaling[r], -0.5);
      for (size_t j = 0; j < features; ++j) form.matrix[r * features + j] *= factor;
      logs += std::log(scaling[r]);
    }
    form.constant = -0.5 * logs + std::log(priors[k]);
  }
  return forms;
}

Result<Step> lower_qda(Lowering& lowering, pickle::Value self, const Features& input) {
  using Function = ActivationOp::Function;
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const ValueId joint = TRY(lowering.add(
      std::make_unique<QuadraticFormsOp>(features, 0.5, TRY(qda_forms(self, features))), {x}));
  const uint32_t width = lowering.type(joint).width;
  if (labels.size() != width) return invalid_argument("it has other classes than distributions");
  Step step;
  step.methods.push_back(
      label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(), {joint})), labels));
  const std::vector<std::string> names = label_names(labels);
  const ValueId proba = TRY(activated(lowering, joint, Function::kSoftmax));
  step.methods.push_back(number_method("predict_proba", proba, width, false, names));
  const ValueId logs =
      TRY(written_since(self, 1, 6) ? lowering.add(std::make_unique<LogNormalizeOp>(), {joint})
                                    : activated(lowering, proba, Function::kLog));
  step.methods.push_back(number_method("predict_log_proba", logs, width, false, names));
  if (width != 2) {
    step.methods.push_back(number_method("decision_function", joint, width, false, names));
    return step;
  }
  const ValueId difference = TRY(lowering.add(
      std::make_unique<LinearOp>(1, 2, std::vector<double>{-1, 1}, std::vector<double>{0}),
      {joint}));
  step.methods.push_back(number_method("decision_function", difference, 1, true));
  return step;
}

/// The derivative of the logarithm of the gamma function, for x > 0; else NaN.
double digamma(double x) {
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  double result = 0;
  for (; x < 10; x += 1) result -= 1 / x;
  const double inverse = 1 / (x * x);
  const double series =
      inverse *
      (1.0 / 12 -
       inverse *
           (1.0 / 120 -
            inverse * (1.0 / 252 -
                       inverse * (1.0 / 240 - inverse * (1.0 / 132 - inverse * (691.0 / 32760 -
                                                                                inverse / 12))))));
  return result + std::log(x) - 0.5 / x - series;
}

/// precisions_cholesky_ of component k as a form's matrix, and the log of its determinant.
Result<double> set_precision(const pickle::Array<double>& cholesky, const std::string& type,
                             uint32_t features, size_t k, Form& form) {
  const bool shared = type == "tied";
  const bool full = type == "full" || shared;
  const size_t size = full ? size_t{features} * features : type == "diag" ? features : 1;
  const size_t start = shared ? 0 : k * size;
  if (!full && type != "diag" && type != "spherical") {
    return unimplemented(fmt::format("covariance_type '{}' is not known", type));
  }
  if (cholesky.values.size() < start + size) {
    return invalid_argument("precisions_cholesky_: no usable shape");
  }
  const std::vector<double> own(cholesky.values.begin() + static_cast<ptrdiff_t>(start),
                                cholesky.values.begin() + static_cast<ptrdiff_t>(start + size));
  double log_determinant = 0;
  if (full) {
    form.matrix = transposed(own, features, features);
    for (size_t i = 0; i < features; ++i) log_determinant += std::log(own[i * features + i]);
    return log_determinant;
  }
  form.kind = Kind::kDiagonal;
  form.matrix = own;
  form.matrix.resize(features, own[0]);
  for (const double value : form.matrix) log_determinant += std::log(value);
  return log_determinant;
}

/// What each component adds to its log density beside the normal one.
Result<std::vector<double>> component_offsets(pickle::Value self, size_t count, uint32_t features) {
  std::vector<double> offsets(count);
  if (self.name() == "GaussianMixture") {
    const std::vector<double> weights = TRY(f64_attr(self, "weights_")).values;
    if (weights.size() != count) return invalid_argument("weights_: another number of components");
    for (size_t k = 0; k < count; ++k) offsets[k] = std::log(weights[k]);
    return offsets;
  }
  std::vector<double> freedom = TRY(f64_attr(self, "degrees_of_freedom_")).values;
  if (freedom.size() == 1) freedom.resize(count, freedom[0]);  // one for all that are tied
  const std::vector<double> precision = TRY(f64_attr(self, "mean_precision_")).values;
  const bool process =
      string_attr_or(self, "weight_concentration_prior_type", "") == "dirichlet_process";
  // Two vectors for a process, one for a distribution.
  std::vector<double> first;
  std::vector<double> second;
  const pickle::Value concentration = TRY(self.attr("weight_concentration_"));
  if (process) {
    const auto pair = TRY(pickle::to_values(concentration)).values;
    if (pair.size() != 2) return invalid_argument("weight_concentration_: expected two vectors");
    first = TRY(pickle::to_f64(pair[0])).values;
    second = TRY(pickle::to_f64(pair[1])).values;
  } else {
    first = TRY(pickle::to_f64(concentration)).values;
    second = first;
  }
  if (freedom.size() != count || precision.size() != count || first.size() != count ||
      second.size() != count) {
    return invalid_argument("its tables are of another number of components");
  }
  double total = 0;
  for (const double value : first) total += value;
  double left = 0;  // of the stick: sum of digamma(b) - digamma(a + b) so far
  for (size_t k = 0; k < count; ++k) {
    const double sum = digamma(process ? first[k] + second[k] : total);
    offsets[k] = digamma(first[k]) - sum + (process ? left : 0);
    left += digamma(second[k]) - sum;
    double log_lambda = features * std::log(2.0);
    for (uint32_t i = 0; i < features; ++i) log_lambda += digamma(0.5 * (freedom[k] - i));
    offsets[k] +=
        0.5 * (log_lambda - features / precision[k]) - 0.5 * features * std::log(freedom[k]);
  }
  return offsets;
}

Result<Step> lower_mixture(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const pickle::Array<double> means = TRY(matrix_attr(self, "means_"));
  const size_t count = means.rows();
  if (means.columns() != features || count > kWidthMax) {
    return invalid_argument(fmt::format("{}.means_: no usable shape", self.name()));
  }
  const pickle::Array<double> cholesky = TRY(f64_attr(self, "precisions_cholesky_"));
  const std::string type = string_attr_or(self, "covariance_type", "full");
  const std::vector<double> offsets = TRY(component_offsets(self, count, features));
  TRY_STATUS(lowering.spend(uint64_t{features} * count));
  std::vector<Form> forms(count);
  LabelTable labels;
  for (size_t k = 0; k < count; ++k) {
    forms[k].mean.assign(means.values.begin() + static_cast<ptrdiff_t>(k * features),
                         means.values.begin() + static_cast<ptrdiff_t>((k + 1) * features));
    const double log_determinant = TRY(set_precision(cholesky, type, features, k, forms[k]));
    forms[k].constant =
        -0.5 * features * std::log(2 * std::numbers::pi) + log_determinant + offsets[k];
    labels.ints.push_back(static_cast<int64_t>(k));
  }
  const ValueId joint =
      TRY(lowering.add(std::make_unique<QuadraticFormsOp>(features, 0.5, std::move(forms)), {x}));
  const ValueId logs = TRY(lowering.add(std::make_unique<LogNormalizeOp>(), {joint}));
  const ValueId proba = TRY(activated(lowering, logs, ActivationOp::Function::kExp));
  Step step = TRY(plain_probability_classifier(lowering, proba, labels));
  if (count > 1) {
    step.methods[0].value = TRY(lowering.add(std::make_unique<ArgMaxOp>(), {joint}));
  }
  const ValueId total = TRY(row_function(lowering, joint, RowFunctionOp::Function::kLogSumExp));
  step.methods.push_back(number_method("score_samples", total, 1, true));
  return step;
}

/// Squared Mahalanobis distances.
Result<ValueId> mahalanobis(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const auto precision = self.find_attr("precision_");
  if (!precision.has_value() || precision->is_none()) {
    return unimplemented("it was fitted with store_precision=False");
  }
  Form form;
  form.kind = Kind::kBilinear;
  form.mean = TRY(f64_attr(self, "location_")).values;
  form.matrix = TRY(f64_attr(self, "precision_")).values;
  return lowering.add(
      std::make_unique<QuadraticFormsOp>(features, -1, std::vector<Form>{std::move(form)}), {x});
}

Result<Step> lower_covariance(Lowering& lowering, pickle::Value self, const Features& input) {
  Step step;
  step.methods.push_back(
      number_method("mahalanobis", TRY(mahalanobis(lowering, self, input)), 1, true));
  return step;
}

Result<Step> lower_envelope(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId distance = TRY(mahalanobis(lowering, self, input));
  const double offset = TRY(TRY(self.attr("offset_")).as_double());
  const ValueId samples = TRY(scaled(lowering, distance, -1));
  Step step = TRY(outlier_detector(lowering, samples, offset));
  step.methods.push_back(number_method("mahalanobis", distance, 1, true));
  return step;
}

}  // namespace

std::span<const EstimatorEntry> gaussian_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"LinearDiscriminantAnalysis", lower_lda},
      EstimatorEntry{"QuadraticDiscriminantAnalysis", lower_qda},
      EstimatorEntry{"GaussianMixture", lower_mixture},
      EstimatorEntry{"BayesianGaussianMixture", lower_mixture},
      EstimatorEntry{"EmpiricalCovariance", lower_covariance},
      EstimatorEntry{"ShrunkCovariance", lower_covariance},
      EstimatorEntry{"LedoitWolf", lower_covariance},
      EstimatorEntry{"OAS", lower_covariance},
      EstimatorEntry{"MinCovDet", lower_covariance},
      EstimatorEntry{"GraphicalLasso", lower_covariance},
      EstimatorEntry{"GraphicalLassoCV", lower_covariance},
      EstimatorEntry{"EllipticEnvelope", lower_envelope},
  };
  return kTable;
}

}  // namespace slipway::sklearn
