// RowSource over JSON lines.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>

#include "cli/config_file.h"
#include "cli/row_source.h"

namespace slipway::cli {
namespace {

namespace dom = simdjson::dom;
constexpr size_t kLineBytesMax = 64ULL << 20;

std::string_view type_name(dom::element value) {
  if (value.is_string()) return "a text";
  if (value.is_bool()) return "true or false";
  if (value.is_null()) return "null";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return "a number";
}

class JsonRows final : public RowSource {
 public:
  JsonRows(std::istream& input, const Signature& signature, std::vector<std::string> keys)
      : input_(input), signature_(signature), key_names_(std::move(keys)), parser_(kLineBytesMax) {}

  const std::vector<std::string>& key_names() const override { return key_names_; }

  Result<size_t> next(size_t rows_max, InputBuffer& input,
                      std::vector<std::string>& keys) override {
    input.reset(0, signature_.columns.size(), signature_.matrices);
    keys.clear();
    std::string text;
    while (input.rows() < rows_max && std::getline(input_, text)) {
      ++line_;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (Status status = add_line(text, input, keys); !status.ok()) {
        return std::move(status).with_context(fmt::format("line {}", line_));
      }
    }
    if (input_.bad()) return data_loss("the input cannot be read");
    return input.rows();
  }

 private:
  Status add_line(const std::string& text, InputBuffer& input, std::vector<std::string>& keys) {
    dom::element value;
    if (const auto error = parser_.parse(text).get(value)) {
      return invalid_argument(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
    }
    const size_t row = input.rows();
    input.add_row();
    if (value.is_array() && !signature_.rows_are_records)
      return add_array(value.get_array().value(), row, input, keys);
    if (!value.is_object()) {
      return invalid_argument(fmt::format("expected an object{}, got {}",
                                          signature_.rows_are_records ? "" : " or an array",
                                          type_name(value)));
    }
    const dom::object object = value.get_object().value();
    if (!signature_.rows_are_records) return add_object(object, row, input, keys);
    TRY_STATUS(set_record(object, row, 0, input));
    return add_keys(object, keys);
  }

  Status add_array(dom::array values, size_t row, InputBuffer& input,
                   std::vector<std::string>& keys) {
    if (!key_names_.empty()) return invalid_argument("--keys needs objects, got an array");
    keys.clear();
    if (values.size() != signature_.columns.size()) {
      return invalid_argument(
          fmt::format("expected {} values, got {}", signature_.columns.size(), values.size()));
    }
    uint32_t column = 0;
    for (const dom::element value : values) TRY_STATUS(set(value, row, column++, input));
    return {};
  }

  Status add_object(dom::object object, size_t row, InputBuffer& input,
                    std::vector<std::string>& keys) {
    std::vector<bool> seen(signature_.columns.size(), false);
    for (const auto& [name, value] : object) {
      const auto column = signature_.find_column(name);
      if (!column.has_value()) continue;
      if (seen[*column]) return invalid_argument(fmt::format("'{}' stands there twice", name));
      seen[*column] = true;
      TRY_STATUS(set(value, row, *column, input));
    }
    for (size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i] && signature_.columns[i].is_used) {
        return invalid_argument(fmt::format("'{}' is missing", signature_.columns[i].name));
      }
    }
    return add_keys(object, keys);
  }

  Status add_keys(dom::object object, std::vector<std::string>& keys) const {
    for (const std::string& key : key_names_) {
      dom::element value;
      if (object[key].get(value) != simdjson::SUCCESS) {
        return invalid_argument(fmt::format("key '{}' is missing", key));
      }
      keys.push_back(value.is_string() ? std::string(value.get_string().value())
                                       : simdjson::minify(value));
    }
    return {};
  }

  Status set(dom::element value, size_t row, uint32_t column, InputBuffer& input) {
    const InputColumn& target = signature_.columns[column];
    if (!target.is_used) return {};
    if (target.is_record()) {
      if (!value.is_object()) return wrong_type(target, "an object", value);
      return set_record(value.get_object().value(), row, column, input);
    }
    if (value.is_null()) return {};  // cells begin as missing
    if (target.is_text()) {
      if (!value.is_string()) return wrong_type(target, "a text", value);
      input.string_row(row)[column] = input.store(value.get_string().value());
      return {};
    }
    double number = 0;
    if (value.is_bool()) {
      number = value.get_bool().value() ? 1 : 0;
    } else if (value.get(number) != simdjson::SUCCESS) {
      return wrong_type(target, "a number", value);
    }
    input.number_row(row)[column] = number;
    return {};
  }

  /// The keys that --keys passes through are none of the record.
  Status set_record(dom::object object, size_t row, uint32_t column, InputBuffer& input) const {
    input.begin_record(row, column);
    for (const auto& [name, value] : object) {
      if (std::ranges::find(key_names_, name) != key_names_.end()) continue;
      Status status = add_field(input.store_key(name), value, input);
      if (!status.ok()) return std::move(status).with_context(fmt::format("'{}'", name));
    }
    return input.end_record();
  }

  static Status add_field(std::string_view key, dom::element value, InputBuffer& input) {
    if (value.is_string()) return input.add_field(key, input.store(value.get_string().value()));
    if (value.is_null()) return input.add_field(key, StringCell::absent());
    if (value.is_bool()) {
      return input.add_field(key, StringCell::number(value.get_bool().value() ? 1 : 0));
    }
    double number = 0;
    if (value.get(number) == simdjson::SUCCESS) {
      return input.add_field(key, StringCell::number(number));
    }
    if (!value.is_array()) {
      return invalid_argument(
          fmt::format("expected a number, a text, true or false, null or a list of texts, got {}",
                      type_name(value)));
    }
    const dom::array items = value.get_array().value();
    for (const dom::element item : items) {
      if (!item.is_string()) {
        return invalid_argument(fmt::format("expected texts in the list, got {}", type_name(item)));
      }
      TRY_STATUS(input.add_field(key, input.store(item.get_string().value())));
    }
    return {};
  }

  static Status wrong_type(const InputColumn& column, std::string_view expected,
                           dom::element value) {
    return invalid_argument(
        fmt::format("'{}': expected {}, got {}", column.name, expected, type_name(value)));
  }

  std::istream& input_;
  const Signature& signature_;
  const std::vector<std::string> key_names_;
  dom::parser parser_;
  uint64_t line_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_json_rows(std::istream& input, const Signature& signature,
                                                  const std::vector<std::string>& keys) {
  return std::unique_ptr<RowSource>(std::make_unique<JsonRows>(input, signature, keys));
}

}  // namespace slipway::cli
