#include "graph/ops/text_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

constexpr uint32_t kMatchLimit = 100'000;
constexpr uint32_t kDepthLimit = 1'000;
constexpr uint32_t kHeapLimitKib = 1'024;
constexpr uint32_t kPairs = 10;  // the match and nine groups

PCRE2_SPTR units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

const pcre2_code* code_of(const std::shared_ptr<const void>& code) {
  return static_cast<const pcre2_code*>(code.get());
}

}  // namespace

Result<TextPattern> TextPattern::compile(std::string_view pattern) {
  if (pattern.size() > kBytesMax) {
    return invalid_argument(fmt::format("a regular expression has at most {} bytes, this one {}",
                                        kBytesMax, pattern.size()));
  }
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(units(pattern), pattern.size(), PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                    &error, &offset, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR message[160] = {};
    pcre2_get_error_message(error, message, sizeof(message));
    return invalid_argument(fmt::format("a regular expression is wrong at offset {}: {}", offset,
                                        reinterpret_cast<const char*>(message)));
  }
  TextPattern made;
  made.text_ = pattern;
  made.code_ = std::shared_ptr<const void>(code, [code](const void*) { pcre2_code_free(code); });
  return made;
}

size_t TextPattern::size_bytes() const {
  size_t size = 0;
  pcre2_pattern_info(code_of(code_), PCRE2_INFO_SIZE, &size);
  return heap_bytes(text_) + size;
}

uint32_t TextPattern::groups() const {
  uint32_t count = 0;
  pcre2_pattern_info(code_of(code_), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

struct TextPattern::Matcher::Rep {
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = nullptr;
  uint32_t pairs = 0;
};

TextPattern::Matcher::Matcher() : rep_(std::make_unique<Rep>()) {
  rep_->data = pcre2_match_data_create(kPairs, nullptr);
  rep_->context = pcre2_match_context_create(nullptr);
  CHECK(rep_->data != nullptr && rep_->context != nullptr);
  pcre2_set_match_limit(rep_->context, kMatchLimit);
  pcre2_set_depth_limit(rep_->context, kDepthLimit);
  pcre2_set_heap_limit(rep_->context, kHeapLimitKib);
}

TextPattern::Matcher::~Matcher() {
  pcre2_match_data_free(rep_->data);
  pcre2_match_context_free(rep_->context);
}

bool TextPattern::Matcher::match(const TextPattern& pattern, std::string_view text, size_t from,
                                 uint32_t options) {
  const int found = pcre2_match(code_of(pattern.code_), units(text), text.size(), from, options,
                                rep_->data, rep_->context);
  gave_up_ = found < 0 && found != PCRE2_ERROR_NOMATCH;
  rep_->pairs = found > 0 ? static_cast<uint32_t>(found) : kPairs;
  return found >= 0;
}

bool TextPattern::Matcher::find(const TextPattern& pattern, std::string_view text, size_t from) {
  return match(pattern, text, from, 0);
}

bool TextPattern::Matcher::find_next(const TextPattern& pattern, std::string_view text,
                                     size_t from) {
  return match(pattern, text, from, PCRE2_NO_UTF_CHECK);
}

std::string_view TextPattern::Matcher::group(std::string_view text, size_t number) const {
  if (number >= rep_->pairs) return {};
  const PCRE2_SIZE* place = pcre2_get_ovector_pointer(rep_->data) + 2 * number;
  if (place[0] == PCRE2_UNSET || place[1] < place[0]) return {};
  return text.substr(place[0], place[1] - place[0]);
}

size_t TextPattern::Matcher::start() const { return pcre2_get_ovector_pointer(rep_->data)[0]; }
size_t TextPattern::Matcher::end() const { return pcre2_get_ovector_pointer(rep_->data)[1]; }

}  // namespace slipway
