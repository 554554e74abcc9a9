// Which features a text has. Expected lists are those of CountVectorizer.build_analyzer() of
// scikit-learn 1.9.1; the counts of whole models are compared in the parity tests.
#include "text/analyzer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "text/stop_words.h"

namespace slipway::text {
namespace {

using Features = std::vector<std::string>;

class Collected final : public FeatureSink {
 public:
  void add(std::string_view feature) override { features.emplace_back(feature); }
  Features features;
};

Features analyze(const AnalyzerOptions& options, std::string_view text) {
  const Result<TextAnalyzer> analyzer = TextAnalyzer::create(options);
  EXPECT_TRUE(analyzer.ok()) << analyzer.status().to_string();
  TextBuffers buffers;
  Collected sink;
  EXPECT_TRUE(analyzer->analyze(text, buffers, sink).ok());
  std::ranges::sort(sink.features);
  return sink.features;
}

TEST(TextAnalyzer, FindsWordsOfTwoCharactersAndMore) {
  EXPECT_EQ(analyze({}, "Hello, a big WORLD! x_1 it's"),
            (Features{"big", "hello", "it", "world", "x_1"}));
  EXPECT_EQ(analyze({}, ""), Features{});
  EXPECT_EQ(analyze({}, "a b"), Features{});
}

TEST(TextAnalyzer, JoinsTheWordsThatStayBetweenStopWords) {
  AnalyzerOptions options;
  options.stop_words = english_stop_words();
  options.shortest = 1;
  options.longest = 2;
  EXPECT_EQ(analyze(options, "the cat and the dog sat"),
            (Features{"cat", "cat dog", "dog", "dog sat", "sat"}));
}

TEST(TextAnalyzer, CountsRunsOfCharactersWithBlanksCollapsed) {
  AnalyzerOptions options;
  options.unit = AnalyzerOptions::Unit::kCharacter;
  options.shortest = 2;
  options.longest = 3;
  EXPECT_EQ(analyze(options, "A  b\tc"),
            (Features{"\tc", " b", " b\t", "a ", "a b", "b\t", "b\tc"}));
  EXPECT_EQ(analyze(options, "x"), Features{});
}

TEST(TextAnalyzer, CountsAShortWordOnceWhole) {
  AnalyzerOptions options;
  options.unit = AnalyzerOptions::Unit::kCharacterInWords;
  options.shortest = 4;
  options.longest = 6;
  EXPECT_EQ(analyze(options, "a bc\ndefg"),
            (Features{" a ", " bc ", " def", " defg", " defg ", "defg", "defg ", "efg "}));
}

TEST(TextAnalyzer, TakesAccentsOff) {
  AnalyzerOptions options;
  options.accents = AnalyzerOptions::Accents::kUnicode;
  EXPECT_EQ(analyze(options, "Café ΣΊΣΥΦΟΣ"), (Features{"cafe", "σισυφος"}));
  options.accents = AnalyzerOptions::Accents::kAscii;
  EXPECT_EQ(analyze(options, "Café ΣΊΣΥΦΟΣ"), Features{"cafe"});
  options.lowercase = false;
  EXPECT_EQ(analyze(options, "Café"), Features{"Cafe"});
}

TEST(TextAnalyzer, FollowsATokenPatternWithAGroup) {
  AnalyzerOptions options;
  options.token_pattern = "#(\\w+)";
  EXPECT_EQ(analyze(options, "#one two #Three"), (Features{"one", "three"}));
}

TEST(TextAnalyzer, RefusesOptionsThatScikitLearnRefuses) {
  AnalyzerOptions options;
  options.token_pattern = "(a)(b)";
  EXPECT_EQ(TextAnalyzer::create(options).status().code(), StatusCode::kInvalidArgument);
  options = {};
  options.shortest = 2;
  EXPECT_EQ(TextAnalyzer::create(options).status().code(), StatusCode::kInvalidArgument);
}

TEST(TextAnalyzer, FindsPlainPatternsByHandAsByRegex) {
  for (const std::string_view plain :
       {R"(\b\w\w+\b)", R"(\w\w+)", R"(\b\w+\b)", R"(\w+)", R"(\b\w\w\w+\b)", R"(\w\w\w+)"}) {
    AnalyzerOptions by_hand;
    by_hand.token_pattern = plain;
    AnalyzerOptions by_regex;
    by_regex.token_pattern = "(?:" + std::string(plain) + ")";
    for (const std::string_view text :
         {"a bc def ghij_k 1 22 333", "ÉA é 한국어 한 ½² e\u0301e", "\xff\xffz zz", "-a-bb-ccc-"}) {
      EXPECT_EQ(analyze(by_hand, text), analyze(by_regex, text)) << plain << " in " << text;
    }
  }
}

TEST(StopWords, AreScikitLearns) {
  const Features words = english_stop_words();
  EXPECT_EQ(words.size(), 318U);
  EXPECT_EQ(words.front(), "a");
  EXPECT_EQ(words.back(), "yourselves");
  EXPECT_TRUE(std::ranges::is_sorted(words));
}

}  // namespace
}  // namespace slipway::text
