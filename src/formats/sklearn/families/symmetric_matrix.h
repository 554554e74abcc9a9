// The small symmetric positive definite matrices that some decompositions invert at prediction
// time.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"

namespace slipway::sklearn {

/// The lower triangle L with matrix = L L^T; all matrices are size x size, row-major.
/// INVALID_ARGUMENT if the matrix is not positive definite.
Result<std::vector<double>> cholesky(const std::vector<double>& matrix, size_t size);
/// The inverse of the matrix whose cholesky() this is.
std::vector<double> inverse_of(const std::vector<double>& lower, size_t size);

}  // namespace slipway::sklearn
