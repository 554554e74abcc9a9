#include "writers/pmml/internal/expression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace slipway::writers {
namespace {

TEST(PmmlText, EscapesWhatXmlWouldRead) {
  EXPECT_EQ(pmml::escaped("a<b & \"c\"\n"), "a&lt;b &amp; &quot;c&quot;&#10;");
  EXPECT_EQ(pmml::escaped(std::string("\x01", 1)), "\xEF\xBF\xBD");
}

TEST(PmmlText, SpellsNumbersSoThatTheyReadBack) {
  EXPECT_EQ(pmml::spelled(0.1), "0.1");
  EXPECT_EQ(pmml::spelled(-std::numeric_limits<double>::infinity()), "-INF");
}

TEST(PmmlExpressions, SumsOfManyTermsAreShallow) {
  const std::vector<pmml::Expression> terms(1000, pmml::number(1));
  const std::string sum = pmml::sum_of(terms);
  size_t deepest = 0;
  size_t depth = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    if (sum.compare(i, 6, "<Apply") == 0) deepest = std::max(deepest, ++depth);
    if (sum.compare(i, 8, "</Apply>") == 0) --depth;
  }
  EXPECT_EQ(deepest, 10U);
}

}  // namespace
}  // namespace slipway::writers
