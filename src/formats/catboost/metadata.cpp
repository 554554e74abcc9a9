#include "formats/catboost/metadata.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace slipway::catboost {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kClassesMax = 1U << 20;

bool is_classification(std::string_view loss) {
  static constexpr std::array kLosses = {
      std::string_view("Logloss"),      std::string_view("CrossEntropy"),
      std::string_view("MultiClass"),   std::string_view("MultiClassOneVsAll"),
      std::string_view("MultiLogloss"), std::string_view("MultiCrossEntropy"),
      std::string_view("Focal")};
  return std::find(kLosses.begin(), kLosses.end(), loss) != kLosses.end();
}

LabelTable count_labels(size_t count) {
  LabelTable labels;
  labels.ints.resize(count);
  std::iota(labels.ints.begin(), labels.ints.end(), int64_t{0});
  return labels;
}

Status wrong_labels() { return data_loss("the class names in the model's notes cannot be read"); }

/// Integers, numbers, truth values or texts; never mixed, but a whole number may be written without
/// a fraction, which the type says then.
Result<LabelTable> read_labels(dom::array names, std::string_view type) {
  LabelTable labels;
  bool has_fraction = type == "Float";
  for (const dom::element name : names) {
    has_fraction = has_fraction || name.is_double();
    if (name.is_string()) labels.dtype = DType::kString;
    if (name.is_bool()) labels.dtype = DType::kBool;
  }
  if (has_fraction && labels.dtype == DType::kInt64) labels.dtype = DType::kFloat64;
  for (const dom::element name : names) {
    std::string_view text;
    double number = 0;
    int64_t integer = 0;
    bool truth = false;
    if (labels.dtype == DType::kString && name.get(text) == simdjson::SUCCESS) {
      labels.strings.emplace_back(text);
    } else if (labels.dtype == DType::kFloat64 && name.get(number) == simdjson::SUCCESS) {
      labels.floats.push_back(number);
    } else if (labels.dtype == DType::kBool && name.get(truth) == simdjson::SUCCESS) {
      labels.ints.push_back(truth ? 1 : 0);
    } else if (labels.dtype == DType::kInt64 && name.get(integer) == simdjson::SUCCESS) {
      labels.ints.push_back(integer);
    } else {
      return wrong_labels();
    }
  }
  return labels;
}

/// One note as JSON. Missing or empty notes are null.
Result<dom::element> parse(const std::string& note, dom::parser& parser) {
  static constexpr std::string_view kNull = "null";
  const std::string_view text = note.empty() ? kNull : std::string_view(note);
  dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return data_loss("the model's notes about itself are damaged: no valid JSON");
  }
  return root;
}

/// {"class_names": [...], "class_to_label": [...], "classes_count": 0}
Status read_class_params(dom::element params, Metadata& metadata) {
  dom::array names;
  if (params["class_names"].get(names) == simdjson::SUCCESS && names.size() > 0) {
    std::string_view type;
    const bool typed = params["class_label_type"].get(type) == simdjson::SUCCESS;
    metadata.labels = TRY(read_labels(names, typed ? type : ""));
  }
  int64_t count = 0;
  if (params["classes_count"].get(count) == simdjson::SUCCESS && count > 0 &&
      metadata.labels.size() == 0) {
    if (static_cast<uint64_t>(count) > kClassesMax) return wrong_labels();
    metadata.labels = count_labels(static_cast<size_t>(count));
  }
  dom::array to_label;
  if (params["class_to_label"].get(to_label) != simdjson::SUCCESS) return {};
  const bool has_names = metadata.labels.size() > 0;
  uint32_t position = 0;
  for (const dom::element item : to_label) {
    double label = 0;
    if (item.get(label) != simdjson::SUCCESS || !(std::fabs(label) < 1e9)) return wrong_labels();
    const auto integer = static_cast<int64_t>(label);
    if (!has_names) metadata.labels.ints.push_back(integer);
    if (has_names && integer < 0) return wrong_labels();
    metadata.classes_of_dimensions.push_back(has_names ? static_cast<uint32_t>(integer) : position);
    ++position;
  }
  return {};
}

Status read_params(dom::element params, Metadata& metadata) {
  std::string_view loss;
  if (params["loss_function"]["type"].get(loss) == simdjson::SUCCESS) metadata.loss = loss;
  dom::array names;
  if (metadata.labels.size() == 0 &&
      params["data_processing_options"]["class_names"].get(names) == simdjson::SUCCESS &&
      names.size() > 0) {
    metadata.labels = TRY(read_labels(names, ""));
  }
  return {};
}

/// "... tags/v1.2.10 ..." in what the library says about its build.
std::string read_version(const std::string& note) {
  for (const std::string_view before : {"tags/v", "CatBoost release ", "Release ", "release "}) {
    const size_t at = note.find(before);
    if (at == std::string::npos) continue;
    const size_t start = at + before.size();
    const size_t end = note.find_first_not_of("0123456789.", start);
    std::string version = note.substr(start, end - start);
    while (version.ends_with('.')) version.pop_back();
    if (!version.empty()) return version;
  }
  return "";
}

/// The score that stands for the probability from which on the second class is predicted.
double read_score_min(const std::string& note) {
  double probability = 0.5;
  const auto [end, error] = std::from_chars(note.data(), note.data() + note.size(), probability);
  if (error != std::errc() || !(probability > 0 && probability < 1)) return 0;
  return -std::log(1 / probability - 1);
}

/// Where the notes leave something open, or do not fit the model.
Status complete(const Model& model, Metadata& metadata) {
  const size_t dimensions = TRY(dimensions_of(model));
  if (metadata.labels.size() == 0 && is_classification(metadata.loss)) {
    metadata.labels = count_labels(dimensions == 1 ? 2 : dimensions);
  }
  std::vector<uint32_t>& classes = metadata.classes_of_dimensions;
  const bool binary = dimensions == 1;
  if (binary || metadata.is_multilabel() || classes.empty() || !metadata.is_classifier()) {
    classes.resize(dimensions);
    std::iota(classes.begin(), classes.end(), 0U);
  }
  if (!metadata.is_classifier()) return {};
  const size_t labels = metadata.labels.size();
  const bool fits =
      classes.size() == dimensions && (binary ? labels == 2 : labels >= dimensions) &&
      std::all_of(classes.begin(), classes.end(), [&](uint32_t c) { return c < labels; });
  if (fits) return {};
  return invalid_argument(
      fmt::format("{} classes do not fit a model of {} scores", labels, dimensions));
}

}  // namespace

const std::string& Model::info_text(const std::string& key) const {
  static const std::string kNone;
  const auto found =
      std::find_if(info.begin(), info.end(), [&](const auto& entry) { return entry.first == key; });
  return found == info.end() ? kNone : found->second;
}

Result<uint32_t> dimensions_of(const Model& model) {
  constexpr size_t kFree = 4096;  // a model without a tree has no values
  constexpr size_t kMost = 1U << 20;
  const size_t most =
      std::min(kMost, std::max(kFree, model.leaf_values.size() + model.biases.size()));
  if (model.dimensions >= 1 && static_cast<size_t>(model.dimensions) <= most) {
    return static_cast<uint32_t>(model.dimensions);
  }
  return data_loss(fmt::format("a model of {} scores: expected 1 to {}", model.dimensions, most));
}

Result<Metadata> read_metadata(const Model& model) {
  Metadata metadata;
  dom::parser parser;
  if (const std::string& loss = model.info_text("loss_function"); !loss.empty()) {
    std::string_view type;
    const dom::element note = TRY(parse(loss, parser));
    if (note["type"].get(type) == simdjson::SUCCESS) metadata.loss = type;
  }
  const std::string& class_params = model.info_text("class_params");
  const std::string& older = model.info_text("multiclass_params");
  TRY_STATUS(
      read_class_params(TRY(parse(class_params.empty() ? older : class_params, parser)), metadata));
  TRY_STATUS(read_params(TRY(parse(model.info_text("params"), parser)), metadata));
  metadata.version = read_version(model.info_text("catboost_version_info"));
  metadata.score_min = read_score_min(model.info_text("binclass_probability_threshold"));
  TRY_STATUS(complete(model, metadata));
  return metadata;
}

}  // namespace slipway::catboost
