// B-splines by de Boor's recurrence: at any x only degree + 1 functions of the basis are not zero.
#include "engine/kernels/spline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace slipway::engine {
namespace {

using Outside = SplineOp::Outside;
using Basis = std::array<double, SplineOp::kDegreeMax + 1>;
using Column = SplineOp::Column;

/// The interval of knots whose polynomials count at x; beyond the ends, the first and last.
size_t interval_of(const std::vector<double>& knots, size_t degree, double x) {
  const size_t first = degree;
  const size_t last = knots.size() - degree - 2;
  const auto begin = knots.begin() + static_cast<ptrdiff_t>(first);
  const auto end = knots.begin() + static_cast<ptrdiff_t>(last + 1);
  const auto above = std::upper_bound(begin, end, x);
  return std::max(first, static_cast<size_t>(above - knots.begin()) - 1);
}

/// The functions interval - degree ... interval of the basis of this degree, at x.
void fill_basis(const std::vector<double>& knots, size_t degree, size_t interval, double x,
                Basis& out) {
  Basis before{};
  out[0] = 1;
  for (size_t j = 1; j <= degree; ++j) {
    std::copy_n(out.begin(), j, before.begin());
    out[0] = 0;
    for (size_t n = 1; n <= j; ++n) {
      const double high = knots[interval + n];
      const double low = knots[interval + n - j];
      if (high == low) {
        out[n] = 0;
        continue;
      }
      const double weight = before[n - 1] / (high - low);
      out[n - 1] += weight * (high - x);
      out[n] = weight * (x - low);
    }
  }
}

/// The same functions' slopes.
void fill_slopes(const std::vector<double>& knots, size_t degree, size_t interval, double x,
                 Basis& out) {
  out.fill(0);
  if (degree == 0) return;
  Basis lower{};
  fill_basis(knots, degree - 1, interval, x, lower);  // of interval - degree + 1 ... interval
  for (size_t n = 0; n < degree; ++n) {
    const double span = knots[interval + n + 1] - knots[interval + n + 1 - degree];
    if (span == 0) continue;
    const double part = static_cast<double>(degree) * lower[n] / span;
    out[n] -= part;
    out[n + 1] += part;
  }
}

class ScalarSpline final : public Kernel {
 public:
  explicit ScalarSpline(const SplineOp& op) : op_(op), ends_(op.columns.size()) {
    const size_t degree = op.options.degree;
    for (size_t i = 0; i < op.columns.size(); ++i) {
      const Column& column = op.columns[i];
      Ends& ends = ends_[i];
      // scikit-learn counts its variable of the degree up where it is under 2, and looks for the
      // ends of the columns behind by what it is then.
      const bool counts_up = op.options.outside == Outside::kLinear;
      const size_t end = counts_up && degree + i < 2 ? degree + i
                         : counts_up                 ? std::max<size_t>(degree, 2)
                                                     : degree;
      ends.low = column.knots[std::min(end, column.knots.size() - 1)];
      ends.high = column.knots[column.knots.size() - 1 - std::min(end, column.knots.size() - 1)];
      ends.going_on = std::min<size_t>(counts_up && end < 2 ? end + 1 : end, op.values);
      for (const bool upper : {false, true}) {
        const double x = upper ? ends.high : ends.low;
        std::vector<double>& values = upper ? ends.high_values : ends.low_values;
        std::vector<double>& slopes = upper ? ends.high_slopes : ends.low_slopes;
        values.resize(op.values);
        slopes.resize(op.values);
        put(column, x, false, values.data(), op.values);
        put(column, x, true, slopes.data(), op.values);
      }
    }
  }
  size_t size_bytes() const override {
    return heap_bytes(ends_) + ends_.size() * 4 * op_.values * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    const size_t kept = op_.values - (op_.options.drop_last ? 1U : 0U);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < ends_.size(); ++i) {
        if (!put_element(i, in[i], out + i * kept, kept)) {
          return invalid_argument(
              fmt::format("row {}, column {}: {} lies beyond the knots of the spline",
                          args.first_row + row, i, in[i]));
        }
      }
    }
    return {};
  }

 private:
  struct Ends {
    double low = 0;
    double high = 0;
    size_t going_on = 0;  // functions beyond each end
    std::vector<double> low_values;
    std::vector<double> high_values;
    std::vector<double> low_slopes;
    std::vector<double> high_slopes;
  };

  /// The first `kept` values (or slopes) at x.
  void put(const Column& column, double x, bool slopes, double* out, size_t kept) const {
    const size_t degree = op_.options.degree;
    const size_t interval = interval_of(column.knots, degree, x);
    Basis basis{};
    if (slopes) {
      fill_slopes(column.knots, degree, interval, x, basis);
    } else {
      fill_basis(column.knots, degree, interval, x, basis);
    }
    std::fill_n(out, kept, 0.0);
    for (size_t n = 0; n <= degree; ++n) {
      const size_t function = interval - degree + n;
      if (column.coefficients.empty()) {
        if (function < kept) out[function] = basis[n];
        continue;
      }
      const double* row = column.coefficients.data() + function * op_.values;
      for (size_t k = 0; k < kept; ++k) out[k] += basis[n] * row[k];
    }
  }

  /// False if x is beyond the knots and may not be.
  bool put_element(size_t i, double x, double* out, size_t kept) const {
    const Column& column = op_.columns[i];
    const Ends& ends = ends_[i];
    if (std::isnan(x)) {
      const bool zeros = op_.options.nan_is_zeros;
      std::fill_n(out, kept, zeros ? 0.0 : std::numeric_limits<double>::quiet_NaN());
      return true;
    }
    const bool inside = x >= ends.low && x <= ends.high;
    switch (op_.options.outside) {
      case Outside::kContinue: put(column, x, false, out, kept); return true;
      case Outside::kPeriodic: put(column, wrapped(x, ends), false, out, kept); return true;
      case Outside::kRefuse:
        if (!inside) return false;
        break;
      case Outside::kConstant:
      case Outside::kLinear: break;
    }
    if (inside) {
      put(column, x, false, out, kept);
    } else {
      put_outside(ends, x, out, kept);
    }
    return true;
  }

  /// Into the range between the outer knots, as Python's %.
  static double wrapped(double x, const Ends& ends) {
    const double period = ends.high - ends.low;
    if (!(period > 0)) return 0;
    double rest = std::fmod(x - ends.low, period);
    if (rest != 0 && rest < 0) rest += period;
    return ends.low + rest;
  }

  /// Only the first functions, or the last, go on beyond the ends.
  void put_outside(const Ends& ends, double x, double* out, size_t kept) const {
    const bool linear = op_.options.outside == Outside::kLinear;
    std::fill_n(out, kept, 0.0);
    for (size_t j = 0; j < ends.going_on && x < ends.low; ++j) {
      const double rise = linear ? (x - ends.low) * ends.low_slopes[j] : 0;
      if (j < kept) out[j] = ends.low_values[j] + rise;
    }
    for (size_t j = 0; j < ends.going_on && x > ends.high; ++j) {
      const size_t k = op_.values - 1 - j;
      const double rise = linear ? (x - ends.high) * ends.high_slopes[k] : 0;
      if (k < kept) out[k] = ends.high_values[k] + rise;
    }
  }

  const SplineOp& op_;
  std::vector<Ends> ends_;
};

}  // namespace

std::unique_ptr<const Kernel> make_spline_kernel(const SplineOp& op) {
  return std::make_unique<ScalarSpline>(op);
}

}  // namespace slipway::engine
