// Kernel support vector machines, by matrix products.
#include <array>

#include "graph/ops/svm.h"
#include "writers/onnx/internal/emission.h"
#include "writers/onnx/internal/matrices.h"

namespace slipway::writers::onnx {
namespace {

Name kernel_values(Emission& e, const SvmOp& op) {
  Model& m = e.m;
  const SvmOp::Parameters& p = op.parameters;
  const size_t features = op.tables.features;
  const Name x = e.input();
  if (p.function == SvmOp::KernelFunction::kRbf) {
    return m.exp(m.mul(m.number(-p.gamma), squared_distances(m, x, op.tables.vectors, features)));
  }
  Name product = products(m, x, op.tables.vectors, features);
  if (p.function == SvmOp::KernelFunction::kLinear) return product;
  const Name affine = m.add(m.mul(m.number(p.gamma), product), m.number(p.coef0));
  return p.function == SvmOp::KernelFunction::kSigmoid ? m.call("Tanh", {affine})
                                                       : m.pow(affine, m.number(p.degree));
}

/// Support vectors x decision values: each pair counts the vectors of its two classes.
std::vector<double> decision_table(const SvmOp& op, size_t pairs) {
  const SvmOp::Tables& tables = op.tables;
  const size_t vectors = op.vector_count();
  if (tables.counts.empty()) return tables.dual;
  std::vector<double> table(vectors * pairs, 0.0);
  std::vector<size_t> starts = {0};
  for (const uint32_t count : tables.counts) starts.push_back(starts.back() + count);
  size_t pair = 0;
  for (size_t i = 0; i < tables.counts.size(); ++i) {
    for (size_t j = i + 1; j < tables.counts.size(); ++j, ++pair) {
      for (size_t k = starts[i]; k < starts[i + 1]; ++k) {
        table[k * pairs + pair] = tables.dual[(j - 1) * vectors + k];
      }
      for (size_t k = starts[j]; k < starts[j + 1]; ++k) {
        table[k * pairs + pair] = tables.dual[i * vectors + k];
      }
    }
  }
  return table;
}

Result<Name> svm(Emission& e) {
  const auto& op = e.op<SvmOp>();
  Model& m = e.m;
  const size_t pairs = op.tables.intercepts.size();
  const Name intercepts = m.row(op.tables.intercepts);
  if (op.vector_count() == 0) return e.values.repeated(op.tables.intercepts);
  const Dims dims = {int64_t{op.vector_count()}, static_cast<int64_t>(pairs)};
  return m.add(m.matmul(kernel_values(e, op), m.numbers(dims, decision_table(op, pairs))),
               intercepts);
}

Result<Name> svm_vote(Emission& e) {
  const uint32_t classes = e.op<SvmVoteOp>().classes;
  Model& m = e.m;
  const Name first = m.to_number(m.greater(e.input(), m.number(0)));
  const Name second = m.sub(m.number(1), first);
  return m.argmax(
      m.add(pairs_to_classes(m, first, classes, 1, 0), pairs_to_classes(m, second, classes, 0, 1)));
}

Result<Name> svm_one_vs_rest(Emission& e) {
  const uint32_t classes = e.op<SvmOneVsRestOp>().classes;
  Model& m = e.m;
  const Name second = m.to_number(m.less(e.input(), m.number(0)));
  const Name first = m.sub(m.number(1), second);
  const Name votes =
      m.add(pairs_to_classes(m, first, classes, 1, 0), pairs_to_classes(m, second, classes, 0, 1));
  return m.add(votes, squeezed(m, pairs_to_classes(m, e.input(), classes, 1, -1)));
}

}  // namespace

std::span<const Emitter> svm_emitters() {
  static constexpr std::array kTable = {
      Emitter{"svm", svm},
      Emitter{"svm_vote", svm_vote},
      Emitter{"svm_one_vs_rest", svm_one_vs_rest},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
