#include "report/charts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <pugixml.hpp>
#include <string>

namespace slipway::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::string kHostile = "</text><script>alert(1)</script>&\"'\x01\xff\xc3";

/// The chart read as XML; fails the test if it is not well-formed.
pugi::xml_document parsed(const Svg& chart) {
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_string(chart.markup.c_str());
  EXPECT_TRUE(result) << result.description() << " at " << result.offset << ":\n" << chart.markup;
  EXPECT_STREQ(document.first_child().name(), "svg");
  return document;
}

size_t count(const pugi::xml_document& document, const char* query) {
  return document.select_nodes(query).size();
}

TEST(ChartsTest, EveryChartHasATitleForReadersOfScreens) {
  const std::vector<Series> series{{"a", {0, 1}, {0, 1}}};
  for (const Svg& chart : {bar_chart({"T"}, std::vector<Bar>{{"a", 1}}),
                           histogram({"T"}, std::vector<double>{0, 1}, std::vector<double>{2}),
                           line_chart({"T"}, series, {}), scatter_chart({"T"}, series, {}),
                           heat_map({"T"}, {{"a"}, {"b"}, {1}})}) {
    const pugi::xml_document document = parsed(chart);
    EXPECT_STREQ(document.child("svg").attribute("role").value(), "img");
    EXPECT_STREQ(document.child("svg").attribute("aria-label").value(), "T");
    EXPECT_STREQ(document.child("svg").child_value("title"), "T");
  }
}

TEST(ChartsTest, HostileTextsStayTexts) {
  const ChartText text{kHostile, kHostile, kHostile};
  const std::vector<Series> series{{kHostile, {0, 1}, {0, 1}}};
  for (const Svg& chart : {bar_chart(text, std::vector<Bar>{{kHostile, 1}}),
                           histogram(text, std::vector<double>{0, 1}, std::vector<double>{2}),
                           line_chart(text, series, {}), scatter_chart(text, series, {}),
                           heat_map(text, {{kHostile}, {kHostile}, {1}})}) {
    EXPECT_EQ(count(parsed(chart), "//script"), 0U);
    EXPECT_EQ(chart.markup.find("<script"), std::string::npos);
    EXPECT_EQ(chart.markup.find('\x01'), std::string::npos);
  }
}

TEST(ChartsTest, BarsAreAsLongAsTheirValues) {
  const std::vector<Bar> bars{{"a", 2}, {"b", 1, Range{0.5, 1.5}}, {"c", -1}};
  const pugi::xml_document document = parsed(bar_chart({"T", "x"}, bars));
  const pugi::xpath_node_set found = document.select_nodes("//rect[@class='fill0']");
  ASSERT_EQ(found.size(), 3U);
  const auto width = [&](size_t i) { return found[i].node().attribute("width").as_double(); };
  EXPECT_NEAR(width(0), 2 * width(1), 0.2);
  EXPECT_NEAR(width(2), width(1), 0.2);
  EXPECT_LT(found[2].node().attribute("x").as_double(), found[1].node().attribute("x").as_double());
  EXPECT_EQ(count(document, "//line[@class='interval']"), 1U);
}

TEST(ChartsTest, BarsBeyondTheLimitAreCounted) {
  const std::vector<Bar> bars(kBarsMax + 7, Bar{"a", 1});
  const Svg chart = bar_chart({"T"}, bars);
  EXPECT_EQ(count(parsed(chart), "//rect"), kBarsMax);
  EXPECT_NE(chart.markup.find("and 7 more"), std::string::npos);
}

TEST(ChartsTest, ALineEndsWhereItsSeriesEnd) {
  const std::vector<Series> series{{"", {0, 0.5, 1}, {0, 1, 1}}};
  const pugi::xml_document document =
      parsed(line_chart({"T"}, series, {.diagonal = true, .x = Range{0, 1}, .y = Range{0, 1}}));
  EXPECT_STREQ(document.select_node("//polyline").node().attribute("points").value(),
               "64.0,292.0 264.0,32.0 464.0,32.0 ");
  const pugi::xml_node diagonal = document.select_node("//line[@class='reference']").node();
  EXPECT_EQ(diagonal.attribute("x1").as_double(), 64);
  EXPECT_EQ(diagonal.attribute("y1").as_double(), 292);
  EXPECT_EQ(diagonal.attribute("x2").as_double(), 464);
  EXPECT_EQ(diagonal.attribute("y2").as_double(), 32);
}

TEST(ChartsTest, LongSeriesAreThinnedAndKeepTheirEnds) {
  Series series{"long", {}, {}};
  for (int i = 0; i <= 100'000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i % 7);
  }
  const Svg line = line_chart({"T"}, std::vector<Series>(50, series), {});
  const pugi::xml_document document = parsed(line);
  EXPECT_EQ(count(document, "//polyline"), kSeriesMax);
  const std::string points = document.select_node("//polyline").node().attribute("points").value();
  EXPECT_EQ(std::count(points.begin(), points.end(), ','), static_cast<long>(kPointsMax));
  EXPECT_EQ(points.rfind("464.0,", std::string::npos), points.rfind(' ', points.size() - 2) + 1);
  EXPECT_LT(line.markup.size(), 400'000U);
}

TEST(ChartsTest, WhatCannotBeDrawnIsLeftOut) {
  const std::vector<Series> series{{"s", {0, 1, kNan, kInfinity, 1e308}, {0, 1, 2, 3, 4}}};
  const pugi::xml_document document = parsed(scatter_chart({"T"}, series, {}));
  EXPECT_EQ(count(document, "//circle"), 2U);
  for (const Svg& chart :
       {bar_chart({"T"}, std::vector<Bar>{{"a", kNan}, {"b", -kInfinity}}),
        bar_chart({"T"}, std::vector<Bar>{}),
        histogram({"T"}, std::vector<double>{0, kNan}, std::vector<double>{2}),
        histogram({"T"}, std::vector<double>{}, std::vector<double>{}),
        histogram({"T"}, std::vector<double>{1, 0}, std::vector<double>{2}),
        heat_map({"T"}, {{"a"}, {"b"}, {kNan}}), heat_map({"T"}, {{"a"}, {"b"}, {}}),
        heat_map({"T"}, {}), line_chart({"T"}, {}, {})}) {
    parsed(chart);
    for (const char* place : {"=\"nan", "=\"inf", "=\"-inf"}) {
      EXPECT_EQ(chart.markup.find(place), std::string::npos) << chart.markup;
    }
  }
}

TEST(ChartsTest, ExtremeRangesHaveFiniteTicks) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{-1e300, 1e300},
                                                                        {5e-324, 1e-323},
                                                                        {0, 0},
                                                                        {1e16, 1e16},
                                                                        {1, 1 + 1e-15},
                                                                        {-7, -7},
                                                                        {0, 1e-300}}) {
    const std::vector<Series> series{{"s", {low, high}, {low, high}}};
    const Svg chart = line_chart({"T"}, series, {});
    const pugi::xml_document document = parsed(chart);
    EXPECT_EQ(chart.markup.find("nan"), std::string::npos) << chart.markup;
    EXPECT_GE(count(document, "//line[@class='grid']"), 4U) << low << " to " << high;
    EXPECT_LE(count(document, "//line[@class='grid']"), 26U);
  }
}

TEST(ChartsTest, CellsAreShadedByTheirShareOfTheGreatest) {
  const pugi::xml_document document =
      parsed(heat_map({"T"}, {{"r1", "r2"}, {"c1", "c2"}, {4, 0, 1, -2}}));
  const pugi::xpath_node_set cells = document.select_nodes("//rect");
  ASSERT_EQ(cells.size(), 4U);
  const double expected[] = {1, 0, 0.25, 0.5};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(cells[i].node().attribute("fill-opacity").as_double(), expected[i]);
  }
  EXPECT_STREQ(cells[0].node().attribute("class").value(), "hot");
  EXPECT_STREQ(cells[3].node().attribute("class").value(), "cold");
  EXPECT_STREQ(cells[2].node().child_value("title"), "r2 / c1: 1");
}

TEST(ChartsTest, AWideHeatMapIsCutAndSaysSo) {
  const size_t side = 300;
  HeatMap map;
  map.rows.assign(side, std::string(10'000, 'x'));
  map.columns = map.rows;
  map.values.assign(side * side, 1);
  const Svg chart = heat_map({"T"}, map);
  EXPECT_EQ(count(parsed(chart), "//rect"), kHeatSideMax * kHeatSideMax);
  EXPECT_NE(chart.markup.find("40 x 40 of 300 x 300"), std::string::npos);
  EXPECT_LT(chart.markup.size(), size_t{1} << 20);
}

}  // namespace
}  // namespace slipway::report
