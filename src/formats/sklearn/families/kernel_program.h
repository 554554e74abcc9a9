// The kernels of kernel methods as programs of PairwiseOp.
#pragma once

#include "formats/sklearn/lowering.h"
#include "graph/ops/pairwise.h"

namespace slipway::sklearn {

/// What sklearn.metrics.pairwise.pairwise_kernels is asked for.
struct MetricKernel {
  std::string name;
  std::optional<double> gamma;
  double coef0 = 1;
  double degree = 3;
};

/// An estimator's kernel, gamma, coef0 and degree. UNIMPLEMENTED if the kernel is code.
Result<MetricKernel> metric_kernel(pickle::Value self);
/// An attribute's rows of `features` numbers, dense or sparse.
Result<std::vector<double>> training_rows(pickle::Value self, std::string_view name,
                                          uint32_t features);
/// UNIMPLEMENTED for kernels that are not known, precomputed or functions.
Result<PairwiseProgram> metric_program(const MetricKernel& kernel, uint32_t features);
/// The fitted kernel of a Gaussian process (sklearn.gaussian_process.kernels).
Result<PairwiseProgram> process_program(pickle::Value kernel, uint32_t features);

}  // namespace slipway::sklearn
