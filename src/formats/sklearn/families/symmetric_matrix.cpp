#include "formats/sklearn/families/symmetric_matrix.h"

#include <cmath>

namespace slipway::sklearn {

Result<std::vector<double>> cholesky(const std::vector<double>& matrix, size_t size) {
  std::vector<double> lower(size * size, 0.0);
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = matrix[i * size + j];
      for (size_t k = 0; k < j; ++k) rest -= lower[i * size + k] * lower[j * size + k];
      if (i != j) {
        lower[i * size + j] = rest / lower[j * size + j];
      } else if (rest > 0 && std::isfinite(rest)) {
        lower[i * size + i] = std::sqrt(rest);
      } else {
        return invalid_argument("a matrix of the model is not positive definite");
      }
    }
  }
  return lower;
}

std::vector<double> inverse_of(const std::vector<double>& lower, size_t size) {
  std::vector<double> inverse(size * size, 0.0);
  std::vector<double> column(size);
  for (size_t unit = 0; unit < size; ++unit) {
    for (size_t i = 0; i < size; ++i) {
      double rest = i == unit ? 1 : 0;
      for (size_t k = 0; k < i; ++k) rest -= lower[i * size + k] * column[k];
      column[i] = rest / lower[i * size + i];
    }
    for (size_t i = size; i-- > 0;) {
      double rest = column[i];
      for (size_t k = i + 1; k < size; ++k) rest -= lower[k * size + i] * column[k];
      column[i] = rest / lower[i * size + i];
    }
    for (size_t i = 0; i < size; ++i) inverse[i * size + unit] = column[i];
  }
  return inverse;
}

}  // namespace slipway::sklearn
