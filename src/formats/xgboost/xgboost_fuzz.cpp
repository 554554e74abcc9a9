// Any bytes: reading never crashes, and what becomes a graph runs.
#include <array>
#include <limits>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/xgboost/format.h"

namespace {

/// Numbers that split trees, in a matrix as wide as the model.
void run_model(const std::shared_ptr<const slipway::Graph>& graph) {
  using slipway::StringCell;
  const size_t columns = graph->signature().columns.size();
  if (columns > 1000) return;
  const auto executable = slipway::engine::compile(graph);
  CHECK(executable.ok());
  constexpr std::array kNumbers = {0.0, 1.5, -7.0, 1e300, std::numeric_limits<double>::quiet_NaN()};
  constexpr size_t kRows = 9;  // more than the lanes of a kernel
  slipway::InputBuffer input;
  input.reset(kRows, columns, graph->signature().matrices);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      input.number_row(row)[column] = kNumbers[(row + column) % kNumbers.size()];
      if (graph->signature().matrices.strings) input.string_row(row)[column] = StringCell::none();
    }
  }
  const auto scratch = (*executable)->make_scratch();
  std::vector<slipway::OutputBuffer> outputs;
  const slipway::Status status =
      (*executable)
          ->run(input.batch(), ~slipway::OutputMask{0} >> (64 - graph->signature().outputs.size()),
                *scratch, outputs);
  CHECK(status.code() != slipway::StatusCode::kInternal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64U << 20;
  limits.objects_max = 1'000'000;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const auto kFormat = slipway::xgboost::make_format();
  static_cast<void>(kFormat->recognises(bytes));
  const auto report = kFormat->read(bytes, {}, {}, limits);
  if (report.ok() && report->graph != nullptr) run_model(report->graph);
  return 0;
}
