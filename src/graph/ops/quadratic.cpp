#include "graph/ops/quadratic.h"

#include <fmt/format.h>

#include "base/heap_bytes.h"

namespace slipway {

Result<ValueType> QuadraticFormsOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (features == 0 || inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (forms.empty() || forms.size() > kWidthMax) {
    return invalid_argument(fmt::format("no usable number of forms, {}", forms.size()));
  }
  for (const Form& form : forms) {
    const size_t size = form.matrix.size();
    const bool fits = form.kind == Kind::kDiagonal   ? size == features
                      : form.kind == Kind::kBilinear ? size == uint64_t{features} * features
                                                     : size % features == 0;
    if (form.mean.size() != features || !fits) {
      return invalid_argument(fmt::format("a mean or matrix does not fit {} features", features));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(forms.size())};
}

std::string QuadraticFormsOp::describe() const {
  return fmt::format("{}x{}", forms.size(), features);
}

size_t QuadraticFormsOp::size_bytes() const {
  size_t total = heap_bytes(forms);
  for (const Form& form : forms) total += heap_bytes(form.mean) + heap_bytes(form.matrix);
  return total;
}

}  // namespace slipway
