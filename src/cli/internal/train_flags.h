// The flags of `slipway train`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

void add_train(CLI::App& app, TrainOptions& options);
/// The groups of `train`'s flags.
void add_preparation_flags(CLI::App& train, TrainOptions& options);

}  // namespace slipway::cli
