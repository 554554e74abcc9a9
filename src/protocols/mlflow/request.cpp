#include "protocols/mlflow/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "protocols/internal/closest.h"
#include "protocols/internal/key_fields.h"
#include "protocols/internal/row_filler.h"
#include "protocols/mlflow/params.h"

namespace slipway::protocols::mlflow {
namespace {

constexpr std::string_view kForms[] = {"dataframe_split", "dataframe_records", "instances",
                                       "inputs"};
constexpr size_t kNamesShownMax = 50;
constexpr uint32_t kDropped = UINT32_MAX;  // a column that the model does not know
constexpr uint32_t kFirstKey = 1U << 31U;  // a key field's number is added to it

std::string expected_forms() {
  return "The input must be a JSON dictionary with exactly one of the input fields "
         "{'dataframe_split', 'dataframe_records', 'instances', 'inputs'}";
}

/// What MLflow calls a failure to enforce the schema: an error code of its own.
Status out_of_schema(std::string message) {
  return Status(StatusCode::kOutOfRange, std::move(message));
}

class Reader {
 public:
  Reader(const Signature& signature, const std::unordered_map<std::string_view, uint32_t>& places,
         const RequestSchema* schema, ReadBuffers& buffers, InputBuffer& input)
      : signature_(signature),
        schema_(schema),
        json_(buffers.json),
        nested_(buffers.nested),
        keys_(buffers.keys),
        input_(input),
        rows_(signature, places, buffers, input) {}

  Status read_body() {
    rows_.reset();
    seen_columns_.assign(columns(), false);
    extras_.clear();
    params_ = {};
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) {
      return invalid_argument(expected_forms() + ". Received a list.");
    }
    if (type != ondemand::json_type::object) {
      return invalid_argument(expected_forms() + ". Received a single value.");
    }
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      return json_.syntax_error(error);
    }
    TRY_STATUS(read_top(object));
    TRY_STATUS(json_.check_end());
    if (input_.rows() == 0) return invalid_argument("the request has no rows");
    return schema_ != nullptr ? check_params(params_, *schema_, nested_) : Status();
  }

 private:
  size_t columns() const { return signature_.columns.size(); }

  Status read_top(ondemand::object& object) {
    std::string_view form;
    std::string names;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (names.size() < 1000) names += (names.empty() ? "" : ", ") + key_text(field.key());
      const auto* const known = std::ranges::find_if(
          kForms, [&](std::string_view name) { return key_is(field.key(), name); });
      if (known == std::end(kForms)) {
        const bool is_params = schema_ != nullptr && key_is(field.key(), "params");
        if (is_params) TRY_STATUS(note_params(field.value()));
        continue;
      }
      if (!form.empty()) {
        return invalid_argument(
            fmt::format("{}. Received \"{}\" and \"{}\".", expected_forms(), form, *known));
      }
      form = *known;
      TRY_STATUS(read_form(form, field.value()));
    }
    if (!form.empty()) return {};
    return invalid_argument(
        fmt::format("{}. Received dictionary with input fields: [{}]", expected_forms(), names));
  }

  /// They are looked at behind the rows, as MLflow does.
  Status note_params(ondemand::value value) {
    const auto error = simdjson::to_json_string(value).get(params_);
    return error ? json_.syntax_error(error) : Status();
  }

  Status read_form(std::string_view form, ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (form == "dataframe_split") {
      if (type != ondemand::json_type::object) return wrong_form(form, "an object", value);
      ondemand::object split;
      if (const auto error = value.get_object().get(split)) return json_.syntax_error(error);
      return read_split(split);
    }
    if (form == "inputs" && type == ondemand::json_type::object) {
      if (signature_.rows_are_records) return no_columns_of_records();
      ondemand::object by_name;
      if (const auto error = value.get_object().get(by_name)) return json_.syntax_error(error);
      return read_columns(by_name);
    }
    if (type != ondemand::json_type::array) return wrong_form(form, "a list", value);
    ondemand::array rows;
    if (const auto error = value.get_array().get(rows)) return json_.syntax_error(error);
    return read_rows(rows, form);
  }

  static Status wrong_form(std::string_view form, std::string_view expected,
                           ondemand::value& value) {
    return invalid_argument(
        fmt::format("\"{}\": expected {}, got {}", form, expected, describe(value)));
  }

  static Status no_columns_of_records() {
    return invalid_argument(
        "the model takes rows of named values: send them as \"dataframe_records\" or "
        "\"instances\"");
  }

  /// The names may come behind the data: then the object is read once more.
  Status read_split(ondemand::object& split) {
    if (signature_.rows_are_records) return no_columns_of_records();
    bool has_names = false;
    bool has_data = false;
    bool data_read = false;
    for (int pass = 0; pass < 2 && !data_read; ++pass) {
      if (pass == 1 && !has_data) break;
      if (pass == 1 && split.reset().error() != simdjson::SUCCESS) {
        return invalid_argument("\"dataframe_split\": cannot be read");
      }
      const bool may_read = pass == 1 || has_names;
      for (auto entry : split) {
        ondemand::field field;
        if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
        if (pass == 0 && key_is(field.key(), "columns")) {
          if (has_names) return invalid_argument("\"columns\" is given twice");
          has_names = true;
          TRY_STATUS(read_names(field.value()));
        } else if (key_is(field.key(), "data")) {
          if (data_read) return invalid_argument("\"data\" is given twice");
          has_data = true;
          if (!may_read && !has_names) continue;
          if (!has_names) number_columns();
          TRY_STATUS(read_data(field.value()));
          data_read = true;
        }
      }
    }
    if (data_read) return {};
    return invalid_argument("\"dataframe_split\": expected \"columns\" and \"data\"");
  }

  /// Data without names: in the order of the columns.
  void number_columns() {
    for (uint32_t i = 0; i < columns(); ++i) targets_.push_back(i);
  }

  Status read_names(ondemand::value& value) {
    targets_.clear();
    places_ = 0;
    ondemand::array names;
    if (value.get_array().get(names) != simdjson::SUCCESS) {
      return wrong_form("columns", "a list of names", value);
    }
    for (auto element : names) {
      ondemand::value name_value;
      if (const auto error = element.get(name_value)) return json_.syntax_error(error);
      std::string_view name;
      ondemand::json_type type{};
      if (const auto error = name_value.type().get(type)) return json_.syntax_error(error);
      if (type == ondemand::json_type::string) {
        if (const auto error = name_value.get_string().get(name)) return json_.syntax_error(error);
      } else {
        name = name_value.raw_json_token();  // pandas numbers columns that have no names
        while (!name.empty() && name.back() <= ' ') name.remove_suffix(1);
      }
      TRY_STATUS(add_target(name));
    }
    if (!signature_.columns_named && places_ != columns()) {
      return invalid_argument(
          fmt::format("the model was trained without column names and takes {} columns, got {}",
                      columns(), places_));
    }
    return check_columns();
  }

  std::optional<size_t> find_key(std::string_view name) const {
    return keys_ != nullptr ? keys_->find(name) : std::nullopt;
  }

  Status add_target(std::string_view name) {
    if (const auto key = find_key(name)) {
      targets_.push_back(kFirstKey + static_cast<uint32_t>(*key));
      return {};
    }
    const uint32_t place = places_++;
    if (!signature_.columns_named) {
      targets_.push_back(place);
      if (place < columns()) seen_columns_[place] = true;
      return {};
    }
    const std::optional<uint32_t> column = rows_.find_column(name, place);
    if (!column) {
      note_extra(name);
      targets_.push_back(kDropped);
      return {};
    }
    if (seen_columns_[*column]) {
      return invalid_argument(fmt::format("column {} is given twice", in_quotes(name)));
    }
    seen_columns_[*column] = true;
    targets_.push_back(*column);
    return {};
  }

  void note_extra(std::string_view name) {
    const bool is_new = std::ranges::find(extras_, name) == extras_.end();
    if (is_new && extras_.size() < kNamesShownMax) extras_.emplace_back(name.substr(0, 200));
  }

  bool is_optional(uint32_t column) const {
    if (schema_ == nullptr) return false;
    const std::vector<std::string>& names = schema_->optional_columns;
    return std::ranges::find(names, signature_.columns[column].name) != names.end();
  }

  /// MLflow's schema enforcement: all columns that are needed must be there.
  Status check_columns() const {
    std::string missing;
    for (uint32_t i = 0; i < columns(); ++i) {
      if (seen_columns_[i] || !signature_.columns[i].is_used || is_optional(i)) continue;
      missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", signature_.columns[i].name);
    }
    if (missing.empty()) return {};
    std::string extra;
    for (const std::string& name : extras_) {
      extra += fmt::format("{}'{}'", extra.empty() ? "" : ", ", name);
    }
    return out_of_schema(fmt::format(
        "Failed to enforce schema of data with the model's columns. Error: Model is missing inputs "
        "[{}].{}",
        missing,
        extra.empty() ? "" : fmt::format(" Note that there were extra inputs: [{}].", extra)));
  }

  Status read_data(ondemand::value& value) {
    ondemand::array rows;
    if (value.get_array().get(rows) != simdjson::SUCCESS) {
      return wrong_form("data", "a list of rows", value);
    }
    for (auto element : rows) {
      ondemand::array row;
      ondemand::value row_value;
      if (const auto error = element.get(row_value)) return json_.syntax_error(error);
      if (row_value.get_array().get(row) != simdjson::SUCCESS) {
        return wrong_form("data", "a list of rows, each a list of values", row_value);
      }
      TRY_STATUS(read_targets(row));
    }
    return {};
  }

  Status read_targets(ondemand::array& row) {
    TRY_STATUS(rows_.add_row());
    const size_t index = input_.rows() - 1;
    size_t count = 0;
    for (auto element : row) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      const uint32_t target = count < targets_.size() ? targets_[count] : kDropped;
      if (target < kFirstKey) TRY_STATUS(rows_.read_cell(value, index, target));
      if (target >= kFirstKey && target != kDropped) {
        TRY_STATUS(read_key_field(json_, value, *keys_, index, target - kFirstKey));
      }
      ++count;
    }
    if (count == targets_.size()) return {};
    return invalid_argument(fmt::format("{} columns passed, passed data had {} columns (row {})",
                                        targets_.size(), count, index));
  }

  /// Rows as lists, objects, or, of a model with one column, values.
  Status read_rows(ondemand::array& rows, std::string_view form) {
    bool has_objects = false;
    for (auto element : rows) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      ondemand::json_type type{};
      if (const auto error = value.type().get(type)) return json_.syntax_error(error);
      if (type == ondemand::json_type::object) {
        has_objects = true;
        TRY_STATUS(read_object(value));
      } else if (form == "dataframe_records" || signature_.rows_are_records) {
        return wrong_form(form, "a list of objects", value);
      } else if (type == ondemand::json_type::array) {
        ondemand::array row;
        if (const auto error = value.get_array().get(row)) return json_.syntax_error(error);
        TRY_STATUS(rows_.read_values(row));
      } else if (columns() == 1) {
        TRY_STATUS(rows_.add_row());
        TRY_STATUS(rows_.read_cell(value, input_.rows() - 1, 0));
      } else {
        return wrong_form(form, fmt::format("a list of rows of {} values", columns()), value);
      }
    }
    const bool by_name = has_objects && signature_.columns_named && !signature_.rows_are_records;
    return by_name ? check_columns() : Status();
  }

  /// Of records a row may lack what others have: it is missing there, as in a pandas frame.
  Status read_object(ondemand::value& value) {
    if (signature_.rows_are_records || !signature_.columns_named) {
      return rows_.read_object_row(value);
    }
    TRY_STATUS(rows_.add_row());
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    uint32_t place = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      const bool is_key = TRY(rows_.read_key(name, field.value()));
      if (is_key) continue;
      const std::optional<uint32_t> column = rows_.find_column(name, place++);
      if (!column) {
        note_extra(name);
        continue;
      }
      seen_columns_[*column] = true;
      TRY_STATUS(rows_.read_cell(field.value(), input_.rows() - 1, *column));
    }
    return {};
  }

  Status read_columns(ondemand::object& by_name) {
    uint32_t place = 0;
    for (auto entry : by_name) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      if (const auto key = find_key(name)) {
        TRY_STATUS(read_key_column(field.value(), *key));
        continue;
      }
      std::optional<uint32_t> column = place;
      if (signature_.columns_named) column = rows_.find_column(name, place);
      ++place;
      if (!column || *column >= columns()) {
        if (!signature_.columns_named) {
          return invalid_argument(fmt::format(
              "the model was trained without column names and takes {} columns, got more",
              columns()));
        }
        note_extra(name);
        continue;
      }
      if (seen_columns_[*column]) {
        return invalid_argument(fmt::format("column {} is given twice", in_quotes(name)));
      }
      seen_columns_[*column] = true;
      TRY_STATUS(read_column(field.value(), *column));
    }
    return check_columns();
  }

  /// A list of values, one for each row, or the value of the only row. The first column says how
  /// many rows there are.
  Status read_column(ondemand::value& value, uint32_t column) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array) {
      if (!has_row_count_) TRY_STATUS(rows_.add_row());
      TRY_STATUS(check_row_count(1, column));
      return rows_.read_cell(value, 0, column);
    }
    ondemand::array cells;
    if (const auto error = value.get_array().get(cells)) return json_.syntax_error(error);
    size_t row = 0;
    for (auto element : cells) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (!has_row_count_) TRY_STATUS(rows_.add_row());
      if (row < input_.rows()) TRY_STATUS(read_nested(cell, row, column));
      ++row;
    }
    return check_row_count(row, column);
  }

  /// A list of keys, one for each row, or that of the only row.
  Status read_key_column(ondemand::value& value, size_t key) {
    ondemand::array cells;
    if (value.get_array().get(cells) != simdjson::SUCCESS) {
      return read_key_field(json_, value, *keys_, 0, key);
    }
    size_t row = 0;
    for (auto element : cells) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      TRY_STATUS(read_key_field(json_, cell, *keys_, row++, key));
    }
    return {};
  }

  /// numpy columns of shape [rows, 1] come as lists of one value.
  Status read_nested(ondemand::value& cell, size_t row, uint32_t column) {
    ondemand::array inner;
    if (cell.get_array().get(inner) != simdjson::SUCCESS) {
      return rows_.read_cell(cell, row, column);
    }
    size_t count = 0;
    for (auto element : inner) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      if (count++ == 0) TRY_STATUS(rows_.read_cell(value, row, column));
    }
    if (count == 1) return {};
    return invalid_argument(
        fmt::format("{}: expected one value, got {}", rows_.cell_name(row, column), count));
  }

  Status check_row_count(size_t got, uint32_t column) {
    const bool first = !has_row_count_;
    has_row_count_ = true;
    if (first || got == input_.rows()) return {};
    return out_of_schema(fmt::format("column '{}' has {} values, the columns before it have {}",
                                     signature_.columns[column].name, got, input_.rows()));
  }

  const Signature& signature_;
  const RequestSchema* const schema_;  // null: there is none
  JsonInput& json_;
  JsonInput& nested_;
  KeyFields* const keys_;  // null: there are none
  InputBuffer& input_;
  RowFiller rows_;
  std::vector<bool> seen_columns_;
  std::vector<uint32_t> targets_;    // of "columns": where each goes, kDropped, or a key's number
  uint32_t places_ = 0;              // of "columns": how many are no key fields
  std::vector<std::string> extras_;  // names that the model does not know
  bool has_row_count_ = false;
  std::string_view params_;  // in the body; empty: none
};

}  // namespace

Status read_invocation(std::string_view body, const Signature& signature,
                       const std::unordered_map<std::string_view, uint32_t>& column_places,
                       const RequestSchema* schema, ReadBuffers& buffers, InputBuffer& input) {
  return read_json(buffers.json, body, [&] {
    Reader reader(signature, column_places, schema, buffers, input);
    return reader.read_body();
  });
}

}  // namespace slipway::protocols::mlflow
