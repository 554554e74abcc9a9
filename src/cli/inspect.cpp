// `slipway inspect`: what a model file holds, and every reason why it could not be served.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/model_file.h"
#include "formats/bundle/slip.h"

namespace slipway::cli {
namespace {

std::string_view column_type(const InputColumn& column) {
  if (!column.is_used) return "not used";
  return column_type_name(column.type);
}

std::string shape_of(const OutputSpec& output) {
  return output.is_vector ? "[rows]" : fmt::format("[rows, {}]", output.width);
}

std::string join(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) text += fmt::format(", ... ({} in all)", names.size());
  return text;
}

std::vector<std::string> labels_as_text(const LabelTable& labels) {
  std::vector<std::string> names = labels.strings;
  for (const int64_t label : labels.ints) {
    names.push_back(labels.dtype == DType::kBool ? (label != 0 ? "true" : "false")
                                                 : fmt::format("{}", label));
  }
  for (const double label : labels.floats) names.push_back(fmt::format("{}", label));
  return names;
}

void print_head(const std::string& path, const ModelFile& file) {
  const formats::ModelInfo& info = file.report.info;
  fmt::print("{}\n", path);
  fmt::print("  model       {}\n", info.class_name);
  fmt::print("  written by  {} {}\n", info.library,
             info.library_version.empty() ? "(version not recorded)" : info.library_version);
  fmt::print("  file        {}{}{}, {} bytes\n", info.container,
             info.compression.empty() ? "" : " in ", info.compression, info.file_bytes);
  fmt::print("  digest      {}\n", file.digest);
  for (const std::string& name : file.report.defined) fmt::print("  defined     {}\n", name);
  for (const std::string& warning : info.warnings) fmt::print("  warning     {}\n", warning);
}

/// The manifest of the bundle that the model comes from; null if it comes from none.
const std::string* manifest_of(const formats::ReadReport& report) {
  for (const formats::Companion& companion : report.companions) {
    if (companion.name == bundle::kSlipManifest) return &companion.bytes;
  }
  return nullptr;
}

bool is_signed(const formats::ReadReport& report) {
  return std::ranges::any_of(report.companions, [](const formats::Companion& companion) {
    return companion.name == bundle::kSlipSignature;
  });
}

/// What the bundle says of the model, but what the model says itself.
void print_bundle(const ModelFile& file) {
  const std::string* text = manifest_of(file.report);
  if (text == nullptr) return;
  constexpr std::string_view kElsewhere[] = {
      "slipway_bundle", "name",    "version", "inputs", "outputs", "default_output",
      "class",          "library", "format",  "files",  "model"};
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string padded(*text);
  if (parser.parse(padded).get_object().get(root) != simdjson::SUCCESS) return;
  const auto manifest = bundle::parse_slip_manifest(*text);
  if (!manifest.ok()) return;
  fmt::print("  bundle      {} version {}, {} files, checksums agree, {}\n", manifest->name,
             manifest->version, manifest->files.size(),
             is_signed(file.report) ? "signed" : "not signed");
  for (const auto& [key, value] : root) {
    if (std::ranges::find(kElsewhere, key) != std::end(kElsewhere)) continue;
    fmt::print("  {:<11} {}\n", key, std::string(simdjson::minify(value)));
  }
}

void print_signature(const Graph& graph) {
  const Signature& signature = graph.signature();
  fmt::print("  memory      {} bytes\n\n", graph.size_bytes());
  if (signature.rows_are_records) {
    fmt::print("Input: records, one object a row, such as {}\n", signature.columns[0].example);
  } else {
    fmt::print("Input: {} columns{}\n", signature.columns.size(),
               signature.columns_named ? "" : ", trained without names");
  }
  constexpr size_t kColumnsShown = 50;
  for (size_t i = 0; i < signature.columns.size() && i < kColumnsShown; ++i) {
    if (signature.rows_are_records) break;
    fmt::print("  {:<28} {}\n", signature.columns[i].name, column_type(signature.columns[i]));
  }
  if (signature.columns.size() > kColumnsShown) {
    fmt::print("  ... and {} more (--json lists all)\n", signature.columns.size() - kColumnsShown);
  }
  fmt::print("\nOutputs:\n");
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    const OutputSpec& output = signature.outputs[i];
    fmt::print("  {:<28} {:<6} {}{}\n", output.name, oip_name(output.dtype), shape_of(output),
               i == signature.default_output ? "  (default)" : "");
    for (const LabelTable& labels : output.labels) {
      fmt::print("  {:<28} {}\n", "", join(labels_as_text(labels), 12));
    }
  }
  fmt::print("\nGraph:\n{}", print(graph));
}

void print_gaps(const formats::ReadReport& report) {
  if (!report.candidates.empty()) {
    fmt::print("\nThe file holds several models; choose one:\n");
    for (const formats::Candidate& candidate : report.candidates) {
      fmt::print("  --select {:<24} {}\n", candidate.path, candidate.class_name);
    }
    return;
  }
  fmt::print("\nThis model cannot be served. {} part{} of it {} not supported:\n",
             report.gaps.size(), report.gaps.size() == 1 ? "" : "s",
             report.gaps.size() == 1 ? "is" : "are");
  for (const formats::Gap& gap : report.gaps) {
    fmt::print("  {}{}{} at byte {}\n    {}\n    what you can do: {}\n", gap.path,
               gap.path.empty() ? "" : ": ", gap.class_name, gap.offset, gap.message, gap.advice);
  }
}

void write_signature(JsonWriter& json, const Graph& graph) {
  const Signature& signature = graph.signature();
  json.key("memory_bytes");
  json.number(graph.size_bytes());
  json.key("columns_named");
  json.boolean(signature.columns_named);
  json.key("rows_are_records");
  json.boolean(signature.rows_are_records);
  json.key("columns");
  json.begin('[');
  for (const InputColumn& column : signature.columns) {
    json.begin('{');
    json.key("name");
    json.string(column.name);
    json.key("type");
    json.string(column_type(column));
    json.end('}');
  }
  json.end(']');
  json.key("outputs");
  json.begin('[');
  for (const OutputSpec& output : signature.outputs) {
    json.begin('{');
    json.key("name");
    json.string(output.name);
    json.key("datatype");
    json.string(oip_name(output.dtype));
    json.key("width");
    json.number(output.width);
    json.key("vector");
    json.boolean(output.is_vector);
    json.key("classes");
    json.begin('[');
    for (const LabelTable& labels : output.labels) json.strings(labels_as_text(labels));
    json.end(']');
    json.end('}');
  }
  json.end(']');
  json.key("default_output");
  json.string(signature.outputs[signature.default_output].name);
  json.key("graph");
  json.string(print(graph));
}

void write_gaps(JsonWriter& json, const formats::ReadReport& report) {
  json.key("gaps");
  json.begin('[');
  for (const formats::Gap& gap : report.gaps) {
    json.begin('{');
    json.key("path");
    json.string(gap.path);
    json.key("class");
    json.string(gap.class_name);
    json.key("offset");
    json.number(gap.offset);
    json.key("message");
    json.string(gap.message);
    json.key("advice");
    json.string(gap.advice);
    json.end('}');
  }
  json.end(']');
  json.key("models");
  json.begin('[');
  for (const formats::Candidate& candidate : report.candidates) {
    json.begin('{');
    json.key("select");
    json.string(candidate.path);
    json.key("class");
    json.string(candidate.class_name);
    json.end('}');
  }
  json.end(']');
}

void print_json(const std::string& path, const ModelFile& file) {
  const formats::ReadReport& report = file.report;
  JsonWriter json;
  json.begin('{');
  const auto field = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.string(value);
  };
  field("path", path);
  field("class", report.info.class_name);
  field("library", report.info.library);
  field("library_version", report.info.library_version);
  field("container", report.info.container);
  field("compression", report.info.compression);
  field("digest", file.digest);
  json.key("file_bytes");
  json.number(report.info.file_bytes);
  json.key("defined");
  json.strings(report.defined);
  json.key("warnings");
  json.strings(report.info.warnings);
  json.key("servable");
  json.boolean(report.graph != nullptr);
  if (const std::string* manifest = manifest_of(report); manifest != nullptr) {
    json.key("bundle");
    json.raw(*manifest);
    json.key("signed");
    json.boolean(is_signed(report));
  }
  if (report.graph != nullptr) write_signature(json, *report.graph);
  write_gaps(json, report);
  json.end('}');
  fmt::print("{}\n", json.text());
}

}  // namespace

int inspect(const InspectOptions& options) {
  const Result<ModelFile> file =
      read_model_file(options.model, options.select, options.model_bytes_max);
  if (!file.ok()) {
    fmt::print(stderr, "slipway: {}\n", file.status().message());
    return kExitFailure;
  }
  const formats::ReadReport& report = file->report;
  const auto keys = read_public_keys(options.require_signature);
  const Status trusted = keys.ok() ? check_signature(report, *keys) : keys.status();
  if (!trusted.ok()) {
    fmt::print(stderr, "slipway: {}: {}\n", options.model, trusted.message());
    return kExitFailure;
  }
  if (options.json) {
    print_json(options.model, *file);
  } else {
    print_head(options.model, *file);
    print_bundle(*file);
    if (report.graph != nullptr) {
      print_signature(*report.graph);
    } else {
      print_gaps(report);
    }
  }
  return report.graph != nullptr || !report.candidates.empty() ? kExitOk : kExitUnsupported;
}

}  // namespace slipway::cli
