// Kernels of graph/ops/row_solvers.h. Each row's iterations run by themselves in the workspace.
#include "graph/ops/row_solvers.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

/// scikit-learn's EPSILON in factorizations, that of float32.
constexpr double kSmall = FLT_EPSILON;

/// A dense row of any input, in `room` if it is sparse.
const double* dense_row(const ValueBuffer& input, size_t row, double* room) {
  if (input.kind != ValueKind::kSparse) return input.dense(row);
  std::fill_n(room, input.width, 0.0);
  const auto* values = static_cast<const double*>(input.data);
  for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
    room[input.columns[k]] = values[k];
  }
  return room;
}

double dot(const double* a, const double* b, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

class FactorizationKernel final : public Kernel {
 public:
  using Solver = FactorizationOp::Solver;

  explicit FactorizationKernel(const FactorizationOp& op)
      : tables_(op.tables), width_(op.width()), gamma_(exponent(op.tables.beta)) {
    sums_.resize(width_);
    for (size_t k = 0; k < width_; ++k) {
      for (size_t j = 0; j < tables_.features; ++j) sums_[k] += component(k)[j];
    }
    if (tables_.solver != Solver::kCoordinateDescent && tables_.beta != 2) return;
    products_.resize(width_ * width_);
    for (size_t k = 0; k < width_; ++k) {
      for (size_t r = 0; r < width_; ++r) {
        products_[k * width_ + r] = dot(component(k), component(r), tables_.features);
      }
      if (tables_.solver == Solver::kCoordinateDescent) products_[k * width_ + k] += tables_.l2;
    }
  }

  size_t size_bytes() const override { return heap_bytes(products_) + heap_bytes(sums_); }
  /// Three rows of features, four of components: see Row.
  size_t workspace_bytes(size_t) const override {
    return (3 * size_t{tables_.features} + 4 * width_) * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    auto* room = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const Row given = prepare(dense_row(args.input(0), row, room), room);
      double* w = args.output.dense(row);
      switch (tables_.solver) {
        case Solver::kCoordinateDescent: descend(given, w); break;
        case Solver::kMultiplicative: multiply(given, w); break;
        case Solver::kMiniBatch: multiply_until_still(given, w); break;
      }
    }
    return {};
  }

 private:
  struct Row {
    const double* x;
    double* near;      // w H, or what is made of it
    double* powers;    // of w H
    double* products;  // of x with the components
    double* numerators;
    double* denominators;
    double* last;  // w before the step
  };

  static double exponent(double beta) {
    if (beta < 1) return 1 / (2 - beta);
    return beta > 2 ? 1 / (beta - 1) : 1;
  }

  const double* component(size_t k) const {
    return tables_.components.data() + k * tables_.features;
  }

  Row prepare(const double* x, double* room) const {
    double* tail = room + 3 * size_t{tables_.features};
    const Row row{x,
                  room + tables_.features,
                  room + 2 * size_t{tables_.features},
                  tail,
                  tail + width_,
                  tail + 2 * width_,
                  tail + 3 * width_};
    if (!products_.empty()) {
      for (size_t k = 0; k < width_; ++k) row.products[k] = dot(x, component(k), tables_.features);
    }
    return row;
  }

  void descend(const Row& row, double* w) const {
    std::fill_n(w, width_, 0.0);
    double first = 0;
    for (uint64_t i = 0; i < tables_.iterations; ++i) {
      double violation = 0;
      for (size_t k = 0; k < width_; ++k) {
        const double* products = products_.data() + k * width_;
        double slope = tables_.l1 - row.products[k];
        for (size_t r = 0; r < width_; ++r) slope += products[r] * w[r];
        violation += std::fabs(w[k] == 0 ? std::min(0.0, slope) : slope);
        if (products[k] != 0) w[k] = std::max(w[k] - slope / products[k], 0.0);
      }
      if (i == 0) first = violation;
      if (first == 0 || violation / first <= tables_.tolerance) return;
    }
  }

  void start(const Row& row, double* w) const {
    double sum = 0;
    for (size_t j = 0; j < tables_.features; ++j) sum += row.x[j];
    const double mean = sum / static_cast<double>(tables_.features);
    std::fill_n(w, width_, std::sqrt(mean / static_cast<double>(width_)));
  }

  /// near = w H
  void approximate(const Row& row, const double* w) const {
    std::fill_n(row.near, tables_.features, 0.0);
    for (size_t k = 0; k < width_; ++k) {
      for (size_t j = 0; j < tables_.features; ++j) row.near[j] += w[k] * component(k)[j];
    }
  }

  /// Numerators and denominators of a step under another loss than squares.
  void divergence_parts(const Row& row, const double* w) const {
    const double beta = tables_.beta;
    approximate(row, w);
    for (size_t j = 0; j < tables_.features; ++j) {
      double value = row.near[j];
      row.powers[j] = std::pow(beta < 1 && value < kSmall ? kSmall : value, beta - 1);
      if (beta < 2 && value < kSmall) value = kSmall;
      const double scale = beta == 1   ? 1 / value
                           : beta == 0 ? (1 / value) * (1 / value)
                                       : std::pow(value, beta - 2);
      row.near[j] = beta == 1 ? row.x[j] / value : row.x[j] * scale;
    }
    for (size_t k = 0; k < width_; ++k) {
      row.numerators[k] = dot(row.near, component(k), tables_.features);
      row.denominators[k] = beta == 1 ? sums_[k] : dot(row.powers, component(k), tables_.features);
    }
  }

  void step(const Row& row, double* w) const {
    if (tables_.beta == 2) {
      for (size_t k = 0; k < width_; ++k) {
        row.numerators[k] = row.products[k];
        row.denominators[k] = dot(products_.data() + k * width_, w, width_);
      }
    } else {
      divergence_parts(row, w);
    }
    for (size_t k = 0; k < width_; ++k) {
      double denominator = row.denominators[k];
      if (tables_.l1 > 0) denominator += tables_.l1;
      if (tables_.l2 > 0) denominator += tables_.l2 * w[k];
      if (denominator == 0) denominator = kSmall;
      const double factor = row.numerators[k] / denominator;
      w[k] *= gamma_ == 1 ? factor : std::pow(factor, gamma_);
    }
  }

  /// The root of twice the beta divergence between the row and w H.
  double divergence(const Row& row, const double* w) const {
    const double beta = tables_.beta;
    approximate(row, w);
    double sum = 0;
    if (beta == 2) {
      for (size_t j = 0; j < tables_.features; ++j) {
        sum += (row.x[j] - row.near[j]) * (row.x[j] - row.near[j]);
      }
      return std::sqrt(sum);
    }
    double powers = 0;  // of all approximations
    for (size_t j = 0; j < tables_.features; ++j) {
      const double x = row.x[j];
      powers += beta == 1 || beta == 0 ? row.near[j] : std::pow(row.near[j], beta);
      if (x <= kSmall) continue;
      const double value = std::max(row.near[j], kSmall);
      if (beta == 1) {
        sum += x * std::log(x / value) - x;
      } else if (beta == 0) {
        sum += x / value - std::log(x / value);
      } else {
        sum += std::pow(x, beta) - beta * x * std::pow(value, beta - 1);
      }
    }
    if (beta == 1) sum += powers;
    if (beta == 0) sum -= static_cast<double>(tables_.features);
    if (beta != 1 && beta != 0) sum = (sum + powers * (beta - 1)) / (beta * (beta - 1));
    return std::sqrt(2 * std::max(sum, 0.0));
  }

  void multiply(const Row& row, double* w) const {
    constexpr uint64_t kAskEvery = 10;
    start(row, w);
    const double first = divergence(row, w);
    double last = first;
    for (uint64_t i = 1; i <= tables_.iterations; ++i) {
      step(row, w);
      if (tables_.beta < 1) {
        for (size_t k = 0; k < width_; ++k) w[k] = w[k] < DBL_EPSILON ? 0 : w[k];
      }
      if (tables_.tolerance <= 0 || i % kAskEvery != 0) continue;
      const double now = divergence(row, w);
      if ((last - now) / first < tables_.tolerance) return;
      last = now;
    }
  }

  void multiply_until_still(const Row& row, double* w) const {
    start(row, w);
    for (uint64_t i = 0; i < tables_.iterations; ++i) {
      std::copy_n(w, width_, row.last);
      step(row, w);
      double change = 0;
      double length = 0;
      for (size_t k = 0; k < width_; ++k) {
        change += (w[k] - row.last[k]) * (w[k] - row.last[k]);
        length += w[k] * w[k];
      }
      if (tables_.tolerance > 0 && std::sqrt(change) / std::sqrt(length) <= tables_.tolerance) {
        return;
      }
    }
  }

  const FactorizationOp::Tables& tables_;
  const size_t width_;
  const double gamma_;
  std::vector<double> products_;  // of the components with each other
  std::vector<double> sums_;      // of each component
};

/// Bernardo, "Algorithm AS 103: Psi (Digamma) Function" (1976), to the accuracy that scikit-learn
/// has: where it stops iterating hangs on it.
double psi(double x) {
  constexpr double kEuler = 0.577215664901532860606512090082402431;
  if (x <= 1e-6) return -kEuler - 1 / x;
  double result = 0;
  for (; x < 6; x += 1) result -= 1 / x;
  double r = 1 / x;
  result += std::log(x) - 0.5 * r;
  r = r * r;
  return result - r * ((1.0 / 12) - r * ((1.0 / 120) - r * (1.0 / 252)));
}

class TopicsKernel final : public Kernel {
 public:
  explicit TopicsKernel(const TopicsOp& op) : tables_(op.tables), width_(op.width()) {}
  /// For each word of a row its count, what the topics expect of it, its column; for each topic its
  /// weight as an exponential, and a sum.
  size_t workspace_bytes(size_t) const override {
    return (2 * size_t{tables_.features} + 2 * width_) * sizeof(double) +
           tables_.features * sizeof(uint32_t);
  }

  Status run(const KernelArgs& args) const override {
    auto* room = reinterpret_cast<double*>(args.workspace);
    Words words{room, room + tables_.features, nullptr, 0};
    double* shares = words.ratios + tables_.features;
    words.columns = reinterpret_cast<uint32_t*>(shares + 2 * width_);
    for (size_t row = 0; row < args.rows; ++row) {
      gather(args.input(0), row, words);
      solve(words, shares, args.output.dense(row));
    }
    return {};
  }

 private:
  /// The columns of a row that are not zero.
  struct Words {
    double* counts;
    double* ratios;
    uint32_t* columns;
    size_t size;
  };

  static void gather(const ValueBuffer& input, size_t row, Words& words) {
    words.size = 0;
    const auto add = [&words](uint32_t column, double count) {
      if (count == 0) return;
      words.counts[words.size] = count;
      words.columns[words.size++] = column;
    };
    if (input.kind == ValueKind::kSparse) {
      const auto* values = static_cast<const double*>(input.data);
      for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
        add(input.columns[k], values[k]);
      }
    } else {
      for (uint32_t j = 0; j < input.width; ++j) add(j, input.dense(row)[j]);
    }
  }

  void solve(const Words& words, double* shares, double* topics) const {
    double* sums = shares + width_;
    std::fill_n(topics, width_, 1.0);
    const double start = std::exp(psi(1.0) - psi(static_cast<double>(width_)));
    std::fill_n(shares, width_, start);
    for (uint64_t i = 0; i < tables_.iterations; ++i) {
      add_words(words, shares, sums);
      double total = 0;
      double change = 0;
      for (size_t k = 0; k < width_; ++k) {
        const double now = shares[k] * sums[k] + tables_.prior;
        change += std::fabs(topics[k] - now);
        topics[k] = now;
        total += now;
      }
      const double psi_total = psi(total);
      for (size_t k = 0; k < width_; ++k) shares[k] = std::exp(psi(topics[k]) - psi_total);
      if (change / static_cast<double>(width_) < tables_.tolerance) break;
    }
    double total = 0;
    for (size_t k = 0; k < width_; ++k) total += topics[k];
    for (size_t k = 0; k < width_; ++k) topics[k] /= total;
  }

  /// sums[k]: each word's count over what the topics expect of it, weighed by topic k.
  void add_words(const Words& words, const double* shares, double* sums) const {
    std::fill_n(words.ratios, words.size, 0.0);
    for (size_t k = 0; k < width_; ++k) {
      const double* topic = tables_.topics.data() + k * tables_.features;
      for (size_t j = 0; j < words.size; ++j)
        words.ratios[j] += shares[k] * topic[words.columns[j]];
    }
    for (size_t j = 0; j < words.size; ++j) {
      words.ratios[j] = words.counts[j] / (words.ratios[j] + DBL_EPSILON);
    }
    for (size_t k = 0; k < width_; ++k) {
      const double* topic = tables_.topics.data() + k * tables_.features;
      sums[k] = 0;
      for (size_t j = 0; j < words.size; ++j) sums[k] += words.ratios[j] * topic[words.columns[j]];
    }
  }

  const TopicsOp::Tables& tables_;
  const size_t width_;
};

class SparseCodeKernel final : public Kernel {
 public:
  using Algorithm = SparseCodeOp::Algorithm;

  explicit SparseCodeKernel(const SparseCodeOp& op) : tables_(op.tables) {}
  /// kMatchingPursuit: a triangle, weights, the residual's products, the places of atoms.
  size_t workspace_bytes(size_t) const override {
    const size_t chosen = tables_.atoms_max;
    if (tables_.algorithm == Algorithm::kLasso) return size_t{tables_.atoms} * sizeof(double);
    return (chosen * chosen + chosen + tables_.atoms) * sizeof(double) + chosen * sizeof(uint32_t);
  }

  Status run(const KernelArgs& args) const override {
    auto* room = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* products = args.input(0).dense(row);
      double* code = args.output.dense(row);
      std::fill_n(code, tables_.atoms, 0.0);
      if (tables_.algorithm == Algorithm::kLasso) {
        lasso(products, room, code);
      } else {
        pursue(products, room, code);
      }
    }
    return {};
  }

 private:
  const double* gram(size_t atom) const { return tables_.gram.data() + atom * tables_.atoms; }

  /// One atom more in each step, with a Cholesky factor of the chosen atoms' products.
  void pursue(const double* products, double* room, double* code) const {
    const size_t most = tables_.atoms_max;
    double* factor = room;  // rows of `most` numbers
    double* weights = factor + most * most;
    double* residual = weights + most;
    auto* chosen = reinterpret_cast<uint32_t*>(residual + tables_.atoms);
    std::copy_n(products, tables_.atoms, residual);
    size_t count = 0;
    while (count < most) {
      size_t best = 0;
      for (size_t k = 1; k < tables_.atoms; ++k) {
        if (std::fabs(residual[k]) > std::fabs(residual[best])) best = k;
      }
      const bool again = std::find(chosen, chosen + count, best) != chosen + count;
      if (again || residual[best] * residual[best] < DBL_EPSILON) break;
      if (!extend(chosen, count, best, factor)) break;
      chosen[count++] = static_cast<uint32_t>(best);
      solve(products, chosen, count, factor, weights);
      std::copy_n(products, tables_.atoms, residual);
      for (size_t i = 0; i < count; ++i) {
        const double* row = gram(chosen[i]);
        for (size_t k = 0; k < tables_.atoms; ++k) residual[k] -= weights[i] * row[k];
      }
    }
    for (size_t i = 0; i < count; ++i) code[chosen[i]] = weights[i];
  }

  /// The factor's row for one more atom; false if it depends on the others.
  bool extend(const uint32_t* chosen, size_t count, size_t atom, double* factor) const {
    const size_t most = tables_.atoms_max;
    double* row = factor + count * most;
    double left = gram(atom)[atom];
    for (size_t i = 0; i < count; ++i) {
      const double* other = factor + i * most;
      row[i] = (gram(atom)[chosen[i]] - dot(row, other, i)) / other[i];
      left -= row[i] * row[i];
    }
    if (count > 0 && left <= DBL_EPSILON) return false;
    row[count] = std::sqrt(left);
    return true;
  }

  /// Weights of the chosen atoms: L L^T weights = products.
  void solve(const double* products, const uint32_t* chosen, size_t count, const double* factor,
             double* weights) const {
    const size_t most = tables_.atoms_max;
    for (size_t i = 0; i < count; ++i) {
      const double* row = factor + i * most;
      weights[i] = (products[chosen[i]] - dot(row, weights, i)) / row[i];
    }
    for (size_t i = count; i-- > 0;) {
      for (size_t k = i + 1; k < count; ++k) weights[i] -= factor[k * most + i] * weights[k];
      weights[i] /= factor[i * most + i];
    }
  }

  /// Coordinate descent until nothing moves any more: the minimum, which scikit-learn finds along a
  /// path.
  void lasso(const double* products, double* residual, double* code) const {
    constexpr double kStill = 1e-14;
    std::copy_n(products, tables_.atoms, residual);
    for (uint32_t round = 0; round < SparseCodeOp::kRoundsMax; ++round) {
      double moved = 0;
      double largest = 0;
      for (size_t k = 0; k < tables_.atoms; ++k) {
        const double own = gram(k)[k];
        if (!(own > 0)) continue;
        const double pull = residual[k] + own * code[k];
        double now = std::max(std::fabs(pull) - tables_.penalty, 0.0) / own;
        if (pull < 0) now = tables_.positive ? 0 : -now;
        const double change = now - code[k];
        largest = std::max(largest, std::fabs(now));
        if (change == 0) continue;
        moved = std::max(moved, std::fabs(change));
        for (size_t i = 0; i < tables_.atoms; ++i) residual[i] -= change * gram(k)[i];
        code[k] = now;
      }
      if (!(moved > kStill * largest)) return;
    }
  }

  const SparseCodeOp::Tables& tables_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> row_solver_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"factorization", "scalar", on_every_cpu,
                  make<FactorizationOp, FactorizationKernel>},
      KernelEntry{"topics", "scalar", on_every_cpu, make<TopicsOp, TopicsKernel>},
      KernelEntry{"sparse_code", "scalar", on_every_cpu, make<SparseCodeOp, SparseCodeKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
