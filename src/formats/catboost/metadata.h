// What a model's notes about itself (Model::info: JSON texts of its training's parameters) say
// about its answers: the loss, and the classes of a classifier.
//
// Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/catboost/model.h"
#include "graph/signature.h"

namespace slipway::catboost {

struct Metadata {
  std::string loss;     // "Logloss", "MultiClass", ...; empty if the file does not say
  std::string version;  // "1.2.10"; empty likewise
  LabelTable labels;    // of a classifier; no labels: it is none
  /// The class that each of the model's dimensions is for: classes that the training knew of but
  /// did not see have none.
  std::vector<uint32_t> classes_of_dimensions;
  double score_min = 0;  // above it, a score says the second class

  bool is_multilabel() const { return loss == "MultiLogloss" || loss == "MultiCrossEntropy"; }
  bool is_classifier() const { return labels.size() > 0; }
};

/// How many scores the model gives. DATA_LOSS if they are none, or far more than it has values for.
Result<uint32_t> dimensions_of(const Model& model);

/// DATA_LOSS where the notes cannot be read, INVALID_ARGUMENT where they do not fit the model.
Result<Metadata> read_metadata(const Model& model);

}  // namespace slipway::catboost
