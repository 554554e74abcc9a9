// Any bytes: reading never crashes, and what becomes a graph runs.
#include <array>
#include <limits>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/onnx/format.h"

namespace {

using slipway::InputBuffer;
using slipway::Signature;
using slipway::StringCell;

void fill_row(const Signature& signature, size_t row, InputBuffer& input) {
  constexpr std::array kNumbers = {0.0, 1.0, -7.5, 1e300, std::numeric_limits<double>::quiet_NaN()};
  for (size_t column = 0; column < signature.columns.size(); ++column) {
    input.number_row(row)[column] = kNumbers[(row + column) % kNumbers.size()];
    if (signature.matrices.strings) {
      input.string_row(row)[column] = row % 2 == 0 ? input.store("one Two") : StringCell::none();
    }
    if (!signature.columns[column].is_record()) continue;
    input.begin_record(row, column);
    const slipway::Status added =
        input.add_field(input.store_key("a"), StringCell::number(static_cast<double>(row)));
    CHECK(added.ok() && input.end_record().ok());
  }
}

void run_model(const std::shared_ptr<const slipway::Graph>& graph) {
  const Signature& signature = graph->signature();
  if (signature.columns.size() > 1000) return;
  const auto executable = slipway::engine::compile(graph);
  CHECK(executable.ok());
  constexpr size_t kRows = 9;  // more than the lanes of a kernel
  InputBuffer input;
  input.reset(kRows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < kRows; ++row) fill_row(signature, row, input);
  const auto scratch = (*executable)->make_scratch();
  std::vector<slipway::OutputBuffer> outputs;
  const slipway::Status status =
      (*executable)
          ->run(input.batch(), ~slipway::OutputMask{0} >> (64 - signature.outputs.size()), *scratch,
                outputs);
  CHECK(status.code() != slipway::StatusCode::kInternal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 16U << 20;
  limits.objects_max = 1'000'000;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const auto kFormat = slipway::onnx::make_format();
  static_cast<void>(kFormat->recognises(bytes));
  const auto report = kFormat->read(bytes, {}, {}, limits);
  if (report.ok() && report->graph != nullptr) run_model(report->graph);
  return 0;
}
