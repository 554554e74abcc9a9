// Kernel of graph/ops/records.h: one look-up in the vocabulary per field of a record. A sparse row
// costs what its record holds, however large the vocabulary is.
#include "graph/ops/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernel_table.h"
#include "engine/kernels/text_table.h"

namespace slipway::engine {
namespace {

using Numbers = VectorizeRecordsOp::Numbers;

double round_to_float(double value) {
  constexpr double kRoundsToInfinity = 3.4028235677973366e38;  // FLT_MAX and half a step
  if (std::fabs(value) >= kRoundsToInfinity) return std::copysign(HUGE_VAL, value);
  return static_cast<double>(static_cast<float>(value));
}

class ScalarVectorizeRecords final : public Kernel {
 public:
  explicit ScalarVectorizeRecords(const VectorizeRecordsOp& op)
      : op_(op), table_(op.vocabulary, [](uint32_t) { return true; }) {
    for (const std::string& entry : op.vocabulary) longest_ = std::max(longest_, entry.size());
  }

  size_t size_bytes() const override { return table_.size_bytes(); }
  size_t workspace_bytes(size_t) const override {
    return (op_.options.sparse ? kRecordFieldsMax * sizeof(Entry) : 0) + longest_;
  }

  Status run(const KernelArgs& args) const override {
    return op_.options.sparse ? run_sparse(args) : run_dense(args);
  }

 private:
  struct Entry {
    uint32_t column;
    uint32_t place;  // in the record, so that equal columns are added up in its order
    double value;
  };

  /// Calls put(column, value) for each field that the vocabulary knows. `name` holds longest_
  /// bytes.
  template <typename Put>
  Status each_entry(const KernelArgs& args, size_t row, char* name, const Put& put) const {
    const ValueBuffer& input = args.input(0);
    const Record& record = input.records(row)[op_.options.column];
    if (!record.is_set()) {
      return invalid_argument(
          fmt::format("row {}: expected an object, got none", args.first_row + row));
    }
    for (uint32_t i = 0; i < record.count; ++i) {
      const RecordField& field = input.fields[record.first + i];
      const int64_t column = find(field, name);
      if (column == TextTable::kUnknown) continue;
      double value = 1;
      if (!field.value.is_text() && !read_number(field.value, value)) {
        return refuse(args, row, field);
      }
      put(static_cast<uint32_t>(column), value);
    }
    return {};
  }

  int64_t find(const RecordField& field, char* name) const {
    if (!field.value.is_text()) return table_.find(field.key);
    const std::string_view parts[] = {field.key, op_.options.separator, field.value.view()};
    size_t size = 0;
    for (const std::string_view part : parts) {
      if (part.size() > longest_ - size) return TextTable::kUnknown;
      if (!part.empty()) std::memcpy(name + size, part.data(), part.size());
      size += part.size();
    }
    return table_.find({name, size});
  }

  /// The number as the vectorizer's dtype holds it; false if it holds no such value.
  bool read_number(const StringCell& cell, double& value) const {
    const Numbers& numbers = op_.options.numbers;
    if (!cell.is_number()) {
      value = std::numeric_limits<double>::quiet_NaN();
      return numbers.rounding != Numbers::Rounding::kWhole &&
             (numbers.takes_none || cell.kind == StringCell::Kind::kNan);
    }
    value = cell.real;
    switch (numbers.rounding) {
      case Numbers::Rounding::kNone: return true;
      case Numbers::Rounding::kFloat32: value = round_to_float(value); return true;
      case Numbers::Rounding::kWhole: value = std::trunc(value) + 0.0;  // -0.0 becomes 0.0
    }
    return value >= numbers.min && value <= numbers.max;
  }

  static Status refuse(const KernelArgs& args, size_t row, const RecordField& field) {
    constexpr size_t kShownMax = 100;
    const std::string place =
        field.key.size() > kShownMax ? "a long key" : fmt::format("key \"{}\"", field.key);
    const std::string value =
        field.value.is_number() ? fmt::format("{}", field.value.real) : "a missing value";
    return invalid_argument(
        fmt::format("{} in row {}: the DictVectorizer's dtype holds no such value: {}", place,
                    args.first_row + row, value));
  }

  Status run_dense(const KernelArgs& args) const {
    char* name = reinterpret_cast<char*>(args.workspace);
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      std::fill_n(out, args.output.width, 0.0);
      TRY_STATUS(each_entry(args, row, name,
                            [out](uint32_t column, double value) { out[column] += value; }));
    }
    return {};
  }

  Status run_sparse(const KernelArgs& args) const {
    auto* entries = reinterpret_cast<Entry*>(args.workspace);
    char* name = reinterpret_cast<char*>(args.workspace) + kRecordFieldsMax * sizeof(Entry);
    auto* values = static_cast<double*>(args.output.data);
    uint32_t place = 0;
    for (size_t row = 0; row < args.rows; ++row) {
      args.output.row_starts[row] = place;
      uint32_t count = 0;
      TRY_STATUS(each_entry(args, row, name, [&](uint32_t column, double value) {
        entries[count] = {column, count, value};
        ++count;
      }));
      std::sort(entries, entries + count, [](const Entry& a, const Entry& b) {
        return a.column != b.column ? a.column < b.column : a.place < b.place;
      });
      for (uint32_t i = 0; i < count; ++i) {
        if (i > 0 && entries[i].column == entries[i - 1].column) {
          values[place - 1] += entries[i].value;
          continue;
        }
        values[place] = entries[i].value;
        args.output.columns[place++] = entries[i].column;
      }
    }
    args.output.row_starts[args.rows] = place;
    return {};
  }

  const VectorizeRecordsOp& op_;
  const TextTable table_;
  size_t longest_ = 0;  // bytes of the vocabulary's longest entry
};

}  // namespace

std::span<const KernelEntry> record_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"vectorize_records", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarVectorizeRecords>(
                        static_cast<const VectorizeRecordsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
