// Comparison measures between rows and stored points, field by field, with room for missing values:
// what PMML's clusterings and nearest neighbours compare by (PMML 4.4, "ComparisonMeasure").
//
//   fields --MeasureOp--> a distance or similarity for each point --SmallestOp--> the nearest ones
//
// For plain metrics of complete rows see graph/ops/pairwise.h and graph/ops/neighbors.h.
// Thread rule: immutable.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Dense rows of one number for each field, NaN where it is missing, to one column for each point.
/// Fields that a row lacks are left out, and what remains is scaled up by the missing weights; a
/// row that has none of them gives NaN.
class MeasureOp final : public Op {
 public:
  enum class Measure : uint8_t {
    kEuclidean,         // (sum w c^2)^(1/2)
    kSquaredEuclidean,  // sum w c^2
    kCityBlock,         // sum w c
    kChebychev,         // max w c
    kMinkowski,         // (sum w c^p)^(1/p)
    kBinary,            // a similarity of truth values: a ratio of sums of counts
  };
  /// How two numbers of a field compare: c above.
  enum class Compare : uint8_t {
    kAbsoluteDifference,
    kGaussian,  // exp(-ln(2) (x - y)^2 / scale^2)
    kDelta,     // 0 if they are equal, else 1
    kEqual,     // 1 if they are equal, else 0
  };
  struct Field {
    Compare compare = Compare::kAbsoluteDifference;
    double weight = 1;
    double scale = 1;  // of kGaussian
    double missing_weight = 1;
  };
  struct Parameters {
    Measure measure = Measure::kEuclidean;
    double p = 2;  // of kMinkowski
    /// Of kBinary: for both true, only the row, only the point, neither: factors of the counts in
    /// the numerator and in the denominator.
    std::array<double, 4> numerator = {};
    std::array<double, 4> denominator = {};
  };

  MeasureOp(Parameters parameters, std::vector<Field> fields, std::vector<double> points);
  std::string_view name() const override { return "measure"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(fields) + heap_bytes(points); }
  uint32_t point_count() const { return point_count_; }

  const Parameters parameters;
  const std::vector<Field> fields;
  const std::vector<double> points;  // row-major, a number for each field

 private:
  const uint32_t point_count_;
};

/// The `count` smallest columns of each dense row, the first of equals first and NaN last: their
/// positions, then their values.
class SmallestOp final : public Op {
 public:
  explicit SmallestOp(uint32_t count) : count(count) {}
  std::string_view name() const override { return "smallest"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t count;
};

}  // namespace slipway
