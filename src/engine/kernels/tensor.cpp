// Kernels of graph/ops/tensor.h: one plain loop each, element order as the operator's head says.
#include "graph/ops/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

class ConstantKernel final : public Kernel {
 public:
  explicit ConstantKernel(const TensorConstantOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      std::ranges::copy(op_.values, args.output.dense(row));
    }
    return {};
  }

 private:
  const TensorConstantOp& op_;
};

class TextsKernel final : public Kernel {
 public:
  explicit TextsKernel(const TensorTextsOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      StringCell* out = args.output.strings(row);
      for (const std::string& text : op_.texts) *out++ = StringCell::text(text);
    }
    return {};
  }

 private:
  const TensorTextsOp& op_;
};

class UnaryKernel final : public Kernel {
 public:
  explicit UnaryKernel(const TensorUnaryOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const double* in = args.input(0).dense(0);
    double* out = args.output.dense(0);
    const size_t count = args.rows * args.output.width;
    if (op_.function == UnaryFunction::kIdentity && op_.dtype == DType::kFloat32) {
      for (size_t i = 0; i < count; ++i) out[i] = static_cast<double>(static_cast<float>(in[i]));
      return {};
    }
    for (size_t i = 0; i < count; ++i) {
      out[i] = apply(op_.function, op_.parameters, op_.dtype, in[i]);
    }
    return {};
  }

 private:
  const TensorUnaryOp& op_;
};

class BinaryKernel final : public Kernel {
 public:
  explicit BinaryKernel(const TensorBinaryOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    double* out = args.output.dense(0);
    const size_t count = args.rows * args.output.width;
    if (args.input(0).kind == ValueKind::kString) {
      const StringCell* a = args.input(0).strings(0);
      const StringCell* b = args.input(1).strings(0);
      for (size_t i = 0; i < count; ++i) out[i] = a[i].view() == b[i].view() ? 1 : 0;
      return {};
    }
    const double* a = args.input(0).dense(0);
    const double* b = args.input(1).dense(0);
    const auto loop = [&](auto function) {
      if (op_.dtype == DType::kFloat32) {
        for (size_t i = 0; i < count; ++i) {
          out[i] = static_cast<double>(static_cast<float>(function(a[i], b[i])));
        }
      } else {
        for (size_t i = 0; i < count; ++i) out[i] = function(a[i], b[i]);
      }
    };
    const bool is_float = op_.dtype == DType::kFloat32 || op_.dtype == DType::kFloat64;
    if (is_float && op_.function == BinaryFunction::kAdd) {
      loop([](double x, double y) { return x + y; });
    } else if (is_float && op_.function == BinaryFunction::kSub) {
      loop([](double x, double y) { return x - y; });
    } else if (is_float && op_.function == BinaryFunction::kMul) {
      loop([](double x, double y) { return x * y; });
    } else if (is_float && op_.function == BinaryFunction::kDiv) {
      loop([](double x, double y) { return x / y; });
    } else {
      for (size_t i = 0; i < count; ++i) out[i] = apply(op_.function, op_.dtype, a[i], b[i]);
    }
    return {};
  }

 private:
  const TensorBinaryOp& op_;
};

class WhereKernel final : public Kernel {
 public:
  explicit WhereKernel(const TensorWhereOp&) {}
  Status run(const KernelArgs& args) const override {
    const double* condition = args.input(0).dense(0);
    const size_t count = args.rows * args.output.width;
    const auto choose = [&](const auto* yes, const auto* no, auto* out) {
      for (size_t i = 0; i < count; ++i) out[i] = condition[i] != 0 ? yes[i] : no[i];
    };
    if (args.output.kind == ValueKind::kString) {
      choose(args.input(1).strings(0), args.input(2).strings(0), args.output.strings(0));
    } else {
      choose(args.input(1).dense(0), args.input(2).dense(0), args.output.dense(0));
    }
    return {};
  }
};

using Reduce = TensorReduceOp::Function;

template <typename Step>
double fold(std::span<const double> x, double start, Step step) {
  for (const double v : x) start = step(start, v);
  return start;
}

double extreme(std::span<const double> x, bool largest) {
  double best = x[0];
  for (const double v : x) {
    if (std::isnan(v)) return v;
    if (largest ? v > best : v < best) best = v;
  }
  return best;
}

double extreme_place(std::span<const double> x, bool largest, bool last) {
  size_t best = 0;
  for (size_t i = 1; i < x.size(); ++i) {
    const bool better = largest ? x[i] > x[best] : x[i] < x[best];
    if (better || (last && x[i] == x[best])) best = i;
  }
  return static_cast<double>(best);
}

double log_sum_exp(std::span<const double> x) {
  const double most = extreme(x, true);
  if (!std::isfinite(most)) return most;
  return most + std::log(fold(x, 0, [&](double s, double v) { return s + std::exp(v - most); }));
}

double reduce(Reduce function, std::span<const double> x) {
  const auto sum = [](double s, double v) { return s + v; };
  const auto sum_square = [](double s, double v) { return s + v * v; };
  switch (function) {
    case Reduce::kSum: return fold(x, 0, sum);
    case Reduce::kMean: return fold(x, 0, sum) / static_cast<double>(x.size());
    case Reduce::kProduct: return fold(x, 1, [](double s, double v) { return s * v; });
    case Reduce::kMin: return extreme(x, false);
    case Reduce::kMax: return extreme(x, true);
    case Reduce::kL1: return fold(x, 0, [](double s, double v) { return s + std::fabs(v); });
    case Reduce::kL2: return std::sqrt(fold(x, 0, sum_square));
    case Reduce::kSumSquare: return fold(x, 0, sum_square);
    case Reduce::kLogSum: return std::log(fold(x, 0, sum));
    case Reduce::kLogSumExp: return log_sum_exp(x);
    case Reduce::kArgMax: return extreme_place(x, true, false);
    case Reduce::kArgMin: return extreme_place(x, false, false);
    case Reduce::kArgMaxLast: return extreme_place(x, true, true);
    case Reduce::kArgMinLast: return extreme_place(x, false, true);
  }
  return 0;
}

class ReduceKernel final : public Kernel {
 public:
  explicit ReduceKernel(const TensorReduceOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const double* in = args.input(0).dense(0);
    double* out = args.output.dense(0);
    const size_t groups = args.rows * args.output.width;
    for (size_t i = 0; i < groups; ++i, in += op_.size) {
      out[i] = round_to(op_.dtype, reduce(op_.function, {in, op_.size}));
    }
    return {};
  }

 private:
  const TensorReduceOp& op_;
};

using Group = TensorGroupOp::Function;

void softmax(std::span<const double> x, double* out) {
  const double most = extreme(x, true);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += out[i] = std::exp(x[i] - most);
  for (size_t i = 0; i < x.size(); ++i) out[i] /= sum;
}

void softmax_zero(std::span<const double> x, double* out) {
  constexpr double kZero = static_cast<double>(0.0000001F);
  const double most = extreme(x, true);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::fabs(x[i]) > kZero) {
      sum += out[i] = std::exp(x[i] - most);
    } else {
      out[i] = x[i] * std::exp(-most);
    }
  }
  for (size_t i = 0; i < x.size(); ++i) out[i] /= sum;
}

void cumulate(std::span<const double> x, bool product, bool before, DType dtype, double* out) {
  double total = product ? 1 : 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (before) out[i] = total;
    total = round_to(dtype, product ? total * x[i] : total + x[i]);
    if (!before) out[i] = total;
  }
}

class GroupKernel final : public Kernel {
 public:
  explicit GroupKernel(const TensorGroupOp& op) : op_(op) {}
  size_t workspace_bytes(size_t) const override { return op_.size * sizeof(uint32_t); }
  Status run(const KernelArgs& args) const override {
    const double* in = args.input(0).dense(0);
    double* out = args.output.dense(0);
    const size_t groups = args.rows * args.output.width / op_.count;
    auto* order = reinterpret_cast<uint32_t*>(args.workspace);
    for (size_t i = 0; i < groups; ++i, in += op_.size, out += op_.count) {
      run_group({in, op_.size}, out, order);
      for (uint32_t k = 0; k < op_.count; ++k) out[k] = round_to(op_.dtype, out[k]);
    }
    return {};
  }

 private:
  void run_group(std::span<const double> x, double* out, uint32_t* order) const {
    switch (op_.function) {
      case Group::kSoftmax: return softmax(x, out);
      case Group::kSoftmaxZero: return softmax_zero(x, out);
      case Group::kLogSoftmax: {
        const double total = log_sum_exp(x);
        std::ranges::transform(x, out, [&](double v) { return v - total; });
        return;
      }
      case Group::kHardmax:
        std::fill_n(out, x.size(), 0.0);
        out[static_cast<size_t>(extreme_place(x, true, false))] = 1;
        return;
      case Group::kCumulativeSum: return cumulate(x, false, false, op_.dtype, out);
      case Group::kCumulativeSumBefore: return cumulate(x, false, true, op_.dtype, out);
      case Group::kCumulativeProduct: return cumulate(x, true, false, op_.dtype, out);
      case Group::kCumulativeProductBefore: return cumulate(x, true, true, op_.dtype, out);
      case Group::kLargest: return sort(x, true, false, out, order);
      case Group::kLargestPlaces: return sort(x, true, true, out, order);
      case Group::kSmallest: return sort(x, false, false, out, order);
      case Group::kSmallestPlaces: return sort(x, false, true, out, order);
    }
  }

  /// NaN counts as larger than every number, so that the order is one.
  void sort(std::span<const double> x, bool largest, bool places, double* out,
            uint32_t* order) const {
    std::iota(order, order + x.size(), 0U);
    const auto less = [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; };
    std::partial_sort(order, order + op_.count, order + x.size(), [&](uint32_t i, uint32_t j) {
      if (largest ? less(x[j], x[i]) : less(x[i], x[j])) return true;
      if (largest ? less(x[i], x[j]) : less(x[j], x[i])) return false;
      return i < j;
    });
    for (uint32_t k = 0; k < op_.count; ++k) out[k] = places ? order[k] : x[order[k]];
  }

  const TensorGroupOp& op_;
};

class GatherKernel final : public Kernel {
 public:
  explicit GatherKernel(const TensorGatherOp& op) : op_(op) {
    for (const std::string& text : op.texts) cells_.push_back(StringCell::text(text));
  }
  size_t size_bytes() const override { return cells_.size() * sizeof(StringCell); }
  Status run(const KernelArgs& args) const override {
    const bool constant = !op_.numbers.empty() || !op_.texts.empty();
    const ValueBuffer& places = args.input(constant ? 0 : 1);
    for (size_t row = 0; row < args.rows; ++row) {
      Status status;
      if (args.output.kind == ValueKind::kString) {
        const StringCell* data = constant ? cells_.data() : args.input(0).strings(row);
        status = gather(data, places, row, args.output.strings(row));
      } else {
        const double* data = constant ? op_.numbers.data() : args.input(0).dense(row);
        status = gather(data, places, row, args.output.dense(row));
      }
      if (!status.ok()) return std::move(status).with_context(row_name(args, row));
    }
    return {};
  }

 private:
  static std::string row_name(const KernelArgs& args, size_t row) {
    return fmt::format("row {}", args.first_row + row);
  }

  template <typename T>
  Status gather(const T* data, const ValueBuffer& places, size_t row, T* out) const {
    const auto extent = static_cast<double>(op_.map.extent);
    for (size_t i = 0; i < op_.map.offsets.size(); ++i) {
      const uint32_t at = op_.map.places[i];
      double place =
          places.kind == ValueKind::kIndex ? places.index(row)[at] : places.dense(row)[at];
      if (place < 0) place += extent;
      if (!(place >= 0 && place < extent)) {
        return invalid_argument(fmt::format(
            "an index lies outside of what it chooses from, expected below {}", op_.map.extent));
      }
      out[i] = data[op_.map.offsets[i] + op_.map.stride * static_cast<uint32_t>(place)];
    }
    return {};
  }

  const TensorGatherOp& op_;
  std::vector<StringCell> cells_;
};

class MatMulKernel final : public Kernel {
 public:
  explicit MatMulKernel(const TensorMatMulOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const auto& [batch, m, k, n] = op_.sizes;
    const bool constant = !op_.right.empty();
    const size_t right_step = constant && op_.right.size() == size_t{k} * n ? 0 : size_t{k} * n;
    for (size_t row = 0; row < args.rows; ++row) {
      const double* left = args.input(0).dense(row);
      const double* right = constant ? op_.right.data() : args.input(1).dense(row);
      double* out = args.output.dense(row);
      for (uint32_t b = 0; b < batch; ++b) {
        multiply(left, right, out);
        left += size_t{m} * k;
        right += right_step;
        out += size_t{m} * n;
      }
    }
    return {};
  }

 private:
  /// Row by row of the right factor, so that memory is read in order.
  void multiply(const double* left, const double* right, double* out) const {
    const auto& [batch, m, k, n] = op_.sizes;
    for (uint32_t i = 0; i < m; ++i, left += k, out += n) {
      std::fill_n(out, n, 0.0);
      for (uint32_t p = 0; p < k; ++p) {
        const double* factors = right + size_t{p} * n;
        for (uint32_t j = 0; j < n; ++j) out[j] += left[p] * factors[j];
      }
      for (uint32_t j = 0; j < n; ++j) out[j] = round_to(op_.dtype, out[j]);
    }
  }

  const TensorMatMulOp& op_;
};

/// NaNs are one key, and so are the two zeros.
uint64_t number_key(double x) {
  if (std::isnan(x)) return UINT64_MAX;
  return std::bit_cast<uint64_t>(x == 0 ? 0.0 : x);
}

class LookUpKernel final : public Kernel {
 public:
  explicit LookUpKernel(const TensorLookUpOp& op) : table_(op.table) {
    for (uint32_t i = 0; i < op.key_count(); ++i) {
      if (table_.text_keys) {
        texts_.emplace(table_.key_texts[i], i);
      } else {
        numbers_.emplace(number_key(table_.key_numbers[i]), i);
      }
    }
  }
  size_t size_bytes() const override {
    constexpr size_t kNode = 56;  // of a hash table, with its share of the buckets
    return (texts_.size() + numbers_.size()) * kNode;
  }
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const size_t count = args.rows * args.output.width;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t found =
          table_.text_keys
              ? find(texts_, input.strings(0)[i].view(), table_.key_texts.size())
              : find(numbers_, number_key(input.dense(0)[i]), table_.key_numbers.size());
      if (table_.text_values) {
        args.output.strings(0)[i] = StringCell::text(table_.value_texts[found]);
      } else {
        args.output.dense(0)[i] = table_.value_numbers[found];
      }
    }
    return {};
  }

 private:
  template <typename Map, typename Key>
  static uint32_t find(const Map& map, const Key& key, size_t otherwise) {
    const auto found = map.find(key);
    return found == map.end() ? static_cast<uint32_t>(otherwise) : found->second;
  }

  const TensorLookUpOp::Table& table_;
  std::unordered_map<std::string_view, uint32_t> texts_;
  std::unordered_map<uint64_t, uint32_t> numbers_;
};

class MembershipKernel final : public Kernel {
 public:
  explicit MembershipKernel(const TensorMembershipOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    for (size_t row = 0; row < args.rows; ++row) {
      const double* in = input.dense(row);
      double* out = std::copy_n(in, input.width, args.output.dense(row));
      for (const TensorMembershipOp::Test& test : op_.tests) {
        const double x = in[test.column];
        *out++ = std::isnan(x) ? x : std::ranges::binary_search(test.members, x) ? 1 : 0;
      }
    }
    return {};
  }

 private:
  const TensorMembershipOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> tensor_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"tensor_constant", "scalar", on_every_cpu,
                  make<TensorConstantOp, ConstantKernel>},
      KernelEntry{"tensor_texts", "scalar", on_every_cpu, make<TensorTextsOp, TextsKernel>},
      KernelEntry{"tensor_unary", "scalar", on_every_cpu, make<TensorUnaryOp, UnaryKernel>},
      KernelEntry{"tensor_binary", "scalar", on_every_cpu, make<TensorBinaryOp, BinaryKernel>},
      KernelEntry{"tensor_where", "scalar", on_every_cpu, make<TensorWhereOp, WhereKernel>},
      KernelEntry{"tensor_reduce", "scalar", on_every_cpu, make<TensorReduceOp, ReduceKernel>},
      KernelEntry{"tensor_group", "scalar", on_every_cpu, make<TensorGroupOp, GroupKernel>},
      KernelEntry{"tensor_gather", "scalar", on_every_cpu, make<TensorGatherOp, GatherKernel>},
      KernelEntry{"tensor_matmul", "scalar", on_every_cpu, make<TensorMatMulOp, MatMulKernel>},
      KernelEntry{"tensor_look_up", "scalar", on_every_cpu, make<TensorLookUpOp, LookUpKernel>},
      KernelEntry{"tensor_membership", "scalar", on_every_cpu,
                  make<TensorMembershipOp, MembershipKernel>},
  };
  return kTable;
}

}  // namespace slipway::engine
