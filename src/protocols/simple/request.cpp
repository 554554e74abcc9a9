#include "protocols/simple/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/internal/record_json.h"
#include "protocols/internal/row_filler.h"

namespace slipway::protocols::simple {
namespace {

constexpr std::string_view kRowsKeys[] = {"features", "input", "instances"};
constexpr std::string_view kProbabilitiesKey = "proba";

class RowReader {
 public:
  RowReader(const Signature& signature,
            const std::unordered_map<std::string_view, uint32_t>& places, ReadBuffers& buffers,
            InputBuffer& input, AnswerPlan& plan)
      : signature_(signature),
        json_(buffers.json),
        input_(input),
        plan_(plan),
        rows_(signature, places, buffers, input) {}

  Status read_body() {
    plan_.single = false;
    rows_.reset();
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
        if (values < columns()) {
          TRY_STATUS(rows_.read_cell(value, input_.rows() - 1, static_cast<uint32_t>(values)));
        }
        ++values;
      } else if (type == ondemand::json_type::array) {
        ondemand::array row;
        if (const auto error = value.get_array().get(row)) return json_.syntax_error(error);
        TRY_STATUS(rows_.read_values(row));
      } else if (type == ondemand::json_type::object) {
        TRY_STATUS(rows_.read_object_row(value));
      } else {
        return invalid_argument(fmt::format("row {}: expected a list of values, got {}",
                                            input_.rows(), describe(value)));
      }
    }
    if (kind == Kind::kNone) return invalid_argument("the request has no rows");
    return kind == Kind::kValues && values != columns() ? rows_.count_error(values) : Status();
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
      return rows_.read_object_row(value);
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
    return signature_.columns_named && rows_.find_column(name, 0).has_value();
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
        TRY_STATUS(signature_.rows_are_records
                       ? rows_.in_row(read_record_field(json_, field, input_), 0)
                       : rows_.read_field(field, count));
      }
    }
    if (wrapped) return {};
    if (!named) begin_only_row();
    return signature_.rows_are_records ? rows_.in_row(input_.end_record(), 0)
                                       : rows_.end_fields(count);
  }

  /// The top is the one row itself.
  void begin_only_row() {
    input_.add_row();
    plan_.single = true;
    if (signature_.rows_are_records) input_.begin_record(0, 0);
  }

  size_t columns() const { return signature_.columns.size(); }

  const Signature& signature_;
  JsonInput& json_;
  InputBuffer& input_;
  AnswerPlan& plan_;
  RowFiller rows_;
};

}  // namespace

Status read_request(std::string_view body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, AnswerPlan& plan) {
  RowReader reader(signature, column_places, buffers, input, plan);
  return read_json(buffers.json, body, [&] { return reader.read_body(); });
}

}  // namespace slipway::protocols::simple
