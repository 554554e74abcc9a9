#include "engine/kernel_table.h"

#include <array>

namespace slipway::engine {

std::span<const std::span<const KernelEntry>> kernel_tables() {
  static const std::array kTables = {
      basic_kernels(),
      linear_kernels(),
      tree_ensemble_kernels(),
      boosting_kernels(),
      naive_bayes_kernels(),
      neighbors_kernels(),
      svm_kernels(),
      scale_kernels(),
      elementwise_kernels(),
      impute_kernels(),
      encode_kernels(),
      polynomial_kernels(),
      record_kernels(),
      score_link_kernels(),
      expression_kernels(),
      text_kernels(),
      term_count_kernels(),
      combine_kernels(),
      interpolate_kernels(),
      pairwise_kernels(),
      unwarp_kernels(),
      float32_kernels(),
      oblivious_ensemble_kernels(),
      category_statistics_kernels(),
      random_feature_kernels(),
      column_function_kernels(),
      impute_model_kernels(),
      tensor_kernels(),
      neighborhood_kernels(),
      quadratic_kernels(),
      cluster_tree_kernels(),
      gaussian_process_kernels(),
      row_solver_kernels(),
      manifold_kernels(),
      measure_kernels(),
  };
  return kTables;
}

CpuFeatures detect_cpu() {
  CpuFeatures features;
#if defined(__x86_64__)
  features.avx2_fma = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  features.avx512 = __builtin_cpu_supports("avx512f") != 0 &&
                    __builtin_cpu_supports("avx512dq") != 0 &&
                    __builtin_cpu_supports("avx512vl") != 0;
#endif
  return features;
}

}  // namespace slipway::engine
