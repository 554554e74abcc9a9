// LightGBM's objects in pickles written by hand, with a reader of boosters that stands in for
// formats/lightgbm; parity_test.cpp reads real ones.
#include "formats/sklearn/families/lightgbm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/sklearn/reader.h"
#include "graph/ops/basic.h"

namespace slipway::sklearn {
namespace {

using formats::ForeignInputs;
using formats::ForeignOptions;

/// Two number columns and between them one of texts; its scores are its numbers. Its warning tells
/// how many iterations it was asked for.
class FakeBooster final : public formats::ForeignModel {
 public:
  formats::ModelInfo info() const override { return {}; }
  std::span<const InputColumn> columns() const override { return columns_; }
  bool columns_named() const override { return true; }
  Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const ForeignInputs& inputs,
                                        const ForeignOptions& options,
                                        const std::string& path) const override {
    if (graph.type(inputs.strings).width != 1) return internal_error("no text column");
    std::vector<ColumnPick> picks(std::max(options.iterations, 1U), ColumnPick{0, 1});
    const ValueId scores =
        TRY(graph.add(std::make_unique<SelectOp>(picks), {inputs.numbers}, path));
    const auto width = static_cast<uint32_t>(picks.size());
    return std::vector<OutputSpec>{{"predict", scores, DType::kFloat64, width, width == 1}};
  }

 private:
  const std::vector<InputColumn> columns_ = {{"a"}, {"city", ColumnType::kText}, {"b"}};
};

class FakeFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "lightgbm"; }
  std::string_view description() const override { return "fakes"; }
  bool recognises(std::string_view) const override { return false; }
  Result<std::unique_ptr<const formats::ForeignModel>> parse(std::string_view bytes,
                                                             const Limits&) const override {
    if (!bytes.starts_with("tree")) return invalid_argument("no tree");
    return std::unique_ptr<const formats::ForeignModel>(std::make_unique<FakeBooster>());
  }
};

using Attributes = std::vector<std::pair<std::string, std::string>>;
std::string text(std::string_view value) { return fmt::format("V{}\n", value); }
std::string integer(int64_t value) { return fmt::format("I{}\n", value); }
std::string list(const std::vector<std::string>& items) {
  std::string made = "(";
  for (const std::string& item : items) made += item;
  return made + "l";
}
std::string object(std::string_view module, std::string_view name, const Attributes& state) {
  std::string made = fmt::format("c{}\n{}\n)\x81}}(", module, name);
  for (const auto& [key, value] : state) made += text(key) + value;
  return made + "ub";
}
std::string booster(const Attributes& state) { return object("lightgbm.basic", "Booster", state); }
std::string wrapper(std::string_view name, Attributes state) {
  return object("lightgbm.sklearn", name, state);
}
std::string encoder(const std::vector<std::string>& classes) {
  return object("sklearn.preprocessing._label", "LabelEncoder", {{"classes_", list(classes)}});
}
std::string stored() { return booster({{"_handle", text("tree")}}); }

ReadReport read_value(std::string_view value, bool with_reader = true) {
  formats::FormatSet formats;
  if (with_reader) formats.add(std::make_unique<FakeFormat>());
  auto report = read("\x80\x02" + std::string(value) + ".", {}, {}, formats);
  EXPECT_TRUE(report.ok()) << report.status().to_string();
  return report.ok() ? std::move(report).value() : ReadReport{};
}

std::string refusal(std::string_view value) { return read_value(value).status().message(); }

void expect_refusal(std::string_view value, std::string_view word) {
  const std::string message = refusal(value);
  EXPECT_NE(message.find(word), std::string::npos) << message;
}

TEST(LightGbmFamilyTest, ABoosterTellsItsColumnsItself) {
  const ReadReport report = read_value(stored());
  ASSERT_NE(report.graph, nullptr) << report.status().to_string();
  EXPECT_EQ(report.info.library, "LightGBM");
  const Signature& signature = report.graph->signature();
  ASSERT_EQ(signature.columns.size(), 3U);
  EXPECT_TRUE(signature.columns_named);
  EXPECT_EQ(signature.columns[1].name, "city");
  EXPECT_TRUE(signature.columns[1].is_text());
  EXPECT_FALSE(signature.columns[2].is_text());
}

TEST(LightGbmFamilyTest, OlderVersionsNameTheTextOtherwise) {
  EXPECT_TRUE(read_value(booster({{"handle", text("tree")}})).status().ok());
}

TEST(LightGbmFamilyTest, TheBestIterationCounts) {
  const auto width = [](int64_t best) {
    const ReadReport report =
        read_value(booster({{"_handle", text("tree")}, {"best_iteration", integer(best)}}));
    return report.graph == nullptr ? 0 : report.graph->signature().outputs[0].width;
  };
  EXPECT_EQ(width(7), 7U);
  EXPECT_EQ(width(0), 1U);
  EXPECT_EQ(width(-1), 1U);
}

TEST(LightGbmFamilyTest, AClassifierGivesItsLabelsAndBothProbabilities) {
  const ReadReport report = read_value(wrapper(
      "LGBMClassifier", {{"_Booster", stored()}, {"_le", encoder({text("no"), text("yes")})}}));
  ASSERT_NE(report.graph, nullptr) << report.status().to_string();
  const Signature& signature = report.graph->signature();
  EXPECT_EQ(signature.outputs[0].labels[0].strings, (std::vector<std::string>{"no", "yes"}));
  const auto proba = signature.find_output("predict_proba");
  ASSERT_TRUE(proba.has_value());
  EXPECT_EQ(signature.outputs[*proba].width, 2U);
}

TEST(LightGbmFamilyTest, WhatCannotBeServedIsSaid) {
  expect_refusal(booster({{"_handle", "N"}}), "is it fitted?");
  expect_refusal(booster({{"_handle", integer(3)}}), "is it fitted?");
  expect_refusal(booster({{"_handle", text("forest")}}), "no tree");
  expect_refusal(wrapper("LGBMRegressor", {{"_n_features", integer(3)}}), "_Booster");
  expect_refusal(wrapper("LGBMRegressor", {{"_Booster", integer(3)}}), "is it fitted?");
  expect_refusal(wrapper("LGBMRegressor", {{"_Booster", stored()}, {"pred_early_stop", "\x88"}}),
                 "pred_early_stop");
  expect_refusal(
      wrapper("LGBMClassifier", {{"_Booster", stored()}, {"_le", encoder({text("only")})}}),
      "1 classes");
  expect_refusal(wrapper("LGBMClassifier", {{"_Booster", stored()}}), "_le");
  EXPECT_NE(read_value(stored(), false).status().message().find("no reader"), std::string::npos);
}

TEST(LightGbmFamilyTest, ManyWrappersOfOneLargeBoosterAreRefused) {
  // The booster of 64 MiB is put into the memo once.
  const std::string large =
      booster({{"_handle", text("tree" + std::string(size_t{64} << 20, ' '))}}) + "p1\n0";
  std::vector<std::string> steps;
  for (int i = 0; i < 200; ++i) {
    steps.push_back(wrapper("LGBMRegressor", {{"_Booster", "g1\n"}}));
  }
  const std::string vote =
      object("sklearn.ensemble._voting", "VotingRegressor",
             {{"estimators_", list(steps)}, {"weights", "N"}, {"n_features_in_", integer(3)}});
  const std::string message = refusal(large + vote);
  EXPECT_NE(message.find("pass on more than"), std::string::npos) << message.substr(0, 2000);
}

}  // namespace
}  // namespace slipway::sklearn
