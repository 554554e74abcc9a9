#include "text/python_str.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "text/code_point.h"
#include "text/python_json_test.h"

namespace slipway::text {
namespace {

using Function = std::function<std::string(char32_t)>;

std::string utf8(char32_t code) {
  std::string text;
  append_code_point(text, code);
  return text;
}

Function of_text(void (*append)(std::string_view, std::string&)) {
  return [append](char32_t code) {
    std::string made;
    append(utf8(code), made);
    return made;
  };
}

Function of_question(bool (*ask)(char32_t)) {
  return [ask](char32_t code) { return std::string(ask(code) ? "1" : "0"); };
}

/// As tests/data/text/make.py: over the assigned code points of a block.
std::string digest(const Function& function, const std::vector<bool>& assigned, char32_t begin,
                   char32_t end) {
  uint64_t value = 0xcbf29ce484222325;
  const auto take = [&value](char c) { value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3; };
  for (char32_t code = begin; code < end; ++code) {
    if (!assigned[code]) continue;
    for (const char c : function(code)) take(c);
    take('\0');
  }
  return fmt::format("{:016x}", value);
}

TEST(PythonStr, AgreesWithPythonOnEveryAssignedCodePoint) {
  constexpr char32_t kSize = 0x110000;
  const simdjson::dom::element expected = python_json();
  std::vector<bool> assigned(kSize, false);
  for (const simdjson::dom::element range : array_of(expected["assigned"])) {
    const uint64_t last = range.at(1).get_uint64().value();
    for (uint64_t code = range.at(0).get_uint64().value(); code <= last; ++code) {
      assigned[code] = true;
    }
  }
  const uint64_t block = expected["block"].get_uint64().value();
  const std::vector<std::pair<std::string, Function>> functions = {
      {"lower", of_text(append_lower)},
      {"without_accents", of_text(append_without_accents)},
      {"ascii", of_text(append_ascii)},
      {"word", of_question(is_word)},
      {"space", of_question(is_space)}};
  for (const auto& [name, function] : functions) {
    char32_t begin = 0;
    for (const simdjson::dom::element wanted : array_of(expected["digests"][name])) {
      const auto end = static_cast<char32_t>(std::min<uint64_t>(begin + block, kSize));
      EXPECT_EQ(digest(function, assigned, begin, end), string_of(wanted))
          << name << fmt::format(" from U+{:04X} on", static_cast<uint32_t>(begin));
      begin = end;
    }
    EXPECT_EQ(begin, kSize);
  }
}

TEST(PythonStr, AgreesWithPythonOnWholeTexts) {
  for (const simdjson::dom::element entry : array_of(python_json()["texts"])) {
    const std::string text = string_of(entry["text"]);
    std::string lowered;
    std::string plain;
    std::string ascii;
    append_lower(text, lowered);
    append_without_accents(text, plain);
    append_ascii(text, ascii);
    EXPECT_EQ(lowered, string_of(entry["lower"])) << text;
    EXPECT_EQ(plain, string_of(entry["without_accents"])) << text;
    EXPECT_EQ(ascii, string_of(entry["ascii"])) << text;
  }
}

TEST(PythonStr, MakesReplacementCharactersOfWhatIsNoUtf8) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\xff", "a\uFFFD"},
      {"\xc3", "\uFFFD"},
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xc0\x80", "\uFFFD\uFFFD"},
      {"\xe4\xb8", "\uFFFD\uFFFD"},
      {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xe4\xb8\xad\x80", "\u4e2d\uFFFD"}};
  for (const auto& [text, wanted] : cases) {
    std::string valid;
    append_valid(text, valid);
    EXPECT_EQ(valid, wanted);
    size_t steps = 0;
    for (size_t place = text.size(); place > 0; ++steps) previous_code_point(text, place);
    size_t forwards = 0;
    for (size_t place = 0; place < text.size(); ++forwards) next_code_point(text, place);
    EXPECT_EQ(steps, forwards);
  }
}

}  // namespace
}  // namespace slipway::text
