#include "protocols/torchserve/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace slipway::protocols::torchserve {
namespace {

constexpr size_t kBoundaryBytesMax = 200;
constexpr std::string_view kLineEnd = "\r\n";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

Result<std::string_view> decode(std::string_view text, Fields& fields) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return invalid_argument("a field has a broken %-escape");
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return std::string_view(fields.storage.emplace_back(std::move(decoded)));
}

Status too_many() {
  return resource_exhausted(fmt::format("the request has more than {} fields", kFieldsMax));
}

/// The value of `key=value` or `key="value"` among the parameters of a header.
std::string_view parameter(std::string_view header, std::string_view key) {
  size_t at = header.find(';');
  while (at != std::string_view::npos) {
    at = header.find_first_not_of(" \t;", at);
    if (at == std::string_view::npos) return {};
    const size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return {};
    const std::string_view name = header.substr(at, equals - at);
    const bool is_quoted = equals + 1 < header.size() && header[equals + 1] == '"';
    const size_t begin = equals + (is_quoted ? 2 : 1);
    const size_t end = std::min(header.find(is_quoted ? '"' : ';', begin), header.size());
    if (equals_ignoring_case(name, key)) return header.substr(begin, end - begin);
    at = header.find(';', end);
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

/// The headers of one part, up to the empty line.
void read_part_headers(std::string_view headers, Field& field) {
  while (!headers.empty()) {
    const size_t end = std::min(headers.find(kLineEnd), headers.size());
    const std::string_view line = headers.substr(0, end);
    headers.remove_prefix(std::min(end + kLineEnd.size(), headers.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Disposition")) field.name = parameter(value, "name");
    if (equals_ignoring_case(name, "Content-Type")) field.type = value;
  }
}

}  // namespace

std::optional<std::string_view> Fields::find(std::string_view name) const {
  const auto found = std::ranges::find(all, name, &Field::name);
  if (found == all.end()) return std::nullopt;
  return found->value;
}

Result<Fields> read_pairs(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (fields.all.size() == kFieldsMax) return too_many();
    const size_t equals = std::min(pair.find('='), pair.size());
    Field field;
    field.name = TRY(decode(pair.substr(0, equals), fields));
    field.value = TRY(decode(pair.substr(std::min(equals + 1, pair.size())), fields));
    fields.all.push_back(field);
  }
  return fields;
}

Result<Fields> read_multipart(std::string_view content_type, std::string_view body) {
  const std::string_view boundary = parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kBoundaryBytesMax) {
    return invalid_argument("multipart/form-data: the Content-Type has no usable boundary");
  }
  const std::string delimiter = fmt::format("--{}", boundary);
  const std::string separator = fmt::format("{}{}", kLineEnd, delimiter);
  const Status broken = invalid_argument("multipart/form-data: the body is cut, or is none");
  size_t at = body.starts_with(delimiter) ? 0 : body.find(separator);
  if (at == std::string_view::npos) return broken;
  at += at == 0 ? delimiter.size() : separator.size();
  Fields fields;
  while (!body.substr(at).starts_with("--")) {
    const size_t headers = body.find(kLineEnd, at);
    if (headers == std::string_view::npos) return broken;
    // The headers end at an empty line, which may be the first one.
    const size_t blank = body.find("\r\n\r\n", headers);
    const size_t end = body.find(separator, headers);
    if (blank == std::string_view::npos || end == std::string_view::npos || blank + 2 > end) {
      return broken;
    }
    if (fields.all.size() == kFieldsMax) return too_many();
    Field field;
    read_part_headers(body.substr(headers + 2, blank - std::min(blank, headers + 2)), field);
    const size_t content = std::min(blank + 4, end);
    field.value = body.substr(content, end - content);
    fields.all.push_back(field);
    at = end + separator.size();
  }
  return fields;
}

int32_t int_field(const Fields& fields, std::string_view name, int32_t otherwise) {
  const auto text = fields.find(name);
  if (!text.has_value()) return otherwise;
  int32_t value = 0;
  const char* begin = text->data() + (text->starts_with('+') ? 1 : 0);
  const char* const end = text->data() + text->size();
  const auto [place, error] = std::from_chars(begin, end, value);
  return error == std::errc() && place == end ? value : otherwise;
}

bool bool_field(const Fields& fields, std::string_view name, bool otherwise) {
  const auto text = fields.find(name);
  return text.has_value() ? equals_ignoring_case(*text, "true") : otherwise;
}

}  // namespace slipway::protocols::torchserve
