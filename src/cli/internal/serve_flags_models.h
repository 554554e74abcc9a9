// Flags of `serve` about where models come from and how much memory they take.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace slipway::cli {

void add_memory_flags(CLI::App& command, ServeOptions& options);
void add_torchserve_flags(CLI::App& command, ServeOptions& options);
void add_source_flags(CLI::App& command, ServeOptions& options);
/// Threshold and class names: of `predict` too.
void add_answer_flags(CLI::App& command, AnswerFlags& flags);
/// What else there is to say of a server's answers.
void add_served_answer_flags(CLI::App& command, AnswerFlags& flags);

}  // namespace slipway::cli
