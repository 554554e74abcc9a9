// Document and Element: a PMML file as pugixml parsed it, seen without its namespaces.
//
// What is read is the file's own text: no DTD, no entities but XML's five, nothing from outside.
// Nothing here recurses, whatever the file's depth. Ownership: Elements point into their Document.
// Thread rule: immutable once parsed.
//
//   const Document document = TRY(Document::parse(bytes, limits));
//   for (const Element field : document.root().children("DataField")) ...
#pragma once

#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::pmml {

class Element {
 public:
  Element() = default;
  explicit Element(pugi::xml_node node) : node_(node) {}

  explicit operator bool() const { return !node_.empty(); }
  bool operator==(const Element& other) const { return node_ == other.node_; }
  /// Without the prefix of its namespace.
  std::string_view name() const;
  bool is(std::string_view wanted) const { return name() == wanted; }
  std::optional<std::string_view> attribute(const char* attribute_name) const;
  std::string_view attribute_or(const char* attribute_name, std::string_view otherwise) const;
  /// INVALID_ARGUMENT if it is missing, or no number.
  Result<std::string_view> required(const char* attribute_name) const;
  Result<double> number(const char* attribute_name) const;
  Result<double> number_or(const char* attribute_name, double otherwise) const;
  Result<std::optional<double>> optional_number(const char* attribute_name) const;
  std::string_view text() const;

  /// The first and the next element, Extensions left out; false if there is none.
  Element first() const;
  Element next() const;
  Element child(std::string_view wanted) const;
  std::vector<Element> children() const;
  std::vector<Element> children(std::string_view wanted) const;

  /// "<Node> at offset 123: " before a message.
  Status invalid(std::string_view message) const;
  Status unsupported(std::string_view message) const;
  std::string place() const;

 private:
  pugi::xml_node node_;
};

class Document {
 public:
  /// Files beyond these sizes are refused whatever the limits say.
  static constexpr size_t kBytesMax = size_t{1} << 30;
  static constexpr size_t kDepthMax = 5000;

  static Result<Document> parse(std::string_view bytes, const Limits& limits);
  Element root() const { return Element(document_->document_element()); }

 private:
  std::unique_ptr<pugi::xml_document> document_;
};

/// A number as XML Schema spells it, blanks around it allowed.
std::optional<double> parse_double(std::string_view text);
/// The items of an Array or of its text: quoted or parted by blanks.
Result<std::vector<std::string>> array_items(const Element& array);
Result<std::vector<double>> array_numbers(const Element& array);

}  // namespace slipway::pmml
