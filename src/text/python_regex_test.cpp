#include "text/python_regex.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/python_json_test.h"

namespace slipway::text {
namespace {

TEST(PythonRegex, FindsWhatPythonsReFinds) {
  const simdjson::dom::element python = python_json();
  RegexScratch scratch;
  for (const simdjson::dom::element entry : array_of(python["patterns"])) {
    const std::string pattern = string_of(entry["pattern"]);
    const Result<PythonRegex> regex = PythonRegex::compile(pattern);
    ASSERT_TRUE(regex.ok()) << pattern << ": " << regex.status().to_string();
    size_t i = 0;
    for (const simdjson::dom::element subject : array_of(python["subjects"])) {
      const std::string text = string_of(subject);
      std::vector<std::string_view> found;
      ASSERT_TRUE(regex->find_all(text, scratch, found).ok());
      std::vector<std::string> wanted;
      for (const simdjson::dom::element match : array_of(entry["found"].at(i++))) {
        wanted.push_back(string_of(match));
      }
      EXPECT_EQ(std::vector<std::string>(found.begin(), found.end()), wanted)
          << pattern << " in " << text;
    }
  }
}

TEST(PythonRegex, RefusesWhatPythonsReRefuses) {
  for (const simdjson::dom::element pattern : array_of(python_json()["refused"])) {
    EXPECT_FALSE(PythonRegex::compile(string_of(pattern)).ok()) << string_of(pattern);
  }
}

TEST(PythonRegex, SaysWhatItLeavesOut) {
  for (const std::string_view pattern :
       {R"(\N{BULLET})", "(?P<x>a)(?(x)b|c)", "a(?x)b", "(?ai)a", "(?a:b)", R"(\ud800)"}) {
    EXPECT_EQ(PythonRegex::compile(pattern).status().code(), StatusCode::kUnimplemented) << pattern;
  }
  EXPECT_EQ(PythonRegex::compile(std::string(20'000, 'a')).status().code(),
            StatusCode::kUnimplemented);
}

TEST(PythonRegex, TakesABackslashAndALetterOnlyAsPythonDoes) {
  // A newer PCRE2 counts marks as parts of words, and Python does not.
  const Result<PythonRegex> regex = PythonRegex::compile(R"(\w)");
  ASSERT_TRUE(regex.ok());
  RegexScratch scratch;
  std::vector<std::string_view> found;
  ASSERT_TRUE(regex->find_all("\u0301\u203F", scratch, found).ok());
  EXPECT_TRUE(found.empty());
}

TEST(PythonRegex, GivesUpOnEndlessBacktracking) {
  const Result<PythonRegex> regex = PythonRegex::compile("(?:a+)+[bc]");
  ASSERT_TRUE(regex.ok());
  RegexScratch scratch;
  std::vector<std::string_view> found;
  const Status status = regex->find_all(std::string(200, 'a'), scratch, found);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("gives up"), std::string::npos) << status.message();
  EXPECT_TRUE(regex->find_all("aab", scratch, found).ok());
}

}  // namespace
}  // namespace slipway::text
