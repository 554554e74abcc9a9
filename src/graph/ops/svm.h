// Kernel support vector machines, in the form of libsvm.
//
// "svm" gives the decision values of every pair of classes; three small ops turn them into a label,
// scores or probabilities. Pairs are ordered (0,1), (0,2), ... (1,2), ...; a positive value speaks
// for the first class of the pair.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// The most classes of a one-vs-one model: pairs grow with the square.
inline constexpr uint32_t kSvmClassesMax = 2048;

/// classes * (classes - 1) / 2.
constexpr uint32_t svm_pairs(uint32_t classes) { return classes * (classes - 1) / 2; }

/// Decision values. Dense [pairs] for a classifier; dense [1] where `counts` is empty (regression
/// and one-class models): sum of dual[i] * kernel(x, vector i) + intercept.
class SvmOp final : public Op {
 public:
  enum class KernelFunction : uint8_t {
    kLinear,   // <x, v>
    kPoly,     // (gamma <x, v> + coef0) ^ degree
    kRbf,      // exp(-gamma |x - v|^2)
    kSigmoid,  // tanh(gamma <x, v> + coef0)
  };
  struct Parameters {
    KernelFunction function = KernelFunction::kRbf;
    double gamma = 0;
    double coef0 = 0;
    uint32_t degree = 0;
  };
  struct Tables {
    uint32_t features = 0;
    std::vector<double> vectors;     // support vectors x features, grouped by class
    std::vector<uint32_t> counts;    // support vectors of each class; empty for one output
    std::vector<double> dual;        // max(1, classes - 1) x support vectors
    std::vector<double> intercepts;  // one per output
  };
  SvmOp(Parameters parameters, Tables tables);
  std::string_view name() const override { return "svm"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  uint32_t vector_count() const { return vector_count_; }

  const Parameters parameters;
  const Tables tables;

 private:
  uint32_t vector_count_;  // what the intercepts and dual coefficients imply
};

/// Decision values of pairs to the class with the most votes, the first of equals.
class SvmVoteOp final : public Op {
 public:
  explicit SvmVoteOp(uint32_t classes) : classes(classes) {}
  std::string_view name() const override { return "svm_vote"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t classes;
};

/// Decision values of pairs to one score per class (sklearn.utils.multiclass
/// _ovr_decision_function): votes, and the sum of confidences squeezed into a third of a vote.
class SvmOneVsRestOp final : public Op {
 public:
  explicit SvmOneVsRestOp(uint32_t classes) : classes(classes) {}
  std::string_view name() const override { return "svm_one_vs_rest"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t classes;
};

/// Decision values of pairs to probabilities of classes: Platt's sigmoid per pair, then the second
/// method of Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise
/// coupling" (2004), with libsvm's stopping rule.
class SvmProbabilityOp final : public Op {
 public:
  SvmProbabilityOp(uint32_t classes, std::vector<double> a, std::vector<double> b)
      : classes(classes), a(std::move(a)), b(std::move(b)) {}
  std::string_view name() const override { return "svm_probability"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return (a.size() + b.size()) * sizeof(double); }

  const uint32_t classes;
  const std::vector<double> a;  // slope of each pair's sigmoid
  const std::vector<double> b;  // and its offset
};

}  // namespace slipway
