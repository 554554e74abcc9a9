// What nodes make of a matrix: how steps are tried on the training rows while preparation is
// fitted.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "engine/executable.h"
#include "graph/graph.h"

namespace slipway::training {

/// A graph whose only output is `value`; the signature has none yet.
Result<std::shared_ptr<const Executable>> compile_value(GraphBuilder builder, Signature signature,
                                                        ValueId value);

/// rows x width numbers, made batch by batch on several threads: work(first row, rows, out) writes
/// those of a batch. The first error in the rows' order, if there is one.
Result<std::vector<double>> run_batches(
    size_t rows, size_t width, unsigned threads,
    const std::function<Status(size_t first, size_t count, double* out)>& work);

/// `append` adds nodes behind kNumbersInput, which is `width` wide, and gives a dense value. `x`:
/// rows x width, row-major; so is the result.
Result<std::vector<double>> run_matrix(
    std::span<const double> x, size_t width,
    const std::function<Result<ValueId>(GraphBuilder& graph)>& append, unsigned threads = 1);

}  // namespace slipway::training
