// Signature: what a model takes and gives, in words that every protocol can map to its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/batch.h"
#include "tensor/dtype.h"

namespace slipway {

enum class ColumnType : uint8_t {
  kNumber,
  kText,
  kRecord,  // dicts: keys with numbers, texts, truth values or lists of texts
};

/// "number", "text", "record".
std::string_view column_type_name(ColumnType type);

/// A column of the model's input, in the order of training.
struct InputColumn {
  std::string name;  // the trained name, or "x0", "x1", ... when there were none
  ColumnType type = ColumnType::kNumber;
  bool is_used = true;  // false: nothing depends on it, so it may hold anything or be missing
  std::string example;  // a JSON value that it takes; empty: any number or text will do
  bool takes_integers = false;  // kText: a whole number stands for its digits

  bool is_text() const { return type == ColumnType::kText; }
  bool is_record() const { return type == ColumnType::kRecord; }
};

/// The classes of a classifier (or of one of its outputs). Exactly one vector is filled.
struct LabelTable {
  DType dtype = DType::kInt64;  // kInt64, kFloat64, kBool (in ints, 0 or 1) or kString
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::vector<std::string> strings;

  size_t size() const;
};

/// One thing that the model can compute: an estimator's method, under the method's name.
struct OutputSpec {
  std::string name;    // "predict", "predict_proba", "decision_function", "transform", ...
  uint32_t value = 0;  // ValueId in the graph
  DType dtype = DType::kFloat64;
  uint32_t width = 1;
  bool is_vector = false;            // shape [rows] as in numpy, rather than [rows, width]
  std::vector<LabelTable> labels;    // for index values: one per column
  std::vector<std::string> columns;  // names of the columns, if known (classes, features out)
  bool is_mixed = false;             // kString: some columns are numbers, as in an object array
};

struct Signature {
  std::vector<InputColumn> columns;
  bool columns_named = false;     // trained on named columns
  bool rows_are_records = false;  // its one column is the whole row: a request's row is an object
  InputMatrices matrices;         // what its columns need beside numbers
  std::vector<OutputSpec> outputs;
  uint32_t default_output = 0;  // what a request that names none gets

  std::optional<uint32_t> find_output(std::string_view name) const;
  std::optional<uint32_t> find_column(std::string_view name) const;
  /// Memory of the names and labels.
  size_t size_bytes() const;
  /// The type of all columns, if it is one: then they can come as one matrix.
  std::optional<ColumnType> uniform_type() const;
};

/// The most outputs a model may have: a set of them is a 64-bit mask.
inline constexpr size_t kOutputsMax = 64;
using OutputMask = uint64_t;

}  // namespace slipway
