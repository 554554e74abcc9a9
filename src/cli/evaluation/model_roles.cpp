#include "cli/evaluation/model_roles.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/adjusted_model.h"

namespace slipway::cli {
namespace {

/// One label a row.
bool is_label(const OutputSpec& output) {
  if (output.width != 1) return false;
  if (!output.labels.empty()) return output.labels.size() == 1;
  return output.dtype == DType::kString || output.dtype == DType::kInt64 ||
         output.dtype == DType::kBool;
}

bool is_number(const OutputSpec& output) {
  return output.labels.empty() && output.dtype != DType::kString;
}

/// Which of those that qualify: the default output before the others.
template <typename Qualifies>
std::optional<uint32_t> find_output(const Signature& signature, const Qualifies& qualifies) {
  if (qualifies(signature.outputs[signature.default_output])) return signature.default_output;
  const auto found = std::ranges::find_if(signature.outputs, qualifies);
  if (found == signature.outputs.end()) return std::nullopt;
  return static_cast<uint32_t>(found - signature.outputs.begin());
}

/// By its name: predict_proba, probabilities (ONNX), output_probability (skl2onnx).
std::optional<uint32_t> find_probabilities(const Signature& signature, size_t classes) {
  if (const auto named = signature.find_output("predict_proba")) {
    const OutputSpec& output = signature.outputs[*named];
    if (is_number(output) && output.width > 1) return named;
  }
  return find_output(signature, [&](const OutputSpec& output) {
    return is_number(output) && output.width > 1 && (classes == 0 || output.width == classes) &&
           output.name.find("prob") != std::string::npos &&
           output.name.find("log") == std::string::npos;
  });
}

}  // namespace

std::string_view task_name(Task task) {
  return task == Task::kClassification ? "classification" : "regression";
}

const LabelTable* class_labels(const Signature& signature, const ModelRoles& roles) {
  if (!roles.labels.has_value()) return nullptr;
  const OutputSpec& output = signature.outputs[*roles.labels];
  return output.labels.empty() ? nullptr : &output.labels.front();
}

Result<ModelRoles> find_roles(const Signature& signature, const std::string& task) {
  ModelRoles roles;
  roles.labels = find_output(signature, is_label);
  const bool classifies = task == "classification" || (task == "auto" && roles.labels.has_value());
  if (!classifies) {
    roles.values = find_output(
        signature, [](const OutputSpec& output) { return is_number(output) && output.width == 1; });
    if (!roles.values.has_value()) {
      return invalid_argument(
          fmt::format("evaluate needs one label or one number for each row; the model gives {}",
                      engine::output_names(signature)));
    }
    roles.labels.reset();
    return roles;
  }
  roles.task = Task::kClassification;
  if (!roles.labels.has_value()) {
    roles.probabilities = find_output(signature, is_number);
    if (!roles.probabilities.has_value()) {
      return invalid_argument(
          fmt::format("the model gives neither labels nor probabilities; it "
                      "gives {}",
                      engine::output_names(signature)));
    }
    return roles;
  }
  const LabelTable* labels = class_labels(signature, roles);
  roles.probabilities = find_probabilities(signature, labels == nullptr ? 0 : labels->size());
  const auto decision = signature.find_output("decision_function");
  if (!roles.probabilities.has_value() && decision.has_value() &&
      is_number(signature.outputs[*decision]) && signature.outputs[*decision].width == 1) {
    roles.scores = decision;
  }
  return roles;
}

}  // namespace slipway::cli
