#include "formats/xgboost/format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace slipway::xgboost {
namespace {

/// A model of one tree: what a test wants to be wrong is replaced in its text.
std::string model(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({"learner": {"attributes": {}, "feature_names": [], "feature_types": [],
   "gradient_booster": {"name": "gbtree", "model": {
     "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"}, "tree_info": [0],
     "iteration_indptr": [0, 1],
     "trees": [{"tree_param": {"num_nodes": "5", "num_feature": "2", "size_leaf_vector": "1"},
       "left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1],
       "split_indices": [0, 1, 0, 0, 0], "split_conditions": [0.5, 2, 1, 2, 3],
       "default_left": [1, 0, 0, 0, 0], "split_type": [0, 1, 0, 0, 0], "categories": [1, 3],
       "categories_nodes": [1], "categories_segments": [0], "categories_sizes": [2]}]}},
   "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"},
   "objective": {"name": "reg:squarederror"}}, "version": [3, 2, 0]})";
  if (!from.empty()) {
    const size_t place = text.find(from);
    CHECK(place != std::string::npos);
    text.replace(place, from.size(), to);
  }
  return text;
}

Status status_of(const std::string& bytes) {
  const auto format = make_format();
  const Result<formats::ReadReport> report = format->read(bytes, {}, {}, {});
  return report.ok() ? report->status() : report.status();
}

TEST(XgboostFormatTest, ASmallModelIsRead) {
  const Status status = status_of(model());
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST(XgboostFormatTest, FilesAreRecognisedByTheirContent) {
  const auto format = make_format();
  EXPECT_TRUE(format->recognises("{\"learner\": {"));
  EXPECT_TRUE(format->recognises("\n{ \"learner\":{"));
  EXPECT_TRUE(format->recognises(std::string("{L\0\0\0\0\0\0\0\x07learner{", 18)));
  EXPECT_TRUE(format->recognises("binf\0\0"));
  EXPECT_FALSE(format->recognises("{\"name\": \"tree\""));
  EXPECT_FALSE(format->recognises("{"));
  EXPECT_FALSE(format->recognises("{L"));
  EXPECT_FALSE(format->recognises(""));
  EXPECT_FALSE(format->recognises("\x80\x04\x95"));
}

TEST(XgboostFormatTest, ContradictionsAreRefused) {
  struct Case {
    std::string from;
    std::string to;
  };
  for (const Case& one : {
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 0,"},   // a cycle
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 1,"},   // its own child
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 2,"},   // two parents
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 99,"},  // no such node
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, -7,"},
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 1e30,"},
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, 0.5,"},
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1, NaN,"},
           Case{"\"left_children\": [1, 3,", "\"left_children\": [1,"},  // too short
           Case{"\"left_children\": [1, 3, -1, -1, -1]", "\"left_children\": \"none\""},
           Case{"\"split_indices\": [0, 1,", "\"split_indices\": [0, 2,"},  // no such feature
           Case{"\"split_indices\": [0, 1,", "\"split_indices\": [0, -1,"},
           Case{"\"num_nodes\": \"5\"", "\"num_nodes\": \"2000000000\""},
           Case{"\"num_nodes\": \"5\"", "\"num_nodes\": 5"},
           Case{"\"num_nodes\": \"5\"", "\"num_nodes\": \"five\""},
           Case{"\"size_leaf_vector\": \"1\"", "\"size_leaf_vector\": \"3\""},
           Case{"\"size_leaf_vector\": \"1\"", "\"size_leaf_vector\": \"1000000\""},
           Case{"\"tree_info\": [0]", "\"tree_info\": [1]"},
           Case{"\"tree_info\": [0]", "\"tree_info\": [0, 0]"},
           Case{"\"iteration_indptr\": [0, 1]", "\"iteration_indptr\": [0, 7]"},
           Case{"\"iteration_indptr\": [0, 1]", "\"iteration_indptr\": [1, 0]"},
           Case{"\"categories\": [1, 3]", "\"categories\": [1, -3]"},
           Case{"\"categories\": [1, 3]", "\"categories\": [1, 16777216]"},
           Case{"\"categories\": [1, 3]", "\"categories\": []"},
           Case{"\"categories_segments\": [0]", "\"categories_segments\": [9223372036854775807]"},
           Case{"\"categories_sizes\": [2]", "\"categories_sizes\": [0]"},
           Case{"\"categories_nodes\": [1]", "\"categories_nodes\": [5]"},
           Case{"\"categories_nodes\": [1]", "\"categories_nodes\": []"},
           Case{"\"num_feature\": \"2\", \"num_target\"", "\"num_feature\": \"0\", \"num_target\""},
           Case{"\"num_feature\": \"2\", \"num_target\"",
                "\"num_feature\": \"4294967295\", \"num_target\""},
           Case{"\"num_feature\": \"2\", \"num_target\"",
                "\"num_feature\": \"1000000\", \"num_target\""},
           Case{"[0.5, 2, 1, 2, 3]", "[NaN, 2, 1, 2, 3]"},
           Case{"\"num_class\": \"0\"", "\"num_class\": \"-1\""},
           Case{"\"num_target\": \"1\"", "\"num_target\": \"99999999999\""},
           Case{"\"5E-1\"", "\"\""},
           Case{"\"5E-1\"", "\"[1,2,3]\""},
           Case{"\"5E-1\"", "\"[1,\""},
           Case{"\"feature_names\": []", "\"feature_names\": [\"a\"]"},
           Case{"\"name\": \"gbtree\"", "\"name\": 1"},
           Case{"\"learner_model_param\"", "\"other\""},
           Case{"\"version\": [3, 2, 0]", "\"version\": [-3]"},
       }) {
    const Status status = status_of(model(one.from, one.to));
    EXPECT_FALSE(status.ok()) << one.from << " as " << one.to;
    EXPECT_NE(status.code(), StatusCode::kInternal) << one.to;
  }
}

TEST(XgboostFormatTest, ASmallFileMayBeOfWideAndMostlyEmptyData) {
  const Status status = status_of(model("\"num_feature\": \"2\", \"num_target\"",
                                        "\"num_feature\": \"200000\", \"num_target\""));
  EXPECT_TRUE(status.ok()) << status.to_string();
}

TEST(XgboostFormatTest, WhatIsNotXgboostsOwnIsNamed) {
  EXPECT_NE(status_of(model("reg:squarederror", "reg:mine")).message().find("reg:mine"),
            std::string::npos);
  EXPECT_NE(status_of(model("\"gbtree\"", "\"gbforest\"")).message().find("gbforest"),
            std::string::npos);
}

TEST(XgboostFormatTest, EveryTruncationOfABinaryModelIsRefused) {
  const std::string folder = std::string(SLIPWAY_TEST_DATA_DIR) + "/xgboost/1.7.6/";
  for (const std::string name : {"binary_reg", "binary_dart", "binary_gblinear"}) {
    const Result<std::string> bytes = read_file(folder + name + ".deprecated", {});
    ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
    EXPECT_TRUE(status_of(*bytes).ok()) << status_of(*bytes).to_string();
    for (size_t size = 0; size < bytes->size(); ++size) {
      EXPECT_FALSE(status_of(bytes->substr(0, size)).ok()) << name << " cut at " << size;
    }
  }
}

}  // namespace
}  // namespace slipway::xgboost
