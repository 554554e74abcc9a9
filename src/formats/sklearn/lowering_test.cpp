// Lowering of small objects: what becomes a gap, what stays bounded, how column types are decided.
// The objects are pickles written by hand, opcode by opcode; parity_test.cpp reads real ones.
#include "formats/sklearn/lowering.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "formats/sklearn/reader.h"

namespace slipway::sklearn {
namespace {

// Pieces of protocol 2 pickles; each leaves one value on the stack.
std::string integer(int value) { return fmt::format("I{}\n", value); }
std::string number(double value) { return fmt::format("F{}\n", value); }
std::string text(std::string_view value) { return fmt::format("V{}\n", value); }
std::string list(const std::vector<std::string>& items) {
  std::string made = "(";
  for (const std::string& item : items) made += item;
  return made + "l";
}
std::string tuple(const std::vector<std::string>& items) {
  std::string made = "(";
  for (const std::string& item : items) made += item;
  return made + "t";
}
using Attributes = std::vector<std::pair<std::string, std::string>>;
std::string object(std::string_view module, std::string_view name, const Attributes& state) {
  std::string made = fmt::format("c{}\n{}\n)\x81}}(", module, name);
  for (const auto& [key, value] : state) made += text(key) + value;
  return made + "ub";
}
std::string scaler(int columns) {
  std::vector<std::string> ones(static_cast<size_t>(columns), number(1));
  return object(
      "sklearn.preprocessing._data", "StandardScaler",
      {{"mean_", list(ones)}, {"scale_", list(ones)}, {"n_features_in_", integer(columns)}});
}
std::string one_hot(const std::vector<std::string>& categories) {
  return object("sklearn.preprocessing._encoders", "OneHotEncoder",
                {{"categories_", list({list(categories)})}, {"n_features_in_", integer(1)}});
}
std::string columns(int width, const std::vector<std::string>& parts, const Attributes& more = {}) {
  Attributes state = {{"n_features_in_", integer(width)}, {"transformers_", list(parts)}};
  state.insert(state.end(), more.begin(), more.end());
  return object("sklearn.compose._column_transformer", "ColumnTransformer", state);
}
std::string part(std::string_view name, const std::string& estimator, const std::string& where) {
  return tuple({text(name), estimator, where});
}
std::string pipeline(const std::vector<std::string>& steps) {
  std::vector<std::string> named;
  for (size_t i = 0; i < steps.size(); ++i) {
    named.push_back(tuple({text(fmt::format("s{}", i)), steps[i]}));
  }
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(named)}});
}

ReadReport read_pickle(const std::string& value, const Limits& limits = {}) {
  Result<ReadReport> report = read("\x80\x02" + value + ".", {}, limits);
  EXPECT_TRUE(report.ok()) << report.status().to_string();
  return std::move(report).value();
}

std::string gaps(const ReadReport& report) {
  std::string made;
  for (const Gap& gap : report.gaps) made += fmt::format("[{}] {}\n", gap.path, gap.message);
  return made;
}

TEST(LoweringTest, ColumnsBecomeTextOrNumberByTheirConsumersAndUnusedOnesAreMarked) {
  const ReadReport report =
      read_pickle(columns(4, {part("n", scaler(1), list({integer(0)})),
                              part("t", one_hot({text("a")}), list({integer(-2)})),
                              part("p", text("passthrough"), list({integer(1)}))}));
  ASSERT_NE(report.graph, nullptr) << gaps(report);
  const auto& made = report.graph->signature().columns;
  EXPECT_TRUE(!made[0].is_text() && made[0].is_used);
  EXPECT_TRUE(!made[1].is_text() && made[1].is_used) << "a column that passes through is a number";
  EXPECT_TRUE(made[2].is_text() && made[2].is_used);
  EXPECT_TRUE(!made[3].is_used);
  EXPECT_EQ(report.graph->signature().outputs[0].columns,
            (std::vector<std::string>{"n__x0", "t__x2_a", "p__x1"}));
}

TEST(LoweringTest, SlicesAndMasksSelectAsPythonDoes) {
  const std::string slice = "c__builtin__\nslice\n" + tuple({"N", integer(-1), integer(2)}) + "R";
  const std::string mask = list({"I01\n", "I00\n", "I00\n", "I01\n"});
  const ReadReport report = read_pickle(
      columns(4, {part("a", text("passthrough"), slice), part("b", text("passthrough"), mask)}));
  ASSERT_NE(report.graph, nullptr) << gaps(report);
  EXPECT_EQ(report.graph->signature().outputs[0].columns,
            (std::vector<std::string>{"a__x0", "a__x2", "b__x0", "b__x3"}));
}

TEST(LoweringTest, SelectionsOutsideTheColumnsAreGaps) {
  const ReadReport report =
      read_pickle(columns(2, {part("n", text("passthrough"), list({integer(-3)}))}));
  EXPECT_EQ(report.graph, nullptr);
  EXPECT_NE(gaps(report).find("it selects column -3 of 2"), std::string::npos) << gaps(report);
}

TEST(LoweringTest, MixedCategoriesAreAGapThatNamesTheColumn) {
  const ReadReport report = read_pickle(one_hot({text("a"), integer(1)}));
  EXPECT_NE(gaps(report).find("the categories of column 0 mix strings and numbers"),
            std::string::npos)
      << gaps(report);
}

TEST(LoweringTest, EveryUnsupportedPartIsListedAtOnce) {
  const std::string strange = object("sklearn.strange", "Strange", {});
  const ReadReport report = read_pickle(
      columns(2, {part("a", strange, list({integer(0)})), part("b", strange, list({integer(1)}))}));
  EXPECT_EQ(gaps(report),
            "[transformers_.a] this class is not supported\n"
            "[transformers_.b] this class is not supported\n");
}

TEST(LoweringTest, AStepBehindAGapIsStillChecked) {
  const std::string strange =
      object("sklearn.strange", "Strange", {{"n_features_in_", integer(3)}});
  const ReadReport report = read_pickle(pipeline({strange, scaler(5), strange}));
  EXPECT_EQ(gaps(report),
            "[steps.s0] this class is not supported\n"
            "[steps.s2] this class is not supported\n");
}

TEST(LoweringTest, TextAndNumbersSideBySideAreOneOutputOfCells) {
  const std::string imputer = object("sklearn.impute._base", "SimpleImputer",
                                     {{"missing_values", "N"},
                                      {"statistics_", list({text("a")})},
                                      {"n_features_in_", integer(1)}});
  const ReadReport report = read_pickle(columns(
      2, {part("t", imputer, list({integer(0)})), part("n", scaler(1), list({integer(1)}))}));
  ASSERT_NE(report.graph, nullptr) << gaps(report);
  const OutputSpec& output = report.graph->signature().outputs[0];
  EXPECT_TRUE(output.is_mixed);
  EXPECT_EQ(output.dtype, DType::kString);
  EXPECT_EQ(output.columns, (std::vector<std::string>{"t__x0", "n__x1"}));
  EXPECT_NE(print(*report.graph).find("select_cells"), std::string::npos);
}

TEST(LoweringTest, ADictVectorizerInFrontMakesTheRowARecord) {
  const std::string vectorizer =
      object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer",
             {{"vocabulary_",
               "(d" + text("city=Ulm") + integer(0) + "s" + text("wind") + integer(1) + "s"},
              {"separator", text("=")},
              {"sparse", "I01\n"}});
  const ReadReport report = read_pickle(pipeline({vectorizer, scaler(2)}));
  ASSERT_NE(report.graph, nullptr) << gaps(report);
  const Signature& signature = report.graph->signature();
  EXPECT_TRUE(signature.rows_are_records && signature.matrices.records);
  ASSERT_EQ(signature.columns.size(), 1U);
  EXPECT_EQ(signature.columns[0].name, "record");
  EXPECT_EQ(signature.columns[0].example, R"({"city": "Ulm", "wind": 1.0})");
  const ReadReport both = read_pickle(pipeline({vectorizer, vectorizer}));
  EXPECT_NE(gaps(both).find("one column of dicts as the model is given it"), std::string::npos)
      << gaps(both);
}

TEST(LoweringTest, AVocabularyThatContradictsItselfIsAGap) {
  const auto gap = [](const std::string& column) {
    return gaps(read_pickle(
        object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer",
               {{"vocabulary_", "(d" + text("a") + integer(0) + "s" + text("b") + column + "s"}})));
  };
  for (const int column : {0, 2, -1}) {
    EXPECT_NE(gap(integer(column)).find("is given twice or does not exist"), std::string::npos);
  }
  EXPECT_NE(gap(text("x")), "");
}

TEST(LoweringTest, AnotherNumberOfColumnsThanFittedIsAGap) {
  const ReadReport report = read_pickle(pipeline({scaler(2), scaler(3)}));
  EXPECT_NE(gaps(report).find("it was fitted on 3 columns, but 2 reach it"), std::string::npos)
      << gaps(report);
}

TEST(LoweringTest, SearchWithoutRefitSaysSo) {
  const ReadReport report =
      read_pickle(object("sklearn.model_selection._search", "GridSearchCV", {{"refit", "I00\n"}}));
  EXPECT_NE(gaps(report).find("refit=False"), std::string::npos) << gaps(report);
}

TEST(LoweringTest, AnEstimatorThatHoldsItselfIsRefused) {
  // A pipeline whose only step is the pipeline: put into the memo, then got for its own state.
  const std::string self = "csklearn.pipeline\nPipeline\n)\x81p9\n}(" + text("steps") +
                           list({tuple({text("again"), "g9\n"})}) + "ub";
  const ReadReport report = read_pickle(self);
  EXPECT_EQ(report.graph, nullptr);
  EXPECT_NE(gaps(report).find("one estimator is used at more than"), std::string::npos)
      << gaps(report);
}

TEST(LoweringTest, ColumnsThatMultiplyStepByStepAreBounded) {
  const std::string both =
      list({tuple({text("a"), text("passthrough")}), tuple({text("b"), text("passthrough")})});
  std::vector<std::string> steps(
      20, object("sklearn.pipeline", "FeatureUnion", {{"transformer_list", both}}));
  steps.insert(steps.begin(), scaler(1));
  Limits limits;
  limits.memory_bytes_max = 4 << 20;  // room for 2^16 columns
  const ReadReport report = read_pickle(pipeline(steps), limits);
  EXPECT_EQ(report.graph, nullptr);
  EXPECT_NE(gaps(report).find("pass on more than"), std::string::npos) << gaps(report);
}

TEST(LoweringTest, AfterALimitNothingMoreIsRead) {
  // A thousand scalers share one doubling list: each would be flattened, and fail, by itself.
  std::string doubling = list({number(1)}) + "p1\n";
  for (int i = 1; i < 30; ++i) {
    doubling += "0" + list({fmt::format("g{}\n", i), fmt::format("g{}\n", i)}) +
                fmt::format("p{}\n", i + 1);
  }
  const std::string shared = object("sklearn.preprocessing._data", "MaxAbsScaler",
                                    {{"scale_", "g30\n"}, {"n_features_in_", integer(1)}});
  std::vector<std::string> parts(1000, tuple({text("a"), shared}));
  const ReadReport report =
      read_pickle(doubling + "0" +
                  object("sklearn.pipeline", "FeatureUnion", {{"transformer_list", list(parts)}}));
  EXPECT_EQ(report.graph, nullptr);
  EXPECT_LE(report.gaps.size(), 3U) << gaps(report);
  EXPECT_NE(gaps(report).find("larger than the limit"), std::string::npos) << gaps(report);
}

TEST(LoweringTest, ModelsAreFoundInEveryKindOfContainer) {
  const auto candidates = [](const std::string& value) {
    std::string made;
    for (const Candidate& found : read_pickle(value).candidates) made += found.path + " ";
    return made;
  };
  const std::string models = scaler(1) + scaler(1);
  EXPECT_EQ(candidates("(" + models + "l"), "0 1 ");
  EXPECT_EQ(candidates("ccollections\ndeque\n)R(" + models + "e"), "0 1 ");
  EXPECT_EQ(candidates("ctypes\nSimpleNamespace\n)R}(" + text("a") + scaler(1) + text("b") +
                       scaler(1) + "ub"),
            "a b ");
  EXPECT_EQ(candidates("}(" + tuple({text("k")}) + scaler(1) + integer(7) + scaler(1) + "u"),
            "#0 7 ");
}

TEST(LoweringTest, AFileWithoutAModelSaysSo) {
  for (const std::string& value : {text("x"), std::string("}"), list({number(1)})}) {
    const ReadReport report = read_pickle(value);
    ASSERT_EQ(report.gaps.size(), 1U);
    EXPECT_EQ(report.gaps[0].message, "the file holds no fitted model of scikit-learn");
  }
}

TEST(LoweringTest, ARefusedStepIsOneGapWithPlaceAndOffset) {
  const ReadReport report = read_pickle(pipeline({scaler(1), object("__main__", "Mine", {})}));
  ASSERT_EQ(report.gaps.size(), 1U) << gaps(report);
  EXPECT_EQ(report.gaps[0].path, "steps.s1");
  EXPECT_EQ(report.gaps[0].class_name, "__main__.Mine");
  EXPECT_GT(report.gaps[0].offset, 0U);
  EXPECT_EQ(report.status().code(), StatusCode::kPermissionDenied);
}

TEST(LoweringTest, HugePolynomialsAreRefusedBeforeTheyAreBuilt) {
  const ReadReport report =
      read_pickle(object("sklearn.preprocessing._polynomial", "PolynomialFeatures",
                         {{"degree", integer(9)}, {"n_features_in_", integer(500)}}));
  EXPECT_NE(gaps(report).find("too many terms"), std::string::npos) << gaps(report);
}

TEST(LoweringTest, UnknownFunctionsAreNamed) {
  const ReadReport report =
      read_pickle(object("sklearn.preprocessing._function_transformer", "FunctionTransformer",
                         {{"func", "cnumpy\nsort\n"}, {"n_features_in_", integer(1)}}));
  EXPECT_EQ(report.graph, nullptr);
  EXPECT_NE(gaps(report).find("numpy.sort"), std::string::npos) << gaps(report);
}

}  // namespace
}  // namespace slipway::sklearn
