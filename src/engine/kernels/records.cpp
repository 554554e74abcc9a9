// Kernels of graph/ops/records.h: one look-up in the vocabulary, or one hash, per field of a
// record. A sparse row costs what its record holds, however large the vocabulary is.
#include "graph/ops/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernel_table.h"
#include "engine/kernels/murmur_hash.h"
#include "engine/kernels/text_table.h"

namespace slipway::engine {
namespace {

using Numbers = VectorizeRecordsOp::Numbers;

double round_to_float(double value) {
  constexpr double kRoundsToInfinity = 3.4028235677973366e38;  // FLT_MAX and half a step
  if (std::fabs(value) >= kRoundsToInfinity) return std::copysign(HUGE_VAL, value);
  return static_cast<double>(static_cast<float>(value));
}

struct Entry {
  uint32_t column;
  uint32_t place;  // in the record, so that equal columns are added up in its order
  double value;
};

/// Dense or sparse rows of what each(row, put) puts: put(column, value), at most kRecordFieldsMax
/// times a row. Sparse: the workspace begins with as many entries.
template <typename Each>
Status add_up(const KernelArgs& args, bool sparse, const Each& each) {
  if (!sparse) {
    for (size_t row = 0; row < args.rows; ++row) {
      double* out = args.output.dense(row);
      std::fill_n(out, args.output.width, 0.0);
      TRY_STATUS(each(row, [out](uint32_t column, double value) { out[column] += value; }));
    }
    return {};
  }
  auto* entries = reinterpret_cast<Entry*>(args.workspace);
  auto* values = static_cast<double*>(args.output.data);
  uint32_t place = 0;
  for (size_t row = 0; row < args.rows; ++row) {
    args.output.row_starts[row] = place;
    uint32_t count = 0;
    TRY_STATUS(each(row, [&](uint32_t column, double value) {
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

/// The record of a row, or why there is none.
Result<Record> record_of(const KernelArgs& args, size_t row, uint32_t column) {
  const Record& record = args.input(0).records(row)[column];
  if (record.is_set()) return record;
  return invalid_argument(
      fmt::format("row {}: expected an object, got none", args.first_row + row));
}

std::string shown_key(std::string_view key) {
  constexpr size_t kShownMax = 100;
  return key.size() > kShownMax ? "a long key" : fmt::format("key \"{}\"", key);
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
    char* name = reinterpret_cast<char*>(args.workspace);
    if (op_.options.sparse) name += kRecordFieldsMax * sizeof(Entry);
    return add_up(args, op_.options.sparse,
                  [&](size_t row, const auto& put) { return each_entry(args, row, name, put); });
  }

 private:
  /// Calls put(column, value) for each field that the vocabulary knows. `name` holds longest_
  /// bytes.
  template <typename Put>
  Status each_entry(const KernelArgs& args, size_t row, char* name, const Put& put) const {
    const ValueBuffer& input = args.input(0);
    const Record record = TRY(record_of(args, row, op_.options.column));
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
    const std::string value =
        field.value.is_number() ? fmt::format("{}", field.value.real) : "a missing value";
    return invalid_argument(
        fmt::format("{} in row {}: the DictVectorizer's dtype holds no such value: {}",
                    shown_key(field.key), args.first_row + row, value));
  }

  const VectorizeRecordsOp& op_;
  const TextTable table_;
  size_t longest_ = 0;  // bytes of the vocabulary's longest entry
};

class ScalarHashRecords final : public Kernel {
 public:
  explicit ScalarHashRecords(const HashRecordsOp& op) : op_(op) {}
  size_t workspace_bytes(size_t) const override {
    return op_.options.sparse ? kRecordFieldsMax * sizeof(Entry) : 0;
  }
  Status run(const KernelArgs& args) const override {
    std::string joined;
    return add_up(args, op_.options.sparse, [&](size_t row, const auto& put) -> Status {
      const Record record = TRY(record_of(args, row, op_.options.column));
      for (uint32_t i = 0; i < record.count; ++i) {
        const RecordField& field = args.input(0).fields[record.first + i];
        double value = field.value.is_number() ? field.value.real : 1;
        if (field.value.kind == StringCell::Kind::kNan) {
          value = std::numeric_limits<double>::quiet_NaN();
        } else if (field.value.missing()) {
          return invalid_argument(
              fmt::format("{} in row {}: a FeatureHasher takes no missing value",
                          shown_key(field.key), args.first_row + row));
        }
        if (value == 0) continue;
        std::string_view feature = field.key;
        if (field.value.is_text()) {
          joined.assign(field.key).append("=").append(field.value.view());
          feature = joined;
        }
        const int32_t hash = murmur_hash(feature);
        put(hashed_column(hash, op_.options.width),
            op_.options.alternate_sign && hash < 0 ? -value : value);
      }
      return {};
    });
  }

 private:
  const HashRecordsOp& op_;
};

}  // namespace

std::span<const KernelEntry> record_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"vectorize_records", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarVectorizeRecords>(
                        static_cast<const VectorizeRecordsOp&>(op));
                  }},
      KernelEntry{"hash_records", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarHashRecords>(
                        static_cast<const HashRecordsOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
