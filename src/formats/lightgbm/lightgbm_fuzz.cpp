// Reads the bytes as a LightGBM model, text or JSON; what is read is compiled and asked for every
// output.
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/lightgbm/format.h"

namespace {

constexpr size_t kRows = 9;             // one more than the walks that go side by side
constexpr size_t kCellsMax = 1U << 16;  // wider models are compiled, not run

void run(const slipway::Executable& model) {
  static constexpr std::array kNumbers = {0.0,
                                          1.5,
                                          -2.0,
                                          1e300,
                                          33.0,
                                          -1e-36,
                                          2147483648.0,
                                          std::numeric_limits<double>::quiet_NaN(),
                                          std::numeric_limits<double>::infinity()};
  const slipway::Signature& signature = model.signature();
  size_t cells = signature.columns.size() * kRows;
  for (const slipway::OutputSpec& output : signature.outputs) cells += output.width * kRows;
  if (cells > kCellsMax) return;
  slipway::InputBuffer input;
  input.reset(kRows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      if (signature.columns[column].is_text()) {
        input.string_row(row)[column] =
            row == 0 ? slipway::StringCell::none() : input.store(row % 2 == 0 ? "Rome" : "");
      } else {
        input.number_row(row)[column] = kNumbers[(row + column) % kNumbers.size()];
      }
    }
  }
  const auto scratch = model.make_scratch();
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    std::vector<slipway::OutputBuffer> outputs;
    CHECK(model.run(input.batch(), slipway::OutputMask{1} << i, *scratch, outputs).ok());
    CHECK(outputs[i].rows == kRows);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64 << 20;
  const auto format = slipway::lightgbm::make_format();
  auto report =
      format->read(std::string(reinterpret_cast<const char*>(data), size), {}, {}, limits);
  if (!report.ok()) return 0;
  CHECK(report->status().ok() == (report->graph != nullptr));
  if (report->graph == nullptr) return 0;
  const auto model = slipway::engine::compile(report->graph, {});
  CHECK(model.ok() || model.status().code() != slipway::StatusCode::kInternal);
  if (model.ok()) run(**model);
  return 0;
}
