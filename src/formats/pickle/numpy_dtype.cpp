#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/pickle/internal/dtype.h"

namespace slipway::pickle {
namespace {

constexpr size_t kRankMax = 64;  // numpy's own
// Where fields are looked for by name; thousands of trees may share one such dtype.
constexpr size_t kFieldsMax = 256;

// Places in the state tuple.
constexpr size_t kStateByteOrder = 1;
constexpr size_t kStateSubdtype = 2;
constexpr size_t kStateNames = 3;
constexpr size_t kStateFields = 4;
constexpr size_t kStateItemSize = 5;
constexpr size_t kStateFlags = 7;
constexpr int64_t kFlagHasObject = 1;  // NPY_ITEM_HASOBJECT

Status bad_dtype(Value value, std::string_view what) {
  return invalid_argument(
      fmt::format("A numpy dtype is not understood at byte {}: {}", value.offset(), what));
}

/// "f8" and so on: a kind's letter and the item size.
Result<Dtype> decode_code(Value value, std::string_view code) {
  Dtype dtype;
  if (!code.empty() && (code[0] == '<' || code[0] == '>' || code[0] == '|' || code[0] == '=')) {
    dtype.big_endian = code[0] == '>';
    code.remove_prefix(1);
  }
  if (code.empty()) return bad_dtype(value, "an empty type code");
  const std::string_view digits = code.substr(1);
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, dtype.item_bytes);
  const bool dates = code[0] == 'M' || code[0] == 'm';  // "M8[ns]" has a unit behind
  if (!digits.empty() && (error != std::errc() || (stop != end && !dates))) {
    return bad_dtype(value, fmt::format("type code '{}'", code));
  }
  const uint32_t size = dtype.item_bytes;
  const auto is_one_of = [size](std::initializer_list<uint32_t> sizes) {
    return std::find(sizes.begin(), sizes.end(), size) != sizes.end();
  };
  bool size_fits = true;
  switch (code[0]) {
    case 'b':  // "b1" is bool; a lone 'b' is int8, the placeholder of an array under construction
      dtype.kind = digits.empty() ? ElementKind::kInt : ElementKind::kBool;
      if (digits.empty()) dtype.item_bytes = 1;
      size_fits = dtype.item_bytes == 1;
      break;
    case 'i':
    case 'u':
      dtype.kind = code[0] == 'i' ? ElementKind::kInt : ElementKind::kUint;
      size_fits = is_one_of({1, 2, 4, 8});
      break;
    case 'f':
      dtype.kind = ElementKind::kFloat;
      size_fits = is_one_of({2, 4, 8, 16});
      break;
    case 'c':
      dtype.kind = ElementKind::kFloat;
      dtype.is_complex = true;
      break;
    case 'U':
      dtype.kind = ElementKind::kString;
      // The code counts characters; an item takes four bytes for each.
      size_fits = size <= (1U << 28);
      if (size_fits) dtype.item_bytes = 4 * size;
      break;
    case 'S':
    case 'a': dtype.kind = ElementKind::kBytes; break;
    case 'V': dtype.kind = ElementKind::kStruct; break;
    case 'O':
      dtype.kind = ElementKind::kObject;
      dtype.holds_objects = true;
      break;
    case 'M':
    case 'm':
      dtype.kind = ElementKind::kTime;
      size_fits = size == 8;
      break;
    default: size_fits = false;
  }
  if (!size_fits) return bad_dtype(value, fmt::format("type code '{}'", code));
  return dtype;
}

Result<int64_t> plain_int(Value value) {
  if (value.kind() != Kind::kInt && value.kind() != Kind::kBool) {
    return invalid_argument(
        fmt::format("A plain int expected at byte {}, got {}", value.offset(), value.type_name()));
  }
  return value.as_int();
}

/// Applies what BUILD set.
Status read_state(Value value, Value state, Dtype& dtype) {
  if (state.kind() != Kind::kTuple || state.size() <= kStateItemSize) {
    return bad_dtype(value, "its state is no tuple of at least 6");
  }
  const Value order = state.at(kStateByteOrder);
  if (order.is_string()) dtype.big_endian = order.text() == ">";
  dtype.has_subarray = !state.at(kStateSubdtype).is_none();
  if (!state.at(kStateNames).is_none()) {
    dtype.names = state.at(kStateNames);
    dtype.fields = state.at(kStateFields);
    if (dtype.names->kind() != Kind::kTuple || dtype.fields->kind() != Kind::kDict) {
      return bad_dtype(value, "fields without names");
    }
  }
  const int64_t item_bytes = TRY(plain_int(state.at(kStateItemSize)));
  const bool sized_by_state = dtype.kind == ElementKind::kString ||
                              dtype.kind == ElementKind::kBytes ||
                              dtype.kind == ElementKind::kStruct;
  if (item_bytes != -1 && sized_by_state) {
    if (item_bytes < 0 || item_bytes > int64_t{1} << 30) {
      return bad_dtype(value, fmt::format("an item size of {}", item_bytes));
    }
    if (dtype.kind == ElementKind::kString && item_bytes % 4 != 0) {
      return bad_dtype(value, fmt::format("a string item size of {}", item_bytes));
    }
    dtype.item_bytes = static_cast<uint32_t>(item_bytes);
  }
  if (dtype.kind == ElementKind::kStruct && state.size() > kStateFlags) {
    dtype.holds_objects = (TRY(plain_int(state.at(kStateFlags))) & kFlagHasObject) != 0;
  }
  return {};
}

}  // namespace

Result<Dtype> decode_dtype(Value value) {
  if (value.is_string()) return decode_code(value, value.text());
  if (value.is("numpy.", "_convert_to_stringdtype_kwargs")) {  // StringDType: a list of str
    Dtype strings;
    strings.kind = ElementKind::kObject;
    strings.holds_objects = true;
    return strings;
  }
  if (!value.is("numpy", "dtype") || value.kind() != Kind::kObject) {
    return bad_dtype(value, fmt::format("expected numpy.dtype, got {}", value.type_name()));
  }
  const Value args = value.args();
  if (args.size() == 0) return bad_dtype(value, "no type code");
  Dtype dtype;
  const Value code = args.at(0);
  if (code.kind() == Kind::kGlobal && (code.name() == "record" || code.name() == "void")) {
    dtype.kind = ElementKind::kStruct;
  } else if (code.is_string()) {
    dtype = TRY(decode_code(value, code.text()));
  } else {
    return bad_dtype(value, fmt::format("a type code that is a {}", code.type_name()));
  }
  if (const std::optional<Value> state = value.state()) {
    TRY_STATUS(read_state(value, *state, dtype));
  }
  return dtype;
}

Result<std::optional<DtypeField>> find_field(const Dtype& dtype, std::string_view name) {
  if (!dtype.fields) return std::optional<DtypeField>();
  if (dtype.fields->size() > kFieldsMax) {
    return bad_dtype(*dtype.fields, fmt::format("{} fields to look through, limit {}",
                                                dtype.fields->size(), kFieldsMax));
  }
  const std::optional<Value> entry = dtype.fields->find(name);
  if (!entry) return std::optional<DtypeField>();
  if (entry->kind() != Kind::kTuple || entry->size() < 2) {
    return bad_dtype(*entry, "a field that is no (dtype, offset)");
  }
  DtypeField field{TRY(decode_dtype(entry->at(0))), 0};
  const int64_t offset = TRY(plain_int(entry->at(1)));
  if (offset < 0 || static_cast<uint64_t>(offset) + field.dtype.item_bytes > dtype.item_bytes) {
    return bad_dtype(*entry, fmt::format("field '{}' lies outside its item: {} bytes at {} of {}",
                                         name, field.dtype.item_bytes, offset, dtype.item_bytes));
  }
  field.offset_bytes = static_cast<uint64_t>(offset);
  return std::optional(field);
}

std::string dtype_name(const Dtype& dtype) {
  const uint32_t bits = 8 * dtype.item_bytes;
  const char order = dtype.big_endian ? '>' : '<';
  const std::string_view mark = dtype.big_endian ? ">" : "";
  switch (dtype.kind) {
    case ElementKind::kBool: return "bool";
    case ElementKind::kInt: return fmt::format("{}int{}", mark, bits);
    case ElementKind::kUint: return fmt::format("{}uint{}", mark, bits);
    case ElementKind::kFloat:
      return fmt::format("{}{}{}", mark, dtype.is_complex ? "complex" : "float", bits);
    case ElementKind::kString: return fmt::format("{}U{}", order, dtype.item_bytes / 4);
    case ElementKind::kBytes: return fmt::format("|S{}", dtype.item_bytes);
    case ElementKind::kObject: return "object";
    case ElementKind::kTime: return "datetime64 or timedelta64";
    case ElementKind::kStruct: break;
  }
  constexpr size_t kNamesShown = 40;
  std::string text = "[";
  const size_t count = dtype.names ? std::min(dtype.names->size(), kNamesShown) : 0;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = dtype.names->at(i).text();
    const Result<std::optional<DtypeField>> field = find_field(dtype, name);
    std::string type = "?";
    if (field.ok() && field->has_value()) {
      const Dtype& inner = (*field)->dtype;
      type = inner.kind == ElementKind::kStruct ? "void" : dtype_name(inner);
    }
    text += fmt::format("{}('{}', '{}')", i == 0 ? "" : ", ", name, type);
  }
  return text + "]";
}

Result<std::vector<uint64_t>> decode_shape(Value value) {
  std::vector<uint64_t> shape;
  const bool is_sequence = value.kind() == Kind::kTuple || value.kind() == Kind::kList;
  const size_t rank = is_sequence ? value.size() : 1;
  if (rank > kRankMax) {
    return invalid_argument(
        fmt::format("An array has too many dimensions: {}, at byte {}", rank, value.offset()));
  }
  for (size_t i = 0; i < rank; ++i) {
    const int64_t size = TRY(plain_int(is_sequence ? value.at(i) : value));
    if (size < 0) {
      return invalid_argument(
          fmt::format("An array's shape is negative: {}, at byte {}", size, value.offset()));
    }
    shape.push_back(static_cast<uint64_t>(size));
  }
  return shape;
}

Result<uint64_t> element_count(const std::vector<uint64_t>& shape, uint64_t offset) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return uint64_t{0};
  uint64_t count = 1;
  for (const uint64_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) {
      return invalid_argument(fmt::format("An array's shape overflows: {} dimensions, at byte {}",
                                          shape.size(), offset));
    }
  }
  return count;
}

}  // namespace slipway::pickle
