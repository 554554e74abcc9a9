// Kernels of graph/ops/impute.h.
#include "graph/ops/impute.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

bool is_missing(double x, const MissingNumber& missing) {
  return missing.has_value() && (std::isnan(*missing) ? std::isnan(x) : x == *missing);
}

bool is_missing(const StringCell& cell, const MissingText& missing) {
  switch (cell.kind) {
    case StringCell::Kind::kNone: return missing.none;
    case StringCell::Kind::kNan: return missing.nan;
    case StringCell::Kind::kAbsent: return missing.none || missing.nan;
    case StringCell::Kind::kText: return missing.text.has_value() && cell.view() == *missing.text;
    case StringCell::Kind::kNumber: return false;
  }
  return false;
}

class ScalarImpute final : public Kernel {
 public:
  explicit ScalarImpute(const ImputeOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (size_t i = 0; i < op_.columns.size(); ++i) {
        const double x = in[op_.columns[i]];
        out[i] = is_missing(x, op_.missing) ? op_.fills[i] : x;
      }
    }
    return {};
  }

 private:
  const ImputeOp& op_;
};

class ScalarImputeStrings final : public Kernel {
 public:
  explicit ScalarImputeStrings(const ImputeStringsOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const StringCell* in = args.input(0).strings(row);
      StringCell* out = args.output.strings(row);
      for (size_t i = 0; i < op_.columns.size(); ++i) {
        const StringCell& cell = in[op_.columns[i]];
        if (cell.kind == StringCell::Kind::kNan && op_.missing.refuse_nan) {
          return invalid_argument(fmt::format("{} takes no NaN, got one in row {}, text column {}",
                                              op_.estimator, args.first_row + row, i));
        }
        out[i] = is_missing(cell, op_.missing) ? StringCell::text(op_.fills[i]) : cell;
      }
    }
    return {};
  }

 private:
  const ImputeStringsOp& op_;
};

class ScalarIndicator final : public Kernel {
 public:
  explicit ScalarIndicator(const MissingIndicatorOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = args.input(0).dense(row);
      double* out = args.output.dense(row);
      for (const uint32_t column : op_.columns) *out++ = is_missing(in[column], op_.missing);
    }
    return {};
  }

 private:
  const MissingIndicatorOp& op_;
};

class ScalarStringsIndicator final : public Kernel {
 public:
  explicit ScalarStringsIndicator(const MissingStringsIndicatorOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const StringCell* in = args.input(0).strings(row);
      double* out = args.output.dense(row);
      for (const uint32_t column : op_.columns) *out++ = is_missing(in[column], op_.missing);
    }
    return {};
  }

 private:
  const MissingStringsIndicatorOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> impute_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"impute", "scalar", on_every_cpu, make<ImputeOp, ScalarImpute>},
      KernelEntry{"impute_strings", "scalar", on_every_cpu,
                  make<ImputeStringsOp, ScalarImputeStrings>},
      KernelEntry{"missing_indicator", "scalar", on_every_cpu,
                  make<MissingIndicatorOp, ScalarIndicator>},
      KernelEntry{"missing_strings_indicator", "scalar", on_every_cpu,
                  make<MissingStringsIndicatorOp, ScalarStringsIndicator>},
  };
  return kTable;
}

}  // namespace slipway::engine
