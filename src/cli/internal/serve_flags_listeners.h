// The flags of `serve` about listeners: --listen and what goes with it.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/listener_flags.h"

namespace slipway::cli {

/// After --host and --port, which it watches.
void add_listener_flags(CLI::App& command, ListenerFlags& flags);

}  // namespace slipway::cli
