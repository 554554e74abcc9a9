// What TensorFlow Serving tells about models: the states of their versions, and their signatures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocols/tf_serving/signature.h"
#include "serving/model_set.h"

namespace slipway::protocols::tf_serving {

/// The versions that a request is about, the newest first. NOT_FOUND if there is none.
Result<std::vector<serving::ModelStatus>> version_states(BaseCall& call, const ModelSpec& spec);

/// Calls visit(name, dtype, width) for each input tensor; width 0: its shape is [-1], not [-1, w].
template <typename Visit>
void for_each_tensor_in(const Signature& signature, Visit visit) {
  const auto dtype = [](ColumnType type) {
    return type == ColumnType::kNumber ? DType::kFloat64 : DType::kString;
  };
  if (takes_matrix(signature)) {
    return visit(kMatrixInput, dtype(*signature.uniform_type()), signature.columns.size());
  }
  for (const InputColumn& column : signature.columns) {
    visit(std::string_view(column.name), dtype(column.type), size_t{0});
  }
}

}  // namespace slipway::protocols::tf_serving
