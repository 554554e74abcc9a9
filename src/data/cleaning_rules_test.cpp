#include "data/cleaning_rules.h"

#include <gtest/gtest.h>

namespace slipway::data {
namespace {

std::string refusal(const std::string& yaml) {
  return parse_cleaning_rules(yaml).status().message();
}

TEST(CleaningRules, EveryKindIsRead) {
  const auto rules = parse_cleaning_rules(R"(
rules:
  a: [trim, lower, upper, number]
  b:
    - replace: {pattern: "[0-9]+"}
    - map: {x: y, z: null, "": none}
    - unit: {to: kg, units: {kg: 1, g: 0.001}}
)");
  ASSERT_TRUE(rules.ok()) << rules.status().to_string();
  using Kind = CleaningRule::Kind;
  const auto& a = rules->at("a");
  ASSERT_EQ(a.size(), 4U);
  EXPECT_EQ(a[2].kind, Kind::kUpper);
  EXPECT_TRUE(a[3].gives_number());
  const auto& b = rules->at("b");
  EXPECT_EQ(b[0].pattern, "[0-9]+");
  EXPECT_EQ(b[0].by, "");
  ASSERT_EQ(b[1].map.size(), 3U);
  EXPECT_FALSE(b[1].map[1].second.has_value());
  EXPECT_EQ(b[2].units[1].second, 0.001);
  EXPECT_EQ(b[2].place, "line 7, column 7");
}

TEST(CleaningRules, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(refusal("rules: {a: [trim, shout]}"),
            "column 'a': line 1, column 19: expected the rule trim, lower, upper, number, replace, "
            "map or unit, got 'shout'");
  EXPECT_EQ(refusal("rules: {a: [number, trim]}"),
            "column 'a': line 1, column 21: behind number and unit there is no text for another "
            "rule");
  EXPECT_NE(refusal("rules: {a: [{replace: {pattern: '('}}]}").find("line 1, column 33"),
            std::string::npos);
  EXPECT_NE(refusal("rules: {a: [{replace: {pattern: x, with: y}}]}").find("'with' is no part"),
            std::string::npos);
  EXPECT_NE(
      refusal("rules: {a: [{unit: {to: m, units: {cm: 0.01}}}]}").find("m is not among the units"),
      std::string::npos);
  EXPECT_NE(refusal("rules: {a: [{unit: {to: m, units: {m: zero}}}]}").find("how many m one m is"),
            std::string::npos);
  EXPECT_NE(refusal("rules: {a: [{map: {x: [y]}}]}").find("expected a text, or null"),
            std::string::npos);
  EXPECT_NE(refusal("rules: {a: trim}").find("expected a list of rules"), std::string::npos);
  EXPECT_NE(refusal("rules: {a: [{trim: 1, lower: 2}]}").find("expected one rule"),
            std::string::npos);
  EXPECT_NE(refusal("columns: {a: text}").find("expected `rules:`"), std::string::npos);
  EXPECT_NE(refusal("").find("expected `rules:`"), std::string::npos);
  EXPECT_NE(refusal("rules: {a: [}").find("line 1"), std::string::npos);
  EXPECT_NE(refusal("rules: {a: [trim], a: [lower]}").find("twice"), std::string::npos);
}

}  // namespace
}  // namespace slipway::data
