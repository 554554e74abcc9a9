// Kernels of graph/ops/combine.h. All are bound by memory, so one plain kernel each.
#include "graph/ops/combine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ConstantKernel final : public Kernel {
 public:
  explicit ConstantKernel(const ConstantOp& op) : row_(op.row) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      std::copy(row_.begin(), row_.end(), args.output.dense(row));
    }
    return {};
  }

 private:
  const std::vector<double>& row_;
};

class LookupKernel final : public Kernel {
 public:
  explicit LookupKernel(const LookupOp& op) : op_(op), last_(op.table.size() / op.width - 1) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const auto index = static_cast<size_t>(std::max(*args.input(0).index(row), 0));
      const double* from = op_.table.data() + std::min(index, last_) * op_.width;
      std::copy_n(from, op_.width, args.output.dense(row));
    }
    return {};
  }

 private:
  const LookupOp& op_;
  const size_t last_;
};

class SelectIndexKernel final : public Kernel {
 public:
  explicit SelectIndexKernel(const SelectIndexOp& op) : column_(op.column) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      *args.output.index(row) = args.input(0).index(row)[column_];
    }
    return {};
  }

 private:
  const size_t column_;
};

class PlaceColumnsKernel final : public Kernel {
 public:
  explicit PlaceColumnsKernel(const PlaceColumnsOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, op_.width, op_.fill);
      for (size_t i = 0; i < op_.places.size(); ++i) out[op_.places[i]] = in[i];
    }
    return {};
  }

 private:
  const PlaceColumnsOp& op_;
};

/// numpy.logaddexp.
double log_add_exp(double a, double b) {
  if (a == b) return a + std::log(2.0);
  const double difference = a - b;
  if (difference > 0) return a + std::log1p(std::exp(-difference));
  if (difference <= 0) return b + std::log1p(std::exp(difference));
  return difference;  // NaN
}

class CombineKernel final : public Kernel {
 public:
  CombineKernel(const CombineOp& op, size_t inputs) : op_(op), inputs_(inputs) {}
  Status run(const KernelArgs& args) const override {
    const size_t count = args.rows * args.output.width;
    double* out = args.output.dense(0);
    const bool sums = op_.function == CombineOp::Function::kSum;
    for (size_t k = 0; k < inputs_; ++k) {
      const double* in = args.input(k).dense(0);
      const double weight = op_.weights.empty() ? 1 : op_.weights[k];
      if (k == 0) {
        for (size_t i = 0; i < count; ++i) out[i] = in[i] * weight;
      } else if (sums) {
        for (size_t i = 0; i < count; ++i) out[i] += in[i] * weight;
      } else {
        for (size_t i = 0; i < count; ++i) out[i] = log_add_exp(out[i], in[i]);
      }
    }
    if (op_.divisor == 1) return {};
    for (size_t i = 0; i < count; ++i) out[i] /= op_.divisor;
    return {};
  }

 private:
  const CombineOp& op_;
  const size_t inputs_;
};

class RowFunctionKernel final : public Kernel {
 public:
  using Function = RowFunctionOp::Function;
  explicit RowFunctionKernel(const RowFunctionOp& op) : function_(op.function) {}
  Status run(const KernelArgs& args) const override {
    const size_t width = args.input(0).width;
    for (size_t row = 0; row < args.rows; ++row) {
      run_row(args.input(0).dense(row), args.output.dense(row), width);
    }
    return {};
  }

 private:
  void run_row(const double* in, double* out, size_t width) const {
    const double sum = std::accumulate(in, in + width, 0.0);
    switch (function_) {
      case Function::kSum: out[0] = sum; break;
      case Function::kMinimum: out[0] = *std::min_element(in, in + width); break;
      case Function::kLogSumExp: {
        double most = *std::max_element(in, in + width);
        if (!std::isfinite(most)) most = 0;
        double total = 0;
        for (size_t i = 0; i < width; ++i) total += std::exp(in[i] - most);
        out[0] = std::log(total) + most;
        break;
      }
      case Function::kNormalizeOrKeep:
        for (size_t i = 0; i < width; ++i) out[i] = sum == 0 ? in[i] : in[i] / sum;
        break;
      case Function::kSubtractMean:
        for (size_t i = 0; i < width; ++i) out[i] = in[i] - sum / static_cast<double>(width);
        break;
    }
  }

  const Function function_;
};

class WeightedMedianKernel final : public Kernel {
 public:
  explicit WeightedMedianKernel(const WeightedMedianOp& op) : weights_(op.weights) {}
  size_t workspace_bytes(size_t) const override { return weights_.size() * sizeof(uint32_t); }
  Status run(const KernelArgs& args) const override {
    auto* order = reinterpret_cast<uint32_t*>(args.workspace);
    const size_t count = weights_.size();
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      std::iota(order, order + count, 0U);
      // NaN last, as numpy sorts.
      std::sort(order, order + count, [in](uint32_t a, uint32_t b) {
        return in[a] < in[b] || (std::isnan(in[b]) && !std::isnan(in[a]));
      });
      double total = 0;
      for (size_t i = 0; i < count; ++i) total += weights_[order[i]];
      double reached = 0;
      size_t chosen = 0;  // numpy.argmax of nothing true
      for (size_t i = 0; i < count; ++i) {
        reached += weights_[order[i]];
        if (reached >= 0.5 * total) {
          chosen = i;
          break;
        }
      }
      *args.output.dense(row) = in[order[chosen]];
    }
    return {};
  }

 private:
  const std::vector<double>& weights_;
};

class PairVotesKernel final : public Kernel {
 public:
  explicit PairVotesKernel(const PairVotesOp& op) : classes_(op.classes) {}
  size_t workspace_bytes(size_t) const override { return classes_ * sizeof(double); }
  Status run(const KernelArgs& args) const override {
    auto* sums = reinterpret_cast<double*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* predictions = args.input(0).dense(row);
      const double* confidences = args.input(1).dense(row);
      double* out = args.output.dense(row);
      std::fill_n(out, classes_, 0.0);
      std::fill_n(sums, classes_, 0.0);
      size_t pair = 0;
      for (size_t i = 0; i < classes_; ++i) {
        for (size_t j = i + 1; j < classes_; ++j, ++pair) {
          sums[i] -= confidences[pair];
          sums[j] += confidences[pair];
          if (predictions[pair] == 0) out[i] += 1;
          if (predictions[pair] == 1) out[j] += 1;
        }
      }
      for (size_t i = 0; i < classes_; ++i) out[i] += sums[i] / (3 * (std::fabs(sums[i]) + 1));
    }
    return {};
  }

 private:
  const size_t classes_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> combine_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"constant", "scalar", on_every_cpu, make<ConstantOp, ConstantKernel>},
      KernelEntry{"lookup", "scalar", on_every_cpu, make<LookupOp, LookupKernel>},
      KernelEntry{"select_index", "scalar", on_every_cpu, make<SelectIndexOp, SelectIndexKernel>},
      KernelEntry{"place_columns", "scalar", on_every_cpu,
                  make<PlaceColumnsOp, PlaceColumnsKernel>},
      KernelEntry{"combine", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<CombineKernel>(static_cast<const CombineOp&>(op),
                                                           in.size());
                  }},
      KernelEntry{"row_function", "scalar", on_every_cpu, make<RowFunctionOp, RowFunctionKernel>},
      KernelEntry{"weighted_median", "scalar", on_every_cpu,
                  make<WeightedMedianOp, WeightedMedianKernel>},
      KernelEntry{"pair_votes", "scalar", on_every_cpu, make<PairVotesOp, PairVotesKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
