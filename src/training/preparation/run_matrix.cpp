#include "training/preparation/internal/run_matrix.h"

#include <algorithm>
#include <utility>

#include "engine/compile.h"

namespace slipway::training {

Result<std::shared_ptr<const Executable>> compile_value(GraphBuilder builder, Signature signature,
                                                        ValueId value) {
  OutputSpec output;
  output.name = "transform";
  output.value = value;
  output.width = builder.type(value).width;
  signature.outputs.push_back(std::move(output));
  auto graph = TRY(std::move(builder).finish(std::move(signature)));
  return engine::compile(std::move(graph));
}

Result<std::vector<double>> run_matrix(
    std::span<const double> x, size_t width,
    const std::function<Result<ValueId>(GraphBuilder& graph)>& append) {
  constexpr size_t kBatchRows = 4096;
  GraphBuilder builder(static_cast<uint32_t>(width));
  Signature signature;
  signature.columns.resize(width);
  const ValueId value = TRY(append(builder));
  const auto model = TRY(compile_value(std::move(builder), std::move(signature), value));
  const auto scratch = model->make_scratch();
  const size_t rows = x.size() / width;
  std::vector<double> matrix;
  matrix.reserve(rows * model->signature().outputs[0].width);
  std::vector<OutputBuffer> outputs;
  for (size_t first = 0; first < rows; first += kBatchRows) {
    const size_t count = std::min(kBatchRows, rows - first);
    TRY_STATUS(model->run({count, x.data() + first * width}, 1, *scratch, outputs));
    matrix.insert(matrix.end(), outputs[0].numbers.begin(), outputs[0].numbers.end());
  }
  return matrix;
}

}  // namespace slipway::training
