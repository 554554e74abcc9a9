#include "formats/bundle/internal/mlflow.h"
#include "formats/bundle/bundle.h"

#include "formats/bundle/internal/definitions.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <utility>

namespace slipway::bundle {
namespace {

namespace dom = simdjson::dom;
using formats::FileSet;
using formats::FormatSet;
using formats::ModelFormat;
using formats::ReadReport;

constexpr std::string_view kMlModel = "MLmodel";
constexpr uint64_t kMlModelBytesMax = 4 << 20;
constexpr size_t kColumnsMax = 1 << 20;

/// Flavours in the order of preference, and the key under which each names its file.
struct Flavour {
  const char* name;
  const char* data_key;
};
constexpr std::array kFlavours = {Flavour{"sklearn", "pickled_model"}, Flavour{"xgboost", "data"},
                                  Flavour{"lightgbm", "data"}, Flavour{"catboost", "data"},
                                  Flavour{"onnx", "data"}};

std::string scalar_or_empty(const YAML::Node& node) {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

/// The signature's inputs are a JSON text: [{"name": ..., "type": ..., "required": ...}, ...].
std::vector<SignatureColumn> parse_columns(const std::string& text) {
  dom::parser parser;
  dom::array specs;
  std::vector<SignatureColumn> columns;
  if (parser.parse(text).get(specs) != simdjson::SUCCESS) return {};
  for (const dom::element spec : specs) {
    std::string_view name;
    std::string_view type;
    if (spec["name"].get(name) != simdjson::SUCCESS || columns.size() == kColumnsMax) return {};
    if (spec["type"].get(type) != simdjson::SUCCESS || type == "tensor") return {};
    SignatureColumn column{std::string(name), std::string(type)};
    bool flag = false;
    if (spec["required"].get(flag) == simdjson::SUCCESS) column.is_required = flag;
    if (spec["optional"].get(flag) == simdjson::SUCCESS) column.is_required = !flag;
    columns.push_back(std::move(column));
  }
  return columns;
}

std::optional<RequestParameter::Type> parameter_type(std::string_view name) {
  using Type = RequestParameter::Type;
  constexpr std::array<std::pair<std::string_view, Type>, 8> kTypes = {
      {{"boolean", Type::kBoolean},
       {"integer", Type::kInteger},
       {"long", Type::kLong},
       {"float", Type::kFloat},
       {"double", Type::kDouble},
       {"string", Type::kString},
       {"datetime", Type::kDatetime},
       {"object", Type::kObject}}};
  const auto* const found = std::ranges::find(kTypes, name, &decltype(kTypes)::value_type::first);
  return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

/// As Python's str() gives it, but for lists of texts.
std::string default_text(const dom::element& value) {
  constexpr size_t kShownMax = 200;
  std::string_view text;
  bool flag = false;
  if (value.is_null()) return "None";
  if (value.get(flag) == simdjson::SUCCESS) return flag ? "True" : "False";
  if (value.get(text) == simdjson::SUCCESS) return std::string(text.substr(0, kShownMax));
  std::string raw = simdjson::minify(value);
  std::string out;
  for (const char c : std::string_view(raw).substr(0, kShownMax)) {
    out.push_back(c);
    if (c == ',') out.push_back(' ');
  }
  return out;
}

/// The signature's params are a JSON text: [{"name", "type" or "dtype", "default", "shape"}, ...].
/// False if it is none: then MLflow itself could not read it.
bool parse_parameters(const std::string& text, std::vector<RequestParameter>& parameters) {
  constexpr size_t kParametersMax = 1024;
  dom::parser parser;
  dom::array specs;
  if (parser.parse(text).get(specs) != simdjson::SUCCESS) return false;
  for (const dom::element spec : specs) {
    RequestParameter parameter;
    std::string_view name;
    std::string_view type;
    dom::element value;
    if (spec["name"].get(name) != simdjson::SUCCESS) return false;
    if (spec["type"].get(type) != simdjson::SUCCESS && spec["dtype"].get(type) != simdjson::SUCCESS)
      return false;
    const auto known = parameter_type(type);
    if (!known || parameters.size() == kParametersMax) return false;
    parameter.name = name;
    parameter.type = *known;
    if (spec["default"].get(value) == simdjson::SUCCESS)
      parameter.default_text = default_text(value);
    parameter.is_list = spec["shape"].get(value) == simdjson::SUCCESS && !value.is_null();
    parameters.push_back(std::move(parameter));
  }
  return true;
}

MlModel read_document(const YAML::Node& root) {
  MlModel model;
  const YAML::Node flavours = root["flavors"];
  const YAML::Node python = flavours["python_function"];
  const bool has_python = python.IsDefined() && python.IsMap();
  for (const Flavour& known : kFlavours) {
    const YAML::Node flavour = flavours[known.name];
    if (!flavour.IsDefined() || !flavour.IsMap()) continue;
    model.flavour = known.name;
    model.data = scalar_or_empty(flavour[known.data_key]);
    break;
  }
  if (has_python) {
    model.loader_module = scalar_or_empty(python["loader_module"]);
    model.predict_fn = scalar_or_empty(python["predict_fn"]);
    if (model.data.empty()) model.data = scalar_or_empty(python["model_path"]);
    if (model.data.empty()) model.data = scalar_or_empty(python["data"]);
  }
  model.mlflow_version = scalar_or_empty(root["mlflow_version"]);
  const YAML::Node signature = root["signature"];
  if (signature.IsDefined() && signature.IsMap()) {
    model.columns = parse_columns(scalar_or_empty(signature["inputs"]));
    const std::string params = scalar_or_empty(signature["params"]);
    model.has_parameters = !params.empty() && parse_parameters(params, model.parameters);
  }
  return model;
}

/// A file by its path from the folder of MLmodel, or the only file in the folder of that path.
std::optional<size_t> find_data(const FileSet& files, std::string_view folder,
                                std::string_view data) {
  while (data.starts_with("./")) data.remove_prefix(2);
  const std::string path = fmt::format("{}{}", folder, data);
  if (const auto whole = files.find(path)) return whole;
  std::optional<size_t> found;
  for (size_t i = 0; i < files.files().size(); ++i) {
    if (!files.files()[i].name.starts_with(path + "/")) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

ReadReport gap_report(std::string class_name, std::string message, std::string advice) {
  ReadReport report;
  report.info.class_name = class_name;
  report.info.library = "MLflow";
  report.gaps.push_back({"", std::move(class_name), 0, std::move(message), std::move(advice)});
  return report;
}

/// Says where the signature and the model do not mean the same columns.
void compare_columns(const MlModel& described, ReadReport& report) {
  if (report.graph == nullptr || described.columns.empty()) return;
  const Signature& signature = report.graph->signature();
  std::vector<std::string>& warnings = report.info.warnings;
  if (signature.columns.size() != described.columns.size()) {
    warnings.push_back(fmt::format("MLflow's signature has {} columns, the model takes {}",
                                   described.columns.size(), signature.columns.size()));
    return;
  }
  constexpr size_t kWarningsMax = 5;
  for (const SignatureColumn& column : described.columns) {
    if (warnings.size() >= kWarningsMax) return;
    const auto place = signature.find_column(column.name);
    if (!place) {
      warnings.push_back(fmt::format(
          "MLflow's signature has a column '{}' that the model does not know", column.name));
    } else if (signature.columns[*place].is_text() != (column.type == "string") &&
               signature.columns[*place].is_used && column.type != "object") {
      warnings.push_back(
          fmt::format("MLflow's signature says that column '{}' is {}, the model "
                      "takes a {}",
                      column.name, column.type, column_type_name(signature.columns[*place].type)));
    }
  }
}

Result<ReadReport> read_data(const FileSet& files, size_t place, const MlModel& described,
                             const formats::ReadOptions& options, const FormatSet& formats,
                             const Limits& limits, bool in_archive) {
  const std::string& name = files.files()[place].name;
  std::string bytes = TRY(files.read(place));
  const ModelFormat* format =
      formats.find(std::string_view(bytes).substr(0, FormatSet::kStartBytes));
  if (format == nullptr) {
    return gap_report(described.flavour,
                      fmt::format("{} is not of a format that Slipway reads", name),
                      fmt::format("expected {}", formats.description()));
  }
  if (formats::looks_like_zip(bytes)) {
    format = formats.named("skops");  // an archive inside would be no model of MLflow's
    if (format == nullptr) return unimplemented("this program does not read skops files");
  }
  formats::ReadOptions inner = options;
  inner.definitions = TRY(find_definitions(files, name, bytes, in_archive));
  for (const SignatureColumn& column : described.columns) {
    inner.column_names.push_back(column.name);
  }
  Result<ReadReport> report = format->read(std::move(bytes), inner, formats, limits);
  if (!report.ok()) return std::move(report).status().with_context(name);
  return report;
}

}  // namespace

Result<MlModel> parse_mlmodel(const std::string& text) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsMap() && root["flavors"].IsDefined() && root["flavors"].IsMap()) {
      return read_document(root);
    }
  } catch (const YAML::Exception& error) {
    return invalid_argument(fmt::format("MLmodel is no YAML: line {}, column {}: {}",
                                        error.mark.line + 1, error.mark.column + 1, error.msg));
  }
  return invalid_argument("MLmodel names no flavors");
}

std::optional<size_t> find_mlmodel(const FileSet& files) {
  if (const auto top = files.find(kMlModel)) return top;
  std::optional<size_t> found;
  for (size_t i = 0; i < files.files().size(); ++i) {
    if (!files.files()[i].name.ends_with("/MLmodel")) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

MlflowFacts mlflow_facts(const FileSet& files) {
  const auto place = find_mlmodel(files);
  if (!place || files.files()[*place].size_bytes > kMlModelBytesMax) return {};
  const Result<std::string> text = files.read(*place);
  if (!text.ok()) return {};
  Result<MlModel> model = parse_mlmodel(*text);
  if (!model.ok()) return {};
  RequestSchema schema;
  for (SignatureColumn& column : model->columns) {
    if (!column.is_required) schema.optional_columns.push_back(std::move(column.name));
  }
  schema.has_parameters = model->has_parameters;
  schema.parameters = std::move(model->parameters);
  MlflowFacts facts{std::move(model->predict_fn), nullptr};
  if (schema.has_parameters || !schema.optional_columns.empty()) {
    facts.schema = std::make_shared<const RequestSchema>(std::move(schema));
  }
  return facts;
}

Result<ReadReport> read_mlflow(const FileSet& files, size_t mlmodel,
                               const formats::ReadOptions& options, const FormatSet& formats,
                               const Limits& limits, bool in_archive) {
  const FileSet::File& file = files.files()[mlmodel];
  if (file.size_bytes > kMlModelBytesMax) {
    return resource_exhausted(fmt::format("{} is over {} bytes", file.name, kMlModelBytesMax));
  }
  const MlModel described = TRY(parse_mlmodel(TRY(files.read(mlmodel))));
  if (described.flavour.empty()) {
    return gap_report(
        described.loader_module.empty() ? "mlflow" : described.loader_module,
        "the MLflow model has no flavour that Slipway reads (sklearn, xgboost, lightgbm, catboost, "
        "onnx); what python_function does is Python code, which is never run",
        "log the model with its library's own flavour, such as mlflow.sklearn.log_model");
  }
  const std::string_view folder =
      std::string_view(file.name).substr(0, file.name.size() - kMlModel.size());
  const std::optional<size_t> data =
      described.data.empty() ? std::nullopt : find_data(files, folder, described.data);
  if (!data) {
    return invalid_argument(fmt::format("MLmodel's flavour {} names a file that is not there: '{}'",
                                        described.flavour, described.data));
  }
  ReadReport report = TRY(read_data(files, *data, described, options, formats, limits, in_archive));
  compare_columns(described, report);
  const bool has_method = described.predict_fn.empty() || report.graph == nullptr ||
                          report.graph->signature().find_output(described.predict_fn).has_value();
  if (!has_method) {
    report.info.warnings.push_back(fmt::format(
        "MLflow's predict_fn is {}, which is no output of the model", described.predict_fn));
  }
  report.info.container = report.info.container.empty()
                              ? fmt::format("MLflow {}", described.flavour)
                              : fmt::format("{} in MLflow", report.info.container);
  return report;
}

}  // namespace slipway::bundle
