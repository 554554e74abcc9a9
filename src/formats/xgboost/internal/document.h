// Document: what a JSON or UBJSON file says, for the reader of XGBoost models.
//
//   bytes --parse_json / parse_ubjson--> Document --read_booster--> Booster
//
// Both forms hold the same values; numbers come as float64 (an integer beyond 2^53 is none that a
// model has). An array is either numbers alone, kept side by side, or values of any other kind: the
// two are not mixed. JSON may say NaN, Infinity and -Infinity, as XGBoost writes them.
//
// Ownership: the bytes must outlive the Document, into which texts and typed arrays point. Thread
// rule: immutable once parsed. Parsing does not recurse and checks every size before it allocates.
//
//   Document document = TRY(parse_json(bytes, limits));
//   DocumentValue learner = TRY(document.root().at("learner"));
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::xgboost {

class Document;

/// A handle to one value of a Document.
class DocumentValue {
 public:
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kNumbers, kArray, kObject };

  DocumentValue(const Document* document, uint32_t id) : document_(document), id_(id) {}

  Kind kind() const;
  /// An object's member; nullopt if there is none or this is no object.
  std::optional<DocumentValue> find(std::string_view key) const;
  /// As find; INVALID_ARGUMENT names the key that is missing.
  Result<DocumentValue> at(std::string_view key) const;
  /// An array's elements or an object's members, in order; an array of numbers has none.
  std::vector<DocumentValue> children() const;
  /// The name of an object's member.
  std::string_view key() const;
  /// `where` is what messages call the value.
  Result<std::string_view> as_string(std::string_view where) const;
  Result<double> as_number(std::string_view where) const;
  /// An array of numbers; an empty array is one too.
  Result<std::vector<double>> as_numbers(std::string_view where) const;
  /// Elements of an array of any kind, members of an object.
  size_t size() const;

 private:
  const Document* document_;
  uint32_t id_;
};

class Document {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  DocumentValue root() const { return {this, 0}; }

  struct Node {
    DocumentValue::Kind kind = DocumentValue::Kind::kNull;
    char element = 0;            // kNumbers of UBJSON: the type of its elements; else 0
    uint32_t next = kNone;       // the next element or member
    uint32_t first = kNone;      // the first child
    uint64_t size = 0;           // elements, members
    double number = 0;           // kNumber, kBool
    std::string_view key = {};   // of a member
    std::string_view text = {};  // kString; of a typed array the bytes of its elements
    size_t numbers_begin = 0;    // kNumbers of JSON: where they begin in numbers
  };
  std::vector<Node> nodes;
  std::vector<double> numbers;
  std::deque<std::string> unescaped;  // texts that JSON spells with escapes
};

/// Errors: DATA_LOSS (malformed or truncated, with the byte offset), RESOURCE_EXHAUSTED.
Result<Document> parse_json(std::string_view bytes, const Limits& limits);
Result<Document> parse_ubjson(std::string_view bytes, const Limits& limits);

}  // namespace slipway::xgboost
