// RowSource over JSON lines, or one JSON array of rows.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>

#include "base/json_nonfinite.h"
#include "rows/bounded_line.h"
#include "rows/row_source.h"

namespace slipway::rows {
namespace {

namespace dom = simdjson::dom;
constexpr size_t kLineBytesMax = 64ULL << 20;
constexpr size_t kDocumentBytesMax = 256ULL << 20;

std::string_view type_name(dom::element value) {
  if (value.is_string()) return "a text";
  if (value.is_bool()) return "true or false";
  if (value.is_null()) return "null";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return "a number";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// The first line of an array of rows, which is one value and not a line each: "[", "[{", "[[".
bool opens_array_of_rows(std::string_view line) {
  size_t place = line.find_first_not_of(" \t\r");
  if (place == std::string_view::npos || line[place] != '[') return false;
  place = line.find_first_not_of(" \t\r", place + 1);
  return place == std::string_view::npos || line[place] == '{' || line[place] == '[' ||
         line[place] == ']';
}

class JsonRows final : public RowSource {
 public:
  JsonRows(std::istream& input, const Signature& signature, std::vector<std::string> keys)
      : input_(input),
        signature_(signature),
        key_names_(std::move(keys)),
        keys_are_optional_(key_names_.empty()),
        parser_(kDocumentBytesMax) {}

  const std::vector<std::string>& key_names() const override { return key_names_; }

  /// Reads the first row, whose fields that are no feature are the keys unless some were named.
  Status open() {
    std::string line;
    while (TRY(read_line(line)) && is_blank(line)) {
    }
    if (opens_array_of_rows(line)) {
      TRY_STATUS(read_document(line));
    } else if (!is_blank(line)) {
      TRY_STATUS(in_place(parse(line)));
      has_value_ = true;
    }
    if (!has_value_ || !keys_are_optional_ || signature_.rows_are_records || !value_.is_object()) {
      return {};
    }
    const dom::object first = value_.get_object().value();
    for (const auto& [name, value] : first) {
      if (!signature_.find_column(name)) key_names_.emplace_back(name);
    }
    return {};
  }

  Result<size_t> next(size_t rows_max, InputBuffer& input, std::vector<KeyCell>& keys) override {
    input.reset(0, signature_.columns.size(), signature_.matrices);
    keys.clear();
    while (input.rows() < rows_max && (has_value_ || TRY(next_value()))) {
      has_value_ = false;
      TRY_STATUS(in_place(add_row(value_, input, keys)));
    }
    return input.rows();
  }

 private:
  /// Of lines, or of the elements of the one array.
  Status in_place(Status status) const {
    if (status.ok()) return status;
    return std::move(status).with_context(
        fmt::format("{} {}", is_document_ ? "row" : "line", place_));
  }

  Result<bool> read_line(std::string& line) {
    ++place_;
    Result<bool> more = read_bounded_line(input_, kLineBytesMax, line);
    if (more.ok()) return more;
    return in_place(std::move(more).status());
  }

  Status parse(const std::string& text) {
    auto error = parser_.parse(text).get(value_);
    if (error != simdjson::SUCCESS) {
      std::vector<size_t> nans;
      if (replace_json_nonfinite(text, finite_, nans)) {
        error = parser_.parse(finite_.data(), finite_.size()).get(value_);
      }
    }
    if (error == simdjson::SUCCESS) return {};
    return invalid_argument(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }

  Status read_document(std::string& text) {
    std::string line;
    while (TRY(read_line(line))) {
      text += '\n';
      text += line;
      if (text.size() > kDocumentBytesMax) {
        return resource_exhausted(
            fmt::format("an array of rows may have {} bytes; give one row a line (jq -c '.[]')",
                        kDocumentBytesMax));
      }
    }
    TRY_STATUS(parse(text));
    is_document_ = true;
    place_ = 0;
    const dom::array rows = value_.get_array().value();
    next_row_ = rows.begin();
    rows_end_ = rows.end();
    has_value_ = TRY(next_value());
    return {};
  }

  Result<bool> next_value() {
    if (is_document_) {
      if (next_row_ == rows_end_) return false;
      value_ = *next_row_;
      ++next_row_;
      ++place_;
      return true;
    }
    std::string line;
    do {
      if (!TRY(read_line(line))) return false;
    } while (is_blank(line));
    TRY_STATUS(in_place(parse(line)));
    return true;
  }

  Status add_row(dom::element value, InputBuffer& input, std::vector<KeyCell>& keys) {
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

  Status add_array(dom::array values, size_t row, InputBuffer& input, std::vector<KeyCell>& keys) {
    if (!keys_are_optional_) return invalid_argument("--keys needs objects, got an array");
    keys.resize(keys.size() + key_names_.size(), KeyCell{"null", true});
    if (values.size() != signature_.columns.size()) {
      return invalid_argument(
          fmt::format("expected {} values, got {}", signature_.columns.size(), values.size()));
    }
    uint32_t column = 0;
    for (const dom::element value : values) TRY_STATUS(set(value, row, column++, input));
    return {};
  }

  Status add_object(dom::object object, size_t row, InputBuffer& input,
                    std::vector<KeyCell>& keys) {
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

  Status add_keys(dom::object object, std::vector<KeyCell>& keys) const {
    for (const std::string& key : key_names_) {
      dom::element value;
      if (object[key].get(value) != simdjson::SUCCESS) {
        if (!keys_are_optional_) return invalid_argument(fmt::format("key '{}' is missing", key));
        keys.push_back({"null", true});
      } else if (value.is_string()) {
        keys.push_back({std::string(value.get_string().value()), false});
      } else {
        keys.push_back({simdjson::minify(value), true});
      }
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
      if (int64_t integer = 0; target.takes_integers && value.get(integer) == simdjson::SUCCESS) {
        input.string_row(row)[column] = input.store(fmt::format("{}", integer));
        return {};
      }
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
  std::vector<std::string> key_names_;
  const bool keys_are_optional_;  // found in the first row: another one may lack them
  dom::parser parser_;
  std::vector<char> finite_;  // the text without NaN and Infinity
  dom::element value_;        // the row that comes next, if has_value_
  bool has_value_ = false;
  bool is_document_ = false;
  dom::array::iterator next_row_;
  dom::array::iterator rows_end_;
  uint64_t place_ = 0;  // of the line or of the array's element, from 1
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_json_rows(std::istream& input, const Signature& signature,
                                                  const std::vector<std::string>& keys) {
  auto rows = std::make_unique<JsonRows>(input, signature, keys);
  TRY_STATUS(rows->open());
  return std::unique_ptr<RowSource>(std::move(rows));
}

bool holds_json_rows(const std::string& path, const std::string& text) {
  for (const char* ending : {".jsonl", ".ndjson", ".json"}) {
    if (path.ends_with(ending)) return true;
  }
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace slipway::rows
