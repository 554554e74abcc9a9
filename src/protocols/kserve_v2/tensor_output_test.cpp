#include "protocols/kserve_v2/tensor_output.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace slipway::protocols::kserve_v2 {
namespace {

struct Sink {
  std::vector<int64_t> integers;
  std::vector<bool> truths;
  void truth(bool value) { truths.push_back(value); }
  void integer(int64_t value) { integers.push_back(value); }
  void real(double) {}
  void text(std::string_view) {}
};

Sink elements_of(DType dtype, std::vector<double> numbers) {
  OutputSpec spec;
  spec.name = "y";
  spec.dtype = dtype;
  spec.is_vector = true;
  OutputBuffer output;
  output.rows = numbers.size();
  output.width = 1;
  output.numbers.assign(numbers.begin(), numbers.end());
  Sink sink;
  for_each_element(spec, output, sink);
  return sink;
}

TEST(TensorOutputTest, NumbersThatNoIntegerHoldsAreTheSmallestOrTheNearest) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Sink sink =
      elements_of(DType::kInt64, {3, -7, kNan, 1e300, -1e300, kInfinity, -kInfinity, 0x1p63});
  EXPECT_EQ(sink.integers,
            (std::vector<int64_t>{3, -7, kLeast, kMost, kLeast, kMost, kLeast, kMost}));
}

TEST(TensorOutputTest, AMissingTruthValueIsFalse) {
  const Sink sink = elements_of(DType::kBool, {1, 0, std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(sink.truths, (std::vector<bool>{true, false, false}));
}

}  // namespace
}  // namespace slipway::protocols::kserve_v2
