// Space: what each hyperparameter may be, lists of values and ranges.
//
//   {C: log 0.001 to 100, penalty: l1 or l2} --draw_from_spaces--> 20 combinations
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/random.h"
#include "training/selection/search.h"

namespace slipway::training {

/// Values to draw from: those of a list, or the numbers of a range with both ends.
struct Values {
  enum class Kind : uint8_t { kList, kUniform, kLog, kInteger, kLogInteger };
  Kind kind = Kind::kList;
  std::vector<std::string> list;
  double low = 0;
  double high = 0;

  /// A number of a range with six significant digits; a fraction has a point or an exponent, so
  /// that it is told from a count.
  std::string draw(Random& random) const;
  bool operator==(const Values&) const = default;
};

/// INVALID_ARGUMENT: an empty list, a range whose ends are not finite or not in order, one of
/// logarithms that does not lie above 0, one of whole numbers without any or beyond 1e15.
Status check_values(const Values& values);

using Space = std::map<std::string, Values>;

/// Whether all values are listed, so that there is a grid.
bool is_listed(const Space& space);

/// Every combination of spaces of lists, one space after another. INVALID_ARGUMENT: a range,
/// over kCombinationsMax.
Result<std::vector<HyperparameterTexts>> all_of_spaces(std::span<const Space> spaces);

/// `count` different combinations by Random(seed), fewer if there are no more: of lists in their
/// order; with ranges drawn one by one, first the space, then each value (as scikit-learn's
/// ParameterSampler, which may repeat itself). Errors as all_of_spaces(), but ranges are fine.
Result<std::vector<HyperparameterTexts>> draw_from_spaces(std::span<const Space> spaces,
                                                          size_t count, uint64_t seed);

}  // namespace slipway::training
