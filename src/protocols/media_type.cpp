#include "protocols/internal/media_type.h"

#include <algorithm>

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
  const std::string_view name = trimmed(header.substr(0, header.find_first_of(";,")));
  return std::ranges::equal(name, type, {}, to_lower);
}

}  // namespace slipway::protocols
