#include "training/splits/holdout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "training/random.h"
#include "training/splits/internal/classes.h"

namespace slipway::training {
namespace {

struct PartSizes {
  size_t train = 0, validation = 0, test = 0;
};

/// Of so many rows or groups (`what`).
Result<PartSizes> part_sizes(std::string_view what, size_t count, const Shares& shares) {
  const auto is_share = [](double value) { return value > 0 && value < 1; };
  if (!is_share(shares.test_share) ||
      (shares.validation_share != 0 && !is_share(shares.validation_share)) ||
      shares.test_share + shares.validation_share >= 1) {
    return invalid_argument(
        fmt::format("expected shares between 0 and 1, together below 1, got {} "
                    "for the test part and {} for the validation part",
                    shares.test_share, shares.validation_share));
  }
  if (count > UINT32_MAX) return resource_exhausted(fmt::format("too many {}: {}", what, count));
  const auto rounded_up = [&](double share) {
    return static_cast<size_t>(std::ceil(share * static_cast<double>(count)));
  };
  const size_t test = rounded_up(shares.test_share);
  const size_t validation = rounded_up(shares.validation_share);
  if (test + validation >= count) {
    return invalid_argument(
        fmt::format("{} {} do not suffice for a training part and a test part "
                    "of {}{}",
                    count, what, test,
                    validation > 0 ? fmt::format(" and a validation part of {}", validation) : ""));
  }
  return PartSizes{count - test - validation, validation, test};
}

enum class Part : uint8_t { kTrain, kValidation, kTest };

Parts parts_of(std::span<const Part> part_of_row) {
  Parts parts;
  for (size_t row = 0; row < part_of_row.size(); ++row) {
    std::vector<uint32_t>& part = part_of_row[row] == Part::kTest         ? parts.test
                                  : part_of_row[row] == Part::kValidation ? parts.validation
                                                                          : parts.train;
    part.push_back(static_cast<uint32_t>(row));
  }
  return parts;
}

/// The first of `order` are the test part, the next the validation part.
std::vector<Part> dealt(std::span<const uint32_t> order, const PartSizes& sizes) {
  std::vector<Part> parts(order.size(), Part::kTrain);
  for (size_t i = 0; i < sizes.test; ++i) parts[order[i]] = Part::kTest;
  for (size_t i = 0; i < sizes.validation; ++i) parts[order[sizes.test + i]] = Part::kValidation;
  return parts;
}

/// Takes `count` of `rows` evenly: of any stretch of them within 1 of its share. What it takes gets
/// the part and leaves `rows`.
void take_evenly(std::vector<uint32_t>& rows, size_t count, Part part, std::vector<Part>& parts) {
  const uint64_t total = rows.size();
  std::vector<uint32_t> rest;
  rest.reserve(total - count);
  for (uint64_t i = 0; i < total; ++i) {
    if ((i + 1) * count / total > i * count / total) {
      parts[rows[i]] = part;
    } else {
      rest.push_back(rows[i]);
    }
  }
  rows = std::move(rest);
}

}  // namespace

Result<Parts> split_shuffled(size_t rows, const Shares& shares) {
  const PartSizes sizes = TRY(part_sizes("rows", rows, shares));
  return parts_of(dealt(Random(shares.seed).permutation(static_cast<uint32_t>(rows)), sizes));
}

/// Rows stand class by class, the classes and the rows of each in random order; every part is taken
/// evenly from that row of rows.
Result<Parts> split_stratified(std::span<const int32_t> labels, const Shares& shares) {
  const PartSizes sizes = TRY(part_sizes("rows", labels.size(), shares));
  const DenseLabels dense = dense_labels(labels);
  TRY_STATUS(check_class_counts(dense, sizes.validation > 0 ? 3 : 2, "parts"));
  Random random(shares.seed);
  const std::vector<uint32_t> class_rank = random.permutation(static_cast<uint32_t>(dense.size()));
  std::vector<uint32_t> rows = random.permutation(static_cast<uint32_t>(labels.size()));
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    return class_rank[dense.ids[a]] < class_rank[dense.ids[b]];
  });
  std::vector<Part> parts(labels.size(), Part::kTrain);
  take_evenly(rows, sizes.test, Part::kTest, parts);
  take_evenly(rows, sizes.validation, Part::kValidation, parts);
  return parts_of(parts);
}

Result<Parts> split_grouped(std::span<const int32_t> groups, const Shares& shares) {
  const DenseLabels dense = dense_labels(groups);
  const PartSizes sizes = TRY(part_sizes("groups", dense.size(), shares));
  const std::vector<Part> of_group =
      dealt(Random(shares.seed).permutation(static_cast<uint32_t>(dense.size())), sizes);
  std::vector<Part> parts;
  parts.reserve(groups.size());
  for (const uint32_t id : dense.ids) parts.push_back(of_group[id]);
  return parts_of(parts);
}

Result<Parts> split_by_time(std::span<const double> times, const Shares& shares) {
  const PartSizes sizes = TRY(part_sizes("rows", times.size(), shares));
  for (size_t row = 0; row < times.size(); ++row) {
    if (std::isnan(times[row]))
      return invalid_argument(fmt::format("row {}: the time is missing", row));
  }
  std::vector<uint32_t> order(times.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return times[a] < times[b]; });
  const auto first_of_its_time = [&](size_t place) {
    while (place > 0 && place < order.size() && times[order[place - 1]] == times[order[place]]) {
      --place;
    }
    return place;
  };
  const size_t test_begin = first_of_its_time(sizes.train + sizes.validation);
  const size_t validation_begin =
      sizes.validation == 0 ? test_begin : first_of_its_time(std::min(sizes.train, test_begin));
  if (validation_begin == 0 || (sizes.validation > 0 && validation_begin == test_begin)) {
    return invalid_argument(
        "too many rows have the same time: a part of the split by time would be empty");
  }
  std::vector<Part> parts(times.size(), Part::kTrain);
  for (size_t i = validation_begin; i < order.size(); ++i) {
    parts[order[i]] = i < test_begin ? Part::kValidation : Part::kTest;
  }
  return parts_of(parts);
}

}  // namespace slipway::training
