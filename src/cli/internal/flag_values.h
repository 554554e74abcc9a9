// What the flags take: values with units and bounds, checked with one clear message each.
//
// Each gives a CLI11 transform that leaves a plain number or text. A flag, its environment variable
// and its line in a --config file are all read through it.
//
//   command.add_option("--idle-timeout", seconds)->transform(time_value(Zero::kRefused));
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace slipway::cli {

enum class Zero { kAllowed, kRefused };

/// "30", "30s", "500ms", "250us", "2m", "1h" to seconds, at most 1,000,000.
CLI::Validator time_value(Zero zero);
/// "512", "64k", "64m", "4g" (powers of 1024; kb and KiB mean the same) to bytes.
CLI::Validator size_value(uint64_t least);
/// A whole number.
CLI::Validator count_value(uint64_t least, uint64_t most);
/// CPUs that this process may use: "0", "0-3,8".
CLI::Validator cpus_value();
/// A name or an address; [::1] loses its brackets.
CLI::Validator host_value();
/// Names of dialects, parted by commas.
CLI::Validator compat_value();
/// Anything but "".
CLI::Validator filled_value();
/// One character, or "tab".
CLI::Validator separator_value();
/// "off", "-" or a path; not what people write who expect a switch.
CLI::Validator access_log_value();

}  // namespace slipway::cli
