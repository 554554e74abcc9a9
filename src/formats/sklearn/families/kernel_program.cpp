#include "formats/sklearn/families/kernel_program.h"

#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {
namespace {

using Function = PairwiseFunction;
using Kind = PairwiseStep::Kind;

constexpr int kLevelsMax = 60;  // kernels inside kernels

Result<double> parameter(pickle::Value kernel, std::string_view name) {
  return TRY(kernel.attr(name)).as_double();
}

PairwiseStep step_of(Kind kind, double a = 0) {
  PairwiseStep step;
  step.kind = kind;
  step.a = a;
  return step;
}

/// A function of lengths: length_scale is a number or one for each feature.
Result<PairwiseStep> scaled_step(pickle::Value kernel, Function function, double a,
                                 uint32_t features) {
  PairwiseStep step = PairwiseProgram::of(function, a, 0, 0).steps[0];
  step.lengths = TRY(pickle::to_f64(TRY(kernel.attr("length_scale")))).values;
  if (step.lengths.size() == 1) step.lengths.resize(features, step.lengths[0]);
  if (step.lengths.size() != features) {
    return invalid_argument(fmt::format("{}.length_scale: {} numbers for {} columns", kernel.name(),
                                        step.lengths.size(), features));
  }
  return step;
}

/// A kernel that holds no other.
Result<PairwiseStep> leaf_step(pickle::Value kernel, uint32_t features) {
  const std::string_view name = kernel.name();
  if (name == "ConstantKernel") {
    return step_of(Kind::kConstant, TRY(parameter(kernel, "constant_value")));
  }
  if (name == "WhiteKernel") {
    return step_of(Kind::kNoise, TRY(parameter(kernel, "noise_level")));
  }
  if (name == "RBF") return scaled_step(kernel, Function::kRbf, 0.5, features);
  if (name == "Matern") {
    return scaled_step(kernel, Function::kMatern, TRY(parameter(kernel, "nu")), features);
  }
  if (name == "RationalQuadratic") {
    return PairwiseProgram::of(Function::kRationalQuadratic, TRY(parameter(kernel, "alpha")),
                               TRY(parameter(kernel, "length_scale")), 0)
        .steps[0];
  }
  if (name == "ExpSineSquared") {
    return PairwiseProgram::of(Function::kExpSineSquared, TRY(parameter(kernel, "length_scale")),
                               TRY(parameter(kernel, "periodicity")), 0)
        .steps[0];
  }
  if (name == "DotProduct") {
    const double sigma = TRY(parameter(kernel, "sigma_0"));
    return PairwiseProgram::of(Function::kLinear, sigma * sigma, 0, 0).steps[0];
  }
  if (name == "PairwiseKernel") {
    MetricKernel metric;
    metric.name = string_attr_or(kernel, "metric", "");
    metric.gamma = TRY(parameter(kernel, "gamma"));
    const auto options = kernel.find_attr("pairwise_kernels_kwargs");
    if (options.has_value() && options->kind() == pickle::Kind::kDict) {
      if (const auto value = options->find("coef0")) metric.coef0 = TRY(value->as_double());
      if (const auto value = options->find("degree")) metric.degree = TRY(value->as_double());
    }
    return TRY(metric_program(metric, features)).steps[0];
  }
  return unimplemented(fmt::format("the kernel {} is not supported", kernel.type_name()));
}

Status add_kernel(pickle::Value kernel, uint32_t features, int levels, PairwiseProgram& program) {
  constexpr size_t kStepsMax = 100;
  if (levels == 0 || program.steps.size() > kStepsMax) {
    return resource_exhausted("kernels nested too deeply, or too many of them");
  }
  if (kernel.kind() != pickle::Kind::kObject || !kernel.module().starts_with("sklearn.")) {
    return unimplemented(fmt::format("the kernel {} is not supported", kernel.type_name()));
  }
  const std::string_view name = kernel.name();
  if (name == "Sum" || name == "Product") {
    TRY_STATUS(add_kernel(TRY(kernel.attr("k1")), features, levels - 1, program));
    TRY_STATUS(add_kernel(TRY(kernel.attr("k2")), features, levels - 1, program));
    program.steps.push_back(step_of(name == "Sum" ? Kind::kSum : Kind::kProduct));
    return {};
  }
  if (name == "Exponentiation") {
    TRY_STATUS(add_kernel(TRY(kernel.attr("kernel")), features, levels - 1, program));
    program.steps.push_back(step_of(Kind::kPower, TRY(parameter(kernel, "exponent"))));
    return {};
  }
  program.steps.push_back(TRY(leaf_step(kernel, features)));
  return {};
}

}  // namespace

Result<MetricKernel> metric_kernel(pickle::Value self) {
  const pickle::Value name = TRY(self.attr("kernel"));
  if (!name.is_string()) return unimplemented(fmt::format("{}.kernel is code", self.name()));
  MetricKernel kernel;
  kernel.name = std::string(TRY(name.as_string()));
  const auto gamma = self.find_attr("gamma");
  if (gamma.has_value() && !gamma->is_none()) kernel.gamma = TRY(gamma->as_double());
  kernel.coef0 = TRY(double_attr_or(self, "coef0", 1));
  kernel.degree = TRY(double_attr_or(self, "degree", 3));
  return kernel;
}

Result<std::vector<double>> training_rows(pickle::Value self, std::string_view name,
                                          uint32_t features) {
  const pickle::Value value = TRY(self.attr(name));
  pickle::Array<double> rows =
      pickle::is_sparse(value) ? TRY(pickle::to_dense(value)) : TRY(matrix_attr(self, name));
  if (rows.columns() != features) {
    return invalid_argument(fmt::format("{}.{}: {} columns, but {} reach it", self.name(), name,
                                        rows.columns(), features));
  }
  return std::move(rows.values);
}

Result<PairwiseProgram> metric_program(const MetricKernel& kernel, uint32_t features) {
  const double share = kernel.gamma.value_or(features == 0 ? 0 : 1.0 / features);
  const std::string& name = kernel.name;
  if (name == "linear") return PairwiseProgram::of(Function::kLinear, 0, 0, 0);
  if (name == "poly" || name == "polynomial") {
    return PairwiseProgram::of(Function::kPolynomial, share, kernel.coef0, kernel.degree);
  }
  if (name == "sigmoid") return PairwiseProgram::of(Function::kSigmoid, share, kernel.coef0, 0);
  if (name == "rbf") return PairwiseProgram::of(Function::kRbf, share, 0, 0);
  if (name == "laplacian") return PairwiseProgram::of(Function::kLaplacian, share, 0, 0);
  if (name == "cosine") return PairwiseProgram::of(Function::kCosine, 0, 0, 0);
  if (name == "additive_chi2") return PairwiseProgram::of(Function::kAdditiveChi2, 0, 0, 0);
  if (name == "chi2") {
    return PairwiseProgram::of(Function::kChi2, kernel.gamma.value_or(1.0), 0, 0);
  }
  return unimplemented(fmt::format("the kernel '{}' is not supported", name));
}

Result<PairwiseProgram> process_program(pickle::Value kernel, uint32_t features) {
  PairwiseProgram program;
  TRY_STATUS(add_kernel(kernel, features, kLevelsMax, program));
  return program;
}

}  // namespace slipway::sklearn
