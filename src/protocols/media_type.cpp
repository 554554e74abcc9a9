#include "protocols/internal/media_type.h"

#include <algorithm>
#include <charconv>

namespace slipway::protocols {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), to_lower);
  return lower;
}

/// Takes what stands before the next ';'.
std::string_view next_part(std::string_view& rest) {
  const size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

MediaType parse_media_type(std::string_view header) {
  MediaType type;
  type.name = in_lower_case(next_part(header));
  while (!header.empty()) {
    const std::string_view parameter = next_part(header);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name = in_lower_case(trimmed(parameter.substr(0, equals)));
    std::string_view value = trimmed(parameter.substr(std::min(equals + 1, parameter.size())));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (name == "charset") {
      type.charset = in_lower_case(value);
    } else if (!name.empty() && type.other_parameter.empty()) {
      type.other_parameter = name;
    }
  }
  return type;
}

bool names_media_type(std::string_view header, std::string_view type) {
  const size_t end = std::min(header.find(';'), header.find(','));
  const std::string_view name = trimmed(header.substr(0, end));
  return std::ranges::equal(name, type, {}, to_lower);
}

namespace {

/// What one range of an Accept header says of a type.
struct Match {
  int precision = 0;  // 0: it does not name it; 1: */*; 2: text/*; 3: text/csv
  double quality = 1;
  size_t place = 0;  // of the range in the header
};

/// The q of a range's parameters, from 0 to 1.
double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_part(parameters);
    if (parameter.size() < 2 || to_lower(parameter[0]) != 'q' || parameter[1] != '=') continue;
    double quality = 1;
    const std::string_view text = parameter.substr(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && quality >= 0 && quality <= 1 ? quality : 1;
  }
  return 1;
}

int precision_of(std::string_view range, std::string_view type) {
  if (range == "*/*" || range == "*") return 1;
  if (std::ranges::equal(range, type, {}, to_lower)) return 3;
  const size_t slash = type.find('/') + 1;
  const bool is_group =
      range.size() == slash + 1 && range.back() == '*' &&
      std::ranges::equal(range.substr(0, slash), type.substr(0, slash), {}, to_lower);
  return is_group ? 2 : 0;
}

/// The range that names a type most precisely says what it is worth.
Match best_match(std::string_view accept, std::string_view type) {
  Match best;
  for (size_t place = 0; !accept.empty(); ++place) {
    const size_t end = std::min(accept.find(','), accept.size());
    std::string_view parameters = accept.substr(0, end);
    accept.remove_prefix(std::min(end + 1, accept.size()));
    const int precision = precision_of(next_part(parameters), type);
    if (precision > best.precision) best = {precision, quality_of(parameters), place};
  }
  return best;
}

}  // namespace

std::optional<size_t> choose_media_type(std::string_view accept,
                                        std::span<const std::string_view> offered) {
  if (trimmed(accept).empty()) return 0;
  std::optional<size_t> chosen;
  Match best;
  for (size_t i = 0; i < offered.size(); ++i) {
    const Match match = best_match(accept, offered[i]);
    if (match.precision == 0 || match.quality == 0) continue;
    const bool is_better = !chosen || match.quality > best.quality ||
                           (match.quality == best.quality && match.place < best.place);
    if (!is_better) continue;
    chosen = i;
    best = match;
  }
  return chosen;
}

}  // namespace slipway::protocols
