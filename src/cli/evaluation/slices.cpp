#include "cli/evaluation/slices.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <unordered_map>

#include "base/quantile.h"
#include "data/cell_text.h"

namespace slipway::cli {
namespace {

/// Whether the column has so many distinct numbers that only ranges of them tell something.
bool is_range(const data::Column& column) {
  if (column.is_text() || column.kind == data::ColumnKind::kBoolean) return false;
  std::set<double> distinct;
  for (size_t row = 0; row < column.rows() && distinct.size() <= kSliceNumbersMax; ++row) {
    if (!column.is_missing(row)) distinct.insert(column.numbers[row]);
  }
  return distinct.size() > kSliceNumbersMax;
}

std::string bound_text(const data::Column& column, double value) {
  return column.kind == data::ColumnKind::kTime ? data::time_text(value)
                                                : fmt::format("{:.6g}", value);
}

std::vector<Slice> quarters(const data::Column& column) {
  std::vector<double> sorted;
  for (const double value : column.numbers) {
    if (value == value) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> bounds;
  for (const double q : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    bounds.push_back(quantile_of_sorted(sorted, q));
  }
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  std::vector<Slice> slices(bounds.size() - 1);
  for (size_t i = 0; i < slices.size(); ++i) {
    slices[i].value =
        fmt::format("{} to {}", bound_text(column, bounds[i]), bound_text(column, bounds[i + 1]));
  }
  for (size_t row = 0; row < column.rows(); ++row) {
    if (column.is_missing(row)) continue;
    // A value on a border belongs to the lower quarter.
    const auto above = std::lower_bound(bounds.begin() + 1, bounds.end() - 1, column.numbers[row]);
    slices[static_cast<size_t>(above - bounds.begin()) - 1].rows.push_back(
        static_cast<uint32_t>(row));
  }
  return slices;
}

std::vector<Slice> by_value(const data::Column& column) {
  std::vector<Slice> slices;
  std::unordered_map<std::string, size_t> places;
  for (size_t row = 0; row < column.rows(); ++row) {
    if (column.is_missing(row)) continue;
    const auto [place, is_new] = places.emplace(column.cell_text(row), slices.size());
    if (is_new) slices.push_back({place->first, {}});
    slices[place->second].rows.push_back(static_cast<uint32_t>(row));
  }
  std::ranges::stable_sort(
      slices, [](const Slice& a, const Slice& b) { return a.rows.size() > b.rows.size(); });
  if (slices.size() <= kSlicesMax) return slices;
  Slice rest{fmt::format("({} others)", slices.size() - kSlicesMax), {}};
  for (size_t i = kSlicesMax; i < slices.size(); ++i) {
    std::ranges::copy(slices[i].rows, std::back_inserter(rest.rows));
  }
  std::ranges::sort(rest.rows);
  slices.resize(kSlicesMax);
  slices.push_back(std::move(rest));
  return slices;
}

}  // namespace

std::vector<Slice> slices_of(const data::Column& column) {
  std::vector<Slice> slices = is_range(column) ? quarters(column) : by_value(column);
  Slice missing{"(missing)", {}};
  for (size_t row = 0; row < column.rows(); ++row) {
    if (column.is_missing(row)) missing.rows.push_back(static_cast<uint32_t>(row));
  }
  if (!missing.rows.empty()) slices.push_back(std::move(missing));
  return slices;
}

}  // namespace slipway::cli
