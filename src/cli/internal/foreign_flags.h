// What the takers of other servers' command lines share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::cli {

/// The value of `--name=value` or `--name value` among the arguments.
std::optional<std::string> value_of(const std::vector<std::string>& arguments,
                                    std::string_view name);
/// --compat, or its environment variable; empty if there is none.
std::string compat_of(const std::vector<std::string>& arguments);
/// True if a list, parted by commas, names it.
bool names_dialect(std::string_view list, std::string_view dialect);
std::optional<int64_t> whole_number(std::string_view text);
/// The flag that `--name` or `--name=value` names, by its member `name`; the end if none has it.
template <typename Flag, size_t Count>
const Flag* find_flag(const Flag (&flags)[Count], std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  return std::ranges::find_if(flags, [&](const Flag& flag) {
    return name.starts_with("--") && name.substr(2) == flag.name;
  });
}

}  // namespace slipway::cli
