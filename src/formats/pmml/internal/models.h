// Models: each model element of PMML as terms of its prediction.
//
//   reader --lower_model()--> by element: regression, tree, mining, ... --> Prediction --> outputs
//
// Ownership as in fields.h. Thread rule: single-sequence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {

/// The field that a model predicts; nameless where the file does not say.
struct TargetField {
  std::string name;
  std::vector<std::string> names;  // of all targets, where a model has several
  DataType type = DataType::kDouble;
  bool is_categorical = false;
  bool is_ordinal = false;
  std::vector<std::string> categories;  // of its DataField, if listed there
  Element target;                       // of Targets; may be empty
  Element data_field;                   // likewise
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
  std::vector<TermId> ranked_entities;    // texts, the best first, where they are ranked
  std::vector<TermId> ranked_affinities;  // numbers, likewise
  std::vector<TermId> confidences;        // one per class, or none
  std::optional<TermId> display;          // text: the winner's name for people
  std::vector<TermId> reason_codes;       // texts, the weightiest first
  std::vector<std::pair<std::string, Typed>> outputs;  // Output's fields, in order
  std::optional<TermId> segment;  // text: the id of the segment whose answer this is
  /// The answers of single segments, where Output asks for them; nothing where they do not count.
  struct Member {
    std::string name;
    std::shared_ptr<const Prediction> prediction;
  };
  std::vector<Member> segments;
  /// Of several targets, or of all segments (then of one target): an answer for each.
  std::vector<Member> members;
  bool members_are_alike = false;
  /// A segment's answer as it is, which the Targets of the model around it do not change.
  bool keeps_targets_out = false;
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
inline constexpr size_t kClassesMax = 10'000;
inline constexpr size_t kOutputFieldsMax = 10'000;

/// Local transformations, the model itself, Targets and Output. The scope holds the fields of its
/// MiningSchema already.
Result<Prediction> lower_model(const File& file, const Element& model, Scope& scope, size_t depth);
/// The target of a model by its MiningSchema.
Result<TargetField> target_of(const File& file, const Element& model);

Result<Prediction> lower_regression(const ModelInput& input);
Result<Prediction> lower_tree(const ModelInput& input);
Result<Prediction> lower_mining(const ModelInput& input);
Result<Prediction> lower_anomaly_detection(const ModelInput& input);
Result<Prediction> lower_clustering(const ModelInput& input);
Result<Prediction> lower_general_regression(const ModelInput& input);
Result<Prediction> lower_naive_bayes(const ModelInput& input);
Result<Prediction> lower_nearest_neighbors(const ModelInput& input);
Result<Prediction> lower_neural_network(const ModelInput& input);
Result<Prediction> lower_rule_set(const ModelInput& input);
Result<Prediction> lower_scorecard(const ModelInput& input);
Result<Prediction> lower_support_vectors(const ModelInput& input);

/// The MiningFields of a model inside another that treat the outer fields anew.
void inherit_fields(const File& file, const Element& model, Scope& scope);

/// The position of the largest, the first of equals; missing if the first of them is.
Result<TermId> first_largest(Context& context, const Element& at,
                             const std::vector<TermId>& values);
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
Status apply_output(Scope& scope, const Element& model, const TargetField& target,
                    Prediction& prediction);

}  // namespace slipway::pmml
