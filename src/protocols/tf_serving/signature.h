// A model as TensorFlow Serving's clients see it: signatures with named, typed tensors.
//
//   Signature --> "serving_default" (all outputs) and one signature for each output, by its name
//
// Inputs: one tensor "inputs" [-1, columns] for a model without trained column names whose columns
// are of one kind; else one tensor [-1] for each column. Numbers are DT_DOUBLE, all else DT_STRING.
// Plain functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "graph/signature.h"
#include "protocols/internal/call.h"

namespace slipway::protocols::tf_serving {

inline constexpr std::string_view kServingDefault = "serving_default";
inline constexpr std::string_view kMatrixInput = "inputs";
inline constexpr std::string_view kPredictMethod = "tensorflow/serving/predict";
inline constexpr std::string_view kClassifyMethod = "tensorflow/serving/classify";
inline constexpr std::string_view kRegressMethod = "tensorflow/serving/regress";

/// The number of a type in TensorFlow's DataType, and its name ("DT_DOUBLE").
uint32_t type_number(DType dtype);
std::string_view type_name(DType dtype);
/// Nothing if it is a type that no model here takes, such as complex numbers.
std::optional<DType> type_from_number(uint64_t number);

/// True if the model's columns are one tensor.
bool takes_matrix(const Signature& signature);

/// What one signature computes.
struct ChosenOutputs {
  OutputMask mask = 0;
  bool is_default = false;  // "serving_default", or no name at all
};
/// Nothing if there is no signature of this name.
std::optional<ChosenOutputs> find_signature(const Signature& signature, std::string_view name);

/// The model of a request: by version or by label, or the newest one. The errors are TensorFlow
/// Serving's own.
struct ModelSpec {
  std::string_view name;
  std::string_view version;  // digits
  std::string_view label;
  std::string_view signature_name;
};
Status choose(BaseCall& call, const ModelSpec& spec);

/// How classification and regression are read out of a model's outputs.
struct ClassifyPlan {
  uint32_t classes = 0;            // the output whose labels are the classes
  std::optional<uint32_t> scores;  // a score for each class; nothing: 1 for the predicted one
  OutputMask mask() const;
};
Result<ClassifyPlan> plan_classify(const Signature& signature, std::string_view signature_name);
Result<uint32_t> plan_regress(const Signature& signature, std::string_view signature_name);

}  // namespace slipway::protocols::tf_serving
