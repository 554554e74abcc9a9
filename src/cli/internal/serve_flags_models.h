// Flags of `serve` about where models come from and how much memory they take.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

void add_memory_flags(CLI::App& command, ServeOptions& options);
void add_source_flags(CLI::App& command, ServeOptions& options);

}  // namespace slipway::cli
