// The flags of `slipway train`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

void add_train(CLI::App& app, TrainOptions& options);

}  // namespace slipway::cli
