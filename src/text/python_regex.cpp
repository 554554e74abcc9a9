#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/python_regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "text/regex_translation.h"

namespace slipway::text {
namespace {

constexpr size_t kPatternBytesMax = 10'000;
constexpr uint32_t kNestingMax = 100;
// A search begins anew at each place of a text, so the steps for one begin shrink with its length.
constexpr uint64_t kStepsMax = 50'000'000;
constexpr uint64_t kStepsAtOnceMin = 1'000;
constexpr uint64_t kStepsAtOnceMax = 1'000'000;
constexpr uint32_t kHeapKilobytesMax = 8 * 1024;

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
template <typename T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;
using Code = Owned<pcre2_code, pcre2_code_free>;
using CompileContext = Owned<pcre2_compile_context, pcre2_compile_context_free>;
using MatchContext = Owned<pcre2_match_context, pcre2_match_context_free>;
using MatchData = Owned<pcre2_match_data, pcre2_match_data_free>;

PCRE2_SPTR bytes_of(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

uint32_t options_of(const TranslatedRegex& regex) {
  // As in Python, `^` also matches behind a line's end that ends the text.
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX;
  if (!regex.ascii) options |= PCRE2_UCP;
  if (regex.ignore_case) options |= PCRE2_CASELESS;
  if (regex.multi_line) options |= PCRE2_MULTILINE;
  if (regex.dot_all) options |= PCRE2_DOTALL;
  if (regex.verbose) options |= PCRE2_EXTENDED;
  return options;
}

}  // namespace

struct RegexScratch::Impl {
  MatchContext context{pcre2_match_context_create(nullptr)};
  MatchData data{pcre2_match_data_create(2, nullptr)};  // the match and one group
};

RegexScratch::RegexScratch() : impl_(std::make_unique<Impl>()) {
  CHECK(impl_->context != nullptr && impl_->data != nullptr);
  pcre2_set_heap_limit(impl_->context.get(), kHeapKilobytesMax);
}
RegexScratch::~RegexScratch() = default;
RegexScratch::RegexScratch(RegexScratch&&) noexcept = default;
RegexScratch& RegexScratch::operator=(RegexScratch&&) noexcept = default;

struct PythonRegex::Impl {
  Code code;
  uint32_t groups = 0;
  size_t size_bytes = 0;
};

PythonRegex::PythonRegex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PythonRegex::PythonRegex(PythonRegex&&) noexcept = default;
PythonRegex& PythonRegex::operator=(PythonRegex&&) noexcept = default;
PythonRegex::~PythonRegex() = default;

uint32_t PythonRegex::groups() const { return impl_->groups; }
size_t PythonRegex::size_bytes() const { return impl_->size_bytes; }

Result<PythonRegex> PythonRegex::compile(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) {
    return unimplemented(fmt::format("a regular expression of {} bytes, limit {}", pattern.size(),
                                     kPatternBytesMax));
  }
  const TranslatedRegex regex = TRY(translate_regex(pattern));
  const CompileContext context(pcre2_compile_context_create(nullptr));
  CHECK(context != nullptr);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kNestingMax);
  int error = 0;
  PCRE2_SIZE place = 0;
  auto made = std::make_unique<Impl>();
  made->code.reset(pcre2_compile(bytes_of(regex.pattern), regex.pattern.size(), options_of(regex),
                                 &error, &place, context.get()));
  if (made->code == nullptr) {
    return invalid_argument(fmt::format("a regular expression: {} at byte {} of '{}'",
                                        message_of(error), place, regex.pattern));
  }
  pcre2_pattern_info(made->code.get(), PCRE2_INFO_CAPTURECOUNT, &made->groups);
  pcre2_pattern_info(made->code.get(), PCRE2_INFO_SIZE, &made->size_bytes);
  return PythonRegex(std::move(made));
}

Status PythonRegex::find_all(std::string_view text, RegexScratch& scratch,
                             std::vector<std::string_view>& found) const {
  CHECK(impl_->groups <= 1);
  pcre2_match_context* context = scratch.impl_->context.get();
  pcre2_match_data* data = scratch.impl_->data.get();
  const uint64_t steps =
      std::clamp(kStepsMax / (text.size() + 1), kStepsAtOnceMin, kStepsAtOnceMax);
  pcre2_set_match_limit(context, static_cast<uint32_t>(steps));
  if (text.data() == nullptr) text = "";
  const PCRE2_SIZE* ovector = pcre2_get_ovector_pointer(data);
  uint32_t options = PCRE2_NO_UTF_CHECK;
  for (size_t place = 0; place <= text.size();) {
    const int result =
        pcre2_match(impl_->code.get(), bytes_of(text), text.size(), place, options, data, context);
    if (result == PCRE2_ERROR_NOMATCH) return {};
    if (result < 0) {
      return invalid_argument(fmt::format("the token pattern gives up on a text of {} bytes: {}",
                                          text.size(), message_of(result)));
    }
    const size_t begin = ovector[0];
    const size_t end = ovector[1];
    if (begin > end || end < place) return invalid_argument("the token pattern matches backwards");
    const bool unset = impl_->groups == 1 && (result < 2 || ovector[2] == PCRE2_UNSET);
    if (unset) {
      found.emplace_back();
    } else {
      const size_t pair = impl_->groups == 1 ? 2 : 0;
      if (ovector[pair] > ovector[pair + 1]) {
        return invalid_argument("the token pattern matches backwards");
      }
      found.push_back(text.substr(ovector[pair], ovector[pair + 1] - ovector[pair]));
    }
    // Behind an empty match the next one at this place must not be empty.
    options = PCRE2_NO_UTF_CHECK | (begin == end ? PCRE2_NOTEMPTY_ATSTART : 0U);
    place = end;
  }
  return {};
}

}  // namespace slipway::text
