// Reads the bytes as a CatBoost model, .cbm or JSON; what is read is compiled and asked for every
// output. The mutator changes numbers of a .cbm file in place, so that offsets, counts and indices
// contradict each other where random bytes would hardly be read at all.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/catboost/format.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace {

constexpr size_t kRows = 5;
constexpr size_t kCellsMax = 1U << 16;  // wider models are compiled, not run

void run(const slipway::Executable& model) {
  using slipway::StringCell;
  static constexpr std::array kNumbers = {0.0,
                                          1.5,
                                          -2.0,
                                          1e300,
                                          std::numeric_limits<double>::quiet_NaN(),
                                          std::numeric_limits<double>::infinity()};
  static constexpr std::array kWords = {"Rome", "", "yy", "-3",
                                        "a text of more than sixteen bytes"};
  const slipway::Signature& signature = model.signature();
  size_t cells = signature.columns.size() * kRows;
  for (const slipway::OutputSpec& output : signature.outputs) cells += output.width * kRows;
  if (cells > kCellsMax) return;
  slipway::InputBuffer input;
  input.reset(kRows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      if (!signature.columns[column].is_text()) {
        input.number_row(row)[column] = kNumbers[(row + column) % kNumbers.size()];
      } else if (row + 1 < kRows) {
        input.string_row(row)[column] = input.store(kWords[(row * 3 + column) % kWords.size()]);
      } else {
        input.string_row(row)[column] =
            column % 2 == 0 ? StringCell::none() : StringCell::number(2.5);
      }
    }
  }
  const auto scratch = model.make_scratch();
  slipway::Batch batch = input.batch();
  for (const size_t rows : {size_t{1}, kRows - 1, kRows}) {
    batch.rows = rows;
    for (size_t i = 0; i < signature.outputs.size(); ++i) {
      std::vector<slipway::OutputBuffer> outputs;
      const slipway::Status status =
          model.run(batch, slipway::OutputMask{1} << i, *scratch, outputs);
      CHECK(status.ok() || rows == kRows);  // only the last row is one to refuse
      if (!status.ok()) continue;
      CHECK(outputs[i].rows == rows);
      for (size_t k = 0; k < outputs[i].indices.size(); ++k) {
        const auto& labels = signature.outputs[i].labels[k % signature.outputs[i].width];
        CHECK(outputs[i].indices[k] >= 0);
        CHECK(static_cast<size_t>(outputs[i].indices[k]) < labels.size());
      }
    }
  }
}

uint32_t next_random(uint32_t& state) {
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned int seed) {
  static constexpr std::array<uint32_t, 10> kValues = {
      0, 1, 2, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fc00000, 1U << 20U};
  uint32_t state = seed;
  const bool is_cbm = size >= 16 && std::memcmp(data, "CBM1", 4) == 0;
  if (!is_cbm || next_random(state) % 8 == 0) return LLVMFuzzerMutate(data, size, size_max);
  for (uint32_t i = 1 + next_random(state) % 3; i > 0; --i) {
    const size_t place = 4 + next_random(state) % (size / 4 - 1) * 4;  // words are aligned
    uint32_t value = 0;
    std::memcpy(&value, data + place, sizeof(value));
    switch (next_random(state) % 4) {
      case 0: value += 1; break;
      case 1: value -= 1; break;
      case 2: value = next_random(state) % 64; break;
      default: value = kValues[next_random(state) % kValues.size()];
    }
    std::memcpy(data + place, &value, sizeof(value));
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.memory_bytes_max = 64 << 20;
  const auto format = slipway::catboost::make_format();
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
