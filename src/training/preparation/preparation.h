// Preparation: how a table's columns become the numbers that learners take. It is fitted on
// training rows, and served with the model: the same nodes compute the features of training rows
// and of requests.
//
//   Frame, rows, plan --Preparation::fit--> Preparation --append(GraphBuilder)--> features
//                                                       --transform(Frame)--> matrix for learners
//
// Each kind of columns has its part (internal/part.h), numbers first; behind them stand steps that
// see all features. What changes training rows only is in row_steps.h.
//
// Thread rule: immutable.
//
//   FittedPreparation fitted = TRY(Preparation::fit(input, {}));
//   const ValueId features = TRY(fitted.preparation.append(builder, "preparation"));
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"
#include "graph/graph.h"
#include "training/preparation/input.h"
#include "training/preparation/plan.h"

namespace slipway::training {

class Part;
class Step;
struct FittedPreparation;

class Preparation {
 public:
  /// INVALID_ARGUMENT: a column without any value in the rows, a text that cleaning rules refuse, a
  /// plan that does not go with the rows or the target; RESOURCE_EXHAUSTED: the words of texts
  /// would take more than half of the memory.
  static Result<FittedPreparation> fit(const PreparationInput& input, const PreparationPlan& plan);

  /// Features per row.
  uint32_t width() const { return static_cast<uint32_t>(names_.size()); }
  /// "age", "city=London", "city (rare)", "age (missing)".
  const std::vector<std::string>& names() const { return names_; }
  /// What the model takes: a signature without outputs.
  Signature signature() const;
  /// The nodes; the builder has the signature's columns.
  Result<ValueId> append(GraphBuilder& graph, const std::string& path) const;
  /// rows x width(), row-major: what append()'s nodes compute of these rows of the frame.
  Result<std::vector<double>> transform(const data::Frame& frame, std::span<const uint32_t> rows,
                                        unsigned threads = 1) const;

 private:
  Result<ValueId> append_parts(GraphBuilder& graph, const std::string& path) const;
  Status fit_steps(const PreparationInput& input, const PreparationPlan& plan,
                   std::vector<double>& matrix);

  std::vector<InputColumn> columns_;
  std::shared_ptr<const data::CleaningRules> rules_;  // null: none
  std::vector<std::shared_ptr<const Part>> parts_;
  std::vector<std::shared_ptr<const Step>> steps_;
  std::vector<std::string> names_;
};

struct FittedPreparation {
  Preparation preparation;
  /// input.rows x width(): what a learner is fitted on. It is transform() of these rows but for
  /// features that are cross-fitted.
  std::vector<double> training_matrix;
};

}  // namespace slipway::training
