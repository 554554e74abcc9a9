// Any bytes: reading never crashes, and what becomes a graph runs.
#include <array>
#include <limits>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/pmml/reader.h"

namespace {

/// Numbers and texts as the fixtures have them, and some beyond.
void run_model(const std::shared_ptr<const slipway::Graph>& graph) {
  using slipway::StringCell;
  const size_t columns = graph->signature().columns.size();
  if (columns > 1000) return;
  const auto executable = slipway::engine::compile(graph);
  if (!executable.ok()) {
    CHECK(executable.status().code() != slipway::StatusCode::kInternal);
    return;
  }
  constexpr std::array kNumbers = {0.0, 1.5, -7.0, 1e300, std::numeric_limits<double>::quiet_NaN()};
  constexpr size_t kRows = 9;  // more than the lanes of a kernel
  slipway::InputBuffer input;
  input.reset(kRows, columns, graph->signature().matrices);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      input.number_row(row)[column] = kNumbers[(row + column) % kNumbers.size()];
      if (!graph->signature().matrices.strings) continue;
      input.string_row(row)[column] =
          row % 3 == 0 ? StringCell::none() : input.store(row % 3 == 1 ? "a" : "2024-02-29");
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
  static const auto kFormat = slipway::pmml::make_format();
  static_cast<void>(kFormat->recognises(bytes));
  const auto report = kFormat->read(bytes, {}, {}, limits);
  if (report.ok()) {
    if (report->graph != nullptr) run_model(report->graph);
    return 0;
  }
  CHECK(report.status().code() != slipway::StatusCode::kInternal);
  return 0;
}
