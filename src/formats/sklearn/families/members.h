// What meta-estimators share: the estimators inside them, and these estimators' answers in the form
// that the outer one works with.
//
//   const Members members = TRY(lower_members(lowering, self, "estimators_", input));
//   if (members.unknown) return unknown_step();
//   for (const Step& step : members.steps) {
//     const Method* method = TRY(method_of(step, "predict"));
//     ValueId numbers = TRY(as_numbers(lowering, *method));
//   }
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/sklearn/lowering.h"
#include "graph/ops/combine.h"

namespace slipway::sklearn {

/// What stands for an estimator behind a gap.
Step unknown_step();

struct Members {
  std::vector<Step> steps;
  bool unknown = false;  // one of them is behind a gap
};

/// The estimators of a list or object array, in order, without those that are 'drop' or None.
Result<std::vector<pickle::Value>> member_list(pickle::Value self, std::string_view attribute);
/// Lowers them all over the same input. INVALID_ARGUMENT if there are none.
Result<Members> lower_members(Lowering& lowering, pickle::Value self, std::string_view attribute,
                              const Features& input);

/// UNIMPLEMENTED if the step has no such method.
Result<const Method*> method_of(const Step& step, std::string_view name);
/// "predict_proba", or of several targets "predict_proba_0", "predict_proba_1", ...; empty if the
/// step has neither.
std::vector<const Method*> methods_of(const Step& step, const std::string& name);
/// The method's columns as one dense matrix: labels as numbers. UNIMPLEMENTED for texts.
Result<ValueId> as_numbers(Lowering& lowering, const Method& method);
/// Some columns of a dense value.
Result<ValueId> pick_columns(Lowering& lowering, ValueId value, const std::vector<uint32_t>& picks);
/// Dense values side by side.
Result<ValueId> side_by_side(Lowering& lowering, const std::vector<ValueId>& values);
/// factor * x + shift of each column.
Result<ValueId> scaled(Lowering& lowering, ValueId value, double factor, double shift = 0);
Result<ValueId> combined(Lowering& lowering, std::vector<ValueId> values,
                         std::vector<double> weights = {}, double divisor = 1);
Result<ValueId> row_function(Lowering& lowering, ValueId value, RowFunctionOp::Function function);
Result<ValueId> activated(Lowering& lowering, ValueId value, ActivationOp::Function function);

/// The classes that a step's predict gives. UNIMPLEMENTED if it gives no labels of one target.
Result<const LabelTable*> classes_of(const Step& step);
/// Where each label of `part` stands in `whole`: numbers by value, texts by text.
Result<std::vector<uint32_t>> label_places(const LabelTable& part, const LabelTable& whole);
/// For members trained on codes 0, 1, ...: their labels as places below `count`.
Result<std::vector<uint32_t>> code_places(const LabelTable& codes, size_t count);
/// The labels at these places.
LabelTable labels_at(const LabelTable& labels, const std::vector<uint32_t>& places);
/// A member's predict as a row of `width` columns: `hit` in the column of its class, else `miss`.
Result<ValueId> class_votes(Lowering& lowering, const Method& predict,
                            const std::vector<uint32_t>& places, uint32_t width, double hit,
                            double miss = 0);
/// Probabilities (or other numbers per class) brought to these places of `width` columns.
Result<ValueId> placed(Lowering& lowering, ValueId value, const std::vector<uint32_t>& places,
                       uint32_t width, double fill = 0);

/// predict of several targets: index columns side by side, whose labels are of one type.
Result<Method> several_labels(Lowering& lowering, const std::vector<ValueId>& indices,
                              std::vector<LabelTable> labels);
/// predict (the first maximum) and predict_proba; no predict_log_proba.
Result<Step> plain_probability_classifier(Lowering& lowering, ValueId probabilities,
                                          const LabelTable& labels);

}  // namespace slipway::sklearn
