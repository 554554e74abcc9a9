#include "report/page.h"

#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>

namespace slipway::report {
namespace {

/// The page read as XML; fails the test if it is not well-formed.
pugi::xml_document parsed(const std::string& page) {
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_string(page.c_str());
  EXPECT_TRUE(result) << result.description() << " at " << result.offset;
  return document;
}

TEST(PageTest, APageHoldsWhatWasAdded) {
  Page page("Iris & more");
  page.heading("Metrics");
  page.facts({{"rows", "150"}});
  page.table({{{"metric"}, {"value", true}}, {{"accuracy", "0.95"}, {"lonely"}, {"a", "b", "c"}}});
  page.heading("Curves");
  page.warning("few rows");
  page.charts({bar_chart({"One"}, std::vector<Bar>{{"a", 1}}), heat_map({"Two"}, {})});
  const pugi::xml_document document = parsed(std::move(page).finish());
  const pugi::xml_node main = document.child("html").child("body").child("main");
  EXPECT_STREQ(main.child_value("h1"), "Iris & more");
  EXPECT_EQ(document.select_nodes("//section").size(), 2U);
  EXPECT_EQ(document.select_nodes("//section[1]//tbody/tr").size(), 3U);
  EXPECT_EQ(document.select_nodes("//section[1]//tbody/tr/td").size(), 6U);
  EXPECT_STREQ(document.select_node("//td[@class='n']").node().child_value(), "0.95");
  EXPECT_EQ(document.select_nodes("//section[2]//figure/svg").size(), 2U);
}

TEST(PageTest, APageAsksForNothingFromElsewhere) {
  Page page("x");
  page.charts({line_chart({"T"}, std::vector<Series>{{"s", {0, 1}, {0, 1}}}, {})});
  const std::string text = std::move(page).finish();
  for (const char* word : {"<script", "http:", "https:", "url(", "@import", "src=", "href="}) {
    EXPECT_EQ(text.find(word), std::string::npos) << word;
  }
  EXPECT_NE(text.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(PageTest, HostileTextsStayTexts) {
  const std::string hostile =
      "</style></title><script>alert('1')</script><img onerror=\"x\">\x02\xfe";
  Page page(hostile);
  page.heading(hostile);
  page.paragraph(hostile);
  page.warning(hostile);
  page.facts({{hostile, hostile}});
  page.table({{{hostile}}, {{hostile}}});
  const std::string text = std::move(page).finish();
  const pugi::xml_document document = parsed(text);
  EXPECT_EQ(document.select_nodes("//script | //img").size(), 0U);
  EXPECT_EQ(text.find("<img"), std::string::npos);
  EXPECT_STREQ(document.select_node("//td").node().child_value(),
               "</style></title><script>alert('1')</script><img onerror=\"x\">\uFFFD\uFFFD");
}

TEST(PageTest, ALongTextIsCut) {
  Page page("x");
  page.paragraph(std::string(100'000, 'a'));
  EXPECT_LT(std::move(page).finish().size(), 20'000U);
}

TEST(PageTest, ALongTableIsCutAndSaysSo) {
  Page page("x");
  page.table({{{"a"}}, std::vector<std::vector<std::string>>(kTableRowsMax + 5, {"1"})});
  const std::string text = std::move(page).finish();
  EXPECT_EQ(parsed(text).select_nodes("//tbody/tr").size(), kTableRowsMax);
  EXPECT_NE(text.find("1000 of 1005 rows are shown."), std::string::npos);
}

TEST(PageTest, AFullPageEndsWellFormed) {
  Page page("x");
  page.heading("first");
  const Table table{{{"a"}}, std::vector<std::vector<std::string>>(1000, {std::string(4000, '&')})};
  for (int i = 0; i < 10; ++i) page.table(table);
  page.heading("lost");
  page.paragraph("lost");
  const std::string text = std::move(page).finish();
  EXPECT_LE(text.size(), kPageBytesMax + 1000);
  const pugi::xml_document document = parsed(text);
  EXPECT_STREQ(document.select_node("//p[@class='warning']").node().child_value(),
               "The report is too large: the rest is left out.");
  EXPECT_EQ(text.find("lost"), std::string::npos);
}

}  // namespace
}  // namespace slipway::report
