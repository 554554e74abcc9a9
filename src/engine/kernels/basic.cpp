// Kernels of graph/ops/basic.h. All are bound by memory, so one plain kernel each.
#include "graph/ops/basic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

/// Value of a column in a row of a sparse matrix.
double sparse_at(const ValueBuffer& value, size_t row, uint32_t column) {
  const uint32_t* begin = value.columns + value.row_starts[row];
  const uint32_t* end = value.columns + value.row_starts[row + 1];
  const uint32_t* found = std::lower_bound(begin, end, column);
  if (found == end || *found != column) return 0;
  return static_cast<const double*>(value.data)[found - value.columns];
}

class SelectKernel final : public Kernel {
 public:
  SelectKernel(const SelectOp& op, std::span<const ValueType> inputs)
      : picks_(op.picks), densifies_(is_whole_sparse(op, inputs)) {}
  Status run(const KernelArgs& args) const override {
    if (densifies_) return densify(args);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      for (size_t i = 0; i < picks_.size(); ++i) {
        const ValueBuffer& input = args.input(picks_[i].input);
        out[i] = input.kind == ValueKind::kSparse ? sparse_at(input, row, picks_[i].column)
                                                  : input.dense(row)[picks_[i].column];
      }
    }
    return {};
  }

 private:
  static bool is_whole_sparse(const SelectOp& op, std::span<const ValueType> inputs) {
    if (inputs.size() != 1 || inputs[0].kind != ValueKind::kSparse) return false;
    if (op.picks.size() != inputs[0].width) return false;
    for (uint32_t i = 0; i < op.picks.size(); ++i) {
      if (op.picks[i].column != i) return false;
    }
    return true;
  }

  /// A wide sparse matrix for an op that takes dense ones only: no search for each column.
  static Status densify(const KernelArgs& args) {
    const ValueBuffer& input = args.input(0);
    const auto* values = static_cast<const double*>(input.data);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      std::fill_n(out, args.output.width, 0.0);
      for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
        out[input.columns[k]] = values[k];
      }
    }
    return {};
  }

  const std::vector<ColumnPick>& picks_;
  const bool densifies_;
};

class SelectSparseKernel final : public Kernel {
 public:
  SelectSparseKernel(const SelectSparseOp& op, std::span<const ValueType> inputs)
      : places_(inputs[0].width, kLeftOut) {
    for (uint32_t i = 0; i < op.columns.size(); ++i) places_[op.columns[i]] = i;
  }
  size_t size_bytes() const override { return heap_bytes(places_); }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const auto* in = static_cast<const double*>(input.data);
    auto* out = static_cast<double*>(args.output.data);
    uint32_t place = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      args.output.row_starts[row] = place;
      for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
        const uint32_t column = places_[input.columns[k]];
        if (column == kLeftOut) continue;
        out[place] = in[k];
        args.output.columns[place++] = column;
      }
    }
    args.output.row_starts[args.rows] = place;
    return {};
  }

 private:
  static constexpr uint32_t kLeftOut = UINT32_MAX;
  std::vector<uint32_t> places_;  // by column of the input
};

class SelectStringsKernel final : public Kernel {
 public:
  explicit SelectStringsKernel(const SelectStringsOp& op) : picks_(op.picks) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      StringCell* out = args.output.strings(row);
      for (size_t i = 0; i < picks_.size(); ++i) {
        out[i] = args.input(picks_[i].input).strings(row)[picks_[i].column];
      }
    }
    return {};
  }

 private:
  const std::vector<ColumnPick>& picks_;
};

class SelectCellsKernel final : public Kernel {
 public:
  explicit SelectCellsKernel(const SelectCellsOp& op) : picks_(op.picks) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      StringCell* out = args.output.strings(row);
      for (size_t i = 0; i < picks_.size(); ++i) out[i] = cell(args, row, picks_[i]);
    }
    return {};
  }

 private:
  static StringCell cell(const KernelArgs& args, size_t row, const ColumnPick& pick) {
    const ValueBuffer& input = args.input(pick.input);
    switch (input.kind) {
      case ValueKind::kString: return input.strings(row)[pick.column];
      case ValueKind::kSparse: return StringCell::number(sparse_at(input, row, pick.column));
      default: return StringCell::number(input.dense(row)[pick.column]);
    }
  }

  const std::vector<ColumnPick>& picks_;
};

class RequireFiniteKernel final : public Kernel {
 public:
  explicit RequireFiniteKernel(const RequireFiniteOp& op) : op_(op) {}
  bool passes_input_through() const override { return true; }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const double* values = static_cast<const double*>(input.data);
    const bool sparse = input.kind == ValueKind::kSparse;
    const size_t count = sparse ? input.row_starts[args.rows] : args.rows * input.width;
    const double bound = op_.options.float32_range ? double{FLT_MAX} : DBL_MAX;
    for (size_t i = 0; i < count; ++i) {
      if (std::fabs(values[i]) <= bound) continue;
      if (std::isnan(values[i]) && op_.options.allow_nan) continue;
      return refuse(args, i, values[i]);
    }
    return {};
  }

 private:
  Status refuse(const KernelArgs& args, size_t i, double value) const {
    const ValueBuffer& input = args.input(0);
    size_t row = 0;
    size_t column = 0;
    if (input.kind == ValueKind::kSparse) {
      while (input.row_starts[row + 1] <= i) ++row;
      column = input.columns[i];
    } else {
      row = i / input.width;
      column = i % input.width;
    }
    const std::string name = op_.columns.empty() ? fmt::format("column {}", column)
                                                 : fmt::format("'{}'", op_.columns[column]);
    return invalid_argument(
        fmt::format("{} takes {}, got {} in row {}, {}", op_.estimator,
                    op_.options.allow_nan ? "no infinite numbers" : "only finite numbers",
                    std::isnan(value)   ? "NaN"
                    : std::isinf(value) ? "an infinite number"
                                        : fmt::format("{}, too large for float32,", value),
                    args.first_row + row, name));
  }

  const RequireFiniteOp& op_;
};

class CastFloat32Kernel final : public Kernel {
 public:
  Status run(const KernelArgs& args) const override {
    const size_t count = args.rows * args.output.width;
    std::transform(args.input(0).dense(0), args.input(0).dense(0) + count, args.output.dense32(0),
                   [](double value) { return static_cast<float>(value); });
    return {};
  }
};

double logistic(double x) {
  // One form, as scipy.special.expit: below about -709 exp overflows and the result is exactly 0.
  return 1 / (1 + std::exp(-x));
}

void softmax_row(const double* in, double* out, size_t width) {
  const double maximum = *std::max_element(in, in + width);
  double sum = 0;
  for (size_t i = 0; i < width; ++i) sum += out[i] = std::exp(in[i] - maximum);
  for (size_t i = 0; i < width; ++i) out[i] /= sum;
}

double log_logistic(double x) { return -std::log(1 + std::exp(-x)); }

void log_softmax_row(const double* in, double* out, size_t width) {
  const double maximum = *std::max_element(in, in + width);
  double sum = 0;
  for (size_t i = 0; i < width; ++i) sum += std::exp(in[i] - maximum);
  const double log_sum = std::log(sum);
  for (size_t i = 0; i < width; ++i) out[i] = in[i] - maximum - log_sum;
}

void normalize_row(const double* in, double* out, size_t width) {
  double sum = 0;
  for (size_t i = 0; i < width; ++i) sum += in[i];
  for (size_t i = 0; i < width; ++i) {
    out[i] = sum == 0 ? 1.0 / static_cast<double>(width) : in[i] / sum;
  }
}

class ActivationKernel final : public Kernel {
 public:
  using Function = ActivationOp::Function;
  explicit ActivationKernel(const ActivationOp& op) : function_(op.function) {}
  bool passes_input_through() const override { return function_ == Function::kIdentity; }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows && function_ != Function::kIdentity; ++row) {
      run_row(input.dense(row), args.output.dense(row), input.width);
    }
    return {};
  }

 private:
  void run_row(const double* in, double* out, size_t width) const {
    switch (function_) {
      case Function::kSoftmax: softmax_row(in, out, width); break;
      case Function::kNormalizeRows: normalize_row(in, out, width); break;
      case Function::kLogistic: std::transform(in, in + width, out, logistic); break;
      case Function::kLogisticPair:
        out[1] = logistic(in[0]);
        out[0] = 1 - out[1];
        break;
      case Function::kComplementPair:
        out[1] = in[0];
        out[0] = 1 - in[0];
        break;
      case Function::kModifiedHuber:
        std::transform(in, in + width, out,
                       [](double x) { return (std::min(std::max(x, -1.0), 1.0) + 1) / 2; });
        break;
      case Function::kExp:
        std::transform(in, in + width, out, [](double x) { return std::exp(x); });
        break;
      case Function::kLog:
        std::transform(in, in + width, out, [](double x) { return std::log(x); });
        break;
      case Function::kLogSoftmax: log_softmax_row(in, out, width); break;
      case Function::kLogLogistic: std::transform(in, in + width, out, log_logistic); break;
      case Function::kLogLogisticPair:
        out[1] = log_logistic(in[0]);
        out[0] = log_logistic(-in[0]);
        break;
      case Function::kIdentity: break;
    }
  }

  const Function function_;
};

class ArgMaxKernel final : public Kernel {
 public:
  explicit ArgMaxKernel(const ArgMaxOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* scores = input.dense(row);
      *args.output.index(row) =
          input.width == 1 ? threshold(scores[0]) : argmax(scores, input.width);
    }
    return {};
  }

 private:
  int32_t threshold(double score) const {
    return score > op_.threshold || (op_.inclusive && score == op_.threshold) ? 1 : 0;
  }
  static int32_t argmax(const double* scores, uint32_t width) {
    uint32_t best = 0;
    for (uint32_t i = 0; i < width; ++i) {
      if (std::isnan(scores[i])) return static_cast<int32_t>(i);
      if (scores[i] > scores[best]) best = i;
    }
    return static_cast<int32_t>(best);
  }

  const ArgMaxOp& op_;
};

class ConcatIndexKernel final : public Kernel {
 public:
  explicit ConcatIndexKernel(size_t inputs) : inputs_(inputs) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      int32_t* out = args.output.index(row);
      for (size_t i = 0; i < inputs_; ++i) {
        out = std::copy_n(args.input(i).index(row), args.input(i).width, out);
      }
    }
    return {};
  }

 private:
  const size_t inputs_;
};

class ConcatSparseKernel final : public Kernel {
 public:
  explicit ConcatSparseKernel(size_t inputs) : inputs_(inputs) {}
  Status run(const KernelArgs& args) const override {
    auto* values = static_cast<double*>(args.output.data);
    uint32_t place = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      args.output.row_starts[row] = place;
      uint32_t first_column = 0;
      const auto put = [&](uint32_t column, double value) {
        values[place] = value;
        args.output.columns[place++] = first_column + column;
      };
      for (size_t i = 0; i < inputs_; ++i) {
        const ValueBuffer& input = args.input(i);
        if (input.kind == ValueKind::kSparse) {
          for (uint32_t k = input.row_starts[row]; k < input.row_starts[row + 1]; ++k) {
            put(input.columns[k], static_cast<const double*>(input.data)[k]);
          }
        } else {
          for (uint32_t k = 0; k < input.width; ++k) {
            if (input.dense(row)[k] != 0) put(k, input.dense(row)[k]);
          }
        }
        first_column += input.width;
      }
    }
    args.output.row_starts[args.rows] = place;
    return {};
  }

 private:
  const size_t inputs_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> basic_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"select_sparse", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<SelectSparseKernel>(
                        static_cast<const SelectSparseOp&>(op), in);
                  }},
      KernelEntry{"select", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<SelectKernel>(static_cast<const SelectOp&>(op), in);
                  }},
      KernelEntry{"select_strings", "scalar", on_every_cpu,
                  make<SelectStringsOp, SelectStringsKernel>},
      KernelEntry{"select_cells", "scalar", on_every_cpu, make<SelectCellsOp, SelectCellsKernel>},
      KernelEntry{"require_finite", "scalar", on_every_cpu,
                  make<RequireFiniteOp, RequireFiniteKernel>},
      KernelEntry{"cast_float32", "scalar", on_every_cpu,
                  [](const Op&, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<CastFloat32Kernel>();
                  }},
      KernelEntry{"activation", "scalar", on_every_cpu, make<ActivationOp, ActivationKernel>},
      KernelEntry{"argmax", "scalar", on_every_cpu, make<ArgMaxOp, ArgMaxKernel>},
      KernelEntry{"concat_index", "scalar", on_every_cpu,
                  [](const Op&, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ConcatIndexKernel>(in.size());
                  }},
      KernelEntry{"concat_sparse", "scalar", on_every_cpu,
                  [](const Op&, std::span<const ValueType> in) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ConcatSparseKernel>(in.size());
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
