#include "data/schema.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <utility>

#include "data/cell_text.h"

namespace slipway::data {
namespace {

constexpr size_t kYamlBytesMax = 16ULL << 20;
constexpr std::string_view kKinds = "number, boolean, category, text, time or ignore";

Status set_kind(std::string_view name, ColumnSchema& column) {
  column.is_ignored = name == "ignore";
  if (column.is_ignored) return {};
  column.kind = find_column_kind(name);
  if (column.kind.has_value()) return {};
  return invalid_argument(fmt::format("expected the type {}, got '{}'", kKinds, name));
}

/// A format says that the column is a time.
Status set_format(std::string_view format, ColumnSchema& column) {
  const std::string wrong = time_format_error(format);
  if (!wrong.empty()) return invalid_argument(wrong);
  if (column.kind.has_value() && *column.kind != ColumnKind::kTime) {
    return invalid_argument(
        fmt::format("only times have a format, got the type {}", column_kind_name(*column.kind)));
  }
  column.kind = ColumnKind::kTime;
  column.time_format = format;
  return {};
}

Status at_line(const YAML::Node& node, Status status) {
  if (status.ok()) return status;
  return std::move(status).with_context(fmt::format("line {}", node.Mark().line + 1));
}

Status wrong(const YAML::Node& node, std::string message) {
  return at_line(node, invalid_argument(std::move(message)));
}

Status read_property(const std::string& key, const YAML::Node& value, ColumnSchema& column) {
  if (!value.IsScalar()) return wrong(value, fmt::format("{}: expected one word", key));
  if (key == "type") return at_line(value, set_kind(value.Scalar(), column));
  if (key == "format") return at_line(value, set_format(value.Scalar(), column));
  if (key == "unit") {
    column.unit = value.Scalar();
    return {};
  }
  return wrong(value, fmt::format("expected type, format or unit, got '{}'", key));
}

Result<ColumnSchema> read_column(const YAML::Node& node) {
  ColumnSchema column;
  if (node.IsScalar()) {
    TRY_STATUS(at_line(node, set_kind(node.Scalar(), column)));
    return column;
  }
  if (!node.IsMap()) return wrong(node, "expected a type, or {type: ..., format: ..., unit: ...}");
  // A format is checked against the type, wherever that stands.
  if (node["type"]) TRY_STATUS(read_property("type", node["type"], column));
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return wrong(entry.first, "expected type, format or unit");
    if (entry.first.Scalar() == "type") continue;
    TRY_STATUS(read_property(entry.first.Scalar(), entry.second, column));
  }
  return column;
}

Status read_columns(const YAML::Node& node, Schema& schema) {
  if (!node.IsMap()) return wrong(node, "columns: expected a type for each name");
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return wrong(entry.first, "expected a column's name");
    ColumnSchema column = TRY(read_column(entry.second));
    if (!schema.columns.emplace(entry.first.Scalar(), std::move(column)).second) {
      return wrong(entry.first,
                   fmt::format("column '{}' stands there twice", entry.first.Scalar()));
    }
  }
  return {};
}

Status read_missing(const YAML::Node& node, Schema& schema) {
  if (!node.IsSequence()) return wrong(node, "missing: expected a list of texts");
  schema.missing.clear();
  schema.missing.reserve(node.size());
  for (const YAML::Node& marker : node) {
    if (marker.IsNull()) {  // YAML's own null, ~ or nothing; as a word of the file it is meant
      schema.missing.emplace_back("null");
    } else if (marker.IsScalar()) {
      schema.missing.push_back(marker.Scalar());
    } else {
      return wrong(marker, "missing: expected a list of texts");
    }
  }
  return {};
}

Result<Schema> read_root(const YAML::Node& root) {
  Schema schema;
  if (root.IsNull()) return schema;
  if (!root.IsMap()) return wrong(root, "expected `columns:` and `missing:`");
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key == "columns") {
      TRY_STATUS(read_columns(entry.second, schema));
    } else if (key == "missing") {
      TRY_STATUS(read_missing(entry.second, schema));
    } else {
      return wrong(entry.first, fmt::format("expected columns or missing, got '{}'", key));
    }
  }
  return schema;
}

}  // namespace

const std::vector<std::string>& usual_missing_markers() {
  static const std::vector<std::string> kMarkers = {"",     "NA",   "N/A",  "n/a",  "#N/A", "<NA>",
                                                    "NaN",  "nan",  "-NaN", "-nan", "null", "NULL",
                                                    "Null", "None", "none", "?",    "-"};
  return kMarkers;
}

const ColumnSchema* Schema::find(std::string_view column) const {
  const auto found = columns.find(column);
  return found == columns.end() ? nullptr : &found->second;
}

Result<Schema> parse_schema(std::string_view yaml) {
  if (yaml.size() > kYamlBytesMax) {
    return resource_exhausted(fmt::format("a schema has at most {} bytes", kYamlBytesMax));
  }
  try {
    return read_root(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

Status add_column_type(std::string_view text, Schema& schema) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) {
    return invalid_argument(fmt::format("expected COLUMN=TYPE, got '{}'", text));
  }
  const std::string_view type = text.substr(equals + 1);
  const size_t colon = type.find(':');
  ColumnSchema column;
  TRY_STATUS(set_kind(type.substr(0, colon), column));
  if (colon != std::string_view::npos) TRY_STATUS(set_format(type.substr(colon + 1), column));
  ColumnSchema& place = schema.columns[std::string(text.substr(0, equals))];
  column.unit = std::move(place.unit);
  place = std::move(column);
  return {};
}

std::string write_schema(const Frame& frame, const Schema& schema) {
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "missing" << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (const std::string& marker : schema.missing) out << YAML::DoubleQuoted << marker;
  out << YAML::EndSeq << YAML::Key << "columns" << YAML::Value << YAML::BeginMap;
  for (const Column& column : frame.columns) {
    out << YAML::Key << YAML::DoubleQuoted << column.name << YAML::Value << YAML::Flow
        << YAML::BeginMap << YAML::Key << "type" << YAML::Value
        << std::string(column_kind_name(column.kind));
    if (!column.time_format.empty()) {
      out << YAML::Key << "format" << YAML::Value << YAML::DoubleQuoted << column.time_format;
    }
    if (!column.unit.empty()) {
      out << YAML::Key << "unit" << YAML::Value << YAML::DoubleQuoted << column.unit;
    }
    out << YAML::EndMap;
  }
  for (const auto& [name, column] : schema.columns) {
    if (!column.is_ignored) continue;
    out << YAML::Key << YAML::DoubleQuoted << name << YAML::Value << YAML::Flow << YAML::BeginMap
        << YAML::Key << "type" << YAML::Value << "ignore" << YAML::EndMap;
  }
  out << YAML::EndMap << YAML::EndMap;
  std::string text = out.c_str();
  text += '\n';
  return text;
}

}  // namespace slipway::data
