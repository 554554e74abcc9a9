#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "formats/pmml/internal/element.h"

namespace slipway::pmml {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

pugi::xml_node skip_to_element(pugi::xml_node node) {
  while (!node.empty() && (node.type() != pugi::node_element || Element(node).is("Extension"))) {
    node = node.next_sibling();
  }
  return node;
}

/// Looking one up goes through all of them.
Status check_attributes(pugi::xml_node node) {
  size_t count = 0;
  for (pugi::xml_attribute of = node.first_attribute(); !of.empty(); of = of.next_attribute()) {
    if (++count > Document::kAttributesMax) {
      return resource_exhausted(
          fmt::format("an element has over {} attributes", Document::kAttributesMax));
    }
  }
  return {};
}

/// Depth and number of nodes, without recursion.
Status check_shape(const pugi::xml_document& document, const Limits& limits) {
  size_t depth = 0;
  uint64_t nodes = 0;
  pugi::xml_node node = document.document_element();
  const pugi::xml_node root = node;
  while (!node.empty()) {
    if (++nodes > limits.objects_max) {
      return resource_exhausted(
          fmt::format("the file has over {} elements and texts", limits.objects_max));
    }
    TRY_STATUS(check_attributes(node));
    if (const pugi::xml_node inside = node.first_child(); !inside.empty()) {
      node = inside;
      if (++depth > Document::kDepthMax) {
        return resource_exhausted(
            fmt::format("elements lie over {} deep in each other", Document::kDepthMax));
      }
      continue;
    }
    while (node != root && node.next_sibling().empty()) {
      node = node.parent();
      --depth;
    }
    if (node == root) break;
    node = node.next_sibling();
  }
  return {};
}

bool is_text(const pugi::xml_node& node) {
  return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

/// A comment or a CDATA section parts an element's text: text() sees the first part only. Gives
/// each element its whole text in one part.
void join_texts(pugi::xml_node root) {
  for (pugi::xml_node node = root; !node.empty();) {
    pugi::xml_node first = node.find_child(is_text);
    if (!first.empty()) {
      std::string whole;
      for (pugi::xml_node next = first.next_sibling(); !next.empty();) {
        const pugi::xml_node part = next;
        next = next.next_sibling();
        if (!is_text(part)) continue;
        if (whole.empty()) whole = first.value();
        whole += part.value();
        node.remove_child(part);
      }
      if (!whole.empty()) first.set_value(whole.c_str());
    }
    if (!node.first_child().empty()) {
      node = node.first_child();
      continue;
    }
    while (node != root && node.next_sibling().empty()) node = node.parent();
    if (node == root) break;
    node = node.next_sibling();
  }
}

/// Before anything is allocated: what the parser will make of the file at most.
Status check_size(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > Document::kBytesMax) {
    return resource_exhausted(fmt::format("a PMML file has at most {} bytes, this one {}",
                                          Document::kBytesMax, bytes.size()));
  }
  // A tag may end a text: two nodes. These are the parser's sizes of nodes and attributes.
  constexpr uint64_t kNodeBytes = 2 * 72;
  constexpr uint64_t kAttributeBytes = 48;
  const auto tags = static_cast<uint64_t>(std::ranges::count(bytes, '<'));
  const auto attributes = static_cast<uint64_t>(std::ranges::count(bytes, '='));
  if (tags > limits.objects_max || attributes > limits.objects_max) {
    return resource_exhausted(
        fmt::format("the file has over {} elements or attributes", limits.objects_max));
  }
  const uint64_t needed = bytes.size() + tags * kNodeBytes + attributes * kAttributeBytes;
  if (needed > limits.memory_bytes_max) {
    return resource_exhausted(fmt::format("reading the file would take {} bytes, over the limit {}",
                                          needed, limits.memory_bytes_max));
  }
  return {};
}

}  // namespace

std::string_view Element::name() const {
  const std::string_view full = node_.name();
  const size_t colon = full.find(':');
  return colon == std::string_view::npos ? full : full.substr(colon + 1);
}

std::optional<std::string_view> Element::attribute(const char* attribute_name) const {
  const pugi::xml_attribute found = node_.attribute(attribute_name);
  if (found.empty()) return std::nullopt;
  return found.value();
}

std::string_view Element::attribute_or(const char* attribute_name,
                                       std::string_view otherwise) const {
  return attribute(attribute_name).value_or(otherwise);
}

Result<std::string_view> Element::required(const char* attribute_name) const {
  const auto found = attribute(attribute_name);
  if (!found) return invalid(fmt::format("the attribute {} is missing", attribute_name));
  return *found;
}

Result<std::optional<double>> Element::optional_number(const char* attribute_name) const {
  const auto found = attribute(attribute_name);
  if (!found) return std::optional<double>();
  const auto value = parse_double(*found);
  if (!value) {
    return invalid(
        fmt::format("{} must be a number, got \"{}\"", attribute_name, found->substr(0, 64)));
  }
  return value;
}

Result<double> Element::number(const char* attribute_name) const {
  TRY(required(attribute_name));
  return TRY(optional_number(attribute_name)).value();
}

Result<double> Element::number_or(const char* attribute_name, double otherwise) const {
  return TRY(optional_number(attribute_name)).value_or(otherwise);
}

Result<std::string_view> Element::field_name() const {
  for (const char* key : {"field", "name", "predictorName", "fieldName"}) {
    if (const auto found = attribute(key)) return *found;
  }
  return invalid("the attribute field is missing");
}

Result<uint32_t> Element::count(const char* attribute_name, uint32_t least, uint32_t most) const {
  const double value = TRY(number(attribute_name));
  if (!(value >= least) || !(value <= most) || value != std::floor(value)) {
    return invalid(fmt::format("{} must be a whole number from {} to {}, got {}", attribute_name,
                               least, most, value));
  }
  return static_cast<uint32_t>(value);
}

std::string_view Element::text() const { return node_.text().get(); }

Element Element::first() const { return Element(skip_to_element(node_.first_child())); }
Element Element::next() const { return Element(skip_to_element(node_.next_sibling())); }

Element Element::child(std::string_view wanted) const {
  for (Element found = first(); found; found = found.next()) {
    if (found.is(wanted)) return found;
  }
  return {};
}

std::vector<Element> Element::children() const {
  std::vector<Element> all;
  for (Element found = first(); found; found = found.next()) all.push_back(found);
  return all;
}

std::vector<Element> Element::children(std::string_view wanted) const {
  std::vector<Element> all;
  for (Element found = first(); found; found = found.next()) {
    if (found.is(wanted)) all.push_back(found);
  }
  return all;
}

std::string Element::place() const {
  return fmt::format("<{}> at offset {}", name(), node_.offset_debug());
}

Status Element::invalid(std::string_view message) const {
  return invalid_argument(fmt::format("{}: {}", place(), message));
}

Status Element::unsupported(std::string_view message) const {
  return unimplemented(fmt::format("{}: {}", place(), message));
}

Result<Document> Document::parse(std::string_view bytes, const Limits& limits) {
  TRY_STATUS(check_size(bytes, limits));
  Document document;
  document.document_ = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed =
      document.document_->load_buffer(bytes.data(), bytes.size(), pugi::parse_default);
  if (!parsed) {
    return data_loss(
        fmt::format("not well-formed XML at offset {}: {}", parsed.offset, parsed.description()));
  }
  TRY_STATUS(check_shape(*document.document_, limits));
  join_texts(document.document_->document_element());
  if (!document.root().is("PMML")) {
    return invalid_argument(
        fmt::format("expected <PMML> outermost, got <{}>", document.root().name().substr(0, 64)));
  }
  return document;
}

std::optional<double> parse_double(std::string_view text) {
  text = trimmed(text);
  if (text == "INF") return std::numeric_limits<double>::infinity();
  if (text == "-INF") return -std::numeric_limits<double>::infinity();
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small or too large for a double: what Java reads is 0 or infinity.
    const bool small =
        text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    const double magnitude = small ? 0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -magnitude : magnitude;
  }
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<std::vector<std::string>> array_items(const Element& array) {
  std::vector<std::string> items;
  const std::string_view text = array.text();
  size_t at = text.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    std::string item;
    if (text[at] == '"') {
      ++at;
      while (at < text.size() && text[at] != '"') {
        if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
        item.push_back(text[at++]);
      }
      if (at == text.size()) return array.invalid("a quoted item has no end");
      ++at;
    } else {
      const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      item = text.substr(at, end - at);
      at = end;
    }
    items.push_back(std::move(item));
    at = text.find_first_not_of(kBlanks, at);
  }
  return items;
}

Result<std::vector<double>> array_numbers(const Element& array) {
  std::vector<double> numbers;
  for (const std::string& item : TRY(array_items(array))) {
    const auto value = parse_double(item);
    if (!value)
      return array.invalid(fmt::format("expected numbers, got \"{}\"", item.substr(0, 64)));
    numbers.push_back(*value);
  }
  return numbers;
}

Result<std::vector<double>> numbers_in(const Element& container, size_t count) {
  for (Element inside = container.first(); inside; inside = inside.next()) {
    if (inside.is("Array")) {
      std::vector<double> numbers = TRY(array_numbers(inside));
      if (numbers.size() != count) {
        return inside.invalid(fmt::format("expected {} numbers, got {}", count, numbers.size()));
      }
      return numbers;
    }
    if (!inside.is("REAL-SparseArray") && !inside.is("INT-SparseArray")) continue;
    std::vector<double> numbers(count, TRY(inside.number_or("defaultValue", 0)));
    std::vector<double> indices;
    std::vector<double> entries;
    if (const Element list = inside.child("Indices")) indices = TRY(array_numbers(list));
    for (const char* name : {"REAL-Entries", "INT-Entries"}) {
      if (const Element list = inside.child(name)) entries = TRY(array_numbers(list));
    }
    if (indices.size() != entries.size()) return inside.invalid("expected an entry for each index");
    for (size_t i = 0; i < indices.size(); ++i) {
      // From 1 on.
      if (!(indices[i] >= 1) || !(indices[i] <= static_cast<double>(count))) {
        return inside.invalid(fmt::format("expected indices from 1 to {}", count));
      }
      numbers[static_cast<size_t>(indices[i]) - 1] = entries[i];
    }
    return numbers;
  }
  return container.invalid("expected an Array of numbers");
}

}  // namespace slipway::pmml
