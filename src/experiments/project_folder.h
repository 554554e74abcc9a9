// The folder `.slipway` of a project, where records of its training runs lie.
//
// It is looked for in the working directory and upwards, as git looks for .git; the environment
// variable SLIPWAY_HOME names another one instead. Thread rule: plain functions.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"

namespace slipway::experiments {

inline constexpr const char* kProjectFolder = ".slipway";
inline constexpr const char* kHomeVariable = "SLIPWAY_HOME";

/// The path of the folder that is there; nullopt if none is. `home`: the variable's value, or
/// empty.
std::optional<std::string> find_project_folder(const std::string& working_directory,
                                               const std::string& home);

/// The same, made in the working directory (or where `home` says) if there is none, with a
/// .gitignore that keeps it out of commits. The error names the path.
Result<std::string> make_project_folder(const std::string& working_directory,
                                        const std::string& home);

}  // namespace slipway::experiments
