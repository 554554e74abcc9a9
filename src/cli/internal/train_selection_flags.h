// The flags of `slipway train` in the group Selection.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/selection_flags.h"

namespace slipway::cli {

void add_selection_flags(CLI::App& command, SelectionFlags& flags);

}  // namespace slipway::cli
