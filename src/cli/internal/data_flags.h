// The flags of commands that read tables.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

/// What all of them share.
void add_table_flags(CLI::App& command, TableFlags& flags);
/// `slipway data`.
void add_data(CLI::App& app, DataOptions& options);

}  // namespace slipway::cli
