// numpy and scipy objects inside a pickle's parse tree, decoded to plain vectors.
//
// Understands numpy.ndarray in every way it is pickled (_reconstruct with raw bytes or an object
// list, protocol 5 _frombuffer, joblib's NumpyArrayWrapper with the bytes in the file), numpy
// scalars (numpy.core / numpy._core multiarray.scalar), 0-d arrays, dtypes (float16/32/64,
// longdouble, ints, bool, <U, S, object, structured, datetime), either byte order, C or Fortran
// order, masked arrays (their data), and scipy.sparse CSR/CSC matrices and arrays. Python scalars,
// lists and tuples are taken where an array is expected. All conversions give C (row-major) order.
//
// Errors: INVALID_ARGUMENT with dtype or shape found and expected, and the offset. Every size is
// checked against the bytes that are really there before anything is allocated.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/pickle/tree.h"

namespace slipway::pickle {

enum class ElementKind : uint8_t {
  kBool,
  kInt,
  kUint,
  kFloat,
  kString,
  kBytes,
  kObject,
  kStruct,
  kTime
};

struct ArrayInfo {
  ElementKind kind;
  uint32_t item_bytes;
  std::vector<uint64_t> shape;  // empty for a scalar
  uint64_t element_count;
  std::string
      dtype;  // as numpy prints it: "float64", "<U5", "object", "[('left_child', '<i8'), ...]"
};

template <typename T>
struct Array {
  std::vector<uint64_t> shape;
  std::vector<T> values;  // row-major
  /// Columns of a 2-D array; of a 1-D array its length.
  uint64_t columns() const { return shape.empty() ? 1 : shape.back(); }
  uint64_t rows() const { return shape.size() < 2 ? 1 : shape[0]; }
};

/// The numbers of an array, or of one field of a structured one, in row-major order: loaded from
/// the file's own bytes where they are of type T there, converted otherwise. Valid while its Tree
/// lives.
template <typename T>
class Column {
 public:
  Column(std::vector<uint64_t> shape_of, const char* first, uint64_t stride_bytes, uint64_t size)
      : shape(std::move(shape_of)), first_(first), stride_bytes_(stride_bytes), size_(size) {}
  explicit Column(Array<T> array)
      : shape(std::move(array.shape)),
        converted_(std::move(array.values)),
        first_(reinterpret_cast<const char*>(converted_.data())),
        stride_bytes_(sizeof(T)),
        size_(converted_.size()) {}
  Column(Column&&) noexcept = default;  // a moved vector keeps its elements where they are
  Column& operator=(Column&&) noexcept = default;

  uint64_t size() const { return size_; }
  T operator[](uint64_t i) const {
    T value;
    std::memcpy(&value, first_ + i * stride_bytes_, sizeof value);
    return value;
  }

  std::vector<uint64_t> shape;

 private:
  std::vector<T> converted_;
  const char* first_;
  uint64_t stride_bytes_;
  uint64_t size_;
};

/// One element of an object array (or of a list) as a typed cell, for category tables and labels.
struct Cell {
  enum class Kind : uint8_t { kMissing /* None or NaN */, kBool, kInt, kFloat, kString };
  Kind kind = Kind::kMissing;
  bool is_none = false;  // kMissing: None rather than NaN
  double number = 0;     // kBool, kInt, kFloat (and NaN)
  int64_t integer = 0;   // kBool, kInt
  std::string text;      // kString
};

struct Csr {
  uint64_t rows = 0;
  uint64_t columns = 0;
  std::vector<double> values;
  std::vector<int64_t> column_indices;
  std::vector<int64_t> row_starts;  // rows + 1
};

/// True if to_*() can take it as an array (not: Python scalar or list).
bool is_array(Value value);
/// True for scipy.sparse matrices and arrays.
bool is_sparse(Value value);
Result<ArrayInfo> array_info(Value value);

/// Any real dtype, converted. Ints beyond 2^53 are rounded.
Result<Array<double>> to_f64(Value value);
/// float32/float16 stay exact; wider ones are rounded.
Result<Array<float>> to_f32(Value value);
/// Integral dtypes and bool; INVALID_ARGUMENT for others and for uint64 beyond int64.
Result<Array<int64_t>> to_i64(Value value);
Result<Array<uint8_t>> to_u8(Value value);
/// <U, S, and object arrays of str only.
Result<Array<std::string>> to_strings(Value value);
/// Anything: numeric, string and object arrays, lists, pandas Index (with StringDtype/StringArray
/// or an object block).
Result<Array<Cell>> to_cells(Value value);
/// An object array's elements (or a list's, tuple's) as Values, row-major.
Result<Array<Value>> to_values(Value value);

/// A field of a structured array by name, converted; nullopt if the dtype has no such field.
Result<std::optional<Array<double>>> field_f64(Value value, std::string_view field);
Result<std::optional<Array<int64_t>>> field_i64(Value value, std::string_view field);

/// As to_*(), for T of double, int64_t or uint8_t.
template <typename T>
Result<Column<T>> to_column(Value value);

struct ValueSource;

/// A structured array, for whoever wants several of its fields.
class Records {
 public:
  static Result<Records> of(Value value);
  /// As field_*(), for T of double, int64_t or uint8_t.
  template <typename T>
  Result<std::optional<Column<T>>> column(std::string_view field) const;

 private:
  Records(Value value, std::shared_ptr<const ValueSource> source)
      : value_(value), source_(std::move(source)) {}

  Value value_;
  std::shared_ptr<const ValueSource> source_;
};

/// CSR or CSC (transposed into CSR), duplicates kept, indices verified against the shape.
Result<Csr> to_csr(Value value);
/// The same as a full matrix, duplicates summed, if it is no larger than memory_bytes_max and
/// 2 GiB.
Result<Array<double>> to_dense(Value value);

}  // namespace slipway::pickle
