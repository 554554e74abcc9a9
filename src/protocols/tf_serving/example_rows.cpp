#include "protocols/tf_serving/example_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "protocols/internal/closest.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/internal/record_json.h"
#include "protocols/tf_serving/signature.h"

namespace slipway::protocols::tf_serving {
namespace {

constexpr size_t kCellsMax = 1ULL << 28;

}  // namespace

ExampleRows::ExampleRows(const kserve_v2::ModelInputs& model, ReadBuffers& buffers,
                         InputBuffer& input)
    : signature_(model.signature),
      places_(model.column_places),
      nested_(buffers.nested),
      seen_(buffers.seen),
      input_(input) {
  input_.reset(0, columns(), signature_.matrices);
  seen_.assign(columns(), 0);
}

Status ExampleRows::begin_example() {
  in_context_ = false;
  if ((input_.rows() + 1) * std::max<size_t>(columns(), 1) > kCellsMax) {
    return resource_exhausted(fmt::format("a request holds at most {} cells", kCellsMax));
  }
  input_.add_row();
  for (uint32_t i = 0; i < in_context_given_.size(); ++i) {
    if (in_context_given_[i] == 0) continue;
    numbers()[i] = context_numbers_[i];
    if (signature_.matrices.strings) strings()[i] = context_strings_[i];
    mark(i);
  }
  return {};
}

Status ExampleRows::begin_feature(std::string_view name) {
  count_ = 0;
  name_ = name.substr(0, 128);
  column_ = static_cast<uint32_t>(columns());
  if (places_.empty()) {
    column_ = signature_.find_column(name).value_or(column_);
  } else if (const auto found = places_.find(name); found != places_.end()) {
    column_ = found->second;
  }
  if (in_context_ && in_context_given_.empty()) {
    in_context_given_.resize(columns());
    context_numbers_.resize(columns());
    context_strings_.resize(columns());
  }
  if (column_ < columns()) {
    target_ = Target::kColumn;
  } else {
    const bool is_row = !signature_.columns_named || name == kMatrixInput;
    target_ = is_row ? Target::kRow : Target::kNothing;
  }
  return {};
}

double* ExampleRows::numbers() {
  return in_context_ ? context_numbers_.data() : input_.number_row(input_.rows() - 1);
}

StringCell* ExampleRows::strings() {
  return in_context_ ? context_strings_.data() : input_.string_row(input_.rows() - 1);
}

void ExampleRows::mark(uint32_t column) {
  if (in_context_) {
    in_context_given_[column] = 1;
  } else {
    seen_[column] = input_.rows();
  }
}

/// The column of the next value; one beyond the last if it goes nowhere.
Result<uint32_t> ExampleRows::place() {
  const size_t index = count_++;
  const auto nowhere = static_cast<uint32_t>(columns());
  if (target_ == Target::kNothing) return nowhere;
  if (target_ == Target::kColumn) {
    if (index == 0) return column_;
    return invalid_argument(
        fmt::format("Key: {}. Number of values != expected. Values size: {} but output shape: [1]",
                    name_, count_));
  }
  return static_cast<uint32_t>(std::min<size_t>(index, nowhere));
}

Status ExampleRows::wrong_type(uint32_t column, std::string_view got) const {
  return invalid_argument(fmt::format(
      "Key: {}, Index: {}.  Data types don't match. Data type: {} but expected type: {}", name_,
      input_.rows() == 0 ? 0 : input_.rows() - 1, got,
      signature_.columns[column].type == ColumnType::kNumber ? "double" : "string"));
}

Status ExampleRows::number(double value) {
  const uint32_t column = TRY(place());
  if (column >= columns()) return {};
  mark(column);
  const InputColumn& spec = signature_.columns[column];
  if (!spec.is_used) return {};
  if (spec.type == ColumnType::kNumber) {
    numbers()[column] = value;
    return {};
  }
  const bool is_whole = std::abs(value) < 9e15 && value == std::trunc(value);
  if (!spec.takes_integers || !is_whole) return wrong_type(column, "float");
  strings()[column] = input_.store(fmt::format("{}", static_cast<int64_t>(value)));
  return {};
}

Status ExampleRows::text(std::string_view value) {
  const uint32_t column = TRY(place());
  if (column >= columns()) return {};
  mark(column);
  const InputColumn& spec = signature_.columns[column];
  if (!spec.is_used) return {};
  if (spec.type == ColumnType::kNumber) return wrong_type(column, "string");
  TRY_STATUS(check_utf8(value, "the text"));
  if (spec.type == ColumnType::kText) {
    strings()[column] = input_.store(value);
    return {};
  }
  if (in_context_) return invalid_argument("a record cannot stand in the context");
  return read_record_text(nested_, value, input_, input_.rows() - 1, column);
}

Status ExampleRows::missing() {
  const uint32_t column = TRY(place());
  if (column >= columns()) return {};
  mark(column);  // the cell is missing already
  if (in_context_) context_numbers_[column] = std::nan("");
  return {};
}

Status ExampleRows::end_feature() {
  if (target_ == Target::kRow && count_ != columns()) {
    return invalid_argument(
        fmt::format("Key: {}. Number of values != expected. Values size: {} but output shape: [{}]",
                    name_, count_, columns()));
  }
  return {};
}

Status ExampleRows::finish_example() {
  for (size_t i = 0; i < columns(); ++i) {
    const InputColumn& column = signature_.columns[i];
    if (seen_[i] == input_.rows() || !column.is_used) continue;
    return invalid_argument(fmt::format(
        "Name: <unknown>, Feature: {} (data type: {}) is required but could not be found.",
        column.name, column.type == ColumnType::kNumber ? "double" : "string"));
  }
  return {};
}

}  // namespace slipway::protocols::tf_serving
