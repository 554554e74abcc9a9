// The one list of all kernels: each family's file offers a table, kernel_table.cpp joins them.
// To add a kernel: write it in kernels/<family>.cpp, add an entry to that family's table. Entries
// of one op stand in order of preference, the scalar reference kernel last.
#pragma once

#include <span>

#include "engine/kernel.h"

namespace slipway::engine {

std::span<const KernelEntry> basic_kernels();
std::span<const KernelEntry> linear_kernels();

/// All tables.
std::span<const std::span<const KernelEntry>> kernel_tables();

}  // namespace slipway::engine
