// Parts: one split into training, validation and test rows.
//
// What is drawn by lot is drawn by Random(seed) (training/random.h). The test part has the share of
// the rows, rounded up, the validation part likewise; row numbers ascend within each part. Errors
// are INVALID_ARGUMENT: shares that are no shares, a part that would be empty.
//
//   const Parts parts = TRY(split_stratified(labels, {.test_share = 0.2}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace slipway::training {

struct Shares {
  double test_share = 0.25;     // between 0 and 1
  double validation_share = 0;  // likewise, or 0: no such part; both together below 1
  uint64_t seed = 0;
};

struct Parts {
  std::vector<uint32_t> train, validation, test;
};

Result<Parts> split_shuffled(size_t rows, const Shares& shares);

/// The test part's count of each class is within 1 of the ideal, and so is the validation part's
/// of what the test part leaves. A class with fewer rows than there are parts is an error.
Result<Parts> split_stratified(std::span<const int32_t> labels, const Shares& shares);

/// Shares of the groups, not of the rows; no group is in two parts.
Result<Parts> split_grouped(std::span<const int32_t> groups, const Shares& shares);

/// The latest rows are the test part, those before them the validation part. Rows of one time stay
/// together: a part begins with the first row of the time that its share falls on. No seed.
Result<Parts> split_by_time(std::span<const double> times, const Shares& shares);

}  // namespace slipway::training
