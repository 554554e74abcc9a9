#include "protocols/internal/record_json.h"

#include <fmt/format.h>

#include "protocols/internal/closest.h"

namespace slipway::protocols {
namespace {

Status read_texts(JsonInput& json, ondemand::value& value, std::string_view key,
                  InputBuffer& input) {
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return json.syntax_error(error);
  for (auto element : array) {
    ondemand::value item;
    if (const auto error = element.get(item)) return json.syntax_error(error);
    std::string_view text;
    const auto error = item.get_string().get(text);
    if (error == simdjson::INCORRECT_TYPE) {
      return invalid_argument("expected strings in the list, got " + describe(item));
    }
    if (error != simdjson::SUCCESS) return json.syntax_error(error);
    TRY_STATUS(input.add_field(key, input.store(text)));
  }
  return {};
}

Status read_value(JsonInput& json, ondemand::value& value, std::string_view key,
                  InputBuffer& input) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  StringCell cell;
  switch (type) {
    case ondemand::json_type::string:
    case ondemand::json_type::null: TRY_STATUS(read_text(json, value, input, cell)); break;
    case ondemand::json_type::number:
    case ondemand::json_type::boolean: {
      double number = 0;
      TRY_STATUS(read_number(json, value, number));
      cell = StringCell::number(number);
      break;
    }
    case ondemand::json_type::array: return read_texts(json, value, key, input);
    case ondemand::json_type::object:
      return invalid_argument(
          "expected a number, a string, true or false, null or a list of strings, got an object");
  }
  return input.add_field(key, cell);
}

Status read_fields(JsonInput& json, ondemand::object& object, InputBuffer& input, size_t row,
                   size_t column) {
  input.begin_record(row, column);
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    TRY_STATUS(read_record_field(json, field, input));
  }
  return input.end_record();
}

}  // namespace

Status read_record_field(JsonInput& json, ondemand::field& field, InputBuffer& input) {
  std::string_view name;
  if (const auto error = field.unescaped_key().get(name)) return json.syntax_error(error);
  const std::string_view key = input.store_key(name);
  Status status = read_value(json, field.value(), key, input);
  if (status.ok() || json.failed_on_syntax()) return status;
  return std::move(status).with_context("key " + in_quotes(key));
}

Status read_record(JsonInput& json, ondemand::value& value, InputBuffer& input, size_t row,
                   size_t column) {
  ondemand::object object;
  const auto error = value.get_object().get(object);
  if (error == simdjson::INCORRECT_TYPE) {
    return invalid_argument("expected an object, got " + describe(value));
  }
  if (error != simdjson::SUCCESS) return json.syntax_error(error);
  return read_fields(json, object, input, row, column);
}

Status read_record_text(JsonInput& nested, std::string_view text, InputBuffer& input, size_t row,
                        size_t column) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return invalid_argument("expected the text of a JSON object, got an empty one");
  }
  return read_json(nested, text, [&]() -> Status {
    ondemand::object object;
    const auto error = nested.document().get_object().get(object);
    if (error == simdjson::INCORRECT_TYPE) {
      return invalid_argument("expected the text of a JSON object");
    }
    if (error != simdjson::SUCCESS) return nested.syntax_error(error);
    TRY_STATUS(read_fields(nested, object, input, row, column));
    return nested.check_end();
  });
}

}  // namespace slipway::protocols
