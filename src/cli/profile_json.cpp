#include "cli/json_writer.h"
#include "cli/profile_output.h"

namespace slipway::cli {
namespace {

using data::ColumnKind;
using data::Profile;

constexpr const char* kQuantileNames[] = {"1%", "5%", "25%", "50%", "75%", "95%", "99%"};

void write_values(JsonWriter& json, const char* key, const std::vector<data::TopValue>& values) {
  json.key(key);
  json.begin('[');
  for (const data::TopValue& value : values) {
    json.begin('{');
    json.key("value");
    json.string(value.text);
    json.key("count");
    json.number(value.count);
    json.end('}');
  }
  json.end(']');
}

void write_reals(JsonWriter& json, const char* key, const std::vector<double>& values) {
  json.key(key);
  json.begin('[');
  for (const double value : values) json.real(value);
  json.end(']');
}

void write_number(JsonWriter& json, const data::NumberProfile& number) {
  const auto real = [&](const char* key, double value) {
    json.key(key);
    json.real(value);
  };
  real("mean", number.mean);
  real("std", number.std);
  real("min", number.min);
  real("max", number.max);
  json.key("quantiles");
  json.begin('{');
  for (size_t i = 0; i < data::kQuantiles.size(); ++i) {
    real(kQuantileNames[i], number.quantiles.at(i));
  }
  json.end('}');
  json.key("zeros");
  json.number(number.zeros);
  json.key("infinite");
  json.number(number.infinite);
  json.key("histogram");
  json.begin('{');
  write_reals(json, "edges", number.histogram.edges);
  write_reals(json, "counts", number.histogram.counts);
  json.end('}');
}

void write_column(JsonWriter& json, const data::ColumnProfile& column) {
  json.begin('{');
  write_profile_column(json, column);
  json.end('}');
}

void write_target(JsonWriter& json, const data::TargetProfile& target) {
  json.key("target");
  json.begin('{');
  json.key("name");
  json.string(target.name);
  json.key("kind");
  json.string(target.has_classes ? "classes" : "number");
  if (target.has_classes) write_values(json, "classes", target.classes);
  json.key("associations");
  json.begin('[');
  for (const data::Association& association : target.associations) {
    json.begin('{');
    json.key("column");
    json.string(association.column);
    json.key("measure");
    json.string(measure_name(association.measure));
    json.key("value");
    json.real(association.value);
    if (association.mutual_information.has_value()) {
      json.key("mutual_information");
      json.real(*association.mutual_information);
    }
    json.key("alone");
    json.real(association.alone);
    json.end('}');
  }
  json.end(']');
  json.end('}');
}

}  // namespace

void write_profile_column(JsonWriter& json, const data::ColumnProfile& column) {
  json.key("name");
  json.string(column.name);
  json.key("type");
  json.string(column_kind_name(column.kind));
  if (column.kind == ColumnKind::kNumber) {
    json.key("whole");
    json.boolean(column.is_whole);
  }
  if (!column.time_format.empty()) {
    json.key("format");
    json.string(column.time_format);
  }
  if (!column.unit.empty()) {
    json.key("unit");
    json.string(column.unit);
  }
  json.key("missing");
  json.number(column.missing);
  json.key("distinct");
  json.number(column.distinct);
  write_values(json, "top", column.top);
  if (column.number.has_value()) write_number(json, *column.number);
  if (column.text.has_value()) {
    json.key("bytes_min");
    json.number(column.text->size_min);
    json.key("bytes_max");
    json.number(column.text->size_max);
    json.key("bytes_mean");
    json.real(column.text->size_mean);
  }
}

std::string profile_json(const Profile& profile, const std::string& file) {
  JsonWriter json;
  json.begin('{');
  json.key("file");
  json.string(file);
  json.key("rows");
  json.number(profile.rows);
  json.key("duplicate_rows");
  json.number(profile.duplicate_rows);
  json.key("columns");
  json.begin('[');
  for (const data::ColumnProfile& column : profile.columns) write_column(json, column);
  json.end(']');
  json.key("correlations");
  json.begin('{');
  json.key("names");
  json.strings(profile.correlations.names);
  json.key("values");
  json.begin('[');
  const size_t width = profile.correlations.names.size();
  for (size_t row = 0; row < width; ++row) {
    json.begin('[');
    for (size_t i = 0; i < width; ++i) json.real(profile.correlations.values[row * width + i]);
    json.end(']');
  }
  json.end(']');
  json.end('}');
  if (profile.target.has_value()) write_target(json, *profile.target);
  json.key("suspicions");
  json.begin('[');
  for (const data::Suspicion& suspicion : profile.suspicions) {
    json.begin('{');
    json.key("column");
    json.string(suspicion.column);
    json.key("kind");
    json.string(suspicion_name(suspicion.kind));
    json.key("text");
    json.string(suspicion.text);
    json.end('}');
  }
  json.end(']');
  json.end('}');
  return json.text() + "\n";
}

}  // namespace slipway::cli
