#include "training/learners/hyperparameters.h"

#include <gtest/gtest.h>

#include <array>

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr std::array kTable = {
    Hyperparameter{"C", Kind::kNumber, "1.0", 0, 1e300, true},
    Hyperparameter{"max_depth", Kind::kInteger, "none", 1, 1e9, false, "none"},
    Hyperparameter{"max_features", Kind::kCount, "sqrt", 1, 1e9, false, "sqrt|log2|none"},
    Hyperparameter{"bootstrap", Kind::kFlag, "true"},
    Hyperparameter{"kernel", Kind::kWord, "rbf", 0, 0, false, "linear|rbf"},
};

std::string message_of(const HyperparameterTexts& texts) {
  const auto checked = Hyperparameters::check("svc", kTable, texts);
  return checked.ok() ? "" : checked.status().message();
}

TEST(Hyperparameters, FillsInDefaults) {
  const auto checked = Hyperparameters::check("svc", kTable, {});
  ASSERT_TRUE(checked.ok()) << checked.status().to_string();
  EXPECT_EQ(checked->number("C"), 1);
  EXPECT_EQ(checked->word("max_depth"), "none");
  EXPECT_EQ(checked->word("max_features"), "sqrt");
  EXPECT_TRUE(checked->flag("bootstrap"));
  EXPECT_EQ(checked->texts().at("kernel"), "rbf");
}

TEST(Hyperparameters, TakesPythonsWordsInAnyCase) {
  const auto checked = Hyperparameters::check(
      "svc", kTable, {{"bootstrap", "False"}, {"max_depth", "None"}, {"max_features", "null"}});
  ASSERT_TRUE(checked.ok()) << checked.status().to_string();
  EXPECT_FALSE(checked->flag("bootstrap"));
  EXPECT_EQ(checked->word("max_depth"), "none");
  EXPECT_EQ(checked->word("max_features"), "none");
}

TEST(Hyperparameters, TellsCountsFromShares) {
  const auto count = Hyperparameters::check("svc", kTable, {{"max_features", "1"}});
  const auto share = Hyperparameters::check("svc", kTable, {{"max_features", "1.0"}});
  ASSERT_TRUE(count.ok() && share.ok());
  EXPECT_EQ(count->count("max_features", 30), 1U);
  EXPECT_EQ(share->count("max_features", 30), 30U);
}

TEST(Hyperparameters, NamesTheNearestOfAnUnknownName) {
  EXPECT_EQ(message_of({{"max_dept", "3"}}),
            "svc has no hyperparameter 'max_dept'; did you mean max_depth?");
}

TEST(Hyperparameters, SaysWhatWasExpected) {
  EXPECT_EQ(message_of({{"C", "0"}}),
            "hyperparameter C of svc: expected a number above 0 to 1e+300, got '0'");
  EXPECT_EQ(message_of({{"C", "big"}}),
            "hyperparameter C of svc: expected a number above 0 to 1e+300, got 'big'");
  EXPECT_EQ(message_of({{"kernel", "cubic"}}),
            "hyperparameter kernel of svc: expected one of linear, rbf, got 'cubic'");
  EXPECT_EQ(message_of({{"bootstrap", "1"}}),
            "hyperparameter bootstrap of svc: expected true or false, got '1'");
  EXPECT_NE(message_of({{"max_depth", "2.5"}}), "");
  EXPECT_NE(message_of({{"max_depth", "0"}}), "");
  EXPECT_NE(message_of({{"max_features", "1.5"}}), "");
  EXPECT_NE(message_of({{"max_features", "0.0"}}), "");
  EXPECT_NE(message_of({{"C", "nan"}}), "");
  EXPECT_NE(message_of({{"C", "1e999"}}), "");
  EXPECT_NE(message_of({{"C", ""}}), "");
}

}  // namespace
}  // namespace slipway::training
