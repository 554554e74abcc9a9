// The YAML file of --config: the same names as the flags, refused with a hint if unknown.
//
//   port: 9000
//   paths: [models/]
//   access-log: /var/log/slipway.json
//
// Precedence: flag, then environment (SLIPWAY_PORT), then file, then default.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::cli {

/// A setting that a command takes: its long flag without dashes.
struct Setting {
  std::string name;
  std::string environment;  // name of its variable; empty: none
  bool is_flag = false;     // takes no value on the command line
  bool is_list = false;     // may be given several times
  bool is_positional = false;
};

/// The file's settings as command line arguments ("--port=9000"), leaving out those whose
/// environment variable is set. Positional ones come last and stand in `positionals`.
struct ConfigArguments {
  std::vector<std::string> flags;
  std::vector<std::string> positionals;
};
/// INVALID_ARGUMENT names file, line and key, and suggests the nearest known name.
Result<ConfigArguments> read_config_file(const std::string& path,
                                         const std::vector<Setting>& settings);

}  // namespace slipway::cli
