#include "cli/internal/flag_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/cpu_list.h"
#include "base/duration.h"
#include "protocols/dialects.h"

namespace slipway::cli {
namespace {

template <typename T>
using Units = std::span<const std::pair<std::string_view, T>>;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return out;
}

/// The number in front and what follows it, without blanks; false if there is no number.
template <typename T>
bool split_number(std::string_view text, T& number, std::string& unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  unit = lower(text);
  return true;
}

template <typename T>
const T* find_unit(Units<T> units, std::string_view name) {
  for (const auto& [known, factor] : units) {
    if (known == name) return &factor;
  }
  return nullptr;
}

std::string shown(std::string_view text) {
  constexpr size_t kShown = 64;
  return fmt::format("'{}{}'", text.substr(0, kShown), text.size() > kShown ? "..." : "");
}

CLI::Validator transform(std::function<std::string(std::string&)> function) {
  return CLI::Validator(std::move(function), "");
}

}  // namespace

CLI::Validator time_value(Zero zero) {
  return transform([zero](std::string& text) -> std::string {
    const std::optional<double> seconds = parse_duration(text);
    if (!seconds || (*seconds == 0 && zero == Zero::kRefused)) {
      return fmt::format("expected a time such as 500ms, 30s or 2m, {}, got {}",
                         zero == Zero::kAllowed ? "0 or more" : "above 0", shown(text));
    }
    text = fmt::format("{}", *seconds);
    return {};
  });
}

CLI::Validator size_value(uint64_t least) {
  static constexpr uint64_t kKibi = 1024;
  static constexpr std::array<std::pair<std::string_view, uint64_t>, 11> kUnits = {
      {{"", 1},
       {"b", 1},
       {"k", kKibi},
       {"kb", kKibi},
       {"kib", kKibi},
       {"m", kKibi * kKibi},
       {"mb", kKibi * kKibi},
       {"mib", kKibi * kKibi},
       {"g", kKibi * kKibi * kKibi},
       {"gb", kKibi * kKibi * kKibi},
       {"gib", kKibi * kKibi * kKibi}}};
  return transform([least](std::string& text) -> std::string {
    uint64_t number = 0;
    std::string unit;
    const bool is_number = split_number(text, number, unit);
    const uint64_t* factor = is_number ? find_unit<uint64_t>(kUnits, unit) : nullptr;
    if (factor == nullptr || number > std::numeric_limits<int64_t>::max() / *factor ||
        number * *factor < least) {
      return fmt::format("expected a size such as 32k, 64m or 4g, at least {} bytes, got {}", least,
                         shown(text));
    }
    text = std::to_string(number * *factor);
    return {};
  });
}

CLI::Validator count_value(uint64_t least, uint64_t most) {
  return transform([least, most](std::string& text) -> std::string {
    uint64_t number = 0;
    std::string rest;
    if (split_number(text, number, rest) && rest.empty() && number >= least && number <= most) {
      return {};
    }
    return fmt::format("expected a whole number from {} to {}, got {}", least, most, shown(text));
  });
}

CLI::Validator cpus_value() {
  return transform([](std::string& text) -> std::string {
    const auto cpus = parse_cpu_list(text);
    if (!cpus.ok()) return cpus.status().message();
    return check_cpus_usable(*cpus).message();
  });
}

CLI::Validator host_value() {
  return transform([](std::string& text) -> std::string {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
      text = text.substr(1, text.size() - 2);
    }
    if (!text.empty() && text != "*") return {};
    return fmt::format(
        "expected an address such as 127.0.0.1, 0.0.0.0 (every interface) or ::1, got {}",
        shown(text));
  });
}

CLI::Validator compat_value() {
  return transform([](std::string& text) -> std::string {
    const auto names = protocols::parse_compat(text, ',');
    return names.ok() ? "" : names.status().message();
  });
}

CLI::Validator filled_value() {
  return transform(
      [](std::string& text) -> std::string { return text.empty() ? "must not be empty" : ""; });
}

CLI::Validator separator_value() {
  return transform([](std::string& text) -> std::string {
    if (text == "tab" || text == "\\t") text = "\t";
    if (text.size() == 1 && text != "\"" && text != "\n" && text != "\r") return {};
    return fmt::format("expected one character, or tab, got {}", shown(text));
  });
}

CLI::Validator access_log_value() {
  return transform([](std::string& text) -> std::string {
    static constexpr std::array<std::string_view, 7> kSwitches = {"on", "true",  "yes", "1",
                                                                  "no", "false", ""};
    if (std::ranges::find(kSwitches, lower(text)) == kSwitches.end()) return {};
    return fmt::format("expected off, - (standard output) or the path of a file, got {}",
                       shown(text));
  });
}

}  // namespace slipway::cli
