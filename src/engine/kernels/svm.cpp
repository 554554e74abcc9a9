// Kernels of graph/ops/svm.h.
//
// "scalar" computes one kernel value after another. "blocked" keeps the support vectors in blocks
// of eight, feature by feature, so that eight sums run side by side in vector registers, each still
// in feature order: the same bits. Both then share the sums over dual coefficients, which run in
// the order of libsvm.
#include "graph/ops/svm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/heap_bytes.h"
#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

using KernelFunction = SvmOp::KernelFunction;

/// libsvm's powi, so that the roundings agree.
double power(double base, uint32_t exponent) {
  double result = 1;
  for (double square = base; exponent > 0; exponent /= 2, square *= square) {
    if (exponent % 2 == 1) result *= square;
  }
  return result;
}

/// From <x, v>, or |x - v|^2 for rbf, to the kernel's value.
double finish_kernel(const SvmOp::Parameters& p, double sum) {
  switch (p.function) {
    case KernelFunction::kLinear: return sum;
    case KernelFunction::kPoly: return power(p.gamma * sum + p.coef0, p.degree);
    case KernelFunction::kRbf: return std::exp(-p.gamma * sum);
    case KernelFunction::kSigmoid: return std::tanh(p.gamma * sum + p.coef0);
  }
  return 0;
}

class SvmKernel : public Kernel {
 public:
  explicit SvmKernel(const SvmOp& op) : op_(op) {
    uint32_t place = 0;
    for (const uint32_t count : op.tables.counts) {
      starts_.push_back(place);
      place += count;
    }
  }

  /// Kernel values of one row (padded to whole blocks), then the row itself if it comes sparse.
  size_t workspace_bytes(size_t) const override {
    return (padded_vectors() + op_.tables.features) * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    auto* values = reinterpret_cast<double*>(args.workspace);
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = input.kind == ValueKind::kSparse
                            ? expand(input, row, values + padded_vectors())
                            : input.dense(row);
      kernel_sums(x, values);
      for (uint32_t i = 0; i < op_.vector_count(); ++i) {
        values[i] = finish_kernel(op_.parameters, values[i]);
      }
      decide(values, args.output.dense(row));
    }
    return {};
  }

 protected:
  static constexpr size_t kBlock = 8;

  /// values[i] = <x, vector i> or |x - vector i|^2; room for padded_vectors().
  virtual void kernel_sums(const double* x, double* values) const = 0;
  size_t padded_vectors() const { return (op_.vector_count() + kBlock - 1) / kBlock * kBlock; }
  const SvmOp& op() const { return op_; }

 private:
  const double* expand(const ValueBuffer& input, size_t row, double* out) const {
    std::fill_n(out, op_.tables.features, 0.0);
    for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
      out[input.columns[k]] += static_cast<const double*>(input.data)[k];
    }
    return out;
  }

  void decide(const double* values, double* out) const {
    const SvmOp::Tables& tables = op_.tables;
    const size_t vectors = op_.vector_count();
    const size_t classes = tables.counts.size();
    if (classes == 0) {
      double sum = 0;
      for (size_t i = 0; i < vectors; ++i) sum += tables.dual[i] * values[i];
      out[0] = sum + tables.intercepts[0];
      return;
    }
    size_t pair = 0;
    for (size_t i = 0; i < classes; ++i) {
      for (size_t j = i + 1; j < classes; ++j, ++pair) {
        const double* dual_i = tables.dual.data() + (j - 1) * vectors;
        const double* dual_j = tables.dual.data() + i * vectors;
        double sum = 0;
        for (size_t k = starts_[i]; k < starts_[i] + tables.counts[i]; ++k) {
          sum += dual_i[k] * values[k];
        }
        for (size_t k = starts_[j]; k < starts_[j] + tables.counts[j]; ++k) {
          sum += dual_j[k] * values[k];
        }
        out[pair] = sum + tables.intercepts[pair];
      }
    }
  }

  const SvmOp& op_;
  std::vector<uint32_t> starts_;  // first support vector of each class
};

class ScalarSvm final : public SvmKernel {
 public:
  using SvmKernel::SvmKernel;

 private:
  void kernel_sums(const double* x, double* values) const override {
    const SvmOp::Tables& tables = op().tables;
    const bool distance = op().parameters.function == KernelFunction::kRbf;
    for (size_t i = 0; i < op().vector_count(); ++i) {
      const double* vector = tables.vectors.data() + i * tables.features;
      double sum = 0;
      for (uint32_t j = 0; j < tables.features; ++j) {
        const double term = distance ? (x[j] - vector[j]) * (x[j] - vector[j]) : x[j] * vector[j];
        sum += term;
      }
      values[i] = sum;
    }
  }
};

/// Eight doubles that the compiler keeps in the widest registers of the function's target.
using Eight = double __attribute__((vector_size(64)));

struct BlockedTable {
  const double* blocks;  // per block of eight vectors: features x 8
  size_t block_count;
  size_t features;
};

template <bool kDistance>
[[gnu::always_inline]] inline void blocked_sums(const BlockedTable& table, const double* x,
                                                double* values) {
  const double* place = table.blocks;
  for (size_t block = 0; block < table.block_count; ++block) {
    Eight sum = {};
    for (size_t j = 0; j < table.features; ++j, place += 8) {
      Eight vector;
      std::memcpy(&vector, place, sizeof vector);
      if constexpr (kDistance) {
        const Eight difference = x[j] - vector;
        sum += difference * difference;
      } else {
        sum += x[j] * vector;
      }
    }
    std::memcpy(values + block * 8, &sum, sizeof sum);
  }
}

using SumsFunction = void (*)(const BlockedTable& table, const double* x, double* values);

#if defined(__x86_64__)
#define SLIPWAY_TARGET(features) [[gnu::target(features)]]
#else
#define SLIPWAY_TARGET(features)
#endif

template <bool kDistance>
void sums_baseline(const BlockedTable& table, const double* x, double* values) {
  blocked_sums<kDistance>(table, x, values);
}

template <bool kDistance>
SLIPWAY_TARGET("avx2")
void sums_avx2(const BlockedTable& table, const double* x, double* values) {
  blocked_sums<kDistance>(table, x, values);
}

template <bool kDistance>
SLIPWAY_TARGET("avx512f")
void sums_avx512(const BlockedTable& table, const double* x, double* values) {
  blocked_sums<kDistance>(table, x, values);
}

class BlockedSvm final : public SvmKernel {
 public:
  BlockedSvm(const SvmOp& op, SumsFunction dot, SumsFunction distance)
      : SvmKernel(op),
        sums_(op.parameters.function == KernelFunction::kRbf ? distance : dot),
        blocks_(padded_vectors() * op.tables.features) {
    const size_t features = op.tables.features;
    for (size_t i = 0; i < op.vector_count(); ++i) {
      for (size_t j = 0; j < features; ++j) {
        blocks_[(i / kBlock * features + j) * kBlock + i % kBlock] =
            op.tables.vectors[i * features + j];
      }
    }
  }
  size_t size_bytes() const override { return heap_bytes(blocks_); }

 private:
  void kernel_sums(const double* x, double* values) const override {
    sums_({blocks_.data(), padded_vectors() / kBlock, op().tables.features}, x, values);
  }

  const SumsFunction sums_;
  std::vector<double> blocks_;
};

class SvmVoteKernel final : public Kernel {
 public:
  explicit SvmVoteKernel(const SvmVoteOp& op) : classes_(op.classes) {}
  size_t workspace_bytes(size_t) const override { return classes_ * sizeof(uint32_t); }
  Status run(const KernelArgs& args) const override {
    auto* votes = reinterpret_cast<uint32_t*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* decision = args.input(0).dense(row);
      std::fill_n(votes, classes_, 0U);
      for (uint32_t i = 0; i < classes_; ++i) {
        for (uint32_t j = i + 1; j < classes_; ++j) ++votes[*decision++ > 0 ? i : j];
      }
      *args.output.index(row) =
          static_cast<int32_t>(std::max_element(votes, votes + classes_) - votes);
    }
    return {};
  }

 private:
  const uint32_t classes_;
};

class SvmOneVsRestKernel final : public Kernel {
 public:
  explicit SvmOneVsRestKernel(const SvmOneVsRestOp& op) : classes_(op.classes) {}
  size_t workspace_bytes(size_t) const override { return classes_ * sizeof(double); }
  Status run(const KernelArgs& args) const override {
    auto* confidence = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* decision = args.input(0).dense(row);
      double* votes = args.output.dense(row);
      std::fill_n(votes, classes_, 0.0);
      std::fill_n(confidence, classes_, 0.0);
      for (uint32_t i = 0; i < classes_; ++i) {
        for (uint32_t j = i + 1; j < classes_; ++j, ++decision) {
          confidence[i] += *decision;
          confidence[j] -= *decision;
          ++votes[*decision < 0 ? j : i];
        }
      }
      for (uint32_t i = 0; i < classes_; ++i) {
        votes[i] += confidence[i] / (3 * (std::fabs(confidence[i]) + 1));
      }
    }
    return {};
  }

 private:
  const uint32_t classes_;
};

class SvmProbabilityKernel final : public Kernel {
 public:
  explicit SvmProbabilityKernel(const SvmProbabilityOp& op) : op_(op) {}

  /// Pairwise probabilities r and the matrix Q, both classes x classes, and the vector Qp.
  size_t workspace_bytes(size_t) const override {
    const size_t k = op_.classes;
    return (2 * k * k + k) * sizeof(double);
  }

  Status run(const KernelArgs& args) const override {
    const size_t k = op_.classes;
    auto* pairwise = reinterpret_cast<double*>(args.workspace);
    double* matrix = pairwise + k * k;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* decision = args.input(0).dense(row);
      size_t pair = 0;
      for (size_t i = 0; i < k; ++i) {
        for (size_t j = i + 1; j < k; ++j, ++pair) {
          constexpr double kLeast = 1e-7;
          const double p = sigmoid(decision[pair], op_.a[pair], op_.b[pair]);
          pairwise[i * k + j] = std::min(std::max(p, kLeast), 1 - kLeast);
          pairwise[j * k + i] = 1 - pairwise[i * k + j];
        }
      }
      fill_matrix(pairwise, matrix);
      couple(matrix, matrix + k * k, args.output.dense(row));
    }
    return {};
  }

 private:
  static double sigmoid(double decision, double a, double b) {
    const double x = decision * a + b;
    return x >= 0 ? std::exp(-x) / (1 + std::exp(-x)) : 1 / (1 + std::exp(x));
  }

  void fill_matrix(const double* pairwise, double* matrix) const {
    const size_t k = op_.classes;
    for (size_t t = 0; t < k; ++t) {
      double diagonal = 0;
      for (size_t j = 0; j < k; ++j) {
        if (j == t) continue;
        diagonal += pairwise[j * k + t] * pairwise[j * k + t];
        matrix[t * k + j] = j < t ? matrix[j * k + t] : -pairwise[j * k + t] * pairwise[t * k + j];
      }
      matrix[t * k + t] = diagonal;
    }
  }

  /// Solves for p by coordinate steps; libsvm's order of operations.
  void couple(const double* matrix, double* product, double* p) const {
    const size_t k = op_.classes;
    const double tolerance = 0.005 / static_cast<double>(k);
    std::fill_n(p, k, 1.0 / static_cast<double>(k));
    for (size_t iteration = 0; iteration < std::max<size_t>(100, k); ++iteration) {
      double total = 0;
      for (size_t t = 0; t < k; ++t) {
        product[t] = 0;
        for (size_t j = 0; j < k; ++j) product[t] += matrix[t * k + j] * p[j];
        total += p[t] * product[t];
      }
      double error = 0;
      for (size_t t = 0; t < k; ++t) error = std::max(error, std::fabs(product[t] - total));
      if (error < tolerance) break;
      for (size_t t = 0; t < k; ++t) {
        const double* q = matrix + t * k;
        const double step = (-product[t] + total) / q[t];
        p[t] += step;
        total = (total + step * (step * q[t] + 2 * product[t])) / (1 + step) / (1 + step);
        for (size_t j = 0; j < k; ++j) {
          product[j] = (product[j] + step * q[j]) / (1 + step);
          p[j] /= 1 + step;
        }
      }
    }
  }

  const SvmProbabilityOp& op_;
};

template <SumsFunction kDot, SumsFunction kDistance>
std::unique_ptr<const Kernel> make_blocked(const Op& op, std::span<const ValueType>) {
  return std::make_unique<BlockedSvm>(static_cast<const SvmOp&>(op), kDot, kDistance);
}

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> svm_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"svm", "blocked_avx512", [](const CpuFeatures& cpu) { return cpu.avx512; },
                  make_blocked<sums_avx512<false>, sums_avx512<true>>},
      KernelEntry{"svm", "blocked_avx2", [](const CpuFeatures& cpu) { return cpu.avx2_fma; },
                  make_blocked<sums_avx2<false>, sums_avx2<true>>},
      KernelEntry{"svm", "blocked", on_every_cpu,
                  make_blocked<sums_baseline<false>, sums_baseline<true>>},
      KernelEntry{"svm", "scalar", on_every_cpu, make<SvmOp, ScalarSvm>},
      KernelEntry{"svm_vote", "scalar", on_every_cpu, make<SvmVoteOp, SvmVoteKernel>},
      KernelEntry{"svm_one_vs_rest", "scalar", on_every_cpu,
                  make<SvmOneVsRestOp, SvmOneVsRestKernel>},
      KernelEntry{"svm_probability", "scalar", on_every_cpu,
                  make<SvmProbabilityOp, SvmProbabilityKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
