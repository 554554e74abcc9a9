// What an operator changes of a model's answers, without training anew: where a probability is
// enough for the second class, what the classes are called, which output is asked for by default.
//
//   Executable --adjust_model(settings)--> Executable with another signature --> serving, predict
//
// All that look at the model see the changed one: each protocol, its metadata, `slipway predict`.
// Ownership: the adjusted model holds the one it is made of. Thread rule: that of an Executable.
//
//   auto model = TRY(adjust_model(TRY(engine::compile(graph)), {.threshold = 0.3}));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/executable.h"

namespace slipway::engine {

struct AnswerSettings {
  /// Of a classifier with two classes: `predict` is the second one where its probability is so
  /// much at least, and the first one elsewhere (also for a NaN).
  std::optional<double> threshold;
  std::vector<std::string> class_names;  // in the order of the classes; empty: as trained
  std::string default_output;            // empty: as it is

  bool empty() const { return !threshold && class_names.empty() && default_output.empty(); }
};

/// The same model if nothing is changed. INVALID_ARGUMENT says what the model has not.
Result<std::shared_ptr<const Executable>> adjust_model(std::shared_ptr<const Executable> model,
                                                       const AnswerSettings& settings);

/// "predict, predict_proba", for messages.
std::string output_names(const Signature& signature);

}  // namespace slipway::engine
