// Kernel of graph/ops/interpolate.h.
#include "graph/ops/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class InterpolateKernel final : public Kernel {
 public:
  using Outside = InterpolateOp::Outside;
  explicit InterpolateKernel(const InterpolateOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double value = *args.input(0).dense(row);
      double& out = *args.output.dense(row);
      if (op_.x.size() == 1) {
        out = op_.y[0];
        continue;
      }
      const bool is_outside = value < op_.x.front() || value > op_.x.back();
      if (is_outside && op_.outside == Outside::kRefuse) {
        return invalid_argument(fmt::format("it takes numbers from {} to {}, got {} in row {}",
                                            op_.x.front(), op_.x.back(), value,
                                            args.first_row + row));
      }
      out = is_outside && op_.outside == Outside::kNan ? std::numeric_limits<double>::quiet_NaN()
                                                       : interpolate(value);
    }
    return {};
  }

 private:
  /// numpy.interp of one number.
  double interpolate(double value) const {
    const std::vector<double>& x = op_.x;
    const std::vector<double>& y = op_.y;
    if (std::isnan(value)) return value;
    if (value < x.front()) return y.front();
    if (value >= x.back()) return y.back();
    const auto above = std::upper_bound(x.begin(), x.end(), value);
    const auto i = static_cast<size_t>(above - x.begin()) - 1;
    if (value == x[i]) return y[i];
    const double slope = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    return slope * (value - x[i]) + y[i];
  }

  const InterpolateOp& op_;
};

}  // namespace

std::span<const KernelEntry> interpolate_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"interpolate", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<InterpolateKernel>(
                        static_cast<const InterpolateOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
