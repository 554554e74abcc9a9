#include "protocols/site/example.h"

#include <fmt/format.h>

#include "base/json_escape.h"

namespace slipway::protocols::site {
namespace {

void append_value(std::string& out, const InputColumn& column) {
  if (!column.example.empty()) {
    out += column.example;
  } else {
    out += column.is_record() ? "{}" : column.is_text() ? "\"text\"" : "1.0";
  }
}

/// In a tensor a record is a text.
void append_element(std::string& out, const InputColumn& column) {
  if (column.is_record()) {
    append_json_string(out, column.example.empty() ? "{}" : column.example);
  } else {
    append_value(out, column);
  }
}

}  // namespace

std::string example_features(const Signature& signature) {
  std::string out = "{\"features\": [";
  out += signature.columns_named ? "{" : "";
  bool first = true;
  for (const InputColumn& column : signature.columns) {
    if (!first) out += ", ";
    first = false;
    if (signature.columns_named) {
      append_json_string(out, column.name);
      out += ": ";
    }
    append_value(out, column);
  }
  out += signature.columns_named ? "}" : "";
  return out + "]}";
}

std::string example_infer(const Signature& signature) {
  std::string out = "{\"inputs\": [";
  const std::optional<ColumnType> type = signature.uniform_type();
  if (!signature.columns_named && type.has_value()) {
    out += fmt::format(
        "{{\"name\": \"{}\", \"shape\": [1, {}], \"datatype\": \"{}\", "
        "\"data\": [",
        signature.rows_are_records ? "record" : "input", signature.columns.size(),
        *type == ColumnType::kNumber ? "FP64" : "BYTES");
    for (size_t i = 0; i < signature.columns.size(); ++i) {
      if (i > 0) out += ", ";
      append_element(out, signature.columns[i]);
    }
    return out + "]}]}";
  }
  bool first = true;
  for (const InputColumn& column : signature.columns) {
    if (!first) out += ", ";
    first = false;
    out += "{\"name\": ";
    append_json_string(out, column.name);
    out += fmt::format(", \"shape\": [1, 1], \"datatype\": \"{}\", \"data\": [",
                       column.type == ColumnType::kNumber ? "FP64" : "BYTES");
    append_element(out, column);
    out += "]}";
  }
  return out + "]}";
}

}  // namespace slipway::protocols::site
