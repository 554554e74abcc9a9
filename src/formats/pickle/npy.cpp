#include "formats/pickle/internal/npy.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slipway::pickle {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kHeaderBytesMax = 1 << 16;
constexpr size_t kFieldsMax = 256;
constexpr size_t kRankMax = 64;  // numpy's own

Status malformed(std::string_view what, uint64_t offset) {
  return data_loss(fmt::format("A .npy file is malformed at byte {}: {}", offset, what));
}

struct Field {
  std::string_view name;
  std::string_view code;
};

/// A header's three entries.
struct Header {
  std::string_view code;      // of a plain dtype
  std::vector<Field> fields;  // of a structured one
  bool is_structured = false;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// Reads the few forms of Python literals that numpy writes into a header.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  std::optional<Header> read() {
    Header header;
    bool good = take('{');
    while (good && !take('}')) {
      const std::optional<std::string_view> key = text();
      good = key && take(':');
      if (!good) break;
      if (*key == "descr") {
        good = dtype(header);
      } else if (*key == "fortran_order") {
        header.fortran_order = word("True");
        good = header.fortran_order || word("False");
      } else {
        good = *key == "shape" && shape(header);
      }
      good = good && (take(',') || peek() == '}');
    }
    skip();
    if (!good || !rest_.empty()) return std::nullopt;
    return header;
  }

 private:
  void skip() {
    const size_t first = rest_.find_first_not_of(" \n");
    rest_.remove_prefix(std::min(first, rest_.size()));
  }
  char peek() {
    skip();
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view wanted) {
    skip();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  std::optional<std::string_view> text() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view found = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (found.find('\\') != std::string_view::npos) return std::nullopt;
    return found;
  }
  bool shape(Header& header) {
    if (!take('(')) return false;
    while (!take(')')) {
      skip();
      int64_t size = 0;
      const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0 || header.shape.size() == kRankMax) return false;
      rest_.remove_prefix(static_cast<size_t>(stop - rest_.data()));
      header.shape.push_back(size);
      if (!take(',') && peek() != ')') return false;
    }
    return true;
  }
  bool dtype(Header& header) {
    if (const std::optional<std::string_view> code = text()) {
      header.code = *code;
      return true;
    }
    header.is_structured = take('[');
    if (!header.is_structured) return false;
    while (!take(']')) {
      if (!take('(') || header.fields.size() == kFieldsMax) return false;
      const std::optional<std::string_view> name = text();
      if (!name || !take(',')) return false;
      const std::optional<std::string_view> code = text();  // not a nested one, nor an array's
      if (!code || !take(')')) return false;
      header.fields.push_back({*name, *code});
      if (!take(',') && peek() != ']') return false;
    }
    return true;
  }

  std::string_view rest_;
};

/// The bytes of an item of a plain type code: "<f8" is 8, "<U3" 12.
std::optional<int64_t> item_bytes(std::string_view code) {
  if (!code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos) {
    code.remove_prefix(1);
  }
  if (code.size() < 2 || code.size() > 9) return std::nullopt;
  int64_t size = 0;
  const char* end = code.data() + code.size();
  const auto [stop, error] = std::from_chars(code.data() + 1, end, size);
  if (error != std::errc() || stop != end || size < 0) return std::nullopt;
  return code[0] == 'U' ? 4 * size : size;
}

/// Adds kNone, ints, tuples: what a dtype's state is made of.
class DtypeNodes {
 public:
  DtypeNodes(TreeBuilder& builder, uint64_t offset) : builder_(builder), offset_(offset) {}

  /// numpy.dtype(code).
  Result<uint32_t> plain(std::string_view code) {
    const std::string_view kept = TRY(builder_.own_text(std::string(code)));
    const uint32_t text = TRY(builder_.add_text(Kind::kString, kept, offset_));
    return call(text);
  }

  /// numpy.dtype("V<size>") with the state (3, "|", None, names, fields, size, 1, 0).
  Result<uint32_t> structured(const std::vector<Field>& fields) {
    std::vector<uint32_t> names;
    std::vector<uint32_t> entries;
    int64_t place = 0;
    for (const Field& field : fields) {
      const std::optional<int64_t> size = item_bytes(field.code);
      if (!size || *size > int64_t{1} << 30) return malformed("a field's type", offset_);
      if (!field.name.empty()) {  // a gap has no name
        const std::string_view kept = TRY(builder_.own_text(std::string(field.name)));
        const uint32_t name = TRY(builder_.add_text(Kind::kString, kept, offset_));
        const uint32_t type = TRY(plain(field.code));
        const uint32_t start = TRY(builder_.add_int(place, offset_));
        const std::array<uint32_t, 2> parts = {type, start};
        names.push_back(name);
        entries.push_back(name);
        entries.push_back(TRY(builder_.add_container(Kind::kTuple, parts, offset_)));
      }
      place += *size;
    }
    std::vector<uint32_t> state;  // as numpy's __setstate__ takes it
    state.push_back(TRY(builder_.add_int(3, offset_)));
    state.push_back(TRY(builder_.add_text(Kind::kString, "|", offset_)));
    state.push_back(TRY(builder_.add(Kind::kNone, offset_)));
    state.push_back(TRY(builder_.add_container(Kind::kTuple, names, offset_)));
    state.push_back(TRY(builder_.add_container(Kind::kDict, entries, offset_)));
    state.push_back(TRY(builder_.add_int(place, offset_)));
    state.push_back(TRY(builder_.add_int(1, offset_)));
    state.push_back(TRY(builder_.add_int(0, offset_)));
    const uint32_t made = TRY(call(TRY(builder_.add_text(Kind::kString, "V0", offset_))));
    builder_.object(made).state = TRY(builder_.add_container(Kind::kTuple, state, offset_));
    return made;
  }

 private:
  Result<uint32_t> call(uint32_t code) {
    const uint32_t type = TRY(builder_.add_global("numpy", "dtype", offset_));
    const std::array<uint32_t, 1> arguments = {code};
    const uint32_t args = TRY(builder_.add_container(Kind::kTuple, arguments, offset_));
    return builder_.add_object(type, args, offset_);
  }

  TreeBuilder& builder_;
  const uint64_t offset_;
};

/// Magic, version and the header's length; what follows them is the header, then the elements.
Result<std::pair<std::string_view, std::string_view>> split(std::string_view file,
                                                            uint64_t offset) {
  constexpr size_t kVersionAt = 6;
  constexpr size_t kLengthAt = 8;
  if (!file.starts_with(kMagic) || file.size() < kLengthAt + 4) {
    return malformed("it does not begin as one", offset);
  }
  const auto version = static_cast<uint8_t>(file[kVersionAt]);
  if (version < 1 || version > 3) return malformed("an unknown version", offset);
  const size_t length_bytes = version == 1 ? 2 : 4;
  uint64_t length = 0;
  for (size_t i = length_bytes; i-- > 0;) {
    length = length << 8 | static_cast<uint8_t>(file[kLengthAt + i]);
  }
  file.remove_prefix(kLengthAt + length_bytes);
  if (length > file.size() || length > kHeaderBytesMax) {
    return malformed(fmt::format("a header of {} bytes", length), offset);
  }
  return std::pair(file.substr(0, length), file.substr(length));
}

}  // namespace

Result<uint32_t> add_dtype(TreeBuilder& builder, std::string_view code, uint64_t offset) {
  return DtypeNodes(builder, offset).plain(code);
}

Result<NpyNodes> add_npy(TreeBuilder& builder, std::string_view file, uint64_t offset) {
  const auto [text, elements] = TRY(split(file, offset));
  const std::optional<Header> header = HeaderReader(text).read();
  if (!header || (!header->is_structured && header->code.empty())) {
    return malformed("a header that numpy does not write", offset);
  }
  if (header->code.find('O') != std::string_view::npos) {
    return invalid_argument(
        fmt::format("A .npy file holds objects as a pickle at byte {}", offset));
  }
  DtypeNodes dtypes(builder, offset);
  NpyNodes nodes{};
  nodes.dtype = header->is_structured ? TRY(dtypes.structured(header->fields))
                                      : TRY(dtypes.plain(header->code));
  std::vector<uint32_t> sizes;
  for (const int64_t size : header->shape) sizes.push_back(TRY(builder.add_int(size, offset)));
  nodes.shape = TRY(builder.add_container(Kind::kTuple, sizes, offset));
  nodes.bytes = TRY(builder.add_text(Kind::kBytes, elements, offset));
  const uint32_t order =
      TRY(builder.add_text(Kind::kString, header->fortran_order ? "F" : "C", offset));
  const std::array<uint32_t, 4> arguments = {nodes.bytes, nodes.dtype, nodes.shape, order};
  const uint32_t type = TRY(builder.add_global("numpy.core.numeric", "_frombuffer", offset));
  const uint32_t args = TRY(builder.add_container(Kind::kTuple, arguments, offset));
  nodes.array = TRY(builder.add_object(type, args, offset));
  return nodes;
}

}  // namespace slipway::pickle
