#include "cli/internal/foreign_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace slipway::cli {

std::optional<std::string> value_of(const std::vector<std::string>& arguments,
                                    std::string_view name) {
  std::optional<std::string> value;
  const std::string flag = "--" + std::string(name);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == flag && i + 1 < arguments.size()) value = arguments[i + 1];
    if (arguments[i].starts_with(flag + "=")) value = arguments[i].substr(flag.size() + 1);
  }
  return value;
}

std::string compat_of(const std::vector<std::string>& arguments) {
  const char* const variable = std::getenv("SLIPWAY_COMPAT");
  return value_of(arguments, "compat").value_or(variable == nullptr ? "" : variable);
}

bool names_dialect(std::string_view list, std::string_view dialect) {
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == dialect) return true;
    at = end + 1;
  }
  return false;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [place, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && place == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

Result<std::vector<std::string>> flag_values(std::string_view name, FlagTakes takes,
                                             const std::vector<std::string>& arguments,
                                             size_t& place) {
  std::vector<std::string> values;
  const std::string& flag = arguments[place];
  const size_t equals = flag.find('=');
  if (equals != std::string::npos) values.push_back(flag.substr(equals + 1));
  if (takes == FlagTakes::kSwitch && values.empty()) values.emplace_back("true");
  if (takes == FlagTakes::kNothing || takes == FlagTakes::kSwitch) return values;
  while ((values.empty() || takes == FlagTakes::kValues) && place + 1 < arguments.size() &&
         !arguments[place + 1].starts_with("--")) {
    values.push_back(arguments[++place]);
  }
  if (values.empty()) return invalid_argument(fmt::format("--{} has no value", name));
  return values;
}

}  // namespace slipway::cli
