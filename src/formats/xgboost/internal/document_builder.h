// DocumentBuilder: puts a Document together value by value; both parsers drive it.
//
// It holds the stack of open containers (the parsers do not recurse) and counts nodes, depth and
// memory against the limits.
#pragma once

#include <string_view>
#include <vector>

#include "formats/xgboost/internal/document.h"

namespace slipway::xgboost {

class DocumentBuilder {
 public:
  explicit DocumentBuilder(const Limits& limits) : limits_(limits) {}

  bool is_open() const { return !open_.empty(); }
  bool in_object() const { return is_open() && open_.back().is_object; }
  /// Elements that an array of announced length still lacks; kUnknownLength if it was not
  /// announced.
  static constexpr uint64_t kUnknownLength = ~uint64_t{0};
  uint64_t lacking() const { return open_.back().lacking; }
  bool is_done() const { return !document_.nodes.empty() && !is_open(); }
  /// Children of the innermost container so far.
  uint64_t children() const { return document_.nodes[open_.back().node].size; }

  /// The name of the member that comes next.
  void set_key(std::string_view key) { key_ = key; }
  Status add_null() { return add({.kind = DocumentValue::Kind::kNull}); }
  Status add_bool(bool value) {
    return add({.kind = DocumentValue::Kind::kBool, .number = value ? 1.0 : 0.0});
  }
  /// In an array the number joins those before it.
  Status add_number(double value);
  Status add_string(std::string_view text) {
    return add({.kind = DocumentValue::Kind::kString, .text = text});
  }
  Status add_typed_array(char element, uint64_t size, std::string_view bytes) {
    return add(
        {.kind = DocumentValue::Kind::kNumbers, .element = element, .size = size, .text = bytes});
  }
  Status open_object() { return open(true, kUnknownLength); }
  Status open_array(uint64_t length) { return open(false, length); }
  void close() { open_.pop_back(); }
  /// Keeps a text that does not stand in the bytes as it is.
  std::string_view keep(std::string text) {
    return document_.unescaped.emplace_back(std::move(text));
  }
  Document finish() && { return std::move(document_); }

 private:
  struct Open {
    uint32_t node;
    uint32_t last_child;
    uint64_t lacking;
    bool is_object;
  };
  Status open(bool is_object, uint64_t length);
  Status add(Document::Node node);
  Status check_memory();

  const Limits& limits_;
  Document document_;
  std::vector<Open> open_;
  std::string_view key_;
};

}  // namespace slipway::xgboost
