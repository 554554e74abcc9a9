#include "protocols/cloud/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "protocols/internal/row_filler.h"

namespace slipway::protocols::cloud {
namespace {

constexpr std::string_view kRowsKeys[] = {"instances", "data", "input_data", "inputs"};
constexpr std::string_view kWrapperKeys[] = {"Inputs"};  // {"Inputs": {"data": [...]}}
constexpr std::string_view kFeatures = "features";

bool is_one_of(ondemand::raw_json_string key, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return key_is(key, name); });
}

class Reader {
 public:
  Reader(const Signature& signature, const std::unordered_map<std::string_view, uint32_t>& places,
         bool lines, ReadBuffers& buffers, InputBuffer& input)
      : signature_(signature),
        json_(buffers.json),
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

  /// {"features": [...]}, with anything beside it.
  Status read_features(ondemand::value& value, bool& found) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!key_is(field.key(), kFeatures)) continue;
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
  InputBuffer& input_;
  RowFiller rows_;
  const bool lines_;  // each element is a row
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
