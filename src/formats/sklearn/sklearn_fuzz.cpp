// Reads the bytes as a scikit-learn model; what is read is compiled and asked for every output. The
// mutator knows where numbers are in a pickle, so that files stay readable while their widths,
// indices and counts contradict each other.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/compile.h"
#include "formats/sklearn/reader.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace {

using slipway::InputBuffer;
using slipway::OutputBuffer;
using slipway::OutputMask;
using slipway::OutputSpec;
using slipway::Signature;

constexpr size_t kRows = 3;
constexpr size_t kCellsMax = 1U << 16;  // wider models are compiled, not run

/// Every kind of value, under keys that models of the seeds know and under others.
void add_record(size_t row, size_t column, InputBuffer& input) {
  static constexpr std::array kKeys = {"city", "temperature", "", "a", "tags", "city=London"};
  static constexpr std::array kTexts = {"London", "", "b", "a long text that no vocabulary knows"};
  input.begin_record(row, column);
  for (size_t i = 0; i < kKeys.size() && row > 0; ++i) {
    const std::string_view key = input.store_key(kKeys[(i + row) % kKeys.size()]);
    using slipway::StringCell;
    const std::array cells = {StringCell::number(1.5), input.store(kTexts[i % kTexts.size()]),
                              StringCell::none(), StringCell::nan(), StringCell::number(-1e300)};
    CHECK(input.add_field(key, cells[(i * row) % cells.size()]).ok());
    if (i == 2) CHECK(input.add_field(key, input.store("x")).ok());  // a list
  }
  CHECK(input.end_record().ok());
}

InputBuffer mixed_rows(const Signature& signature) {
  static constexpr std::array kNumbers = {0.0, 1.5, -2.0, 1e300, 3.0, -1e-300, 7.0};
  static constexpr std::array kWords = {"a", "red", "", "male", "zebra", "S", "first"};
  InputBuffer input;
  input.reset(kRows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      const size_t turn = row * 5 + column;
      if (signature.columns[column].is_record()) {
        add_record(row, column, input);
      } else if (!signature.columns[column].is_text()) {
        // The first row is tame: models that refuse missing or infinite values still run.
        input.number_row(row)[column] = row == 0   ? static_cast<double>(column % 3)
                                        : row == 1 ? kNumbers[turn % kNumbers.size()]
                                                   : std::numeric_limits<double>::quiet_NaN();
      } else if (row == 2) {
        input.string_row(row)[column] =
            turn % 2 == 0 ? slipway::StringCell::nan() : slipway::StringCell::none();
      } else {
        input.string_row(row)[column] = input.store(kWords[turn % kWords.size()]);
      }
    }
  }
  return input;
}

void check_labels(const OutputSpec& spec, const OutputBuffer& output) {
  for (size_t i = 0; i < output.indices.size(); ++i) {
    const int32_t index = output.indices[i];
    CHECK(index >= 0);
    CHECK(static_cast<size_t>(index) < spec.labels[i % spec.width].size());
  }
}

void run(const slipway::Executable& model) {
  const Signature& signature = model.signature();
  size_t cells = signature.columns.size() * kRows;
  for (const OutputSpec& output : signature.outputs) cells += output.width * kRows;
  if (cells > kCellsMax) return;
  const InputBuffer input = mixed_rows(signature);
  const auto scratch = model.make_scratch();
  slipway::Batch batch = input.batch();
  for (size_t rows : {size_t{1}, size_t{2}, kRows}) {
    batch.rows = rows;
    for (size_t i = 0; i < signature.outputs.size(); ++i) {
      std::vector<OutputBuffer> outputs;
      if (!model.run(batch, OutputMask{1} << i, *scratch, outputs).ok()) continue;
      CHECK(outputs[i].rows == rows);
      check_labels(signature.outputs[i], outputs[i]);
    }
  }
}

uint32_t next_random(uint32_t& state) {
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

uint64_t interesting(uint32_t& state, uint64_t old) {
  static constexpr std::array<uint64_t, 16> kValues = {
      0,          1,
      2,          3,
      UINT64_MAX, 0x7f,
      0xff,       0x8000,
      0xffff,     1U << 20U,
      0x7fffffff, 0x80000000,
      1U << 4,    UINT64_MAX - 1,  // -1 and -2 are above
      1ULL << 62, 0x7ff8000000000000};
  switch (next_random(state) % 4) {
    case 0: return old + 1;
    case 1: return old - 1;
    case 2: return next_random(state) % 8;
    default: return kValues[next_random(state) % kValues.size()];
  }
}

/// Number arguments of BININT1, BININT2 and BININT: place and bytes.
struct Number {
  size_t place;
  size_t bytes;
};

std::vector<Number> find_integers(const uint8_t* data, size_t size) {
  std::vector<Number> found;
  for (size_t i = 0; i + 4 < size; ++i) {
    if (data[i] == 'K') found.push_back({i + 1, 1});
    if (data[i] == 'M') found.push_back({i + 1, 2});
    if (data[i] == 'J') found.push_back({i + 1, 4});
  }
  return found;
}

/// Eight bytes that look like a small int64 or a double, as array payloads hold them.
std::vector<Number> find_payload(const uint8_t* data, size_t size) {
  std::vector<Number> found;
  for (size_t i = 0; i + 8 <= size; ++i) {
    const bool small = data[i + 4] == 0 && data[i + 5] == 0 && data[i + 6] == 0 && data[i + 7] == 0;
    const bool number = data[i + 7] == 0x3f || data[i + 7] == 0x40 || data[i + 7] == 0xbf ||
                        data[i + 7] == 0xc0 || data[i + 7] == 0xff;
    if (small || number) found.push_back({i, 8});
  }
  return found;
}

void change_number(uint8_t* data, const Number& number, uint32_t& state) {
  uint64_t value = 0;
  std::memcpy(&value, data + number.place, number.bytes);
  value = interesting(state, value);
  std::memcpy(data + number.place, &value, number.bytes);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned int seed) {
  uint32_t state = seed;
  const uint32_t choice = next_random(state) % 8;
  if (choice < 2 || size < 16) return LLVMFuzzerMutate(data, size, size_max);
  const std::vector<Number> places =
      choice < 5 ? find_integers(data, size) : find_payload(data, size);
  if (places.empty()) return LLVMFuzzerMutate(data, size, size_max);
  const uint32_t changes = 1 + next_random(state) % 3;
  for (uint32_t i = 0; i < changes; ++i) {
    change_number(data, places[next_random(state) % places.size()], state);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.decompressed_bytes_max = 1 << 20;
  limits.objects_max = 100'000;
  limits.memory_bytes_max = 64 << 20;
  auto report =
      slipway::sklearn::read(std::string(reinterpret_cast<const char*>(data), size), {}, limits);
  if (!report.ok()) return 0;
  CHECK(report->status().ok() == (report->graph != nullptr));
  if (report->graph == nullptr) return 0;
  CHECK(!slipway::print(*report->graph).empty() || report->graph->nodes().empty());
  const auto model = slipway::engine::compile(report->graph, {});
  // A graph that was verified has kernels.
  CHECK(model.ok() || model.status().code() != slipway::StatusCode::kInternal);
  if (model.ok()) run(**model);
  return 0;
}
