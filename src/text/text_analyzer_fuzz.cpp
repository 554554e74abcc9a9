// The first line of the input chooses the options and the token pattern, the rest is the text.
// Checks that whatever is found is a part of valid UTF-8, that two runs agree, and that an ASCII
// text and its words stay ASCII.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/analyzer.h"
#include "text/code_point.h"
#include "text/python_str.h"

namespace {

using slipway::text::AnalyzerOptions;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x80U; });
}

class Checked final : public slipway::text::FeatureSink {
 public:
  void add(std::string_view feature) override {
    std::string valid;
    slipway::text::append_valid(feature, valid);
    CHECK(valid == feature);
    ascii = ascii && is_ascii(feature);
    for (const char c : feature) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    ++count;
  }
  uint64_t hash = 0xcbf29ce484222325;
  size_t count = 0;
  bool ascii = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  if (line < 2) return 0;
  const auto choice = static_cast<uint8_t>(input[0]);
  const auto grams = static_cast<uint8_t>(input[1]);
  AnalyzerOptions options;
  options.unit = static_cast<AnalyzerOptions::Unit>(choice % 3);
  options.accents = static_cast<AnalyzerOptions::Accents>(choice / 3 % 3);
  options.lowercase = choice / 9 % 2 == 0;
  options.shortest = 1 + grams % 4;
  options.longest = options.shortest + grams / 4 % 4;
  if (choice / 18 % 2 != 0) options.stop_words = {"the", "a", "", "and", "\xc3\xa9"};
  if (line > 2) options.token_pattern = input.substr(2, line - 2);
  const auto analyzer = slipway::text::TextAnalyzer::create(std::move(options));
  if (!analyzer.ok()) return 0;
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  slipway::text::TextBuffers buffers;
  Checked first;
  if (!analyzer->analyze(text, buffers, first).ok()) return 0;
  Checked second;
  CHECK(analyzer->analyze(text, buffers, second).ok());
  CHECK(first.hash == second.hash && first.count == second.count);
  CHECK(!is_ascii(text) || first.ascii);
  buffers.shrink();
  return 0;
}
