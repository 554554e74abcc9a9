// Distances and kernel functions between rows and stored points: cluster centres, the training rows
// of kernel methods and of Gaussian processes.
//
//   PairwiseOp(PairwiseProgram::distance(PairwiseFunction::kEuclidean), features, centres)
//
// A program is a postfix list of steps, so that the kernels of Gaussian processes can be added,
// multiplied and raised to powers.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// With d the euclidean distance after each feature was divided by its length, and <x, y> the
/// product.
enum class PairwiseFunction : uint8_t {
  kEuclidean,
  kSquaredEuclidean,
  kManhattan,
  kLinear,             // <x, y> + a
  kPolynomial,         // (a <x, y> + b) ^ c
  kSigmoid,            // tanh(a <x, y> + b)
  kRbf,                // exp(-a d^2)
  kLaplacian,          // exp(-a |x - y|)
  kCosine,             // <x, y> / (|x| |y|)
  kAdditiveChi2,       // -sum (x - y)^2 / (x + y)
  kChi2,               // exp(a * additive chi2)
  kMatern,             // of smoothness a
  kRationalQuadratic,  // (1 + d^2 / (2 a b^2)) ^ -a
  kExpSineSquared,     // exp(-2 (sin(pi / b d) / a)^2)
};

struct PairwiseStep {
  enum class Kind : uint8_t {
    kFunction,  // pushes the function's value
    kConstant,  // pushes a
    kNoise,     // pushes a for a row with itself, else 0
    kSum,       // of the two last
    kProduct,
    kPower,  // the last, to the power a
  };
  Kind kind = Kind::kFunction;
  PairwiseFunction function = PairwiseFunction::kEuclidean;
  double a = 0;
  double b = 0;
  double c = 0;
  std::vector<double> lengths;  // kFunction: empty, or one for each feature
};

struct PairwiseProgram {
  std::vector<PairwiseStep> steps;

  /// One function alone.
  static PairwiseProgram distance(PairwiseFunction function) { return of(function, 0, 0, 0); }
  static PairwiseProgram of(PairwiseFunction function, double a, double b, double c);
};

/// Dense rows to one column for each point; with `diagonal` to one column, the program's value for
/// the row with itself, and no points.
class PairwiseOp final : public Op {
 public:
  static constexpr size_t kDepthMax = 64;

  PairwiseOp(PairwiseProgram program, uint32_t features, std::vector<double> points,
             bool diagonal = false);
  std::string_view name() const override { return "pairwise"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  uint32_t point_count() const { return point_count_; }
  /// The most values that the program holds at once; 0 if it is malformed.
  size_t depth() const;

  const PairwiseProgram program;
  const uint32_t features;
  const std::vector<double> points;  // row-major
  const bool diagonal;

 private:
  const uint32_t point_count_;
};

}  // namespace slipway
