#include "formats/pickle/internal/scalar.h"

#include <fmt/format.h>

#include "formats/pickle/internal/array_view.h"
#include "formats/pickle/internal/element.h"
#include "formats/pickle/internal/literal.h"
#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {
namespace {

Status not_scalar(Value value) {
  return invalid_argument(fmt::format("A single value is expected at byte {}, got {}",
                                      value.offset(), value.type_name()));
}

Cell float_cell(double number) {
  Cell cell;
  cell.number = number;
  cell.kind = std::isnan(number) ? Cell::Kind::kMissing : Cell::Kind::kFloat;
  return cell;
}

Cell int_cell(Cell::Kind kind, int64_t integer) {
  Cell cell;
  cell.kind = kind;
  cell.integer = integer;
  cell.number = static_cast<double>(integer);
  return cell;
}

Cell text_cell(std::string text) {
  Cell cell;
  cell.kind = Cell::Kind::kString;
  cell.text = std::move(text);
  return cell;
}

Cell missing_cell(bool is_none) {
  Cell cell;
  cell.is_none = is_none;
  cell.number = std::numeric_limits<double>::quiet_NaN();
  return cell;
}

/// Anything but objects; nullopt for what is no scalar.
std::optional<Cell> plain_cell(Value value) {
  const Node& node = TreeStorage::node(value);
  switch (value.kind()) {
    case Kind::kNone: return missing_cell(/*is_none=*/true);
    case Kind::kBool: return int_cell(Cell::Kind::kBool, node.payload.boolean ? 1 : 0);
    case Kind::kInt: return int_cell(Cell::Kind::kInt, node.payload.integer);
    case Kind::kBigInt: return float_cell(bytes_to_double(value.text()));
    case Kind::kFloat: return float_cell(node.payload.number);
    case Kind::kString:
    case Kind::kBytes: return text_cell(std::string(value.text()));
    case Kind::kGlobal:
      if (value.is("pandas", "NA") || value.is("pandas", "NaT")) return missing_cell(false);
      return std::nullopt;
    default: return std::nullopt;
  }
}

bool is_text(const Dtype& dtype) {
  return dtype.kind == ElementKind::kString || dtype.kind == ElementKind::kBytes;
}

}  // namespace

Result<Cell> element_cell(Value value, const Dtype& dtype, const char* at) {
  std::optional<Cell> cell;
  visit_real(dtype, [&](auto load) {
    const auto real = load(at);
    using Real = std::remove_const_t<decltype(real)>;
    cell = float_cell(static_cast<double>(real));
    if constexpr (!std::is_floating_point_v<Real>) {
      const Cell::Kind kind = std::is_same_v<Real, bool> ? Cell::Kind::kBool : Cell::Kind::kInt;
      if (const std::optional<int64_t> integer = to_int64(real)) cell = int_cell(kind, *integer);
    }
  });
  if (dtype.kind == ElementKind::kString) {
    std::optional<std::string> text = load_text(dtype, at);
    if (text) cell = text_cell(std::move(*text));
  }
  if (dtype.kind == ElementKind::kBytes) cell = text_cell(load_bytes(dtype, at));
  if (!cell) {
    return invalid_argument(
        fmt::format("A numpy value cannot be read as a number or text: dtype {} at byte {}",
                    dtype_name(dtype), value.offset()));
  }
  return std::move(*cell);
}

namespace {

/// scalar(dtype, bytes), or scalar(dtype, object) if the dtype is object.
Result<Cell> numpy_scalar_cell(Value value) {
  const Value args = value.args();
  if (args.size() != 2) return not_scalar(value);
  const Dtype dtype = TRY(decode_dtype(args.at(0)));
  const Value data = args.at(1);
  if (is_text(dtype)) return not_scalar(value);  // numpy_scalar_text() had no use for it
  if (dtype.kind == ElementKind::kObject) {
    std::optional<Cell> cell = plain_cell(data);
    if (!cell) return not_scalar(value);
    return std::move(*cell);
  }
  if ((data.kind() != Kind::kBytes && !data.is_string()) ||
      data.text().size() != dtype.item_bytes) {
    return invalid_argument(
        fmt::format("A numpy scalar is not understood at byte {}: {} bytes of {} expected",
                    value.offset(), dtype.item_bytes, dtype_name(dtype)));
  }
  return element_cell(value, dtype, data.text().data());
}

}  // namespace

Result<Cell> scalar_cell(Value value) {
  if (std::optional<Cell> plain = plain_cell(value)) return std::move(*plain);
  if (value.kind() != Kind::kObject) return not_scalar(value);
  const ObjectExtra* extra = TreeStorage::extra(value);
  if (extra != nullptr && extra->text.data() != nullptr) return text_cell(std::string(extra->text));
  if (TreeStorage::global(value).role == GlobalRole::kNumpyScalar) return numpy_scalar_cell(value);
  if (value.module() == "pandas._libs.missing") return missing_cell(false);
  if (!is_array_object(value)) return not_scalar(value);
  const ArrayView view = TRY(view_array(value));
  if (view.count != 1 || !view.shape.empty() || is_text(view.dtype)) return not_scalar(value);
  if (!view.objects) return element_cell(value, view.dtype, view.bytes.data());
  std::optional<Cell> cell = plain_cell(view.objects->at(0));
  if (!cell) return not_scalar(value);
  return std::move(*cell);
}

std::optional<std::string> numpy_scalar_text(Value value, uint64_t& bytes_left) {
  if (value.kind() != Kind::kObject) return std::nullopt;
  Dtype dtype;
  std::string_view bytes;
  if (TreeStorage::global(value).role == GlobalRole::kNumpyScalar) {
    if (value.args().size() != 2) return std::nullopt;
    const Result<Dtype> decoded = decode_dtype(value.args().at(0));
    if (!decoded.ok()) return std::nullopt;
    dtype = *decoded;
    bytes = value.args().at(1).text();
  } else {
    if (!is_array_object(value)) return std::nullopt;
    const Result<ArrayView> view = view_array(value);
    if (!view.ok() || !view->shape.empty()) return std::nullopt;
    dtype = view->dtype;
    bytes = view->bytes;
  }
  const bool fits = is_text(dtype) && !dtype.has_subarray && bytes.size() == dtype.item_bytes &&
                    bytes.size() <= bytes_left;
  if (!fits) return std::nullopt;
  bytes_left -= bytes.size();
  if (dtype.kind == ElementKind::kString) return load_text(dtype, bytes.data());
  std::string text = load_bytes(dtype, bytes.data());
  if (!is_ascii(text)) return std::nullopt;
  return text;
}

Status decode_numpy_texts(const Tree& tree, Tree::Impl& storage, TreeBuilder& builder) {
  // Several 0-d arrays may be one array's bytes, twice over at most where a file holds copies.
  uint64_t bytes_left = 2 * storage.bytes.size();
  for (uint32_t id = 0; id < storage.nodes.size(); ++id) {
    if (storage.nodes[id].kind() != Kind::kObject) continue;
    std::optional<std::string> text = numpy_scalar_text(Value(&tree, id), bytes_left);
    if (!text) continue;
    const std::string_view kept = TRY(builder.own_text(std::move(*text)));
    builder.extra(id).text = kept;
  }
  return {};
}

}  // namespace slipway::pickle
