#include "engine/kernels/expression_math.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace slipway::engine {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

template <typename Function>
bool map(double* x, size_t rows, Function function) {
  std::transform(x, x + rows, x, function);
  return true;
}

template <typename Function>
bool map(double* x, const double* y, size_t rows, Function function) {
  std::transform(x, x + rows, y, x, function);
  return true;
}

double logistic(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double modulo(double x, double y) {
  const double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

double kleene_and(double x, double y) {
  if (x == 0 || y == 0) return 0;
  return std::isnan(x) || std::isnan(y) ? kMissing : 1;
}

double kleene_or(double x, double y) {
  if ((x != 0 && !std::isnan(x)) || (y != 0 && !std::isnan(y))) return 1;
  return std::isnan(x) || std::isnan(y) ? kMissing : 0;
}

template <typename Compare>
auto compared(Compare compare) {
  return [compare](double x, double y) {
    return std::isnan(x) || std::isnan(y) ? kMissing : compare(x, y) ? 1.0 : 0.0;
  };
}

/// exp(), ln() and others of the C library.
bool apply_transcendental(Code code, double* x, size_t rows) {
  switch (code) {
    case Code::kExp: return map(x, rows, [](double v) { return std::exp(v); });
    case Code::kExpm1: return map(x, rows, [](double v) { return std::expm1(v); });
    case Code::kLn: return map(x, rows, [](double v) { return std::log(v); });
    case Code::kLog10: return map(x, rows, [](double v) { return std::log10(v); });
    case Code::kLog1p: return map(x, rows, [](double v) { return std::log1p(v); });
    case Code::kLog2: return map(x, rows, [](double v) { return std::log2(v); });
    case Code::kSin: return map(x, rows, [](double v) { return std::sin(v); });
    case Code::kCos: return map(x, rows, [](double v) { return std::cos(v); });
    case Code::kTan: return map(x, rows, [](double v) { return std::tan(v); });
    case Code::kAsin: return map(x, rows, [](double v) { return std::asin(v); });
    case Code::kAcos: return map(x, rows, [](double v) { return std::acos(v); });
    case Code::kAtan: return map(x, rows, [](double v) { return std::atan(v); });
    case Code::kSinh: return map(x, rows, [](double v) { return std::sinh(v); });
    case Code::kCosh: return map(x, rows, [](double v) { return std::cosh(v); });
    case Code::kTanh: return map(x, rows, [](double v) { return std::tanh(v); });
    case Code::kLogistic: return map(x, rows, logistic);
    case Code::kErf: return map(x, rows, [](double v) { return std::erf(v); });
    case Code::kNormalQuantile: return map(x, rows, normal_quantile);
    default: return false;
  }
}

}  // namespace

double normal_quantile(double p) {
  if (!(p > 0 && p < 1)) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return p == 0 ? -kInfinity : p == 1 ? kInfinity : kMissing;
  }
  // A rough start (Abramowitz and Stegun, 26.2.23), then Newton's method with Halley's correction,
  // on the side where erfc() keeps its digits.
  const double tail = std::min(p, 1 - p);
  const double t = std::sqrt(-2 * std::log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int round = 0; round < 4; ++round) {
    const double error = 0.5 * std::erfc(x / std::sqrt(2.0)) - tail;
    const double step = error * std::sqrt(2 * 3.14159265358979323846) * std::exp(x * x / 2);
    x += step / (1 - x * step / 2);
  }
  return p < 0.5 ? -x : x;
}

bool apply_unary(Code code, double* x, size_t rows) {
  switch (code) {
    case Code::kNegate: return map(x, rows, std::negate());
    case Code::kAbsolute: return map(x, rows, [](double v) { return std::fabs(v); });
    case Code::kSign:
      return map(x, rows, [](double v) { return v > 0 ? 1 : v < 0 ? -1 : v == 0 ? 0 : v; });
    case Code::kSquareRoot: return map(x, rows, [](double v) { return std::sqrt(v); });
    case Code::kFloor: return map(x, rows, [](double v) { return std::floor(v); });
    case Code::kCeil: return map(x, rows, [](double v) { return std::ceil(v); });
    case Code::kTruncate: return map(x, rows, [](double v) { return std::trunc(v); });
    case Code::kRoundHalfEven: return map(x, rows, [](double v) { return std::nearbyint(v); });
    case Code::kRoundHalfUp:
      // Not floor(x + 0.5), which rounds the largest number below 0.5 up.
      return map(x, rows, [](double v) {
        const double down = std::floor(v);
        return v - down >= 0.5 ? down + 1 : down;
      });
    case Code::kRoundHalfAway: return map(x, rows, [](double v) { return std::round(v); });
    case Code::kToFloat32:
      return map(x, rows, [](double v) { return double{static_cast<float>(v)}; });
    case Code::kNot:
      return map(x, rows, [](double v) { return std::isnan(v) ? kMissing : v == 0 ? 1.0 : 0.0; });
    case Code::kIsMissing: return map(x, rows, [](double v) { return std::isnan(v) ? 1.0 : 0.0; });
    default: return apply_transcendental(code, x, rows);
  }
}

bool apply_binary(Code code, double* x, const double* y, size_t rows) {
  switch (code) {
    case Code::kAdd: return map(x, y, rows, std::plus());
    case Code::kSubtract: return map(x, y, rows, std::minus());
    case Code::kMultiply: return map(x, y, rows, std::multiplies());
    case Code::kDivide: return map(x, y, rows, std::divides());
    case Code::kModulo: return map(x, y, rows, modulo);
    case Code::kPower:
      // 1 and 0 have powers of NaN in C.
      return map(x, y, rows, [](double a, double b) {
        return std::isnan(a) || std::isnan(b) ? kMissing : std::pow(a, b);
      });
    case Code::kAtan2: return map(x, y, rows, [](double a, double b) { return std::atan2(a, b); });
    case Code::kHypot:
      return map(x, y, rows, [](double a, double b) {
        return std::isnan(a) || std::isnan(b) ? kMissing : std::hypot(a, b);
      });
    case Code::kMinimum:
      return map(x, y, rows, [](double a, double b) { return std::isnan(a) || a < b ? a : b; });
    case Code::kMaximum:
      return map(x, y, rows, [](double a, double b) { return std::isnan(a) || a > b ? a : b; });
    case Code::kEqual: return map(x, y, rows, compared(std::equal_to()));
    case Code::kLess: return map(x, y, rows, compared(std::less()));
    case Code::kLessOrEqual: return map(x, y, rows, compared(std::less_equal()));
    case Code::kAnd: return map(x, y, rows, kleene_and);
    case Code::kOr: return map(x, y, rows, kleene_or);
    case Code::kCoalesce:
      return map(x, y, rows, [](double a, double b) { return std::isnan(a) ? b : a; });
    default: return false;
  }
}

double aggregate(Code code, double* values, size_t count) {
  if (code == Code::kCountOf) return static_cast<double>(count);
  if (count == 0) return kMissing;
  const std::span<double> all(values, count);
  const double n = static_cast<double>(count);
  switch (code) {
    case Code::kProductOf: return std::accumulate(all.begin(), all.end(), 1.0, std::multiplies());
    case Code::kMinimumOf: return *std::ranges::min_element(all);
    case Code::kMaximumOf: return *std::ranges::max_element(all);
    case Code::kMeanOf: return std::accumulate(all.begin(), all.end(), 0.0) / n;
    case Code::kMedianOf: {
      std::ranges::sort(all);
      const size_t half = count / 2;
      return count % 2 != 0 ? all[half] : (all[half - 1] + all[half]) / 2;
    }
    case Code::kDeviationOf: {
      const double mean = std::accumulate(all.begin(), all.end(), 0.0) / n;
      double squares = 0;
      for (const double value : all) squares += (value - mean) * (value - mean);
      return count < 2 ? kMissing : std::sqrt(squares / (n - 1));
    }
    default: return std::accumulate(all.begin(), all.end(), 0.0);
  }
}

}  // namespace slipway::engine
