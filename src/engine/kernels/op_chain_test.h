// What tests of single kernels share: ops in a row become a model, and each row alone must give the
// bits that it gives in a batch.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "engine/compile.h"

namespace slipway::engine {

/// A graph of ops in a row, over numbers or strings, with one dense (or string) output.
inline std::shared_ptr<const Executable> chain(std::vector<std::unique_ptr<const Op>> ops,
                                               uint32_t columns, ValueId input = kNumbersInput) {
  GraphBuilder builder(columns);
  ValueId value = input;
  for (auto& op : ops) value = builder.add(std::move(op), {value}, "").value();
  Signature signature;
  for (uint32_t i = 0; i < columns; ++i) {
    signature.columns.push_back(
        {"x", input == kStringsInput ? ColumnType::kText : ColumnType::kNumber});
  }
  signature.matrices.strings = input == kStringsInput;
  OutputSpec output;
  output.name = "transform";
  output.value = value;
  output.width = builder.type(value).width;
  signature.outputs = {output};
  return compile(std::move(builder).finish(std::move(signature)).value()).value();
}

template <typename OpType, typename... Arguments>
std::vector<std::unique_ptr<const Op>> only(Arguments&&... arguments) {
  std::vector<std::unique_ptr<const Op>> ops;
  ops.push_back(std::make_unique<OpType>(std::forward<Arguments>(arguments)...));
  return ops;
}

inline Result<OutputBuffer> run(const Executable& model, const Batch& batch) {
  const auto scratch = model.make_scratch();
  std::vector<OutputBuffer> outputs;
  TRY_STATUS(model.run(batch, 1, *scratch, outputs));
  return outputs[0];
}

/// The numbers for all rows; checks on the way that each row alone gives the same bits.
inline std::vector<double> run_numbers(const Executable& model, const std::vector<double>& rows) {
  const size_t columns = model.signature().columns.size();
  const size_t count = rows.size() / columns;
  const OutputBuffer all = run(model, {count, rows.data(), nullptr}).value();
  for (size_t row = 0; row < count; ++row) {
    const OutputBuffer alone = run(model, {1, rows.data() + row * columns, nullptr}).value();
    for (size_t i = 0; i < alone.numbers.size(); ++i) {
      EXPECT_EQ(std::bit_cast<uint64_t>(alone.numbers[i]),
                std::bit_cast<uint64_t>(all.numbers[row * all.width + i]));
    }
  }
  return all.numbers;
}

}  // namespace slipway::engine
