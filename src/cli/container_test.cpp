// The container: models with operators that ONNX has nothing for, written and read back. What is
// an operator of ai.slipway answers bit for bit as before; docs/container.md.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <array>
#include <filesystem>

#include "base/limits.h"
#include "cli/conversion.h"
#include "cli/model_file.h"
#include "graph/codecs/op_codec.h"

namespace slipway::cli {
namespace {

struct Case {
  const char* fixture;
  const char* own;  // the operators of ai.slipway in it
  bool exact;       // all that is computed is computed by these
};

/// Null where there is no such fixture.
std::shared_ptr<const Graph> read(const std::string& fixture) {
  for (const char* ending : {".pkl", ".joblib"}) {
    const std::string path =
        fmt::format("{}/sklearn/1.9.1/{}{}", SLIPWAY_TEST_DATA_DIR, fixture, ending);
    if (!std::filesystem::exists(path)) continue;
    const auto file = read_model_file(path, "", Limits{}.file_bytes_max);
    EXPECT_TRUE(file.ok() && file->report.status().ok()) << path;
    return file->report.graph;
  }
  return nullptr;
}

class ContainerTest : public testing::TestWithParam<Case> {};

TEST_P(ContainerTest, AnswersAsTheModelDoes) {
  const auto graph = read(GetParam().fixture);
  ASSERT_NE(graph, nullptr);
  const auto plain = convert_graph(graph, {.format = "onnx", .name = "m"});
  EXPECT_EQ(plain.status().code(), StatusCode::kUnimplemented);
  const auto done = convert_graph(graph, {.format = "slipway", .name = "m"});
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_TRUE(done->agrees()) << done->unchecked << done->outputs[0].worst;
  EXPECT_GT(done->rows, 0U);
  std::string own;
  for (const std::string& name : done->own_operators) own += (own.empty() ? "" : " ") + name;
  EXPECT_EQ(own, GetParam().own);
  for (const OutputDifference& output : done->outputs) {
    if (GetParam().exact) {
      EXPECT_EQ(output.absolute_max, 0) << output.name;
    }
  }
}

constexpr std::array kCases = {
    Case{"svc_probability", "SvmProbability", false},
    Case{"svc_probability_binary", "SvmProbability", false},
    Case{"knn_imputer_uniform", "KnnImpute", true},
    Case{"knn_imputer_indicator", "KnnImpute", true},
    Case{"quantile_normal", "Quantile", true},
    Case{"spline_linear", "Spline", true},
    Case{"spline_periodic_no_bias", "Spline", true},
    Case{"kernel_density_gaussian", "KernelDensity", true},
    Case{"radius_classifier_ball_tree_distance", "RadiusNeighbors", true},
    Case{"radius_regressor_kd_tree_uniform", "RadiusNeighbors", true},
    Case{"local_outlier_factor_kd_tree", "Neighbors OutlierFactor", true},
    Case{"nb_categorical", "CategoricalBayes", true},
    Case{"nmf_plain", "Factorization", true},
    Case{"sparse_coder_omp", "SparseCode", false},
    Case{"isomap", "Geodesic Neighbors", false},
    Case{"locally_linear_standard", "Barycenter Neighbors", true},
    Case{"project_additive_chi2_2", "AdditiveChi2", true},
    Case{"project_count_sketch", "CountSketch", true},
    Case{"qda", "QuadraticForms", false},
    Case{"bisecting_k_means", "ClusterTree", true},
    Case{"text_count_bigrams", "VectorizeText", true},
    Case{"text_tfidf_binary_english", "VectorizeText", false},
    Case{"text_hashing_plain", "VectorizeText", false},
    Case{"topics_counts", "Topics", false},
};

INSTANTIATE_TEST_SUITE_P(Fixtures, ContainerTest, testing::ValuesIn(kCases),
                         [](const auto& param) { return std::string(param.param.fixture); });

TEST(Container, WhatOnnxSaysStaysPlain) {
  const auto graph = read("logistic_regression");
  const auto own = convert_graph(graph, {.format = "slipway", .name = "m"});
  const auto plain = convert_graph(graph, {.format = "onnx", .name = "m"});
  ASSERT_TRUE(own.ok() && plain.ok());
  EXPECT_TRUE(own->own_operators.empty());
  EXPECT_EQ(own->bytes, plain->bytes);
}

TEST(Container, TheSameModelGivesTheSameBytes) {
  const auto graph = read("svc_probability");
  const auto one = convert_graph(graph, {.format = "slipway", .name = "m"});
  const auto two = convert_graph(graph, {.format = "slipway", .name = "m"});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->bytes, two->bytes);
}

TEST(Container, WhatNeitherHasIsNamed) {
  const auto done = convert_graph(read("feature_hasher"), {.format = "slipway", .name = "m"});
  EXPECT_EQ(done.status().code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace slipway::cli
