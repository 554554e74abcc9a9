// The command line: all commands and flags in one place (CLI11), and what is made from them: help,
// shell completion, the manual page.
#pragma once

#include <string>

namespace slipway::cli {

/// Parses and runs. Returns the process's exit code.
int run(int argc, char** argv);

}  // namespace slipway::cli
