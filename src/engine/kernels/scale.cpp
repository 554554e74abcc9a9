// Kernels of graph/ops/scale.h.
#include "graph/ops/scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernel_table.h"
#include "engine/kernels/sparse_pattern.h"

namespace slipway::engine {
namespace {

class ScalarScale final : public Kernel {
 public:
  explicit ScalarScale(const ScaleOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    if (args.input(0).kind == ValueKind::kSparse) {
      run_sparse(args);
    } else {
      for (size_t row = 0; row < args.rows; ++row) {
        run_row(args.input(0).dense(row), args.output.dense(row));
      }
    }
    return {};
  }

 private:
  void run_row(const double* in, double* out) const {
    const bool shifts = !op_.shift.empty();
    const bool scales = !op_.factor.empty();
    if (op_.form == ScaleOp::Form::kSubtractDivide) {
      for (uint32_t i = 0; i < op_.width; ++i) {
        const double centered = shifts ? in[i] - op_.shift[i] : in[i];
        out[i] = scales ? centered / op_.factor[i] : centered;
      }
    } else {
      for (uint32_t i = 0; i < op_.width; ++i) {
        const double scaled = scales ? in[i] * op_.factor[i] : in[i];
        out[i] = shifts ? scaled + op_.shift[i] : scaled;
      }
    }
    if (!op_.clip.has_value()) return;
    for (uint32_t i = 0; i < op_.width; ++i) {
      if (out[i] < op_.clip->low) out[i] = op_.clip->low;
      if (out[i] > op_.clip->high) out[i] = op_.clip->high;
    }
  }

  void run_sparse(const KernelArgs& args) const {
    const ValueBuffer& input = args.input(0);
    copy_pattern(input, args.output, args.rows);
    const auto* in = static_cast<const double*>(input.data);
    auto* out = static_cast<double*>(args.output.data);
    for (size_t k = 0; k < input.row_starts[args.rows]; ++k) {
      if (op_.factor.empty()) {
        out[k] = in[k];
      } else if (op_.form == ScaleOp::Form::kSubtractDivide) {
        out[k] = in[k] / op_.factor[input.columns[k]];
      } else {
        out[k] = in[k] * op_.factor[input.columns[k]];
      }
    }
  }

  const ScaleOp& op_;
};

class ScalarNormalize final : public Kernel {
 public:
  explicit ScalarNormalize(const NormalizeOp& op) : op_(op) {}
  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const auto* in = static_cast<const double*>(input.data);
    auto* out = static_cast<double*>(args.output.data);
    const bool sparse = input.kind == ValueKind::kSparse;
    if (sparse) copy_pattern(input, args.output, args.rows);
    for (size_t row = 0; row < args.rows; ++row) {
      const size_t begin = sparse ? input.row_starts[row] : row * input.width;
      const size_t end = sparse ? input.row_starts[row + 1] : begin + input.width;
      double norm = norm_of(in + begin, in + end);
      if (norm < op_.norm_min) norm = 1;
      for (size_t k = begin; k < end; ++k) out[k] = in[k] / norm;
    }
    return {};
  }

 private:
  double norm_of(const double* begin, const double* end) const {
    double norm = 0;
    for (const double* x = begin; x != end; ++x) {
      switch (op_.norm) {
        case NormalizeOp::Norm::kL1: norm += std::fabs(*x); break;
        case NormalizeOp::Norm::kL2: norm += *x * *x; break;
        case NormalizeOp::Norm::kMax: norm = std::max(norm, std::fabs(*x)); break;
      }
    }
    return op_.norm == NormalizeOp::Norm::kL2 ? std::sqrt(norm) : norm;
  }

  const NormalizeOp& op_;
};

template <typename OpType, typename KernelType>
std::unique_ptr<const Kernel> make(const Op& op, std::span<const ValueType>) {
  return std::make_unique<KernelType>(static_cast<const OpType&>(op));
}

}  // namespace

std::span<const KernelEntry> scale_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"scale", "scalar", on_every_cpu, make<ScaleOp, ScalarScale>},
      KernelEntry{"normalize", "scalar", on_every_cpu, make<NormalizeOp, ScalarNormalize>},
  };
  return kTable;
}

}  // namespace slipway::engine
