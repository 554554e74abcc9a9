// The flags of `slipway train` in the group Preparation.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/preparation_flags.h"

namespace slipway::cli {

void add_preparation_flags(CLI::App& command, PreparationFlags& flags);

}  // namespace slipway::cli
