#include "protocols/internal/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/json_nonfinite.h"
#include "protocols/internal/closest.h"

namespace slipway::protocols {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kKeptBytes = 1 << 20;  // a larger buffer is given back before the next request

std::string_view without_space(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' ||
                           text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// RFC 8259, section 6.
bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

/// A number that simdjson finds out of a double's range.
bool read_extreme_number(std::string_view token, double& number) {
  if (!is_json_number(token)) return false;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error == std::errc()) return end == token.data() + token.size();
  const bool small = token.find("e-") != std::string_view::npos ||
                     token.find("E-") != std::string_view::npos || token.starts_with("0.") ||
                     token.starts_with("-0.");
  number = small ? 0.0 : kInfinity;
  if (token.starts_with('-')) number = -number;
  return true;
}

}  // namespace

Status JsonInput::start(std::string_view body) {
  failed_on_syntax_ = false;
  nan_offsets_.clear();
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  if (without_space(body).empty()) {
    return invalid_argument("the request has no body; expected JSON");
  }
  const size_t needed = body.size() + simdjson::SIMDJSON_PADDING;
  if (buffer_.size() > kKeptBytes && needed <= kKeptBytes) {
    buffer_ = std::vector<char>();
    parser_ = ondemand::parser();
  }
  if (buffer_.size() < needed) buffer_.resize(needed);
  std::memcpy(buffer_.data(), body.data(), body.size());
  size_ = body.size();
  return iterate();
}

Status JsonInput::iterate() {
  std::memset(buffer_.data() + size_, ' ', simdjson::SIMDJSON_PADDING);
  // After a failure document_ is still that of an earlier body, which must not be asked anything.
  has_document_ = false;
  const auto error = parser_.iterate(buffer_.data(), size_, buffer_.size()).get(document_);
  if (error != simdjson::SUCCESS) return syntax_error(error);
  has_document_ = true;
  return {};
}

Status JsonInput::syntax_error(simdjson::error_code error) {
  failed_on_syntax_ = true;
  if (error == simdjson::UTF8_ERROR) {
    return invalid_argument(fmt::format("{} is not valid UTF-8, which JSON must be", what_));
  }
  if (error == simdjson::MEMALLOC) return resource_exhausted("not enough memory for this request");
  std::string_view what = "syntax error";
  if (error == simdjson::UNCLOSED_STRING) what = "a string does not end";
  if (error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) what = "a list or object does not end";
  if (error == simdjson::UNESCAPED_CHARS) what = "a control character in a string";
  if (error == simdjson::STRING_ERROR) what = "a broken escape in a string";
  const char* place = nullptr;
  if (has_document_ && document_.current_location().get(place) == simdjson::SUCCESS &&
      place >= buffer_.data() && place <= buffer_.data() + size_) {
    return invalid_argument(
        fmt::format("{} is not valid JSON: {} near byte {}", what_, what, place - buffer_.data()));
  }
  return invalid_argument(fmt::format("{} is not valid JSON: {}", what_, what));
}

Status JsonInput::check_end() {
  const char* place = nullptr;
  const auto error = document_.current_location().get(place);
  if (error == simdjson::OUT_OF_BOUNDS) return {};
  if (error != simdjson::SUCCESS) return syntax_error(error);
  failed_on_syntax_ = true;
  return invalid_argument(fmt::format("{} is not valid JSON: more text follows at byte {}", what_,
                                      place - buffer_.data()));
}

Result<bool> JsonInput::replace_nonfinite() {
  std::vector<char> replaced;
  if (!replace_json_nonfinite({buffer_.data(), size_}, replaced, nan_offsets_)) return false;
  size_ = replaced.size();
  replaced.resize(size_ + simdjson::SIMDJSON_PADDING);
  buffer_ = std::move(replaced);
  failed_on_syntax_ = false;
  TRY_STATUS(iterate());
  return true;
}

bool JsonInput::was_nan(const char* place) const {
  if (nan_offsets_.empty()) return false;
  return std::ranges::binary_search(nan_offsets_, static_cast<size_t>(place - buffer_.data()));
}

std::string describe(ondemand::value& value) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return "something that is not JSON";
  switch (type) {
    case ondemand::json_type::array: return "a list";
    case ondemand::json_type::object: return "an object";
    case ondemand::json_type::null: return "null";
    case ondemand::json_type::boolean: return "true or false";
    case ondemand::json_type::number: {
      const std::string_view token = value.raw_json_token();
      return fmt::format("the number {}", without_space(token).substr(0, 32));
    }
    case ondemand::json_type::string: {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return "a string";
      return "the string " + in_quotes(text);
    }
  }
  return "something else";
}

Status read_number(JsonInput& json, ondemand::value& value, double& number) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  if (type == ondemand::json_type::number) [[likely]] {
    const auto error = value.get_double().get(number);
    if (error == simdjson::SUCCESS) return {};
    if (read_extreme_number(without_space(value.raw_json_token()), number)) return {};
    return json.syntax_error(error);
  }
  if (type == ondemand::json_type::boolean) {
    bool truth = false;
    if (const auto error = value.get_bool().get(truth)) return json.syntax_error(error);
    number = truth ? 1 : 0;
    return {};
  }
  if (type == ondemand::json_type::null) {
    bool is_null = false;
    const auto error = value.is_null().get(is_null);
    if (error != simdjson::SUCCESS || !is_null) return json.syntax_error(simdjson::N_ATOM_ERROR);
    number = kNan;
    return {};
  }
  return invalid_argument("expected a number, got " + describe(value));
}

Status read_text(JsonInput& json, ondemand::value& value, InputBuffer& input, StringCell& cell) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  if (type == ondemand::json_type::string) [[likely]] {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return json.syntax_error(error);
    cell = input.store(text);
    return {};
  }
  if (type == ondemand::json_type::null) {
    const bool nan = json.was_nan(value.raw_json_token().data());
    bool is_null = false;
    const auto error = value.is_null().get(is_null);
    if (error != simdjson::SUCCESS || !is_null) return json.syntax_error(simdjson::N_ATOM_ERROR);
    cell = nan ? StringCell::nan() : StringCell::absent();
    return {};
  }
  return invalid_argument("expected a string, got " + describe(value));
}

Status read_category(JsonInput& json, ondemand::value& value, InputBuffer& input,
                     StringCell& cell) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  if (type != ondemand::json_type::number) return read_text(json, value, input, cell);
  int64_t integer = 0;
  if (value.get_int64().get(integer) != simdjson::SUCCESS) {
    return invalid_argument("expected a string or a whole number, got " + describe(value));
  }
  cell = input.store(fmt::format("{}", integer));
  return {};
}

bool key_is(ondemand::raw_json_string key, std::string_view name) {
  // The padding after the body makes it safe to compare before the end of the key is known.
  return std::memcmp(key.raw(), name.data(), name.size()) == 0 && key.raw()[name.size()] == '"';
}

std::string key_text(ondemand::raw_json_string key) {
  constexpr size_t kShown = 48;  // below the padding
  size_t size = 0;
  while (size < kShown && key.raw()[size] != '"') ++size;
  return in_quotes({key.raw(), size});
}

}  // namespace slipway::protocols
