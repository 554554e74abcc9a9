#include "protocols/internal/row_filler.h"

#include <fmt/format.h>

#include <utility>

#include "protocols/internal/closest.h"
#include "protocols/internal/key_fields.h"
#include "protocols/internal/record_json.h"

namespace slipway::protocols {
namespace {

// Columns that nothing depends on may be left out, so the body does not bound the cells.
constexpr size_t kCellsMax = 1ULL << 28;

}  // namespace

RowFiller::RowFiller(const Signature& signature,
                     const std::unordered_map<std::string_view, uint32_t>& places,
                     ReadBuffers& buffers, InputBuffer& input)
    : signature_(signature),
      places_(places),
      json_(buffers.json),
      keys_(buffers.keys),
      seen_(buffers.seen),
      input_(input) {}

void RowFiller::reset() {
  input_.reset(0, columns(), signature_.matrices);
  seen_.assign(columns(), 0);
}

Status RowFiller::add_row() {
  if ((input_.rows() + 1) * columns() > kCellsMax) {
    return resource_exhausted(fmt::format("a request holds at most {} cells", kCellsMax));
  }
  input_.add_row();
  return {};
}

std::string RowFiller::cell_name(size_t row, uint32_t column) const {
  return fmt::format("feature {} in row {}", in_quotes(signature_.columns[column].name), row);
}

Status RowFiller::read_cell(ondemand::value& value, size_t row, uint32_t column) {
  if (!signature_.columns[column].is_used) return {};  // it may hold anything
  Status status;
  switch (signature_.columns[column].type) {
    case ColumnType::kNumber:
      status = read_number(json_, value, input_.number_row(row)[column]);
      break;
    case ColumnType::kText:
      status = signature_.columns[column].takes_integers
                   ? read_category(json_, value, input_, input_.string_row(row)[column])
                   : read_text(json_, value, input_, input_.string_row(row)[column]);
      break;
    case ColumnType::kRecord: status = read_record(json_, value, input_, row, column); break;
  }
  if (status.ok() || json_.failed_on_syntax()) return status;
  return std::move(status).with_context(cell_name(row, column));
}

std::optional<uint32_t> RowFiller::find_column(std::string_view name, uint32_t expected) const {
  // Clients mostly send the columns in the order of training.
  if (expected < columns() && signature_.columns[expected].name == name) return expected;
  if (places_.empty()) return signature_.find_column(name);
  const auto place = places_.find(name);
  return place == places_.end() ? std::nullopt : std::optional(place->second);
}

Status RowFiller::count_error(size_t got) const {
  std::string hint;
  if (columns() == 1 && got > 1 && input_.rows() == 1) {
    hint = "; several rows are written [[...], [...]]";
  }
  return invalid_argument(fmt::format("expected {} feature{} in row {}, got {}{}", columns(),
                                      columns() == 1 ? "" : "s", input_.rows() - 1, got, hint));
}

Status RowFiller::read_values(ondemand::array& array) {
  input_.add_row();
  size_t count = 0;
  for (auto element : array) {
    ondemand::value value;
    if (const auto error = element.get(value)) return json_.syntax_error(error);
    if (count < columns())
      TRY_STATUS(read_cell(value, input_.rows() - 1, static_cast<uint32_t>(count)));
    ++count;
  }
  return count == columns() ? Status() : count_error(count);
}

Status RowFiller::unknown_feature(std::string_view name, ondemand::value& value) const {
  ondemand::json_type type{};
  if (value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::array) {
    return invalid_argument(
        fmt::format("unknown field {} with a list; rows stand under \"features\", \"input\" or "
                    "\"instances\", or are the body itself",
                    in_quotes(name)));
  }
  return invalid_argument(fmt::format("unknown feature {} in row {}{}", in_quotes(name),
                                      input_.rows() - 1, column_hint(signature_, name)));
}

Result<bool> RowFiller::read_key(std::string_view name, ondemand::value& value) {
  const auto key = keys_ != nullptr ? keys_->find(name) : std::nullopt;
  if (!key) return false;
  TRY_STATUS(read_key_field(json_, value, *keys_, input_.rows() - 1, *key));
  return true;
}

Status RowFiller::read_field(ondemand::field& field, uint32_t& place) {
  uint32_t column = place;
  std::string_view name;
  if (signature_.columns_named || keys_ != nullptr) {
    if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
    const bool is_key = TRY(read_key(name, field.value()));
    if (is_key) return {};
  }
  if (signature_.columns_named) {
    const auto found = find_column(name, place);
    if (!found) return unknown_feature(name, field.value());
    column = *found;
    if (seen_[column] == input_.rows()) {
      return invalid_argument(cell_name(input_.rows() - 1, column) + " is given twice");
    }
    seen_[column] = input_.rows();
  }
  ++place;
  if (column >= columns()) return {};  // counted, and told at the end of the row
  return read_cell(field.value(), input_.rows() - 1, column);
}

Status RowFiller::end_fields(uint32_t count) const {
  if (count == columns()) return {};
  if (!signature_.columns_named) return count_error(count);
  for (uint32_t i = 0; i < columns(); ++i) {
    if (seen_[i] != input_.rows() && signature_.columns[i].is_used)
      return invalid_argument(cell_name(input_.rows() - 1, i) + " is missing");
  }
  return {};
}

Status RowFiller::read_object_row(ondemand::value& value) {
  if (signature_.rows_are_records) {
    input_.add_row();
    const size_t row = input_.rows() - 1;
    return in_row(read_record(json_, value, input_, row, 0), row);
  }
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
  return read_named_row(object);
}

Status RowFiller::in_row(Status status, size_t row) const {
  if (status.ok() || json_.failed_on_syntax()) return status;
  return std::move(status).with_context(fmt::format("row {}", row));
}

Status RowFiller::read_named_row(ondemand::object& object) {
  TRY_STATUS(add_row());
  uint32_t count = 0;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
    TRY_STATUS(read_field(field, count));
  }
  return end_fields(count);
}

}  // namespace slipway::protocols
