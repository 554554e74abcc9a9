#include "protocols/cloud/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "protocols/internal/key_fields.h"
#include "protocols/internal/row_filler.h"

namespace slipway::protocols::cloud {
namespace {

constexpr std::string_view kRowsKeys[] = {"instances", "data", "input_data", "inputs"};
constexpr std::string_view kWrapperKeys[] = {"Inputs"};  // {"Inputs": {"data": [...]}}
constexpr std::string_view kFeatures = "features";

constexpr uint32_t kDropped = UINT32_MAX;  // a column that the model does not know
constexpr uint32_t kFirstKey = 1U << 31U;  // a key field's number is added to it

bool is_one_of(ondemand::raw_json_string key, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return key_is(key, name); });
}

class Reader {
 public:
  Reader(const Signature& signature, const std::unordered_map<std::string_view, uint32_t>& places,
         bool lines, ReadBuffers& buffers, InputBuffer& input)
      : signature_(signature),
        json_(buffers.json),
        keys_(buffers.keys),
        input_(input),
        rows_(signature, places, buffers, input),
        lines_(lines) {}

  Status read_body() {
    rows_.reset();
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) {
      ondemand::array rows;
      if (const auto error = json_.document().get_array().get(rows)) {
        return json_.syntax_error(error);
      }
      TRY_STATUS(read_list(rows));
    } else if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (const auto error = json_.document().get_object().get(object)) {
        return json_.syntax_error(error);
      }
      TRY_STATUS(read_top(object, true));
    } else {
      return invalid_argument("the body: expected {\"instances\": [...]} or a list of rows");
    }
    TRY_STATUS(json_.check_end());
    return input_.rows() > 0 ? Status() : invalid_argument("the request has no rows");
  }

 private:
  size_t columns() const { return signature_.columns.size(); }

  /// The rows under the first key that holds rows; a second one is an error.
  Status read_top(ondemand::object& object, bool may_wrap) {
    bool found = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      const bool is_rows = is_one_of(field.key(), kRowsKeys);
      const bool is_row = key_is(field.key(), kFeatures);
      const bool wraps = may_wrap && is_one_of(field.key(), kWrapperKeys);
      if (!is_rows && !is_row && !wraps) continue;
      if (found) return invalid_argument("the body gives its rows twice: " + key_text(field.key()));
      found = true;
      const std::string key = key_text(field.key());
      if (wraps) {
        ondemand::object inner;
        if (field.value().get_object().get(inner) != simdjson::SUCCESS) {
          return wrong(key, "an object with \"data\"", field.value());
        }
        TRY_STATUS(read_top(inner, false));
        continue;
      }
      ondemand::object split;
      if (is_rows && field.value().get_object().get(split) == simdjson::SUCCESS) {
        TRY_STATUS(read_split(split, key));
        continue;
      }
      ondemand::array rows;
      if (field.value().get_array().get(rows) != simdjson::SUCCESS) {
        return wrong(key, is_row ? "a list of values" : "a list of rows", field.value());
      }
      TRY_STATUS(is_row ? rows_.read_values(rows) : read_list(rows));
    }
    return found ? Status()
                 : invalid_argument(
                       "the body: expected an object with \"instances\" (or \"data\", "
                       "\"input_data\", \"features\"), or a list of rows");
  }

  static Status wrong(std::string_view key, std::string_view expected, ondemand::value& value) {
    return invalid_argument(fmt::format("{}: expected {}, got {}", key, expected, describe(value)));
  }

  /// A pandas frame, {"columns", "index", "data"}: the names may come behind the data, then the
  /// object is read once more. What the model does not know is passed over.
  Status read_split(ondemand::object& split, std::string_view key) {
    if (signature_.rows_are_records) {
      return invalid_argument(
          fmt::format("{}: the model takes rows of named values, as a list of objects", key));
    }
    bool has_names = false;
    bool has_data = false;
    for (auto entry : split) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      has_data = has_data || key_is(field.key(), "data");
      if (!key_is(field.key(), "columns")) continue;
      if (has_names) return invalid_argument("\"columns\" is given twice");
      has_names = true;
      TRY_STATUS(read_columns(field.value()));
    }
    if (!has_data) {
      return invalid_argument(fmt::format("{}: expected \"columns\" and \"data\"", key));
    }
    if (!has_names) {
      for (uint32_t i = 0; i < columns(); ++i) targets_.push_back(i);
    }
    if (const auto error = split.reset().error()) return json_.syntax_error(error);
    for (auto entry : split) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!key_is(field.key(), "data")) continue;
      if (input_.rows() > 0) return invalid_argument("\"data\" is given twice");
      TRY_STATUS(read_frame(field.value()));
    }
    return {};
  }

  /// Where each column of a frame goes.
  Status read_columns(ondemand::value& value) {
    ondemand::array names;
    if (value.get_array().get(names) != simdjson::SUCCESS) {
      return wrong("\"columns\"", "a list of names", value);
    }
    std::vector<bool> given(columns(), false);
    uint32_t place = 0;
    for (auto element : names) {
      ondemand::value one;
      if (const auto error = element.get(one)) return json_.syntax_error(error);
      std::string_view name;
      if (one.get_string().get(name) != simdjson::SUCCESS) name = {};  // pandas numbers columns
      const auto key = keys_ != nullptr ? keys_->find(name) : std::nullopt;
      if (key) {
        targets_.push_back(kFirstKey + static_cast<uint32_t>(*key));
        continue;
      }
      const auto column =
          signature_.columns_named ? rows_.find_column(name, place) : std::optional(place);
      ++place;
      const bool is_known = column && *column < columns();
      targets_.push_back(is_known ? *column : kDropped);
      if (!is_known && !signature_.columns_named) return rows_.count_error(place);
      if (!is_known) continue;
      if (given[*column]) return invalid_argument(fmt::format("column {} is given twice", name));
      given[*column] = true;
    }
    for (uint32_t i = 0; i < columns(); ++i) {
      if (given[i] || !signature_.columns[i].is_used) continue;
      return invalid_argument(
          fmt::format("\"columns\": \"{}\" is missing", signature_.columns[i].name));
    }
    return {};
  }

  Status read_frame(ondemand::value& value) {
    ondemand::array rows;
    if (value.get_array().get(rows) != simdjson::SUCCESS) {
      return wrong("\"data\"", "a list of rows", value);
    }
    for (auto element : rows) {
      ondemand::value row_value;
      if (const auto error = element.get(row_value)) return json_.syntax_error(error);
      ondemand::array row;
      if (row_value.get_array().get(row) != simdjson::SUCCESS) {
        return wrong("\"data\"", "rows that are lists of values", row_value);
      }
      TRY_STATUS(rows_.add_row());
      TRY_STATUS(read_targets(row, input_.rows() - 1));
    }
    return {};
  }

  Status read_targets(ondemand::array& row, size_t index) {
    size_t count = 0;
    for (auto element : row) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      const uint32_t target = count < targets_.size() ? targets_[count] : kDropped;
      ++count;
      if (target < kFirstKey) {
        TRY_STATUS(rows_.read_cell(value, index, target));
      } else if (target != kDropped) {
        TRY_STATUS(read_key_field(json_, value, *keys_, index, target - kFirstKey));
      }
    }
    if (count == targets_.size()) return {};
    return invalid_argument(fmt::format("{} columns are named, but row {} has {} values",
                                        targets_.size(), index, count));
  }

  Status read_list(ondemand::array& rows) {
    size_t values = 0;  // of one row that is the list itself
    for (auto element : rows) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      ondemand::json_type type{};
      if (const auto error = value.type().get(type)) return json_.syntax_error(error);
      const bool is_row = type == ondemand::json_type::array || type == ondemand::json_type::object;
      if (!is_row && (columns() == 1 || lines_ || input_.rows() > (values > 0 ? 1U : 0U))) {
        TRY_STATUS(read_only_cell(value));
        continue;
      }
      if (is_row && values > 0) return rows_.count_error(values);
      if (is_row) {
        TRY_STATUS(read_row(value, type));
        continue;
      }
      if (values == 0) TRY_STATUS(rows_.add_row());
      if (values < columns() && !signature_.rows_are_records) {
        TRY_STATUS(rows_.read_cell(value, 0, static_cast<uint32_t>(values)));
      }
      ++values;
    }
    return values == 0 || values == columns() ? Status() : rows_.count_error(values);
  }

  /// A value that is a row: of a model with one column.
  Status read_only_cell(ondemand::value& value) {
    if (columns() != 1 || signature_.rows_are_records) {
      return wrong(fmt::format("row {}", input_.rows()),
                   signature_.rows_are_records
                       ? "an object"
                       : fmt::format("a list of {} values or an object", columns()),
                   value);
    }
    TRY_STATUS(rows_.add_row());
    return rows_.read_cell(value, input_.rows() - 1, 0);
  }

  Status read_row(ondemand::value& value, ondemand::json_type type) {
    if (type == ondemand::json_type::array) {
      if (signature_.rows_are_records) {
        return wrong(fmt::format("row {}", input_.rows()), "an object", value);
      }
      ondemand::array row;
      if (const auto error = value.get_array().get(row)) return json_.syntax_error(error);
      return rows_.read_values(row);
    }
    bool has_features = false;
    if (!signature_.rows_are_records && !rows_.find_column(kFeatures, 0)) {
      TRY_STATUS(read_features(value, has_features));
    }
    return has_features ? Status() : rows_.read_object_row(value);
  }

  /// A key field beside the features; anything else is passed over.
  Status read_key(ondemand::field& field, size_t row) {
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
    const auto key = keys_->find(name);
    return key ? read_key_field(json_, field.value(), *keys_, row, *key) : Status();
  }

  /// {"features": [...]}, with anything beside it.
  Status read_features(ondemand::value& value, bool& found) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!key_is(field.key(), kFeatures)) {
        if (keys_ != nullptr) TRY_STATUS(read_key(field, input_.rows() - (found ? 1 : 0)));
        continue;
      }
      if (found) return invalid_argument("\"features\" is given twice in one row");
      found = true;
      ondemand::array row;
      if (field.value().get_array().get(row) != simdjson::SUCCESS) {
        return wrong("\"features\"", "a list of values", field.value());
      }
      TRY_STATUS(rows_.read_values(row));
    }
    if (found) return {};
    if (const auto error = object.reset().error()) return json_.syntax_error(error);
    // A row of named values: read from the object, which is begun already.
    TRY_STATUS(rows_.add_row());
    uint32_t count = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      TRY_STATUS(rows_.read_field(field, count));
    }
    found = true;
    return rows_.end_fields(count);
  }

  const Signature& signature_;
  JsonInput& json_;
  KeyFields* const keys_;  // null: there are none
  InputBuffer& input_;
  RowFiller rows_;
  const bool lines_;               // each element is a row
  std::vector<uint32_t> targets_;  // of a frame's columns: a column, kDropped, or a key's number
};

/// The lines as one list, which is then read in one pass.
std::string joined_lines(std::string_view body) {
  std::string list = "[";
  list.reserve(body.size() + 2);
  while (!body.empty()) {
    const size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (list.size() > 1) list.push_back(',');
    list += line;
  }
  list.push_back(']');
  return list;
}

}  // namespace

Status read_rows(std::string_view body, RowsFormat format, const Signature& signature,
                 const std::unordered_map<std::string_view, uint32_t>& column_places,
                 ReadBuffers& buffers, InputBuffer& input) {
  const bool lines = format == RowsFormat::kJsonLines;
  const std::string list = lines ? joined_lines(body) : std::string();
  return read_json(buffers.json, lines ? std::string_view(list) : body, [&] {
    Reader reader(signature, column_places, lines, buffers, input);
    return reader.read_body();
  });
}

}  // namespace slipway::protocols::cloud
