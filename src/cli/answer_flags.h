// What flags and lists of models say of a model's answers (serving/model_settings.h), checked, and
// applied to a model that has been loaded.
//
//   --threshold, --class-names, --outputs, --key-fields --answer_settings--> ModelSettings
//   ModelSettings + model --apply_settings--> the model as it is served
//
// Plain functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "serving/model_settings.h"
#include "serving/served_model.h"

namespace slipway::cli {

struct AnswerFlags {
  std::optional<double> threshold;
  std::vector<std::string> class_names;
  std::vector<std::string> outputs;  // OUTPUT or DIALECT=OUTPUT
  std::vector<std::string> key_fields;
};

/// Null if nothing is set. INVALID_ARGUMENT if an output is no DIALECT=OUTPUT.
Result<std::shared_ptr<const serving::ModelSettings>> answer_settings(const AnswerFlags& flags);

/// INVALID_ARGUMENT says what the model has not: an output, probabilities, so many classes.
Status apply_settings(const serving::ModelSettings& settings, serving::LoadedModel& model);

}  // namespace slipway::cli
