// Kernels of graph/ops/encode.h.
#include "graph/ops/encode.h"

#include <algorithm>
#include <array>

#include "engine/kernel_table.h"
#include "engine/kernels/category_lookup.h"

namespace slipway::engine {
namespace {

template <typename Column>
std::vector<CategoryLookup> make_lookups(const std::vector<Column>& columns) {
  std::vector<CategoryLookup> lookups;
  lookups.reserve(columns.size());
  for (const Column& column : columns) lookups.emplace_back(column.categories);
  return lookups;
}

size_t lookups_bytes(const std::vector<CategoryLookup>& lookups) {
  size_t total = heap_bytes(lookups);
  for (const CategoryLookup& lookup : lookups) total += lookup.size_bytes();
  return total;
}

class ScalarOneHot final : public Kernel {
 public:
  explicit ScalarOneHot(const OneHotOp& op) : op_(op), lookups_(make_lookups(op.columns)) {}
  size_t size_bytes() const override { return lookups_bytes(lookups_); }
  Status run(const KernelArgs& args) const override {
    return op_.sparse ? run_sparse(args) : run_dense(args);
  }

 private:
  /// The output column that column i sets in a row; kNoColumn; or kRefuse.
  int32_t target(const KernelArgs& args, size_t row, size_t i) const {
    const int64_t position = lookups_[i].find(args, row);
    const OneHotOp::Column& column = op_.columns[i];
    return position == CategoryLookup::kUnknown ? column.unknown
                                                : column.targets[static_cast<size_t>(position)];
  }

  Status run_dense(const KernelArgs& args) const {
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      std::fill_n(out, op_.width, 0.0);
      for (size_t i = 0; i < lookups_.size(); ++i) {
        const int32_t column = target(args, row, i);
        if (column == OneHotOp::kRefuse) return lookups_[i].unknown_error(args, row);
        if (column >= 0) out[column] = 1;
      }
    }
    return {};
  }

  Status run_sparse(const KernelArgs& args) const {
    auto* values = static_cast<double*>(args.output.data);
    uint32_t place = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      args.output.row_starts[row] = place;
      for (size_t i = 0; i < lookups_.size(); ++i) {
        const int32_t column = target(args, row, i);
        if (column == OneHotOp::kRefuse) return lookups_[i].unknown_error(args, row);
        if (column < 0) continue;
        values[place] = 1;
        args.output.columns[place++] = static_cast<uint32_t>(column);
      }
    }
    args.output.row_starts[args.rows] = place;
    return {};
  }

  const OneHotOp& op_;
  const std::vector<CategoryLookup> lookups_;
};

class ScalarOrdinal final : public Kernel {
 public:
  explicit ScalarOrdinal(const OrdinalOp& op) : op_(op), lookups_(make_lookups(op.columns)) {}
  size_t size_bytes() const override { return lookups_bytes(lookups_); }
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      for (size_t i = 0; i < lookups_.size(); ++i) {
        const int64_t position = lookups_[i].find(args, row);
        const OrdinalOp::Column& column = op_.columns[i];
        if (position != CategoryLookup::kUnknown) {
          out[i] = column.codes[static_cast<size_t>(position)];
        } else if (column.unknown.has_value()) {
          out[i] = *column.unknown;
        } else {
          return lookups_[i].unknown_error(args, row);
        }
      }
    }
    return {};
  }

 private:
  const OrdinalOp& op_;
  const std::vector<CategoryLookup> lookups_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> encode_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"one_hot", "scalar", on_every_cpu, make<OneHotOp, ScalarOneHot>},
      KernelEntry{"ordinal", "scalar", on_every_cpu, make<OrdinalOp, ScalarOrdinal>},
  };
  return kTable;
}

}  // namespace slipway::engine
