#include "protocols/simple/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/internal/closest.h"
#include "protocols/internal/record_json.h"

namespace slipway::protocols::simple {
namespace {

constexpr std::string_view kRowsKeys[] = {"features", "input", "instances"};
constexpr size_t kCellsMax = 1ULL << 28;
constexpr std::string_view kProbabilitiesKey = "proba";

class RowReader {
 public:
  RowReader(const Signature& signature,
            const std::unordered_map<std::string_view, uint32_t>& places, ReadBuffers& buffers,
            InputBuffer& input, AnswerPlan& plan)
      : signature_(signature),
        places_(places),
        json_(buffers.json),
        seen_(buffers.seen),
        input_(input),
        plan_(plan) {}

  Status read_body() {
    plan_.single = false;
    input_.reset(0, signature_.columns.size(), signature_.matrices);
    seen_.assign(signature_.columns.size(), 0);
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (const auto error = json_.document().get_array().get(array)) {
        return json_.syntax_error(error);
      }
      TRY_STATUS(read_rows(array));
      return json_.check_end();
    }
    if (type != ondemand::json_type::object) {
      return invalid_argument(
          "expected an object such as {\"features\": [...]} or a list of rows at the top");
    }
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      return json_.syntax_error(error);
    }
    TRY_STATUS(read_top(object));
    return json_.check_end();
  }

 private:
  size_t columns() const { return signature_.columns.size(); }

  /// "row 2" counts from 0, as the answer's elements do.
  std::string cell_name(uint32_t column) const {
    return fmt::format("feature {} in row {}", in_quotes(signature_.columns[column].name),
                       input_.rows() - 1);
  }

  Status read_cell(ondemand::value& value, uint32_t column) {
    if (!signature_.columns[column].is_used) return {};  // it may hold anything
    const size_t row = input_.rows() - 1;
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
    return std::move(status).with_context(cell_name(column));
  }

  std::optional<uint32_t> find_column(std::string_view name, uint32_t expected) const {
    // Clients mostly send the columns in the order of training.
    if (expected < columns() && signature_.columns[expected].name == name) return expected;
    if (places_.empty()) return signature_.find_column(name);
    const auto place = places_.find(name);
    return place == places_.end() ? std::nullopt : std::optional(place->second);
  }

  Status count_error(size_t got) const {
    std::string hint;
    if (columns() == 1 && got > 1 && input_.rows() == 1) {
      hint = "; several rows are written [[...], [...]]";
    }
    return invalid_argument(fmt::format("expected {} feature{} in row {}, got {}{}", columns(),
                                        columns() == 1 ? "" : "s", input_.rows() - 1, got, hint));
  }

  /// The elements of one row, the first of which is already at hand.
  Status read_values(ondemand::array& array) {
    input_.add_row();
    size_t count = 0;
    for (auto element : array) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      if (count < columns()) TRY_STATUS(read_cell(value, static_cast<uint32_t>(count)));
      ++count;
    }
    return count == columns() ? Status() : count_error(count);
  }

  Status unknown_feature(std::string_view name, ondemand::value& value) const {
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

  /// One more field of the current row's object; `place` counts the fields.
  Status read_field(ondemand::field& field, uint32_t& place) {
    uint32_t column = place;
    if (signature_.columns_named) {
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      const auto found = find_column(name, place);
      if (!found) {
        return unknown_feature(name, field.value());
      }
      column = *found;
      if (seen_[column] == input_.rows()) {
        return invalid_argument(cell_name(column) + " is given twice");
      }
      seen_[column] = input_.rows();
    }
    ++place;
    if (column >= columns()) return {};  // counted, and told at the end of the row
    return read_cell(field.value(), column);
  }

  Status end_fields(uint32_t count) const {
    if (count == columns()) return {};
    if (!signature_.columns_named) return count_error(count);
    for (uint32_t i = 0; i < columns(); ++i) {
      if (seen_[i] != input_.rows() && signature_.columns[i].is_used)
        return invalid_argument(cell_name(i) + " is missing");
    }
    return {};
  }

  /// An object that is a row: a record, or named columns.
  Status read_object_row(ondemand::value& value) {
    if (signature_.rows_are_records) {
      input_.add_row();
      const size_t row = input_.rows() - 1;
      return in_row(read_record(json_, value, input_, row, 0), row);
    }
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    return read_named_row(object);
  }

  Status in_row(Status status, size_t row) const {
    if (status.ok() || json_.failed_on_syntax()) return status;
    return std::move(status).with_context(fmt::format("row {}", row));
  }

  Status read_named_row(ondemand::object& object) {
    // Columns that nothing depends on may be left out, so the body does not bound the cells.
    if ((input_.rows() + 1) * columns() > kCellsMax) {
      return resource_exhausted(fmt::format("a request holds at most {} cells", kCellsMax));
    }
    input_.add_row();
    uint32_t count = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      TRY_STATUS(read_field(field, count));
    }
    return end_fields(count);
  }

  /// Several rows, or the values of one: its first element tells.
  Status read_rows(ondemand::array& array) {
    enum class Kind { kNone, kRows, kValues } kind = Kind::kNone;
    size_t values = 0;
    for (auto element : array) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      ondemand::json_type type{};
      if (const auto error = value.type().get(type)) return json_.syntax_error(error);
      const bool is_row = type == ondemand::json_type::array || type == ondemand::json_type::object;
      if (signature_.rows_are_records && type != ondemand::json_type::object) {
        return invalid_argument(
            fmt::format("row {}: expected an object, got {}", input_.rows(), describe(value)));
      }
      if (kind == Kind::kNone) {
        kind = is_row ? Kind::kRows : Kind::kValues;
        if (!is_row) input_.add_row();
      }
      if (kind == Kind::kValues) {
        // Of a model with one column each value is a row: a list of texts to be classified.
        if (columns() == 1 && values == 1) {
          input_.add_row();
          values = 0;
        }
        if (values < columns()) TRY_STATUS(read_cell(value, static_cast<uint32_t>(values)));
        ++values;
      } else if (type == ondemand::json_type::array) {
        ondemand::array row;
        if (const auto error = value.get_array().get(row)) return json_.syntax_error(error);
        TRY_STATUS(read_values(row));
      } else if (type == ondemand::json_type::object) {
        TRY_STATUS(read_object_row(value));
      } else {
        return invalid_argument(fmt::format("row {}: expected a list of values, got {}",
                                            input_.rows(), describe(value)));
      }
    }
    if (kind == Kind::kNone) return invalid_argument("the request has no rows");
    return kind == Kind::kValues && values != columns() ? count_error(values) : Status();
  }

  Status read_probabilities(ondemand::value& value) {
    double wanted = 0;
    Status status = read_number(json_, value, wanted);
    if (status.ok()) plan_.probabilities = wanted == 1;
    if (status.ok() && (wanted == 0 || wanted == 1)) return {};
    if (json_.failed_on_syntax()) return status;
    return invalid_argument("\"proba\": expected true or false");
  }

  Status read_wrapped(ondemand::value& value, std::string_view key) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) {
      ondemand::array rows;
      if (const auto error = value.get_array().get(rows)) return json_.syntax_error(error);
      return read_rows(rows);
    }
    if (type == ondemand::json_type::object) {
      plan_.single = true;
      return read_object_row(value);
    }
    return invalid_argument(fmt::format(
        "\"{}\": expected a list of values, of rows or of objects, got {}", key, describe(value)));
  }

  /// The rows key that this is, or empty. A column of that name comes first; in a record any key
  /// may come, so there only a list or an object is rows.
  std::string_view rows_key(ondemand::field& field) const {
    for (const std::string_view name : kRowsKeys) {
      if (!key_is(field.key(), name) || is_column(name)) continue;
      ondemand::json_type type{};
      if (signature_.rows_are_records && field.value().type().get(type) == simdjson::SUCCESS &&
          type != ondemand::json_type::array && type != ondemand::json_type::object) {
        continue;
      }
      return name;
    }
    return {};
  }
  bool is_column(std::string_view name) const {
    return signature_.columns_named && find_column(name, 0).has_value();
  }

  Status read_top(ondemand::object& object) {
    bool wrapped = false;
    bool named = false;
    bool proba_seen = false;
    uint32_t count = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (const std::string_view key = rows_key(field); !key.empty()) {
        if (wrapped || named) {
          return invalid_argument(
              fmt::format("\"{}\" stands beside other features; expected the rows once", key));
        }
        wrapped = true;
        TRY_STATUS(read_wrapped(field.value(), key));
      } else if (key_is(field.key(), kProbabilitiesKey) && !is_column(kProbabilitiesKey)) {
        if (proba_seen) return invalid_argument("\"proba\" is given twice");
        proba_seen = true;
        TRY_STATUS(read_probabilities(field.value()));
      } else if (wrapped) {
        return invalid_argument("unexpected field " + key_text(field.key()) +
                                " beside the rows; expected only \"proba\"");
      } else {
        if (!named) begin_only_row();
        named = true;
        TRY_STATUS(signature_.rows_are_records ? in_row(read_record_field(json_, field, input_), 0)
                                               : read_field(field, count));
      }
    }
    if (wrapped) return {};
    if (!named) begin_only_row();
    return signature_.rows_are_records ? in_row(input_.end_record(), 0) : end_fields(count);
  }

  /// The top is the one row itself.
  void begin_only_row() {
    input_.add_row();
    plan_.single = true;
    if (signature_.rows_are_records) input_.begin_record(0, 0);
  }

  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& json_;
  std::vector<uint64_t>& seen_;  // per column, the count of rows when it was last given
  InputBuffer& input_;
  AnswerPlan& plan_;
};

}  // namespace

Status read_request(std::string_view body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan) {
  RowReader reader(signature, column_places, buffers, input, plan);
  return read_json(buffers.json, body, [&] { return reader.read_body(); });
}

}  // namespace slipway::protocols::simple
