// Estimators that only stand around another one: the searches over parameters (their best
// estimator) and FrozenEstimator.
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

Result<Step> lower_search(Lowering& lowering, pickle::Value self, const Features& input) {
  const auto best = self.find_attr("best_estimator_");
  if (!best.has_value()) {
    return invalid_argument(
        "it holds no best_estimator_: it was not fitted, or made with refit=False; fit it with "
        "refit=True");
  }
  return lowering.lower(*best, input, "best_estimator_");
}

Result<Step> lower_frozen(Lowering& lowering, pickle::Value self, const Features& input) {
  return lowering.lower(TRY(self.attr("estimator")), input, "estimator");
}

}  // namespace

std::span<const EstimatorEntry> search_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"GridSearchCV", lower_search},
      EstimatorEntry{"RandomizedSearchCV", lower_search},
      EstimatorEntry{"HalvingGridSearchCV", lower_search},
      EstimatorEntry{"HalvingRandomSearchCV", lower_search},
      EstimatorEntry{"FrozenEstimator", lower_frozen},
  };
  return kTable;
}

}  // namespace slipway::sklearn
