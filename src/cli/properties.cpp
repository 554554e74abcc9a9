#include "cli/properties.h"

#include <algorithm>

namespace slipway::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\f";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_properties(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> properties;
  std::string line;  // with what its next lines add
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() && (part.empty() || part[0] == '#' || part[0] == '!')) continue;
    const bool goes_on = part.ends_with('\\') && !part.ends_with("\\\\");
    if (goes_on) part.remove_suffix(1);
    line += part;
    if (goes_on && !text.empty()) continue;
    const size_t mark = line.find_first_of("=: \t");
    std::string_view value;
    if (mark != std::string::npos) {
      value = trimmed(std::string_view(line).substr(mark));
      if (value.starts_with('=') || value.starts_with(':')) value = trimmed(value.substr(1));
    }
    properties.emplace_back(line.substr(0, mark), value);
    line.clear();
  }
  return properties;
}

}  // namespace slipway::cli
