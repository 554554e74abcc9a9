#include "training/preparation/internal/run_matrix.h"

#include <algorithm>
#include <utility>

#include "engine/compile.h"
#include "training/parallel.h"

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

Result<std::vector<double>> run_batches(
    size_t rows, size_t width, unsigned threads,
    const std::function<Status(size_t first, size_t count, double* out)>& work) {
  constexpr size_t kBatchRows = 4096;
  std::vector<double> matrix(rows * width);
  std::vector<Status> statuses((rows + kBatchRows - 1) / kBatchRows);
  for_each_index(statuses.size(), threads, [&](size_t batch) {
    const size_t first = batch * kBatchRows;
    statuses[batch] =
        work(first, std::min(kBatchRows, rows - first), matrix.data() + first * width);
  });
  for (Status& status : statuses) TRY_STATUS(std::move(status));
  return matrix;
}

Result<std::vector<double>> run_matrix(
    std::span<const double> x, size_t width,
    const std::function<Result<ValueId>(GraphBuilder& graph)>& append, unsigned threads) {
  GraphBuilder builder(static_cast<uint32_t>(width));
  Signature signature;
  signature.columns.resize(width);
  const ValueId value = TRY(append(builder));
  const auto model = TRY(compile_value(std::move(builder), std::move(signature), value));
  return run_batches(
      x.size() / width, model->signature().outputs[0].width, threads,
      [&](size_t first, size_t count, double* out) -> Status {
        const auto scratch = model->make_scratch();
        std::vector<OutputBuffer> outputs;
        TRY_STATUS(model->run({count, x.data() + first * width}, 1, *scratch, outputs));
        std::ranges::copy(outputs[0].numbers, out);
        return {};
      });
}

}  // namespace slipway::training
