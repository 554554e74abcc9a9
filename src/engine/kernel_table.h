// The one list of all kernels: each family's file offers a table, kernel_table.cpp joins them.
// To add a kernel: write it in kernels/<family>.cpp, add an entry to that family's table. Entries
// of one op stand in order of preference, the scalar reference kernel last.
#pragma once

#include <span>

#include "engine/kernel.h"

namespace slipway::engine {

std::span<const KernelEntry> basic_kernels();
std::span<const KernelEntry> linear_kernels();
std::span<const KernelEntry> tree_ensemble_kernels();
std::span<const KernelEntry> boosting_kernels();
std::span<const KernelEntry> naive_bayes_kernels();
std::span<const KernelEntry> neighbors_kernels();
std::span<const KernelEntry> svm_kernels();
std::span<const KernelEntry> scale_kernels();
std::span<const KernelEntry> elementwise_kernels();
std::span<const KernelEntry> impute_kernels();
std::span<const KernelEntry> encode_kernels();
std::span<const KernelEntry> polynomial_kernels();
std::span<const KernelEntry> record_kernels();
std::span<const KernelEntry> score_link_kernels();
std::span<const KernelEntry> expression_kernels();
std::span<const KernelEntry> text_kernels();
std::span<const KernelEntry> term_count_kernels();
std::span<const KernelEntry> combine_kernels();
std::span<const KernelEntry> interpolate_kernels();
std::span<const KernelEntry> pairwise_kernels();
std::span<const KernelEntry> unwarp_kernels();
std::span<const KernelEntry> neighborhood_kernels();
std::span<const KernelEntry> quadratic_kernels();
std::span<const KernelEntry> cluster_tree_kernels();
std::span<const KernelEntry> gaussian_process_kernels();
std::span<const KernelEntry> row_solver_kernels();
std::span<const KernelEntry> manifold_kernels();
std::span<const KernelEntry> float32_kernels();
std::span<const KernelEntry> oblivious_ensemble_kernels();
std::span<const KernelEntry> category_statistics_kernels();
std::span<const KernelEntry> random_feature_kernels();
std::span<const KernelEntry> column_function_kernels();
std::span<const KernelEntry> impute_model_kernels();
std::span<const KernelEntry> tensor_kernels();
std::span<const KernelEntry> measure_kernels();

/// All tables.
std::span<const std::span<const KernelEntry>> kernel_tables();

}  // namespace slipway::engine
