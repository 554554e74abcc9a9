#include "cli/packing.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "base/file.h"
#include "base/json_escape.h"
#include "cli/model_card.h"
#include "cli/model_file.h"
#include "cli/packed_data.h"
#include "cli/sample_answers.h"
#include "cli/sample_rows.h"
#include "cli/version.h"
#include "formats/bundle/slip.h"
#include "formats/decompress.h"
#include "lifecycle/model_list.h"
#include "lifecycle/model_names.h"

namespace slipway::cli {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kFolder = "model/";
constexpr std::string_view kProfile = "profile.json";
constexpr std::string_view kExpected = "expected.csv";

bool has(const Files& files, std::string_view name) {
  return std::ranges::any_of(files, [&](const auto& file) { return file.first == name; });
}

Status add_all(const formats::FileSet& set, Files& files) {
  if (bundle::find_slip_manifest(set)) {
    return already_exists("it is a bundle already; `slipway inspect` shows what it holds");
  }
  for (size_t i = 0; i < set.files().size(); ++i) {
    std::string bytes = TRY(set.read(i));
    files.emplace_back(std::string(kFolder) + set.files()[i].name, std::move(bytes));
  }
  return {};
}

/// "joblib" of "iris.v2.joblib": what names the file in the bundle. Only what is harmless in one.
std::string ending_of(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension();
  const bool is_plain = ending.size() <= 16 && std::ranges::all_of(ending, [](unsigned char c) {
                          return c == '.' || std::isalnum(c) != 0;
                        });
  return is_plain ? ending : std::string();
}

/// What lies beside the model and belongs to it. A file that is not there is none.
Status add_beside(const std::string& path, std::string_view ending, std::string name,
                  Files& files) {
  Result<std::string> bytes = read_file(path + std::string(ending), Limits());
  if (bytes.status().code() == StatusCode::kNotFound) return {};
  if (!bytes.ok()) return bytes.status();
  files.emplace_back(std::move(name), std::move(bytes).value());
  return {};
}

/// The model's files as the bundle holds them; gives what the manifest calls the model.
Result<std::string> gather(const std::string& path, const Limits& limits, Files& files) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    const auto folder = TRY(formats::open_folder(path, limits));
    TRY_STATUS(add_all(*folder, files));
    return std::string(kFolder);
  }
  std::string bytes = TRY(read_file(path, limits));
  std::string plain;
  const formats::Compression compression = formats::detect_compression(bytes);
  if (compression != formats::Compression::kNone) {
    plain = TRY(formats::decompress(bytes, compression, limits));
  }
  const std::string& content = plain.empty() ? bytes : plain;
  if (formats::looks_like_zip(content)) {
    const auto zip = TRY(formats::open_zip(content, limits));
    if (!zip->find("schema.json") || zip->find("MLmodel")) {
      TRY_STATUS(add_all(*zip, files));
      return std::string(kFolder);
    }
  } else if (formats::looks_like_tar(content)) {
    const auto tar = TRY(formats::open_tar(content, limits));
    TRY_STATUS(add_all(*tar, files));
    return std::string(kFolder);
  }
  const std::string_view start = std::string_view(bytes).substr(0, formats::FormatSet::kStartBytes);
  if (all_formats().find(start) == nullptr) {
    return invalid_argument(fmt::format("it is not a model file that Slipway reads (expected {})",
                                        all_formats().description()));
  }
  std::string name = "model" + ending_of(path);
  files.emplace_back(name, std::move(bytes));
  TRY_STATUS(add_beside(path, formats::kDefinitionsSuffix,
                        name + std::string(formats::kDefinitionsSuffix), files));
  TRY_STATUS(add_beside(path, ".samples.json", "model.samples.json", files));
  TRY_STATUS(add_beside(path, ".expected.csv", std::string(kExpected), files));
  // A version's folder holds one model: what it expects may leave out whose answers they are.
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  uint64_t version = 0;
  if (!has(files, kExpected) &&
      lifecycle::parse_version_number(folder.filename().string(), version)) {
    TRY_STATUS(add_beside((folder / kExpected).string(), "", std::string(kExpected), files));
  }
  return name;
}

void append_outputs(std::string& json, const Signature& signature) {
  json.append(",\n\"outputs\": [");
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    const OutputSpec& output = signature.outputs[i];
    json.append(i == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ");
    append_json_string(json, output.name);
    json.append(
        fmt::format(", \"datatype\": \"{}\", \"width\": {}", oip_name(output.dtype), output.width));
    if (!output.columns.empty()) {
      json.append(", \"columns\": [");
      for (size_t k = 0; k < output.columns.size(); ++k) {
        if (k > 0) json.append(", ");
        append_json_string(json, output.columns[k]);
      }
      json.push_back(']');
    }
    json.push_back('}');
  }
  json.append("\n],\n\"default_output\": ");
  append_json_string(json, signature.outputs[signature.default_output].name);
}

/// The user's entries, which may not be those that stand there already.
Status append_given(std::string& json, const std::string& details) {
  if (details.empty()) return {};
  constexpr std::string_view kOwn[] = {
      "slipway_bundle", "name",           "version", "model",   "select", "files", "inputs",
      "outputs",        "default_output", "class",   "library", "format", "tool",  "profile"};
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string padded(details);
  if (const auto error = parser.parse(padded).get_object().get(root)) {
    return invalid_argument(
        fmt::format("the details are no JSON object: {}", simdjson::error_message(error)));
  }
  for (const auto& [key, value] : root) {
    if (std::ranges::find(kOwn, key) != std::end(kOwn)) {
      return invalid_argument(
          fmt::format("the details may not say \"{}\": it is told from the "
                      "model",
                      key));
    }
    json.append(",\n");
    append_json_string(json, key);
    json.append(": ").append(simdjson::minify(value));
  }
  return {};
}

Result<std::string> details_of(const formats::ReadReport& report, const DataFacts& facts,
                               const std::string& given) {
  const Signature& signature = report.graph->signature();
  std::string json;
  append_inputs(json, signature, facts.ranges);
  append_outputs(json, signature);
  const auto field = [&](std::string_view key, std::string_view value) {
    json.append(fmt::format(",\n\"{}\": ", key));
    append_json_string(json, value);
  };
  field("class", report.info.class_name);
  field("library", report.info.library_version.empty()
                       ? report.info.library
                       : fmt::format("{} {}", report.info.library, report.info.library_version));
  field("format", report.info.container);
  field("tool", fmt::format("slipway {}", kVersion));
  if (!facts.profile.empty()) field("profile", kProfile);
  TRY_STATUS(append_given(json, given));
  return json;
}

std::string name_of(const std::string& path) {
  std::string file = std::filesystem::path(path).filename();
  if (file.empty()) file = std::filesystem::path(path).parent_path().filename();
  return lifecycle::name_by_content(file);
}

/// What a bundle is made of, once the model is read.
struct Gathered {
  std::string model;  // as in the manifest
  Files files;
};

/// The model, out of the very bytes that are packed, as a server will read them.
Result<ModelFile> read_gathered(Gathered& gathered, const PackRequest& request) {
  bundle::SlipContents contents;
  contents.model = gathered.model;
  contents.select = request.select;
  contents.files = std::move(gathered.files);
  Result<std::string> bytes = bundle::write_slip(contents);
  gathered.files = std::move(contents.files);
  if (!bytes.ok()) return std::move(bytes).status();
  Limits limits;
  limits.file_bytes_max = std::max<uint64_t>(request.model_bytes_max, bytes->size());
  const formats::ModelFormat* format =
      all_formats().find(std::string_view(*bytes).substr(0, formats::FormatSet::kStartBytes));
  if (format == nullptr) return internal_error("the bundle is not told to be one");
  ModelFile file;
  file.report = TRY(format->read(*std::move(bytes), {}, all_formats(), limits));
  return file;
}

Result<Packed> pack_read(const ModelFile& file, const Executable& model, Gathered gathered,
                         Packed packed, const PackRequest& request) {
  DataFacts facts;
  if (request.open_rows) {
    facts.profile = request.profile;
    const auto source = request.open_rows(model.signature());
    Status status =
        source.ok() ? read_data_facts(**source, model.signature(), facts) : source.status();
    if (!status.ok()) return std::move(status).with_context(request.data_name);
  } else if (!model.signature().matrices.records) {
    SampleRows(*file.report.graph).fill(2 * request.sample_rows, facts.first);
  }
  if (!has(gathered.files, kExpected) && request.sample_rows > 0) {
    Result<SampleAnswers> samples = sample_answers(model, facts.first, request.sample_rows);
    if (samples.ok() && samples->rows > 0) {
      packed.sample_rows = samples->rows;
      gathered.files.emplace_back(kExpected, std::move(samples->csv));
    } else {
      packed.note = samples.ok() ? "the model takes none of the rows that were tried; give some "
                                   "with --data"
                                 : samples.status().message();
    }
  }
  if (!facts.profile.empty()) gathered.files.emplace_back(kProfile, facts.profile);
  bundle::SlipContents contents;
  contents.name = packed.name;
  contents.version = packed.version;
  contents.model = std::move(gathered.model);
  contents.select = request.select;
  contents.details = TRY(details_of(file.report, facts, request.details));
  contents.files = std::move(gathered.files);
  std::string card = request.card.empty()
                         ? model_card({packed.name, packed.version, &file.report, request.details,
                                       packed.sample_rows, !facts.profile.empty()})
                         : request.card;
  contents.files.emplace_back("MODEL_CARD.md", std::move(card));
  packed.bytes = TRY(bundle::write_slip(contents));
  return packed;
}

}  // namespace

Result<Packed> pack_model(const std::string& path, const PackRequest& request) {
  Packed packed;
  packed.name = request.name.empty() ? name_of(path) : request.name;
  packed.version = request.version.empty() ? "1" : request.version;
  Limits limits;
  limits.file_bytes_max = request.model_bytes_max;
  Gathered gathered;
  Result<std::string> place = gather(path, limits, gathered.files);
  if (!place.ok()) return std::move(place).status().with_context(path);
  gathered.model = std::move(place).value();
  Result<ModelFile> file = read_gathered(gathered, request);
  if (!file.ok()) return std::move(file).status().with_context(path);
  if (Status status = file->report.status(); !status.ok()) {
    return std::move(status).with_context(path);
  }
  const auto model = TRY(compile_model(*file, path));
  if (Status status = check_own_answers(path, *file, *model); !status.ok()) {
    return std::move(status).with_context(path);
  }
  return pack_read(*file, *model, std::move(gathered), std::move(packed), request);
}

Result<Packed> pack_bytes(const std::string& file, std::string bytes, const PackRequest& request) {
  const formats::ModelFormat* format =
      all_formats().find(std::string_view(bytes).substr(0, formats::FormatSet::kStartBytes));
  if (format == nullptr) return internal_error(fmt::format("{} is no model", file));
  ModelFile read;
  read.report = TRY(format->read(bytes, {}, all_formats(), Limits()));
  TRY_STATUS(read.report.status());
  const auto model = TRY(compile_model(read, file));
  Packed packed;
  packed.name = request.name;
  packed.version = request.version.empty() ? "1" : request.version;
  Gathered gathered;
  gathered.model = file;
  gathered.files.emplace_back(file, std::move(bytes));
  return pack_read(read, *model, std::move(gathered), std::move(packed), request);
}

}  // namespace slipway::cli
