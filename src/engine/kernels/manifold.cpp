// Kernels of graph/ops/manifold.h.
#include "graph/ops/manifold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

/// A neighbour's place, which lies below `points`: the search's own points are as many.
size_t place_of(double number, size_t points) {
  return std::min(static_cast<size_t>(number), points - 1);
}

class GeodesicKernel final : public Kernel {
 public:
  explicit GeodesicKernel(const GeodesicOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const size_t points = op_.points;
    const size_t neighbors = args.input(0).width / 2;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* list = args.input(0).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, points, std::numeric_limits<double>::infinity());
      for (size_t i = 0; i < neighbors; ++i) {
        const double* from = op_.distances.data() + place_of(list[neighbors + i], points) * points;
        for (size_t k = 0; k < points; ++k) out[k] = std::min(out[k], from[k] + list[i]);
      }
    }
    return {};
  }

 private:
  const GeodesicOp& op_;
};

class BarycenterKernel final : public Kernel {
 public:
  BarycenterKernel(const BarycenterOp& op, size_t neighbors)
      : tables_(op.tables), neighbors_(neighbors) {}
  /// Room for the products of as many neighbours as there may be, their differences to the row and
  /// their weights.
  size_t workspace_bytes(size_t) const override {
    return neighbors_ * (neighbors_ + tables_.features + 1) * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    auto* products = reinterpret_cast<double*>(args.workspace);
    double* weights = products + neighbors_ * neighbors_;
    double* differences = weights + neighbors_;
    const size_t points = tables_.points.size() / tables_.features;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* places = args.input(1).dense(row) + neighbors_;
      const double* x = args.input(0).dense(row);
      for (size_t i = 0; i < neighbors_; ++i) {
        const double* point =
            tables_.points.data() + place_of(places[i], points) * tables_.features;
        double* difference = differences + i * tables_.features;
        for (size_t j = 0; j < tables_.features; ++j) difference[j] = point[j] - x[j];
      }
      multiply(differences, products);
      if (!solve(products, weights)) {
        return invalid_argument(fmt::format(
            "no weights rebuild the row from its neighbours, in row {}", args.first_row + row));
      }
      add_up(places, weights, points, args.output.dense(row));
    }
    return {};
  }

 private:
  void multiply(const double* differences, double* products) const {
    double trace = 0;
    for (size_t i = 0; i < neighbors_; ++i) {
      for (size_t k = 0; k <= i; ++k) {
        double sum = 0;
        for (size_t j = 0; j < tables_.features; ++j) {
          sum += differences[i * tables_.features + j] * differences[k * tables_.features + j];
        }
        products[i * neighbors_ + k] = sum;
      }
      trace += products[i * neighbors_ + i];
    }
    const double more = trace > 0 ? tables_.regularization * trace : tables_.regularization;
    for (size_t i = 0; i < neighbors_; ++i) products[i * neighbors_ + i] += more;
  }

  /// Weights with products * weights = 1, by a Cholesky factor in place, then divided by their sum.
  bool solve(double* products, double* weights) const {
    const size_t n = neighbors_;
    for (size_t i = 0; i < n; ++i) {
      double* row = products + i * n;
      for (size_t k = 0; k <= i; ++k) {
        const double* other = products + k * n;
        double left = row[k];
        for (size_t j = 0; j < k; ++j) left -= row[j] * other[j];
        if (k == i && !(left > 0)) return false;
        row[k] = k == i ? std::sqrt(left) : left / other[k];
      }
    }
    for (size_t i = 0; i < n; ++i) {
      double left = 1;
      for (size_t k = 0; k < i; ++k) left -= products[i * n + k] * weights[k];
      weights[i] = left / products[i * n + i];
    }
    double sum = 0;
    for (size_t i = n; i-- > 0;) {
      for (size_t k = i + 1; k < n; ++k) weights[i] -= products[k * n + i] * weights[k];
      weights[i] /= products[i * n + i];
    }
    for (size_t i = 0; i < n; ++i) sum += weights[i];
    for (size_t i = 0; i < n; ++i) weights[i] /= sum;
    return true;
  }

  void add_up(const double* places, const double* weights, size_t points, double* out) const {
    std::fill_n(out, tables_.outputs, 0.0);
    for (size_t i = 0; i < neighbors_; ++i) {
      const double* one = tables_.embeddings.data() + place_of(places[i], points) * tables_.outputs;
      for (size_t k = 0; k < tables_.outputs; ++k) out[k] += weights[i] * one[k];
    }
  }

  const BarycenterOp::Tables& tables_;
  const size_t neighbors_;
};

}  // namespace

std::span<const KernelEntry> manifold_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"geodesic", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<GeodesicKernel>(static_cast<const GeodesicOp&>(op));
                  }},
      KernelEntry{
          "barycenter", "scalar", on_every_cpu,
          [](const Op& op, std::span<const ValueType> inputs) -> std::unique_ptr<const Kernel> {
            return std::make_unique<BarycenterKernel>(static_cast<const BarycenterOp&>(op),
                                                      inputs[1].width / 2);
          }},
  };
  return kTable;
}

}  // namespace slipway::engine
