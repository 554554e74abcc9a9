// Kernels of graph/ops/measure.h: each row against each point in turn; the smallest by a partial
// sort of positions.
#include "graph/ops/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

using Measure = MeasureOp::Measure;
using Compare = MeasureOp::Compare;

double compared(const MeasureOp::Field& field, double x, double y) {
  switch (field.compare) {
    case Compare::kAbsoluteDifference: return std::fabs(x - y);
    case Compare::kGaussian:
      return std::exp(-std::numbers::ln2 * (x - y) * (x - y) / (field.scale * field.scale));
    case Compare::kDelta: return x == y ? 0 : 1;
    case Compare::kEqual: return x == y ? 1 : 0;
  }
  return 0;
}

double powered(Measure measure, double value, double p) {
  switch (measure) {
    case Measure::kEuclidean:
    case Measure::kSquaredEuclidean: return value * value;
    case Measure::kMinkowski: return std::pow(value, p);
    default: return value;
  }
}

double root(Measure measure, double value, double p) {
  if (measure == Measure::kEuclidean) return std::sqrt(value);
  return measure == Measure::kMinkowski ? std::pow(value, 1 / p) : value;
}

class MeasureKernel final : public Kernel {
 public:
  explicit MeasureKernel(const MeasureOp& op) : op_(op) {}
  size_t size_bytes() const override { return 0; }

  Status run(const KernelArgs& args) const override {
    const size_t width = op_.fields.size();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      const bool binary = op_.parameters.measure == Measure::kBinary;
      const double adjustment = binary ? 1 : adjustment_of(x);
      for (size_t i = 0; i < op_.point_count(); ++i) {
        const double* point = op_.points.data() + i * width;
        out[i] = binary ? similarity(x, point) : distance(x, point, adjustment);
      }
    }
    return {};
  }

 private:
  double adjustment_of(const double* x) const {
    double all = 0;
    double there = 0;
    for (size_t j = 0; j < op_.fields.size(); ++j) {
      all += op_.fields[j].missing_weight;
      if (!std::isnan(x[j])) there += op_.fields[j].missing_weight;
    }
    return there == 0 ? std::numeric_limits<double>::quiet_NaN() : all / there;
  }

  double distance(const double* x, const double* point, double adjustment) const {
    const Measure measure = op_.parameters.measure;
    double total = 0;
    for (size_t j = 0; j < op_.fields.size(); ++j) {
      if (std::isnan(x[j])) continue;
      const MeasureOp::Field& field = op_.fields[j];
      const double part =
          powered(measure, compared(field, x[j], point[j]), op_.parameters.p) * field.weight;
      if (measure == Measure::kChebychev) {
        // Not std::max: a point that lacks a value is at no distance.
        total = part > total || std::isnan(part) ? part : total;
      } else {
        total += part;
      }
    }
    return root(measure, total * adjustment, op_.parameters.p);
  }

  double similarity(const double* x, const double* point) const {
    std::array<double, 4> counts = {};
    for (size_t j = 0; j < op_.fields.size(); ++j) {
      if (std::isnan(x[j]) || std::isnan(point[j])) {
        return std::numeric_limits<double>::quiet_NaN();
      }
      counts[(x[j] != 0 ? 0U : 2U) + (point[j] != 0 ? 0U : 1U)] += 1;
    }
    // Both, only the row, only the point, neither.
    double above = 0;
    double below = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      above += op_.parameters.numerator[i] * counts[i];
      below += op_.parameters.denominator[i] * counts[i];
    }
    return below == 0 ? std::numeric_limits<double>::quiet_NaN() : above / below;
  }

  const MeasureOp& op_;
};

class SmallestKernel final : public Kernel {
 public:
  SmallestKernel(const SmallestOp& op, uint32_t width) : op_(op), width_(width) {}
  size_t size_bytes() const override { return 0; }
  size_t workspace_bytes(size_t) const override { return width_ * sizeof(uint32_t); }

  Status run(const KernelArgs& args) const override {
    auto* order = reinterpret_cast<uint32_t*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (uint32_t i = 0; i < width_; ++i) order[i] = i;
      std::partial_sort(order, order + op_.count, order + width_, [x](uint32_t a, uint32_t b) {
        if (std::isnan(x[a]) || std::isnan(x[b])) {
          return std::isnan(x[a]) != std::isnan(x[b]) ? std::isnan(x[b]) : a < b;
        }
        return x[a] != x[b] ? x[a] < x[b] : a < b;
      });
      for (uint32_t i = 0; i < op_.count; ++i) {
        out[i] = order[i];
        out[op_.count + i] = x[order[i]];
      }
    }
    return {};
  }

 private:
  const SmallestOp& op_;
  const uint32_t width_;
};

}  // namespace

std::span<const KernelEntry> measure_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"measure", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<MeasureKernel>(static_cast<const MeasureOp&>(op));
                  }},
      KernelEntry{
          "smallest", "scalar", on_every_cpu,
          [](const Op& op, std::span<const ValueType> inputs) -> std::unique_ptr<const Kernel> {
            return std::make_unique<SmallestKernel>(static_cast<const SmallestOp&>(op),
                                                    inputs[0].width);
          }},
  };
  return kTable;
}

}  // namespace slipway::engine
