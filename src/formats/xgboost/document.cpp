#include "formats/xgboost/internal/document.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "formats/xgboost/internal/document_builder.h"

namespace slipway::xgboost {
namespace {

using Kind = DocumentValue::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "a truth value";
    case Kind::kNumber: return "a number";
    case Kind::kString: return "a text";
    case Kind::kNumbers: return "an array of numbers";
    case Kind::kArray: return "an array";
    case Kind::kObject: return "an object";
  }
  return "";
}

Status wrong_kind(std::string_view where, std::string_view expected, Kind kind) {
  return invalid_argument(fmt::format("{}: expected {}, got {}", where, expected, kind_name(kind)));
}

/// Big-endian elements of a UBJSON array.
template <typename Bits, typename Number>
void decode(std::string_view bytes, std::vector<double>& values) {
  for (size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
    Bits bits = 0;
    for (size_t i = 0; i < sizeof(Bits); ++i) {
      bits = static_cast<Bits>(bits << 8 | static_cast<uint8_t>(bytes[at + i]));
    }
    values.push_back(static_cast<double>(std::bit_cast<Number>(bits)));
  }
}

void decode_typed(char element, std::string_view bytes, std::vector<double>& values) {
  switch (element) {
    case 'd': return decode<uint32_t, float>(bytes, values);
    case 'D': return decode<uint64_t, double>(bytes, values);
    case 'i': return decode<uint8_t, int8_t>(bytes, values);
    case 'U': return decode<uint8_t, uint8_t>(bytes, values);
    case 'I': return decode<uint16_t, int16_t>(bytes, values);
    case 'l': return decode<uint32_t, int32_t>(bytes, values);
    default: return decode<uint64_t, int64_t>(bytes, values);
  }
}

}  // namespace

Kind DocumentValue::kind() const { return document_->nodes[id_].kind; }

std::string_view DocumentValue::key() const { return document_->nodes[id_].key; }

size_t DocumentValue::size() const { return document_->nodes[id_].size; }

std::optional<DocumentValue> DocumentValue::find(std::string_view key) const {
  if (kind() != Kind::kObject) return std::nullopt;
  for (uint32_t id = document_->nodes[id_].first; id != Document::kNone;
       id = document_->nodes[id].next) {
    if (document_->nodes[id].key == key) return DocumentValue(document_, id);
  }
  return std::nullopt;
}

Result<DocumentValue> DocumentValue::at(std::string_view key) const {
  if (kind() != Kind::kObject) return wrong_kind(key, "an object around it", kind());
  const auto found = find(key);
  if (!found.has_value()) return invalid_argument(fmt::format("the model has no '{}'", key));
  return *found;
}

std::vector<DocumentValue> DocumentValue::children() const {
  std::vector<DocumentValue> values;
  if (kind() != Kind::kArray && kind() != Kind::kObject) return values;
  values.reserve(size());
  for (uint32_t id = document_->nodes[id_].first; id != Document::kNone;
       id = document_->nodes[id].next) {
    values.emplace_back(document_, id);
  }
  return values;
}

Result<std::string_view> DocumentValue::as_string(std::string_view where) const {
  if (kind() != Kind::kString) return wrong_kind(where, "a text", kind());
  return document_->nodes[id_].text;
}

Result<double> DocumentValue::as_number(std::string_view where) const {
  if (kind() != Kind::kNumber && kind() != Kind::kBool) {
    return wrong_kind(where, "a number", kind());
  }
  return document_->nodes[id_].number;
}

Result<std::vector<double>> DocumentValue::as_numbers(std::string_view where) const {
  const Document::Node& node = document_->nodes[id_];
  std::vector<double> values;
  if (node.kind == Kind::kArray) {
    // default_left was an array of truth values before 1.6.
    for (const DocumentValue& child : children()) values.push_back(TRY(child.as_number(where)));
    return values;
  }
  if (node.kind != Kind::kNumbers) return wrong_kind(where, "an array of numbers", node.kind);
  if (node.element == 0) {
    const auto begin = document_->numbers.begin() + static_cast<ptrdiff_t>(node.numbers_begin);
    values.assign(begin, begin + static_cast<ptrdiff_t>(node.size));
    return values;
  }
  values.reserve(node.size);
  decode_typed(node.element, node.text, values);
  return values;
}

Status DocumentBuilder::check_memory() {
  const uint64_t bytes =
      document_.nodes.size() * sizeof(Document::Node) + document_.numbers.size() * sizeof(double);
  if (bytes > limits_.memory_bytes_max) {
    return resource_exhausted(
        fmt::format("the file's values need over {} bytes of memory", limits_.memory_bytes_max));
  }
  return {};
}

Status DocumentBuilder::add(Document::Node node) {
  if (document_.nodes.size() >= limits_.objects_max) {
    return resource_exhausted(fmt::format("over {} values in one file", limits_.objects_max));
  }
  TRY_STATUS(check_memory());
  const auto id = static_cast<uint32_t>(document_.nodes.size());
  node.key = key_;
  key_ = {};
  document_.nodes.push_back(node);
  if (open_.empty()) return {};
  Open& parent = open_.back();
  Document::Node& container = document_.nodes[parent.node];
  if (container.kind == Kind::kNumbers) {
    return data_loss("an array holds numbers and other values");
  }
  if (parent.last_child == Document::kNone) {
    container.first = id;
  } else {
    document_.nodes[parent.last_child].next = id;
  }
  parent.last_child = id;
  ++container.size;
  if (parent.lacking != kUnknownLength) --parent.lacking;
  return {};
}

Status DocumentBuilder::add_number(double value) {
  if (open_.empty() || open_.back().is_object) {
    return add({.kind = Kind::kNumber, .number = value});
  }
  Open& parent = open_.back();
  Document::Node& array = document_.nodes[parent.node];
  if (array.kind == Kind::kArray && array.size == 0) {
    array.kind = Kind::kNumbers;
    array.numbers_begin = document_.numbers.size();
  }
  if (array.kind != Kind::kNumbers) {
    return data_loss("an array holds numbers and other values");
  }
  if (document_.numbers.size() % 1024 == 0) TRY_STATUS(check_memory());
  document_.numbers.push_back(value);
  ++array.size;
  if (parent.lacking != kUnknownLength) --parent.lacking;
  return {};
}

Status DocumentBuilder::open(bool is_object, uint64_t length) {
  if (open_.size() >= limits_.depth_max) {
    return resource_exhausted(fmt::format("values are nested deeper than {}", limits_.depth_max));
  }
  const auto id = static_cast<uint32_t>(document_.nodes.size());
  TRY_STATUS(add({.kind = is_object ? Kind::kObject : Kind::kArray}));
  open_.push_back({id, Document::kNone, length, is_object});
  return {};
}

}  // namespace slipway::xgboost
