// What the takers of other servers' command lines share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

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

/// What a flag of another server's takes behind its name.
enum class FlagTakes : uint8_t {
  kNothing,
  kSwitch,  // true or false, behind a '=' only; alone it is "true"
  kValue,
  kValues,  // all up to the next flag
};

/// The values of the flag at `place`, which is moved to the last of them. INVALID_ARGUMENT if there
/// are none where there must be.
Result<std::vector<std::string>> flag_values(std::string_view name, FlagTakes takes,
                                             const std::vector<std::string>& arguments,
                                             size_t& place);
/// Hands each flag of `flags` with its values to `take`, which gives a Status; gives the other
/// arguments, in their order. `flags`: by their members `name` and `takes`.
template <typename Flag, size_t Count, typename Take>
Result<std::vector<std::string>> take_flags(const Flag (&flags)[Count],
                                            std::vector<std::string> arguments, Take take) {
  std::vector<std::string> others;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Flag* const flag = find_flag(flags, arguments[i]);
    if (flag == std::end(flags)) {
      others.push_back(std::move(arguments[i]));
      continue;
    }
    const std::vector<std::string> values = TRY(flag_values(flag->name, flag->takes, arguments, i));
    TRY_STATUS(take(*flag, values));
  }
  return others;
}

}  // namespace slipway::cli
