// The flags of `slipway runs`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/runs.h"

namespace slipway::cli {

void add_runs(CLI::App& app, RunsOptions& options);

}  // namespace slipway::cli
