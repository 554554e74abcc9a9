// Parts and steps: what a Preparation is made of.
//
//   columns --Part, Part, ...--> features side by side --Step, Step, ...--> the matrix of a learner
//
// A part makes features of some columns of one kind (numbers.cpp, categories.cpp); a step makes
// features of all that the parts gave, or leaves some out (polynomial.cpp, feature_selection.cpp).
// One file each, with one function that fits it. Thread rule: both are immutable.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "training/preparation/input.h"
#include "training/preparation/plan.h"

namespace slipway::training {

/// Where the model's columns are: as they come, or as cleaning rules leave them. Both values are as
/// wide as the model has columns.
struct PartSource {
  ValueId numbers = kNumbersInput;
  ValueId texts = kStringsInput;
};

class Part {
 public:
  virtual ~Part() = default;
  /// Of the features, as users read them.
  virtual std::vector<std::string> names() const = 0;
  /// The nodes that compute them of a row: a dense value, as wide as there are names.
  virtual Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                                 const std::string& path) const = 0;
};

/// What a feature is on the training rows where it is not what the nodes compute of them (a target
/// encoding that did not see the row's own target).
struct CrossFitted {
  uint32_t feature = 0;        // of the part
  std::vector<double> values;  // one for each training row
};

struct FittedPart {
  std::shared_ptr<const Part> part;
  std::vector<CrossFitted> cross_fitted;
};

/// A column and its place in the model's signature.
struct PartColumn {
  uint32_t place = 0;
  const data::Column* column = nullptr;  // has a value in some training row
};

/// The columns of one kind; at least one.
struct PartInput {
  const PreparationInput& all;
  const PreparationPlan& plan;
  std::vector<PartColumn> columns;
};

Result<FittedPart> fit_numbers(const PartInput& input);
Result<FittedPart> fit_categories(const PartInput& input);
/// Of categories, with Encode::kTarget.
Result<FittedPart> fit_target_means(const PartInput& input);
Result<FittedPart> fit_times(const PartInput& input);
Result<FittedPart> fit_texts(const PartInput& input);

class Step {
 public:
  virtual ~Step() = default;
  /// Of the features behind it.
  virtual std::vector<std::string> names() const = 0;
  /// `matrix`: a dense value, as wide as what the step was fitted on.
  virtual Result<ValueId> append(GraphBuilder& graph, ValueId matrix,
                                 const std::string& path) const = 0;
};

/// The training rows as they are before the step.
struct StepInput {
  const PreparationInput& all;
  const PreparationPlan& plan;
  std::span<const double> x;  // rows x names, row-major
  std::span<const std::string> names;
};

Result<std::shared_ptr<const Step>> fit_polynomial(const StepInput& input);
Result<std::shared_ptr<const Step>> fit_variance(const StepInput& input);
Result<std::shared_ptr<const Step>> fit_selection(const StepInput& input);

}  // namespace slipway::training
