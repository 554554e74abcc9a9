#include "training/learners/internal/linear_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/plugin.h"
#include "training/learners/lbfgs_plugin.h"

namespace slipway::training {
namespace {

constexpr const char* kTitle = "logistic regression";
constexpr const char* kFileName = "libslipway_lbfgs.so";

Result<const SlipwayLbfgsPlugin*> open_library() {
  void* symbol = TRY(plugin_symbol(kTitle, kFileName, "slipway_lbfgs_plugin"));
  const SlipwayLbfgsPlugin* plugin = reinterpret_cast<SlipwayLbfgsEntry>(symbol)();
  if (plugin->abi != kSlipwayLbfgsAbi) return other_plugin_version(kTitle, kFileName);
  return plugin;
}

Result<const SlipwayLbfgsPlugin*> lbfgs_library() {
  static const Result<const SlipwayLbfgsPlugin*> library = open_library();
  return library;
}

/// How the columns are centred and scaled for the search.
struct Conditioning {
  std::vector<double> shift;
  std::vector<double> scale;
};

/// What is penalised must keep its meaning: a shift moves the intercept, and the l1 term of the
/// orthant-wise search knows no scales.
Conditioning condition(const TrainingData& data, const LinearLossProblem& problem) {
  Moments moments = moments_of(data);
  Conditioning made = {std::move(moments.means), std::move(moments.deviations)};
  if (!problem.has_intercept || problem.penalises_intercept) {
    for (uint32_t j = 0; j < data.columns; ++j) {
      made.scale[j] = std::hypot(made.scale[j], made.shift[j]);
      made.shift[j] = 0;
    }
  }
  if (problem.l1 > 0) std::fill(made.scale.begin(), made.scale.end(), 1.0);
  return made;
}

/// One search: an output for two classes, or one per class.
class Search {
 public:
  Search(const RowBlocks& blocks, const Conditioning& conditioning,
         const LinearLossProblem& problem, const FitOptions& options)
      : blocks_(blocks), conditioning_(conditioning), problem_(problem), options_(options) {}

  /// Weights and then biases, in the columns' own units.
  Result<std::vector<double>> run(const SlipwayLbfgsPlugin& library, uint32_t outputs,
                                  int32_t positive, double weight_sum, bool& converged) {
    outputs_ = outputs;
    positive_ = positive;
    weight_sum_ = weight_sum;
    const size_t columns = conditioning_.scale.size();
    const double strength = 1 / (problem_.c * weight_sum);
    l2_ = problem_.l2 * strength;
    l1_ = problem_.l1 * strength;
    l1_end_ = outputs * columns + (problem_.penalises_intercept ? outputs : 0);
    std::vector<double> theta(outputs * columns + outputs, 0.0);
    const SlipwayLbfgsProblem described = {theta.size(),
                                           theta.data(),
                                           &Search::evaluate,
                                           &Search::judge,
                                           this,
                                           problem_.iterations_max,
                                           l1_,
                                           0,
                                           l1_end_};
    char message[256] = "";
    const SlipwayLbfgsOutcome outcome = library.minimize(&described, {message, sizeof message});
    if (options_.is_stopped()) return Status(StatusCode::kCancelled, "training was stopped");
    if (outcome == kSlipwayLbfgsFailed) return internal_error(message);
    for (const double number : theta) {
      if (!std::isfinite(number)) return invalid_argument("the search for coefficients diverged");
    }
    converged = outcome != kSlipwayLbfgsIterations;
    restore_units(theta);
    return theta;
  }

 private:
  static double evaluate(void* context, const double* theta, double* gradient) {
    return static_cast<Search*>(context)->objective(theta, gradient);
  }
  static int judge(void* context, const double* theta, const double* gradient) {
    return static_cast<Search*>(context)->is_done(theta, gradient) ? 1 : 0;
  }

  double objective(const double* theta, double* gradient) {
    const size_t columns = conditioning_.scale.size();
    const size_t weights = outputs_ * columns;
    double value =
        blocks_.loss(problem_.loss, outputs_, positive_, theta, gradient, scratch_) / weight_sum_;
    for (size_t i = 0; i < weights + outputs_; ++i) gradient[i] /= weight_sum_;
    for (size_t i = 0; i < weights; ++i) {
      const double scale = conditioning_.scale[i % columns];
      const double weight = theta[i] / scale;
      value += l2_ * weight * weight / 2;
      gradient[i] += l2_ * weight / scale;
    }
    for (size_t k = weights; k < weights + outputs_; ++k) {
      if (!problem_.has_intercept) gradient[k] = 0;
      if (!problem_.penalises_intercept) continue;
      value += l2_ * theta[k] * theta[k] / 2;
      gradient[k] += l2_ * theta[k];
    }
    return value;
  }

  /// The largest element of the gradient by the coefficients in their own units, as scikit-learn
  /// judges.
  bool is_done(const double* theta, const double* gradient) const {
    if (options_.is_stopped()) return true;
    const size_t columns = conditioning_.scale.size();
    double largest = 0;
    for (size_t i = 0; i < outputs_ * columns + outputs_; ++i) {
      double slope = gradient[i];
      if (i < outputs_ * columns) {
        const double bias_slope = gradient[outputs_ * columns + i / columns];
        slope = slope * conditioning_.scale[i % columns] +
                bias_slope * conditioning_.shift[i % columns];
      }
      slope = l1_ > 0 && i < l1_end_ ? with_l1(slope, theta[i]) : std::fabs(slope);
      largest = std::max(largest, slope);
    }
    return largest <= problem_.tolerance;
  }

  /// The size of the least subgradient.
  double with_l1(double slope, double weight) const {
    if (weight == 0) return std::max(0.0, std::fabs(slope) - l1_);
    return std::fabs(slope + (weight > 0 ? l1_ : -l1_));
  }

  void restore_units(std::vector<double>& theta) const {
    const size_t columns = conditioning_.scale.size();
    for (size_t k = 0; k < outputs_; ++k) {
      for (size_t j = 0; j < columns; ++j) {
        double& weight = theta[k * columns + j];
        weight /= conditioning_.scale[j];
        theta[outputs_ * columns + k] -= weight * conditioning_.shift[j];
      }
    }
  }

  const RowBlocks& blocks_;
  const Conditioning& conditioning_;
  const LinearLossProblem& problem_;
  const FitOptions& options_;
  RowBlocks::Scratch scratch_;
  uint32_t outputs_ = 1;
  int32_t positive_ = 1;
  double weight_sum_ = 1;
  double l2_ = 0;
  double l1_ = 0;
  size_t l1_end_ = 0;
};

}  // namespace

Result<LinearLossFit> minimise_loss(const TrainingData& data, const LinearLossProblem& problem,
                                    const FitOptions& options) {
  const SlipwayLbfgsPlugin* library = TRY(lbfgs_library());
  const uint32_t outputs = data.class_count == 2 ? 1 : data.class_count;
  constexpr uint64_t kCoefficientsMax = 1U << 30;
  if (uint64_t{outputs} * (uint64_t{data.columns} + 1) > kCoefficientsMax) {
    return resource_exhausted(fmt::format("{} classes with {} columns are too many coefficients",
                                          data.class_count, data.columns));
  }
  double weight_sum = 0;
  for (size_t i = 0; i < data.rows; ++i) weight_sum += data.weight(i);
  const Conditioning conditioning = condition(data, problem);
  const RowBlocks blocks(data, conditioning.shift, conditioning.scale);
  const uint32_t searches = problem.one_vs_rest ? outputs : 1;
  LinearLossFit fit;
  fit.coefficients.features = data.columns;
  bool all_converged = true;
  for (uint32_t s = 0; s < searches; ++s) {
    Search search(blocks, conditioning, problem, options);
    const uint32_t width = problem.one_vs_rest ? 1 : outputs;
    const int32_t positive = outputs == 1 ? 1 : static_cast<int32_t>(s);
    bool converged = true;
    const std::vector<double> theta =
        TRY(search.run(*library, width, positive, weight_sum, converged));
    all_converged = all_converged && converged;
    const auto biases = theta.begin() + static_cast<ptrdiff_t>(size_t{width} * data.columns);
    auto& coefficients = fit.coefficients;
    coefficients.weights.insert(coefficients.weights.end(), theta.begin(), biases);
    coefficients.intercepts.insert(coefficients.intercepts.end(), biases, theta.end());
  }
  if (!all_converged) {
    fit.warnings.push_back(
        fmt::format("did not converge in {} iterations (max_iter)", problem.iterations_max));
  }
  return fit;
}

}  // namespace slipway::training
