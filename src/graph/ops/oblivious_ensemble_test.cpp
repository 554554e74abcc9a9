#include "graph/ops/oblivious_ensemble.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway {
namespace {

/// Two trees of depths 1 and 2 over two of three columns.
ObliviousEnsemble sound() {
  ObliviousEnsemble ensemble;
  ensemble.columns = 3;
  ensemble.borders = {0.5F, 1.5F, -1.0F};
  ensemble.features = {{0, 0, 2, false}, {2, 2, 1, true}};
  ensemble.depths = {1, 2};
  ensemble.splits = {{0, 2}, {1, 1}, {0, 1}};
  ensemble.leaf_values = {1, 2, 3, 4, 5, 6};
  return ensemble;
}

StatusCode code_of(const ObliviousEnsemble& ensemble, uint32_t width = 3) {
  const std::vector<ValueType> inputs = {{ValueKind::kDense, width}};
  return ObliviousEnsembleOp(ensemble).infer(inputs).status().code();
}

TEST(ObliviousEnsembleTest, ASoundEnsembleGivesItsOutputs) {
  const std::vector<ValueType> inputs = {{ValueKind::kDense, 3}};
  const Result<ValueType> type = ObliviousEnsembleOp(sound()).infer(inputs);
  ASSERT_TRUE(type.ok()) << type.status().message();
  EXPECT_EQ(*type, (ValueType{ValueKind::kDense, 1}));
}

TEST(ObliviousEnsembleTest, WhatAKernelCouldTripOverIsRefused) {
  const auto broken = [](auto change) {
    ObliviousEnsemble ensemble = sound();
    change(ensemble);
    return code_of(ensemble);
  };
  EXPECT_EQ(code_of(sound(), 2), StatusCode::kInvalidArgument) << "another width";
  EXPECT_NE(broken([](auto& e) { e.outputs = 0; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.outputs = 4; }), StatusCode::kOk) << "not that many leaves";
  EXPECT_NE(broken([](auto& e) { e.features[1].column = 3; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.features[1].border_count = 2; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.features[1].first_border = UINT32_MAX; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.borders[1] = 0; }), StatusCode::kOk) << "not ascending";
  EXPECT_NE(broken([](auto& e) { e.borders[2] = std::numeric_limits<float>::quiet_NaN(); }),
            StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.splits[0].feature = 2; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.splits[0].bin = 3; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.splits[0].bin = 0; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.depths[0] = 2; }), StatusCode::kOk)
      << "more splits than there are";
  EXPECT_NE(broken([](auto& e) { e.depths[0] = 17; }), StatusCode::kOk);
  EXPECT_NE(broken([](auto& e) { e.leaf_values.pop_back(); }), StatusCode::kOk);
}

}  // namespace
}  // namespace slipway
