// Segments of a MiningModel, and the methods that choose among them: selectFirst, selectAll,
// modelChain and multiModelChain. What combines numbers and votes is in mining.cpp.
// Thread rule: single-sequence.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pmml/internal/models.h"

namespace slipway::pmml {

struct Segment {
  Element element;
  Element model;
  std::string id;       // as the file has it, or its number
  bool always = false;  // its predicate is True
  TermId holds;         // else: 1 or 0
  double weight = 1;
  std::unique_ptr<Scope> scope;
  std::string target;
  Prediction prediction;
};

/// Whether the method takes segments' answers as they are.
bool is_selection(std::string_view method);
/// The answer by such a method; `missing` is its missingPredictionTreatment.
Result<Prediction> select_segments(const ModelInput& input, std::vector<Segment>& segments,
                                   std::string_view method, std::string_view missing);
/// 1 where a model gives no answer, else 0.
Result<TermId> is_absent(Context& context, const Prediction& prediction);
/// The prediction where the condition is 1, else nothing.
Result<Prediction> only_where(Context& context, TermId condition, const Prediction& prediction);

}  // namespace slipway::pmml
