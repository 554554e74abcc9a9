// Arrays to vectors. Each target type says how it is made from a loaded number and from a Value;
// one template walks the elements.
#include <fmt/format.h>

#include "formats/pickle/internal/array_view.h"
#include "formats/pickle/internal/element.h"
#include "formats/pickle/internal/nodes.h"
#include "formats/pickle/internal/scalar.h"
#include "formats/pickle/internal/value_source.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {
namespace {

struct AsDouble {
  using Type = double;
  static constexpr std::string_view kExpected = "numbers";
  template <typename Real>
  static std::optional<double> from_real(Real real) {
    return static_cast<double>(real);
  }
  static std::optional<double> from_cell(const Cell& cell) {
    if (cell.kind == Cell::Kind::kString || cell.is_none) return std::nullopt;
    return cell.number;
  }
};

struct AsFloat {
  using Type = float;
  static constexpr std::string_view kExpected = "numbers";
  template <typename Real>
  static std::optional<float> from_real(Real real) {
    return static_cast<float>(real);
  }
  static std::optional<float> from_cell(const Cell& cell) {
    if (cell.kind == Cell::Kind::kString || cell.is_none) return std::nullopt;
    return static_cast<float>(cell.number);
  }
};

struct AsInt {
  using Type = int64_t;
  static constexpr std::string_view kExpected = "integers within int64";
  template <typename Real>
  static std::optional<int64_t> from_real(Real real) {
    if constexpr (std::is_floating_point_v<Real>) return std::nullopt;
    return to_int64(real);
  }
  static std::optional<int64_t> from_cell(const Cell& cell) {
    if (cell.kind != Cell::Kind::kInt && cell.kind != Cell::Kind::kBool) return std::nullopt;
    return cell.integer;
  }
};

struct AsByte {
  using Type = uint8_t;
  static constexpr std::string_view kExpected = "integers from 0 to 255";
  static std::optional<uint8_t> narrow(std::optional<int64_t> integer) {
    if (!integer || *integer < 0 || *integer > 255) return std::nullopt;
    return static_cast<uint8_t>(*integer);
  }
  template <typename Real>
  static std::optional<uint8_t> from_real(Real real) {
    return narrow(AsInt::from_real(real));
  }
  static std::optional<uint8_t> from_cell(const Cell& cell) {
    return narrow(AsInt::from_cell(cell));
  }
};

Status unfit(Value value, const ValueSource& source, std::string_view expected) {
  std::string shape;
  for (const uint64_t size : source.shape) shape += fmt::format("{}, ", size);
  return invalid_argument(fmt::format(
      "An array does not hold {} at byte {}: dtype {}, shape ({})", expected, value.offset(),
      source.is_numeric_array() ? dtype_name(source.array->dtype) : "object", shape));
}

/// The i-th element of a source that is no numeric array.
Value value_at(const ValueSource& source, uint64_t i) {
  return source.array ? source.array->objects->at(i) : source.values[i];
}

/// One string can be an element many times over: copies beyond what the file's own size explains
/// are refused.
class TextBudget {
 public:
  explicit TextBudget(Value value)
      : value_(value), bytes_max_(kBytesFree + 4 * TreeStorage::of(value).bytes.size()) {}

  Status take(size_t bytes) {
    bytes_ += bytes;
    TRY_STATUS(check_memory(value_, bytes_, 1));
    if (bytes_ <= bytes_max_) return {};
    return resource_exhausted(
        fmt::format("An array's texts are larger than the file explains at byte {}: over {} bytes",
                    value_.offset(), bytes_max_));
  }

 private:
  static constexpr uint64_t kBytesFree = 16ULL << 20;
  const Value value_;
  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
};

/// Calls f(index) for each element in row-major order.
template <typename F>
bool for_each_element(const ValueSource& source, F&& f) {
  if (source.array) return for_each_index(*source.array, f);
  for (uint64_t i = 0; i < source.count; ++i) {
    if (!f(i)) return false;
  }
  return true;
}

template <typename Target>
bool convert_numbers(const ArrayView& view, typename Target::Type* out) {
  bool fits = true;
  const bool is_real = visit_real(view.dtype, [&](auto load) {
    fits = for_each_index(view, [&](uint64_t i) {
      const auto converted = Target::from_real(load(view.element(i)));
      if (converted) *out++ = *converted;
      return converted.has_value();
    });
  });
  return is_real && fits;
}

template <typename Target>
Result<Array<typename Target::Type>> convert(Value value, const ValueSource& source) {
  using Type = typename Target::Type;
  TRY_STATUS(check_memory(value, source.count, sizeof(Type)));
  Array<Type> array;
  array.shape = source.shape;
  array.values.resize(source.count);
  Type* out = array.values.data();
  bool fits = true;
  if (source.is_numeric_array()) {
    fits = convert_numbers<Target>(*source.array, out);
  } else if (source.is_range) {
    for (const int64_t integer : source.integers) {
      const std::optional<Type> converted = Target::from_real(integer);
      if (!converted) return unfit(value, source, Target::kExpected);
      *out++ = *converted;
    }
  } else {
    fits = for_each_element(source, [&](uint64_t i) {
      const Result<Cell> cell = scalar_cell(value_at(source, i));
      std::optional<Type> converted;
      if (cell.ok()) converted = Target::from_cell(*cell);
      if (converted) *out++ = *converted;
      return converted.has_value();
    });
  }
  if (!fits) return unfit(value, source, Target::kExpected);
  return array;
}

template <typename Target>
Result<Array<typename Target::Type>> convert(Value value) {
  return convert<Target>(value, TRY(resolve_source(value)));
}

/// Narrows an array of records to one field of them; false if they have none of that name.
Result<bool> narrow_to_field(Value value, std::string_view name, std::string_view expected,
                             ValueSource& source) {
  if (!source.is_numeric_array()) return unfit(value, source, "records");
  const std::optional<DtypeField> field = TRY(find_field(source.array->dtype, name));
  if (!field) return false;
  if (field->dtype.holds_objects) return unfit(value, source, expected);
  source.array->dtype = field->dtype;
  source.array->first_byte = field->offset_bytes;
  return true;
}

template <typename Target>
Result<std::optional<Array<typename Target::Type>>> convert_field(Value value,
                                                                  std::string_view name) {
  using Type = typename Target::Type;
  ValueSource source = TRY(resolve_source(value));
  const bool found = TRY(narrow_to_field(value, name, Target::kExpected, source));
  if (!found) return std::optional<Array<Type>>();
  return std::optional<Array<Type>>(TRY(convert<Target>(value, source)));
}

template <typename T>
struct TargetOf;
template <>
struct TargetOf<double> {
  using Type = AsDouble;
  static constexpr ElementKind kKind = ElementKind::kFloat;
};
template <>
struct TargetOf<int64_t> {
  using Type = AsInt;
  static constexpr ElementKind kKind = ElementKind::kInt;
};
template <>
struct TargetOf<uint8_t> {
  using Type = AsByte;
  static constexpr ElementKind kKind = ElementKind::kUint;
};

template <typename T>
Result<Column<T>> column_of(Value value, const ValueSource& source) {
  if (source.is_numeric_array()) {
    const ArrayView& view = *source.array;
    const bool as_stored = view.is_row_major && view.dtype.kind == TargetOf<T>::kKind &&
                           view.dtype.item_bytes == sizeof(T) && !view.dtype.big_endian &&
                           !view.dtype.is_complex && !view.dtype.has_subarray;
    if (as_stored) return Column<T>(source.shape, view.element(0), view.stride_bytes, view.count);
  }
  return Column<T>(TRY(convert<typename TargetOf<T>::Type>(value, source)));
}

}  // namespace

bool is_array(Value value) { return is_array_object(unwrap_pandas(value)); }

Result<ArrayInfo> array_info(Value value) {
  const ValueSource source = TRY(resolve_source(value));
  ArrayInfo info;
  info.shape = source.shape;
  info.element_count = source.count;
  if (source.array) {
    info.kind = source.array->dtype.kind;
    info.item_bytes = source.array->dtype.item_bytes;
    info.dtype = dtype_name(source.array->dtype);
  } else {
    info.kind = source.is_range ? ElementKind::kInt : ElementKind::kObject;
    info.item_bytes = 8;
    info.dtype = source.is_range ? "int64" : "object";
  }
  return info;
}

Result<Array<double>> to_f64(Value value) { return convert<AsDouble>(value); }
Result<Array<float>> to_f32(Value value) { return convert<AsFloat>(value); }
Result<Array<int64_t>> to_i64(Value value) { return convert<AsInt>(value); }
Result<Array<uint8_t>> to_u8(Value value) { return convert<AsByte>(value); }

Result<Array<std::string>> to_strings(Value value) {
  const ValueSource source = TRY(resolve_source(value));
  TRY_STATUS(check_memory(value, source.count, sizeof(std::string)));
  if (source.is_range) return unfit(value, source, "strings");
  Array<std::string> array;
  array.shape = source.shape;
  array.values.reserve(source.count);
  TextBudget budget(value);
  Status failed;
  const bool fits = for_each_element(source, [&](uint64_t i) {
    std::optional<std::string> text;
    if (!source.is_numeric_array()) {
      const Result<std::string_view> found = value_at(source, i).as_string();
      if (found.ok()) text = std::string(*found);
    } else if (source.array->dtype.kind == ElementKind::kString) {
      text = load_text(source.array->dtype, source.array->element(i));
    } else if (source.array->dtype.kind == ElementKind::kBytes) {
      text = load_bytes(source.array->dtype, source.array->element(i));
    }
    if (!text) return false;
    failed = budget.take(text->size());
    array.values.push_back(std::move(*text));
    return failed.ok();
  });
  TRY_STATUS(failed);
  if (!fits) return unfit(value, source, "strings");
  return array;
}

Result<Array<Cell>> to_cells(Value value) {
  const ValueSource source = TRY(resolve_source(value));
  TRY_STATUS(check_memory(value, source.count, sizeof(Cell)));
  Array<Cell> array;
  array.shape = source.shape;
  array.values.reserve(source.count);
  TextBudget budget(value);
  Status failed;
  for_each_element(source, [&](uint64_t i) {
    Result<Cell> cell = [&]() -> Result<Cell> {
      if (source.is_range) {
        Cell made;
        made.kind = Cell::Kind::kInt;
        made.integer = source.integers[i];
        made.number = static_cast<double>(made.integer);
        return made;
      }
      if (!source.is_numeric_array()) return scalar_cell(value_at(source, i));
      return element_cell(value, source.array->dtype, source.array->element(i));
    }();
    if (!cell.ok()) {
      failed = std::move(cell).status();
      return false;
    }
    failed = budget.take(cell->text.size());
    if (failed.ok()) array.values.push_back(std::move(*cell));
    return failed.ok();
  });
  TRY_STATUS(failed);
  return array;
}

Result<Array<Value>> to_values(Value value) {
  const Value inner = unwrap_pandas(value);
  Array<Value> array;
  if (inner.kind() == Kind::kList || inner.kind() == Kind::kTuple) {
    TRY_STATUS(check_memory(value, inner.size(), sizeof(Value)));
    array.shape = {inner.size()};
    for (size_t i = 0; i < inner.size(); ++i) array.values.push_back(inner.at(i));
    return array;
  }
  const ValueSource source = TRY(resolve_source(inner));
  if (source.is_numeric_array() || source.is_range) return unfit(value, source, "objects");
  TRY_STATUS(check_memory(value, source.count, sizeof(Value)));
  array.shape = source.shape;
  for_each_element(source, [&](uint64_t i) {
    array.values.push_back(value_at(source, i));
    return true;
  });
  return array;
}

template <typename T>
Result<Column<T>> to_column(Value value) {
  const ValueSource source = TRY(resolve_source(value));
  return column_of<T>(value, source);
}

Result<Records> Records::of(Value value) {
  return Records(value, std::make_shared<const ValueSource>(TRY(resolve_source(value))));
}

template <typename T>
Result<std::optional<Column<T>>> Records::column(std::string_view field) const {
  ValueSource source = *source_;
  const bool found = TRY(narrow_to_field(value_, field, TargetOf<T>::Type::kExpected, source));
  if (!found) return std::optional<Column<T>>();
  return std::optional<Column<T>>(TRY(column_of<T>(value_, source)));
}

template Result<Column<double>> to_column(Value value);
template Result<Column<int64_t>> to_column(Value value);
template Result<Column<uint8_t>> to_column(Value value);
template Result<std::optional<Column<double>>> Records::column(std::string_view field) const;
template Result<std::optional<Column<int64_t>>> Records::column(std::string_view field) const;
template Result<std::optional<Column<uint8_t>>> Records::column(std::string_view field) const;

Result<std::optional<Array<double>>> field_f64(Value value, std::string_view field) {
  return convert_field<AsDouble>(value, field);
}

Result<std::optional<Array<int64_t>>> field_i64(Value value, std::string_view field) {
  return convert_field<AsInt>(value, field);
}

}  // namespace slipway::pickle
