#include "protocols/tf_serving/signature.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::protocols::tf_serving {
namespace {

struct TypeEntry {
  DType dtype;
  uint32_t number;
  std::string_view name;
};
constexpr TypeEntry kTypes[] = {
    {DType::kFloat32, 1, "DT_FLOAT"},  {DType::kFloat64, 2, "DT_DOUBLE"},
    {DType::kInt32, 3, "DT_INT32"},    {DType::kUint8, 4, "DT_UINT8"},
    {DType::kInt16, 5, "DT_INT16"},    {DType::kInt8, 6, "DT_INT8"},
    {DType::kString, 7, "DT_STRING"},  {DType::kInt64, 9, "DT_INT64"},
    {DType::kBool, 10, "DT_BOOL"},     {DType::kBfloat16, 14, "DT_BFLOAT16"},
    {DType::kUint16, 17, "DT_UINT16"}, {DType::kFloat16, 19, "DT_HALF"},
    {DType::kUint32, 22, "DT_UINT32"}, {DType::kUint64, 23, "DT_UINT64"},
};

const TypeEntry& entry_of(DType dtype) {
  const auto found = std::ranges::find(kTypes, dtype, &TypeEntry::dtype);
  CHECK(found != std::end(kTypes));  // every type is listed
  return *found;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string wrong_method(std::string_view kind, std::string_view expected) {
  return fmt::format("Expected {} signature method_name to be {}. Was: {}", kind, expected,
                     kPredictMethod);
}

std::string no_signature(std::string_view name) {
  return fmt::format("No signature was found with the name: {}", name.substr(0, 128));
}

/// One number for each row.
bool is_number_per_row(const OutputSpec& output) {
  return output.labels.empty() && output.dtype != DType::kString && output.width == 1;
}

}  // namespace

uint32_t type_number(DType dtype) { return entry_of(dtype).number; }
std::string_view type_name(DType dtype) { return entry_of(dtype).name; }

std::optional<DType> type_from_number(uint64_t number) {
  const auto found = std::ranges::find(kTypes, number, &TypeEntry::number);
  return found == std::end(kTypes) ? std::nullopt : std::optional(found->dtype);
}

bool takes_matrix(const Signature& signature) {
  return !signature.columns_named && signature.uniform_type().has_value();
}

std::optional<ChosenOutputs> find_signature(const Signature& signature, std::string_view name) {
  if (name.empty() || name == kServingDefault) {
    OutputMask all = 0;
    for (size_t i = 0; i < signature.outputs.size(); ++i) all |= OutputMask{1} << i;
    return ChosenOutputs{all, true};
  }
  const auto output = signature.find_output(name);
  if (!output) return std::nullopt;
  return ChosenOutputs{OutputMask{1} << *output, false};
}

Status choose(BaseCall& call, const ModelSpec& spec) {
  if (spec.name.empty()) return invalid_argument("ModelSpec has no name specified.");
  if (is_digits(spec.label)) {
    return invalid_argument(
        fmt::format("Unrecognized servable version label: {}", spec.label.substr(0, 128)));
  }
  std::string_view version = spec.version;  // "007" is 7
  while (version.size() > 1 && version.front() == '0') version.remove_prefix(1);
  Status status = choose_model(call, spec.name, spec.label.empty() ? version : spec.label);
  if (status.code() != StatusCode::kNotFound) return status;
  const std::string_view name = spec.name.substr(0, 128);
  if (!spec.label.empty()) {
    const Result<const serving::ModelSet*> models = models_of(call);
    if (models.ok() && !(*models)->versions(spec.name).empty()) {
      return invalid_argument(
          fmt::format("Unrecognized servable version label: {}", spec.label.substr(0, 128)));
    }
  }
  return not_found(version.empty() ? fmt::format("Servable not found for request: Latest({})", name)
                                   : fmt::format("Servable not found for request: Specific({}, {})",
                                                 name, version.substr(0, 32)));
}

OutputMask ClassifyPlan::mask() const {
  return OutputMask{1} << classes | (scores ? OutputMask{1} << *scores : OutputMask{0});
}

Result<ClassifyPlan> plan_classify(const Signature& signature, std::string_view signature_name) {
  const bool is_default = signature_name.empty() || signature_name == kServingDefault;
  const auto named = signature.find_output(is_default ? "predict_proba" : signature_name);
  if (!is_default && !named) return invalid_argument(no_signature(signature_name));
  ClassifyPlan plan;
  plan.classes = signature.default_output;
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    // The default may be another one: the operator's choice.
    if (signature.outputs[plan.classes].labels.size() != 1) plan.classes = i;
  }
  const OutputSpec& classes = signature.outputs[plan.classes];
  if (classes.labels.size() != 1) {
    return invalid_argument(wrong_method("classification", kClassifyMethod));
  }
  if (!named || *named == plan.classes) return plan;
  const OutputSpec& scores = signature.outputs[*named];
  if (!scores.labels.empty() || scores.dtype == DType::kString ||
      scores.width != classes.labels.front().size()) {
    if (is_default) return plan;
    return invalid_argument(wrong_method("classification", kClassifyMethod));
  }
  plan.scores = *named;
  return plan;
}

Result<uint32_t> plan_regress(const Signature& signature, std::string_view signature_name) {
  uint32_t output = signature.default_output;
  if (!signature_name.empty() && signature_name != kServingDefault) {
    const auto named = signature.find_output(signature_name);
    if (!named) return invalid_argument(no_signature(signature_name));
    output = *named;
  }
  if (!is_number_per_row(signature.outputs[output])) {
    return invalid_argument(wrong_method("regression", kRegressMethod));
  }
  return output;
}

}  // namespace slipway::protocols::tf_serving
