// Models: each model element of PMML as terms of its prediction.
//
//   reader --lower_model()--> by element: regression, tree, mining, ... --> Prediction --> outputs
//
// Ownership as in fields.h. Thread rule: single-sequence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {

/// The field that a model predicts; nameless where the file does not say.
struct TargetField {
  std::string name;
  DataType type = DataType::kDouble;
  bool is_categorical = false;
  bool is_ordinal = false;
  std::vector<std::string> categories;  // of its DataField, if listed there
  Element target;                       // of Targets; may be empty
};

struct Prediction {
  bool is_classification = false;
  /// Whether the model itself gives `value`; else it is the most probable class.
  bool has_value = false;
  Typed value;
  std::vector<std::string> classes;
  std::vector<TermId> probabilities;  // one per class, or none where the model has none
  std::optional<TermId> entity;       // text: the winning node, cluster, segment
  std::vector<std::string> entities;  // ids that `affinities` stand for
  std::vector<TermId> affinities;
  std::vector<TermId> reason_codes;                    // texts, the weightiest first
  std::vector<std::pair<std::string, Typed>> outputs;  // Output's fields, in order
};

/// What the whole file gives to each of its models.
struct File {
  std::map<std::string, Element, std::less<>> data_fields;
  Element data_dictionary;
  Element transformation_dictionary;
};

struct ModelInput {
  const File& file;
  Element model;
  Scope& scope;
  TargetField target;
  size_t depth;  // of models in models
};

/// Whether the element is a model's, of those that PMML has.
bool is_model(const Element& element);
/// Models in models, at most so deep.
inline constexpr size_t kModelDepthMax = 8;

/// Local transformations, the model itself, Targets and Output. The scope holds the fields of its
/// MiningSchema already.
Result<Prediction> lower_model(const File& file, const Element& model, Scope& scope, size_t depth);
/// The target of a model by its MiningSchema.
Result<TargetField> target_of(const File& file, const Element& model);

Result<Prediction> lower_regression(const ModelInput& input);
Result<Prediction> lower_tree(const ModelInput& input);
Result<Prediction> lower_mining(const ModelInput& input);

/// The MiningFields of a model inside another that treat the outer fields anew.
void inherit_fields(const File& file, const Element& model, Scope& scope);

/// The label of the most probable class (the first of equals; missing if the probabilities are).
Result<Typed> most_probable(Context& context, const Element& at, const TargetField& target,
                            const std::vector<std::string>& classes,
                            const std::vector<TermId>& probabilities);
/// Labels by position, of the target's type; missing beyond them.
Result<Typed> label_at(Context& context, const Element& at, const TargetField& target,
                       const std::vector<std::string>& labels, TermId position);
/// Each divided by their sum.
Result<std::vector<TermId>> normalized(Context& context, std::vector<TermId> values);
Result<std::vector<TermId>> softmax(Context& context, std::vector<TermId> values);
/// 1 / (1 + exp(-x)) and its kin by their PMML names ("logit", "probit", "cloglog", "loglog",
/// "cauchit", "exp", "none", ...).
Result<TermId> inverse_link(Context& context, const Element& at, std::string_view name, TermId x);

/// Applies a Target's bounds, scale and rounding to a regression's value, and its defaults.
Status apply_target(Context& context, const TargetField& target, Prediction& prediction);
/// Adds what the model's Output asks for; fields go into the scope as well.
Status apply_output(Scope& scope, const Element& model, Prediction& prediction);

}  // namespace slipway::pmml
