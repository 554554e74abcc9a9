#include "data/internal/frame_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/edit_distance.h"

namespace slipway::data {
namespace {

constexpr size_t kColumnsMax = 1U << 17;
constexpr size_t kRowsBetweenChecks = 1024;
constexpr size_t kShownMax = 100;

}  // namespace

Result<size_t> FrameBuilder::add_column(std::string name) {
  const size_t place = columns_.size();
  if (place == kColumnsMax) {
    return resource_exhausted(fmt::format("a table has at most {} columns", kColumnsMax));
  }
  if (const auto other = find(name); other.has_value()) {
    return invalid_argument(fmt::format("column '{}' stands there twice, in places {} and {}", name,
                                        *other + 1, place + 1));
  }
  const ColumnSchema* schema = options_.schema.find(name);
  columns_.emplace_back(std::move(name), schema, rules_);
  places_.emplace(columns_.back().name(), place);
  return place;
}

std::optional<size_t> FrameBuilder::find(std::string_view name) const {
  const auto place = places_.find(name);
  if (place == places_.end()) return std::nullopt;
  return place->second;
}

Status FrameBuilder::end_rows(size_t count) {
  row_ += count;
  if (row_ - checked_row_ < kRowsBetweenChecks) return {};
  checked_row_ = row_;
  return check_memory();
}

Status FrameBuilder::check_memory() const {
  size_t bytes = 0;
  for (const ColumnBuilder& column : columns_) bytes += column.size_bytes();
  // What finish() fills up: columns that ended early, or hold nothing.
  bytes = std::max(bytes, columns_.size() * row_ * sizeof(int32_t));
  if (bytes <= options_.memory_bytes_max) return {};
  return resource_exhausted(
      fmt::format("the table needs more memory than the limit of {} MiB, by row {}",
                  options_.memory_bytes_max >> 20U, row_));
}

bool FrameBuilder::needs_second_pass() const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [](const ColumnBuilder& column) { return column.needs_second_pass(); });
}

void FrameBuilder::begin_second_pass() {
  rows_ = row_;
  row_ = 0;
  checked_row_ = 0;
  for (ColumnBuilder& column : columns_) column.begin_second_pass();
}

Result<Frame> FrameBuilder::finish() {
  if (rows_.has_value() && *rows_ != row_) {
    return data_loss(
        fmt::format("the file changed while it was read: {} rows, then {}", *rows_, row_));
  }
  TRY_STATUS(check_memory());
  for (const auto& [name, schema] : options_.schema.columns) {
    if (schema.is_optional || find(name).has_value()) continue;
    std::vector<std::string> names;
    names.reserve(columns_.size());
    for (const ColumnBuilder& column : columns_) names.push_back(column.name());
    const std::string nearest = nearest_name(name, names);
    return invalid_argument(
        fmt::format("there is no column '{}', for which a type is given{}", name,
                    nearest.empty() ? "" : fmt::format(" (there is '{}')", nearest)));
  }
  Frame frame;
  frame.rows = row_;
  frame.columns.reserve(columns_.size());
  for (ColumnBuilder& column : columns_) {
    if (!column.is_ignored()) frame.columns.push_back(column.finish(row_));
  }
  return frame;
}

Status wrong_cell(std::string_view place, const ColumnBuilder& column, std::string_view got) {
  return invalid_argument(fmt::format("{}, column '{}': expected {}, got '{}'", place,
                                      column.name(), column.expected(), got.substr(0, kShownMax)));
}

}  // namespace slipway::data
