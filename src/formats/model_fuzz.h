// What the fuzz targets of the model readers share: whatever becomes a graph is compiled and run.
//
//   bytes --format.read--> ReadReport --run_report--> rows of every kind of cell, every output
//
// Crashes, leaks and undefined behaviour are the sanitizers' to find; the checks here are that
// nothing fails as our own bug (INTERNAL), that outputs have the rows that were asked for, and
// labels exist. For fuzz targets only.
//
//   run_bytes(*kFormat, std::string(data, size), limits);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/model_format.h"

namespace slipway::formats {

inline constexpr size_t kFuzzRows = 9;              // more than the lanes of a kernel
inline constexpr size_t kFuzzCellsMax = 1U << 16U;  // wider models are compiled, not run

/// Every kind of value, under keys that models of the seeds know and under others.
inline void add_fuzz_record(size_t row, size_t column, InputBuffer& input) {
  static constexpr std::array kKeys = {"city", "temperature", "", "a", "tags", "city=London"};
  static constexpr std::array kTexts = {"London", "", "b", "a long text that no vocabulary knows"};
  input.begin_record(row, column);
  for (size_t i = 0; i < kKeys.size() && row > 0; ++i) {
    const std::string_view key = input.store_key(kKeys[(i + row) % kKeys.size()]);
    const std::array cells = {StringCell::number(1.5), input.store(kTexts[i % kTexts.size()]),
                              StringCell::none(), StringCell::nan(), StringCell::number(-1e300)};
    CHECK(input.add_field(key, cells[(i * row) % cells.size()]).ok());
    if (i == 2) CHECK(input.add_field(key, input.store("x")).ok());  // a list
  }
  CHECK(input.end_record().ok());
}

/// The first row is tame: models that refuse missing or infinite values still run.
inline double fuzz_number(size_t row, size_t column) {
  static constexpr std::array kNumbers = {0.0,
                                          1.5,
                                          -2.0,
                                          1e300,
                                          33.0,
                                          -1e-36,
                                          2147483648.0,
                                          std::numeric_limits<double>::quiet_NaN(),
                                          std::numeric_limits<double>::infinity()};
  if (row == 0) return static_cast<double>(column % 3);
  if (row + 1 == kFuzzRows) return std::numeric_limits<double>::quiet_NaN();
  return kNumbers[(row * 5 + column) % kNumbers.size()];
}

inline StringCell fuzz_text(size_t row, size_t column, InputBuffer& input) {
  static constexpr std::array kWords = {"a",
                                        "red",
                                        "",
                                        "Rome",
                                        "first",
                                        "yy",
                                        "male",
                                        "S",
                                        "-3",
                                        "2024-02-29",
                                        "zebra",
                                        "one Two",
                                        "a text of more than sixteen bytes"};
  if (row + 1 == kFuzzRows) return column % 2 == 0 ? StringCell::none() : StringCell::number(2.5);
  if (row + 2 == kFuzzRows) return column % 2 == 0 ? StringCell::nan() : StringCell::none();
  return input.store(kWords[(row * 3 + column) % kWords.size()]);
}

inline InputBuffer fuzz_rows(const Signature& signature) {
  InputBuffer input;
  input.reset(kFuzzRows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < kFuzzRows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      if (signature.columns[column].is_record()) {
        add_fuzz_record(row, column, input);
      } else if (signature.columns[column].is_text()) {
        input.string_row(row)[column] = fuzz_text(row, column, input);
      } else {
        input.number_row(row)[column] = fuzz_number(row, column);
      }
    }
  }
  return input;
}

inline void check_fuzz_output(const OutputSpec& spec, const OutputBuffer& output, size_t rows) {
  CHECK(output.rows == rows);
  for (size_t i = 0; i < output.indices.size(); ++i) {
    CHECK(output.indices[i] >= 0);
    CHECK(static_cast<size_t>(output.indices[i]) < spec.labels[i % spec.width].size());
  }
}

/// One row, some and all; each output by itself and all together.
inline void run_executable(const Executable& model) {
  const Signature& signature = model.signature();
  size_t cells = signature.columns.size() * kFuzzRows;
  for (const OutputSpec& output : signature.outputs) cells += output.width * kFuzzRows;
  if (cells > kFuzzCellsMax) return;
  const InputBuffer input = fuzz_rows(signature);
  const auto scratch = model.make_scratch();
  const size_t count = signature.outputs.size();
  Batch batch = input.batch();
  for (const size_t rows : {size_t{1}, kFuzzRows - 2, kFuzzRows}) {
    batch.rows = rows;
    for (size_t asked = 0; asked <= count; ++asked) {
      const OutputMask mask =
          asked < count ? OutputMask{1} << asked : ~OutputMask{0} >> (64 - count);
      std::vector<OutputBuffer> outputs;
      const Status status = model.run(batch, mask, *scratch, outputs);
      CHECK(status.code() != StatusCode::kInternal);
      for (size_t i = 0; i < count && status.ok(); ++i) {
        if ((mask >> i & 1) != 0) check_fuzz_output(signature.outputs[i], outputs[i], rows);
      }
    }
  }
}

inline void run_report(const Result<ReadReport>& report) {
  CHECK(report.ok() || report.status().code() != StatusCode::kInternal);
  if (!report.ok()) return;
  CHECK(report->status().ok() == (report->graph != nullptr));
  if (report->graph == nullptr) return;
  CHECK(!print(*report->graph).empty() || report->graph->nodes().empty());
  const auto model = engine::compile(report->graph, {});
  // A graph that was verified has kernels.
  CHECK(model.ok() || model.status().code() != StatusCode::kInternal);
  if (model.ok()) run_executable(**model);
}

inline void run_bytes(const ModelFormat& format, std::string bytes, const Limits& limits) {
  static_cast<void>(format.recognises(std::string_view(bytes).substr(0, FormatSet::kStartBytes)));
  run_report(format.read(std::move(bytes), {}, {}, limits));
}

}  // namespace slipway::formats
