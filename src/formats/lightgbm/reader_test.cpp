#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "formats/lightgbm/booster.h"
#include "formats/lightgbm/format.h"
#include "formats/lightgbm/objective.h"
#include "graph/ops/tree_leaves.h"

namespace slipway::lightgbm {
namespace {

/// A model of one tree: feature 0 <= 1.5, on the left the categories 1 and 33 of feature 1.
struct Text {
  std::string header =
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
      "max_feature_idx=1\nobjective=regression\nfeature_names=a b\n"
      "feature_infos=[0:3] 1:33:2\ntree_sizes=1\n\n";
  std::string tree =
      "Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\nthreshold=1.5 0\n"
      "decision_type=10 1\nleft_child=1 -1\nright_child=-3 -2\nleaf_value=0.25 -2 1e3\n"
      "cat_boundaries=0 2\ncat_threshold=2 2\nis_linear=0\nshrinkage=0.1\n\n\n";
  std::string rest =
      "end of trees\n\nfeature_importances:\na=1\n\nparameters:\n[categorical_feature: 1]\n"
      "end of parameters\n\npandas_categorical:null\n";

  std::string all() const { return header + tree + rest; }
};

std::string with(std::string text, std::string_view from, std::string_view to) {
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

/// What reading the bytes as the program does comes to.
Status status_of(std::string_view bytes) {
  const auto report = make_format()->read(std::string(bytes), {}, {}, {});
  return report.ok() ? report->status() : report.status();
}

TEST(LightGbmReaderTest, ReadsAllThatATextModelSays) {
  const auto booster = read_text(Text().all(), {});
  ASSERT_TRUE(booster.ok()) << booster.status().to_string();
  EXPECT_EQ(booster->version, "v4");
  EXPECT_EQ(booster->objective, "regression");
  EXPECT_EQ(booster->feature_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(booster->category_max, (std::vector<double>{kNoCategories, 33}));
  EXPECT_EQ(booster->told_categorical, (std::vector<bool>{false, true}));
  EXPECT_TRUE(booster->pandas.empty());
  ASSERT_EQ(booster->trees.size(), 1U);
  const BoosterTree& tree = booster->trees[0];
  ASSERT_EQ(tree.splits.size(), 2U);
  EXPECT_EQ(tree.splits[0].threshold, 1.5);
  EXPECT_EQ(tree.splits[0].missing, Missing::kNan);
  EXPECT_TRUE(tree.splits[0].default_left);
  EXPECT_TRUE(tree.splits[1].is_categorical);
  EXPECT_EQ(tree.splits[0].right, ~2);
  EXPECT_EQ(tree.leaf_values, (std::vector<double>{0.25, -2, 1000}));
  EXPECT_EQ(tree.set_words, (std::vector<uint32_t>{2, 2}));
  EXPECT_TRUE(status_of(Text().all()).ok());
}

TEST(LightGbmReaderTest, TakesLinesOfEverySystem) {
  std::string text = Text().all();
  for (const std::string_view end : {"\r\n", "\r"}) {
    std::string other;
    for (const char c : text) other += c == '\n' ? std::string(end) : std::string(1, c);
    EXPECT_TRUE(read_text(other, {}).ok()) << read_text(other, {}).status().to_string();
  }
}

TEST(LightGbmReaderTest, RefusesTextsThatContradictThemselves) {
  struct Case {
    const char* from;
    const char* to;
    const char* word;  // of the message
  };
  const std::vector<Case> cases = {
      {"tree\nversion", "forest\nversion", "expected 'tree'"},
      {"num_class=1\n", "", "num_class"},
      {"num_class=1\n", "num_class=1\nnum_class=1\n", "twice"},
      {"num_class=1\n", "num_class=3\n", "3 classes"},
      {"num_class=1\n", "num_class=-1\n", "num_class"},
      {"max_feature_idx=1\n", "max_feature_idx=9\n", "feature_names"},
      {"max_feature_idx=1\n", "max_feature_idx=99999999999\n", "max_feature_idx"},
      {"max_feature_idx=1\n", "max_feature_idx=0\n", "feature_names"},
      {"[0:3] 1:33:2", "[0:3]", "feature_infos"},
      {"tree_sizes=1", "tree_sizes=1 1", "cut off"},
      {"num_leaves=3\n", "", "num_leaves"},
      {"num_leaves=3\n", "num_leaves=3\nnum_leaves=3\n", "twice"},
      {"num_leaves=3", "num_leaves=2", "leaf_value"},
      {"num_leaves=3", "num_leaves=33000000", "leaf_value"},
      {"num_leaves=3", "num_leaves=99999999999999999999", "num_leaves"},
      {"num_leaves=3", "num_leaves=0", "num_leaves"},
      {"num_cat=1", "num_cat=2", "cat_boundaries"},
      {"num_cat=1", "num_cat=0", "category set"},
      {"threshold=1.5 0", "threshold=1.5 7", "category set"},
      {"threshold=1.5 0", "threshold=1.5 -1", "category set"},
      {"threshold=1.5 0", "threshold=1.5 nan", "category set"},
      {"threshold=1.5 0", "threshold=nan 0", "NaN"},
      {"threshold=1.5 0", "threshold=1.5x 0", "threshold"},
      {"threshold=1.5 0", "threshold=1.5", "threshold"},
      {"threshold=1.5 0", "threshold=1.5 0 0", "threshold"},
      {"decision_type=10 1", "decision_type=14 1", "decision_type"},
      {"decision_type=10 1", "decision_type=-2 1", "decision_type"},
      {"cat_boundaries=0 2", "cat_boundaries=2 0", "cat_boundaries"},
      {"cat_boundaries=0 2", "cat_boundaries=0 4000000000", "cat_threshold"},
      {"split_feature=0 1", "split_feature=0 2", "feature 2"},
      {"split_feature=0 1", "split_feature=0 -1", "split_feature"},
      {"left_child=1 -1", "left_child=0 -1", "parent"},
      {"left_child=1 -1", "left_child=1 1", "parent"},
      {"left_child=1 -1", "left_child=-1 -1", "parent"},
      {"left_child=1 -1", "left_child=2 -1", "child"},
      {"left_child=1 -1", "left_child=1 -9", "child"},
      {"left_child=1 -1", "left_child=1 -2147483648", "child"},
      {"right_child=-3 -2\n", "", "right_child"},
      {"\n\n\nend of trees", "\nTree=1\n", "within another"},
      {"pandas_categorical:null", "pandas_categorical:[[", "JSON"},
      {"pandas_categorical:null", "pandas_categorical:{}", "pandas_categorical"},
      {"objective=regression", "objective=binary sigmoid:-1", "sigmoid"},
  };
  for (const Case& wrong : cases) {
    const Status status = status_of(with(Text().all(), wrong.from, wrong.to));
    EXPECT_FALSE(status.ok()) << wrong.to;
    EXPECT_NE(status.message().find(wrong.word), std::string::npos)
        << wrong.to << ": " << status.to_string();
  }
}

TEST(LightGbmReaderTest, RefusesATextThatIsCutOffAnywhereBeforeItsTreesEnd) {
  const Text text;
  const std::string all = text.header + text.tree;
  const size_t end = all.find("cat_threshold=2 2") + std::string_view("cat_threshold=2 2").size();
  for (size_t size = 0; size < end; ++size) {
    EXPECT_FALSE(status_of(std::string_view(all).substr(0, size)).ok()) << size;
  }
}

TEST(LightGbmReaderTest, SaysInWhichTreeAndLineItBreaks) {
  const Status status = status_of(with(Text().all(), "threshold=1.5 0", "threshold=1.5 x"));
  EXPECT_NE(status.message().find("tree 0 (line 12): threshold"), std::string::npos)
      << status.message();
}

TEST(LightGbmReaderTest, RefusesAnObjectiveThatItDoesNotKnow) {
  const Status status = status_of(with(Text().all(), "=regression", "=magic"));
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("magic"), std::string::npos) << status.message();
}

TEST(LightGbmReaderTest, PandasCategoriesNeedAColumnThatTheFileTells) {
  const auto told = [](std::string_view lists, std::string_view features) {
    const std::string text =
        with(Text().all(), "pandas_categorical:null", fmt::format("pandas_categorical:{}", lists));
    return with(text, "[categorical_feature: 1]",
                fmt::format("[categorical_feature: {}]", features));
  };
  std::string many = R"(["x")";
  for (int i = 0; i < 33; ++i) many += fmt::format(R"(,"c{}")", i);
  many += "]";
  EXPECT_TRUE(status_of(told("[" + many + "]", "1")).ok());
  // The parameters may be lost; feature_infos tell as well.
  EXPECT_TRUE(status_of(told("[" + many + "]", "")).ok());
  EXPECT_TRUE(status_of(told("[" + many + "]", "name:b")).ok());
  // Two lists, one column; or a code that the list does not have.
  EXPECT_EQ(status_of(told("[" + many + "," + many + "]", "1")).code(), StatusCode::kUnimplemented);
  EXPECT_EQ(status_of(told(R"([["x","y"]])", "1")).code(), StatusCode::kUnimplemented);
  EXPECT_EQ(status_of(told(R"([["x",1]])", "1")).code(), StatusCode::kUnimplemented);
}

TEST(LightGbmReaderTest, LinearLeavesNeedTablesThatFit) {
  const std::string linear = with(Text().all(), "is_linear=0",
                                  "is_linear=1\nleaf_const=1 2 3\nnum_features=2 0 "
                                  "1\nleaf_features=0 1  1 \nleaf_coeff=1 2  3 ");
  const auto booster = read_text(linear, {});
  ASSERT_TRUE(booster.ok()) << booster.status().to_string();
  EXPECT_EQ(booster->trees[0].leaf_term_starts, (std::vector<uint32_t>{0, 2, 2, 3}));
  EXPECT_TRUE(status_of(linear).ok());
  EXPECT_FALSE(status_of(with(linear, "num_features=2 0 1", "num_features=2 0 2")).ok());
  EXPECT_FALSE(
      status_of(with(linear, "num_features=2 0 1", "num_features=4000000000 4000000000 1")).ok());
  EXPECT_FALSE(status_of(with(linear, "leaf_features=0 1  1", "leaf_features=0 1  2")).ok());
  EXPECT_FALSE(status_of(with(linear, "leaf_const=1 2 3", "leaf_const=1 2")).ok());
}

// --- JSON.

const std::string kJson = R"({"name": "tree", "version": "v4", "num_class": 1,
  "num_tree_per_iteration": 1, "max_feature_idx": 1, "objective": "regression",
  "average_output": false, "feature_names": ["a", "b"],
  "feature_infos": {"a": {"min_value": 0, "max_value": 3, "values": []},
                    "b": {"min_value": 1, "max_value": 33, "values": [1, 33, 2]}},
  "tree_info": [{"tree_index": 0, "num_leaves": 3, "num_cat": 1, "shrinkage": 0.1,
    "tree_structure": {"split_index": 0, "split_feature": 0, "threshold": 1.5,
      "decision_type": "<=", "default_left": true, "missing_type": "NaN",
      "left_child": {"split_index": 1, "split_feature": 1, "threshold": "1||33",
        "decision_type": "==", "default_left": false, "missing_type": "None",
        "left_child": {"leaf_index": 0, "leaf_value": 0.25},
        "right_child": {"leaf_index": 1, "leaf_value": -2}},
      "right_child": {"leaf_index": 2, "leaf_value": 1000}}}],
  "pandas_categorical": []})";

TEST(LightGbmReaderTest, JsonSaysTheSameAsText) {
  const auto json = read_json(kJson, {});
  ASSERT_TRUE(json.ok()) << json.status().to_string();
  const auto text = read_text(Text().all(), {});
  EXPECT_EQ(json->category_max, text->category_max);
  ASSERT_EQ(json->trees.size(), 1U);
  const BoosterTree& tree = json->trees[0];
  EXPECT_EQ(tree.leaf_values, text->trees[0].leaf_values);
  EXPECT_EQ(tree.set_words, text->trees[0].set_words);
  EXPECT_EQ(tree.set_starts, text->trees[0].set_starts);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(tree.splits[i].left, text->trees[0].splits[i].left);
    EXPECT_EQ(tree.splits[i].right, text->trees[0].splits[i].right);
    EXPECT_EQ(tree.splits[i].threshold, text->trees[0].splits[i].threshold);
  }
  EXPECT_TRUE(status_of(kJson).ok());
}

TEST(LightGbmReaderTest, RefusesJsonThatContradictsItself) {
  struct Case {
    const char* from;
    const char* to;
    const char* word;
  };
  const std::vector<Case> cases = {
      {"\"version\": \"v4\"", "\"version\": 4", "version"},
      {"\"version\"", "\"num_class\": 1, \"version\"", "twice"},
      {"\"num_leaves\": 3", "\"num_leaves\": 4", "num_leaves"},
      {"\"num_leaves\": 3", "\"num_leaves\": 3000000000", "num_leaves"},
      {"\"leaf_index\": 2", "\"leaf_index\": 1", "leaf_index"},
      {"\"leaf_index\": 2", "\"leaf_index\": 3", "leaf_index"},
      {"\"leaf_index\": 2", "\"leaf_index\": -1", "leaf_index"},
      {"\"leaf_index\": 2, ", "", "leaf_index"},
      {"\"split_index\": 1", "\"split_index\": 0", "split_index"},
      {"\"split_index\": 1", "\"split_index\": 1, \"split_index\": 1", "twice"},
      {"\"split_index\": 0", "\"split_index\": 2", "split_index"},
      {"\"split_feature\": 1", "\"split_feature\": 2", "feature 2"},
      {"\"1||33\"", "\"1|33\"", "categories"},
      {"\"1||33\"", "\"1||x\"", "categories"},
      {"\"1||33\"", "\"-1\"", "categories"},
      {"\"1||33\"", "\"4294967295\"", "too much memory"},
      {"\"1||33\"", "7", "threshold"},
      {"\"==\"", "\"is\"", "decision_type"},
      {"\"NaN\"", "\"Inf\"", "missing_type"},
      {"{\"leaf_index\": 2, \"leaf_value\": 1000}", "[]", "object"},
      {"{\"leaf_index\": 2, \"leaf_value\": 1000}", "null", "object"},
      {"\"leaf_value\": 1000", "\"leaf_value\": 1, \"leaf_const\": 2", "leaf_features"},
      {"\"leaf_value\": 1000",
       "\"leaf_value\": 1, \"leaf_const\": 2, \"leaf_features\": [], \"leaf_coeff\": []",
       "leaf_const"},
      {"[\"a\", \"b\"]", "[\"a\"]", "feature_names"},
      {"\"values\": []", "\"values\": 3", "feature_infos"},
      {"\"tree_info\": [", "\"trees\": [", "tree_info"},
      {"\"pandas_categorical\": []", "\"pandas_categorical\": 3", "pandas_categorical"},
  };
  for (const Case& wrong : cases) {
    const Status status = status_of(with(kJson, wrong.from, wrong.to));
    EXPECT_FALSE(status.ok()) << wrong.to;
    EXPECT_NE(status.message().find(wrong.word), std::string::npos)
        << wrong.to << ": " << status.to_string();
  }
  EXPECT_FALSE(status_of(kJson.substr(0, kJson.size() / 2)).ok());
}

TEST(LightGbmReaderTest, EndlessNestingIsRefusedWithoutRecursion) {
  std::string nested = kJson.substr(0, kJson.find("{\"split_index\": 0"));
  for (int i = 0; i < 200'000; ++i) nested += "{\"left_child\":";
  EXPECT_FALSE(status_of(nested).ok());
}

TEST(LightGbmReaderTest, FewBytesCannotAskForMuchMemoryByTheirCategories) {
  std::string text = kJson;
  const size_t begin = text.find("{\"tree_index\"");
  const size_t end = text.find("],\n  \"pandas_categorical\"");
  const std::string tree = with(text.substr(begin, end - begin), "1||33", "4194303");
  std::string trees = tree;
  for (int i = 0; i < 300; ++i) trees += "," + tree;
  text.replace(begin, end - begin, trees);
  EXPECT_EQ(status_of(text).code(), StatusCode::kResourceExhausted) << status_of(text).to_string();
}

TEST(LightGbmReaderTest, RecognisesItsFilesAndNoOthers) {
  const auto format = make_format();
  EXPECT_TRUE(format->recognises(Text().all()));
  EXPECT_TRUE(format->recognises("tree\r\nversion=v3\r\n"));
  EXPECT_TRUE(format->recognises(kJson));
  EXPECT_TRUE(format->recognises(R"( {"average_output": false, "feature_importances": {}, )"));
  EXPECT_FALSE(format->recognises(R"({"learner": {"gradient_booster": {}}})"));
  EXPECT_FALSE(format->recognises("trees\n"));
  EXPECT_FALSE(format->recognises(""));
  EXPECT_FALSE(format->recognises("\x80\x04"));
}

// --- Objectives.

TEST(LightGbmReaderTest, ObjectivesSayWhatBecomesOfScores) {
  using Conversion = Objective::Conversion;
  const auto conversion = [](std::string_view text) {
    const auto objective = parse_objective(text);
    EXPECT_TRUE(objective.ok()) << objective.status().to_string();
    return objective->conversion;
  };
  EXPECT_EQ(conversion(""), Conversion::kNone);
  EXPECT_EQ(conversion("regression"), Conversion::kNone);
  EXPECT_EQ(conversion("regression sqrt"), Conversion::kSignedSquare);
  EXPECT_EQ(conversion("huber sqrt"), Conversion::kNone) << "LightGBM turns it off";
  EXPECT_EQ(conversion("poisson"), Conversion::kExp);
  EXPECT_EQ(conversion("multiclass num_class:3"), Conversion::kSoftmax);
  EXPECT_EQ(conversion("cross_entropy_lambda"), Conversion::kSoftplus);
  EXPECT_EQ(parse_objective("multiclassova num_class:3 sigmoid:0.5")->sigmoid, 0.5);
  EXPECT_FALSE(parse_objective("binary sigmoid:").ok());
  EXPECT_FALSE(parse_objective("binary sigmoid:0").ok());
  EXPECT_FALSE(parse_objective("binary sigmoid:1x").ok());
}

}  // namespace
}  // namespace slipway::lightgbm
