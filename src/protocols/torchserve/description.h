// TorchServe's texts about models: as JSON with its own layout, and in words.
#pragma once

#include <string>

#include "protocols/torchserve/state.h"
#include "serving/model_control.h"
#include "serving/model_set.h"

namespace slipway::protocols::torchserve {

struct RegisterRequest;  // management.h

/// An element of the list of models.
void append_listed(std::string& text, const serving::ServedModel& model,
                   const serving::ModelSet& models, const State& state);
/// An element of the description, with what `customized` adds: library, inputs and outputs.
void append_description(std::string& text, const serving::ServedModel& model,
                        const serving::ModelSet& models, const State& state, bool customized);
/// `Model "iris" Version: 1.0 registered with 1 initial workers`
std::string registered_text(const serving::Registered& made, const RegisterRequest& request);
/// {"status": "..."}
std::string status_json(std::string_view status);

}  // namespace slipway::protocols::torchserve
