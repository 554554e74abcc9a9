#include "protocols/site/example.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_escape.h"

namespace slipway::protocols::site {
namespace {

void append_value(std::string& out, const InputColumn& column) {
  out += column.is_text ? "\"text\"" : "1.0";
}

bool is_uniform(const Signature& signature) {
  const auto texts = std::ranges::count_if(signature.columns, &InputColumn::is_text);
  return texts == 0 || static_cast<size_t>(texts) == signature.columns.size();
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
  if (!signature.columns_named && is_uniform(signature)) {
    const bool text = signature.has_text;
    out += fmt::format(
        "{{\"name\": \"input\", \"shape\": [1, {}], \"datatype\": \"{}\", "
        "\"data\": [",
        signature.columns.size(), text ? "BYTES" : "FP64");
    for (size_t i = 0; i < signature.columns.size(); ++i) {
      if (i > 0) out += ", ";
      append_value(out, signature.columns[i]);
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
                       column.is_text ? "BYTES" : "FP64");
    append_value(out, column);
    out += "]}";
  }
  return out + "]}";
}

}  // namespace slipway::protocols::site
