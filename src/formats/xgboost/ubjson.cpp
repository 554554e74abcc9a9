// UBJSON as XGBoost writes it (src/common/json.cc): lengths are int64 ('L'), arrays either typed
// ("[$d#L<length>"), of announced length ("[#L<length>") or closed by ']'; objects are closed by
// '}'.
#include <fmt/format.h>

#include <bit>

#include "formats/xgboost/internal/document_builder.h"

namespace slipway::xgboost {
namespace {

size_t element_bytes(char type) {
  switch (type) {
    case 'i':
    case 'U': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
  }
}

class UbjsonParser {
 public:
  UbjsonParser(std::string_view bytes, const Limits& limits) : bytes_(bytes), builder_(limits) {}

  Result<Document> parse() {
    TRY_STATUS(add_value());
    while (builder_.is_open()) TRY_STATUS(step());
    if (at_ != bytes_.size()) return malformed("something follows the last value");
    return std::move(builder_).finish();
  }

 private:
  Status malformed(std::string_view what) const {
    return data_loss(fmt::format("malformed UBJSON: {} (byte {})", what, at_));
  }
  Result<char> take() {
    if (at_ >= bytes_.size()) return malformed("the file ends early");
    return bytes_[at_++];
  }
  Result<std::string_view> take(uint64_t size) {
    if (size > bytes_.size() - at_) return malformed("the file ends early");
    const std::string_view part = bytes_.substr(at_, size);
    at_ += size;
    return part;
  }
  template <typename Bits>
  Result<Bits> integer() {
    const std::string_view part = TRY(take(sizeof(Bits)));
    Bits bits = 0;
    for (const char c : part) bits = static_cast<Bits>(bits << 8 | static_cast<uint8_t>(c));
    return bits;
  }
  Result<uint64_t> length() {
    if (TRY(take()) != 'L') return malformed("expected a length");
    const auto value = static_cast<int64_t>(TRY(integer<uint64_t>()));
    if (value < 0) return malformed("a length is negative");
    return static_cast<uint64_t>(value);
  }
  bool skip(char c) {
    if (at_ >= bytes_.size() || bytes_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// One element or member of the innermost container, or its end.
  Status step() {
    if (builder_.in_object()) {
      if (skip('}')) {
        builder_.close();
        return {};
      }
      builder_.set_key(TRY(take(TRY(length()))));
      return add_value();
    }
    const bool ends =
        builder_.lacking() == 0 || (builder_.lacking() == builder_.kUnknownLength && skip(']'));
    if (!ends) return add_value();
    builder_.close();
    return {};
  }

  Status open_array() {
    if (skip('$')) {
      const char type = TRY(take());
      const size_t width = element_bytes(type);
      if (width == 0 || !skip('#')) return malformed("expected a typed array of numbers");
      const uint64_t size = TRY(length());
      if (size > (bytes_.size() - at_) / width) return malformed("the file ends early");
      return builder_.add_typed_array(type, size, TRY(take(size * width)));
    }
    if (!skip('#')) return builder_.open_array(builder_.kUnknownLength);
    const uint64_t size = TRY(length());
    if (size > bytes_.size() - at_) return malformed("the file ends early");
    return builder_.open_array(size);
  }

  Status add_value() {
    switch (TRY(take())) {
      case '{': return builder_.open_object();
      case '[': return open_array();
      case 'Z': return builder_.add_null();
      case 'T': return builder_.add_bool(true);
      case 'F': return builder_.add_bool(false);
      case 'S': return builder_.add_string(TRY(take(TRY(length()))));
      case 'd': return number(std::bit_cast<float>(TRY(integer<uint32_t>())));
      case 'D': return number(std::bit_cast<double>(TRY(integer<uint64_t>())));
      case 'C':
      case 'i': return number(static_cast<int8_t>(TRY(integer<uint8_t>())));
      case 'U': return number(TRY(integer<uint8_t>()));
      case 'I': return number(static_cast<int16_t>(TRY(integer<uint16_t>())));
      case 'l': return number(static_cast<int32_t>(TRY(integer<uint32_t>())));
      case 'L': return number(static_cast<double>(static_cast<int64_t>(TRY(integer<uint64_t>()))));
      default: return malformed("an unknown kind of value");
    }
  }
  Status number(double value) { return builder_.add_number(value); }

  const std::string_view bytes_;
  size_t at_ = 0;
  DocumentBuilder builder_;
};

}  // namespace

Result<Document> parse_ubjson(std::string_view bytes, const Limits& limits) {
  return UbjsonParser(bytes, limits).parse();
}

}  // namespace slipway::xgboost
