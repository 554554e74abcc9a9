// Flags of `slipway serve` for Triton's extensions that are off unless they are asked for.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

void add_triton_flags(CLI::App& command, ServeOptions& options);

}  // namespace slipway::cli
