// The flags of `serve` about queues, batches and the CPUs of threads.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/admission_flags.h"

namespace slipway::cli {

void add_admission_flags(CLI::App& command, AdmissionFlags& flags);

}  // namespace slipway::cli
