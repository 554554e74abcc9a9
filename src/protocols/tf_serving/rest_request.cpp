#include "protocols/tf_serving/rest_request.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/key_fields.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/internal/record_json.h"
#include "protocols/tf_serving/signature.h"

namespace slipway::protocols::tf_serving {
namespace {

constexpr size_t kCellsMax = 1ULL << 28;
constexpr size_t kExcerptBytes = 256;
constexpr std::string_view kInstances = "instances";
constexpr std::string_view kInputs = "inputs";

class PredictReader {
 public:
  PredictReader(std::string_view body, const kserve_v2::ModelInputs& model, ReadBuffers& buffers,
                InputBuffer& input, PredictBody& read)
      : body_(body),
        signature_(model.signature),
        places_(model.column_places),
        json_(buffers.json),
        keys_(buffers.keys),
        seen_(buffers.seen),
        input_(input),
        read_(read) {}

  Status read_body() {
    input_.reset(0, columns(), signature_.matrices);
    seen_.assign(columns(), 0);
    read_ = {};
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::object) return body_error("Is not object");
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      return json_.syntax_error(error);
    }
    bool has_rows = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      const bool is_rows = key_is(field.key(), kInstances);
      if (is_rows || key_is(field.key(), kInputs)) {
        if (has_rows) {
          return body_error(
              "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to "
              "exist ");
        }
        has_rows = true;
        TRY_STATUS(is_rows ? read_instances(field.value()) : read_inputs(field.value()));
      } else if (key_is(field.key(), "signature_name")) {
        std::string_view name;
        if (field.value().get_string().get(name) != simdjson::SUCCESS) {
          return body_error(
              "not formatted correctly. 'signature_name' key must be a string value.");
        }
        read_.signature_name = name;
      }
    }
    TRY_STATUS(json_.check_end());
    if (has_rows) return {};
    return invalid_argument("Missing 'inputs' or 'instances' key");
  }

 private:
  size_t columns() const { return signature_.columns.size(); }

  Status body_error(std::string_view what) const {
    return invalid_argument(fmt::format("JSON Value: {} {}", body_.substr(0, kExcerptBytes), what));
  }

  std::optional<uint32_t> find_column(std::string_view name) const {
    if (places_.empty()) return signature_.find_column(name);
    const auto place = places_.find(name);
    return place == places_.end() ? std::nullopt : std::optional(place->second);
  }

  std::optional<size_t> find_key(std::string_view name) const {
    return keys_ != nullptr ? keys_->find(name) : std::nullopt;
  }

  Status read_key_column(ondemand::value& value, size_t key) {
    ondemand::array cells;
    if (value.get_array().get(cells) != simdjson::SUCCESS) {
      return json_type_error(value, "a list of keys");
    }
    size_t row = 0;
    for (auto element : cells) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      TRY_STATUS(read_key_field(json_, cell, *keys_, row++, key));
    }
    return {};
  }

  Status read_instances(ondemand::value& value) {
    ondemand::array rows;
    if (value.get_array().get(rows) != simdjson::SUCCESS) {
      return body_error("Expecting 'instances' to be an list/array");
    }
    TRY_STATUS(read_rows(rows));
    return input_.rows() > 0 ? Status() : body_error("No values in 'instances' array");
  }

  Status read_inputs(ondemand::value& value) {
    read_.is_columnar = true;
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) {
      ondemand::array rows;
      if (const auto error = value.get_array().get(rows)) return json_.syntax_error(error);
      return read_rows(rows);
    }
    if (type == ondemand::json_type::object && !signature_.rows_are_records) {
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
      return read_columns(object);
    }
    return read_row(value);
  }

  Status new_row() {
    if ((input_.rows() + 1) * std::max<size_t>(columns(), 1) > kCellsMax) {
      return resource_exhausted(fmt::format("a request holds at most {} cells", kCellsMax));
    }
    input_.add_row();
    return {};
  }

  Status read_rows(ondemand::array& rows) {
    for (auto element : rows) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      Status status = read_row(value);
      if (status.ok()) continue;
      if (json_.failed_on_syntax() || read_.is_columnar || place_told_) return status;
      return invalid_argument(
          fmt::format("Failed to process element: {} of 'instances' list. Error: {}",
                      input_.rows() - 1, status.to_string()));
    }
    return {};
  }

  Status read_row(ondemand::value& value) {
    TRY_STATUS(new_row());
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (signature_.rows_are_records) {
      if (type == ondemand::json_type::object) {
        return read_record(json_, value, input_, input_.rows() - 1, 0);
      }
      return json_type_error(value, "an object");
    }
    if (type == ondemand::json_type::array) return read_values(value);
    if (type == ondemand::json_type::object) return read_object(value);
    if (columns() == 1) return read_cell(value, 0);
    return row_error(0);
  }

  /// A row of so many values, of which the model takes another number.
  Status row_error(size_t count) const {
    const size_t row = input_.rows() - 1;
    if (row > 0) {
      return invalid_argument(
          fmt::format("Expecting tensor size: {} but got: {}", columns(), count));
    }
    return invalid_argument(fmt::format("input \"{}\": expected shape [-1,{}], got {}",
                                        takes_matrix(signature_) ? kMatrixInput : "instances",
                                        columns(),
                                        count == 0 ? "[-1]" : fmt::format("[-1,{}]", count)));
  }

  /// The values of one row, in the columns' order.
  Status read_values(ondemand::value& value) {
    ondemand::array values;
    if (const auto error = value.get_array().get(values)) return json_.syntax_error(error);
    size_t count = 0;
    for (auto element : values) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (count < columns()) TRY_STATUS(read_cell(cell, static_cast<uint32_t>(count)));
      ++count;
    }
    return count == columns() ? Status() : row_error(count);
  }

  /// {"b64": ...}, {"inputs": [...]} of a model without names, or one entry for each column.
  Status read_object(ondemand::value& value) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    size_t count = 0;
    bool is_whole = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      if (const auto key = find_key(name)) {
        Status status = read_key_field(json_, field.value(), *keys_, input_.rows() - 1, *key);
        if (status.ok()) continue;
        return json_.failed_on_syntax() ? status : at_key(name, status);
      }
      if (is_whole) return unknown_input(name);
      const auto column = find_column(name);
      if (!column) {
        if (count > 0) return unknown_input(name);
        is_whole = true;
        TRY_STATUS(read_whole(field.value(), name));
        continue;
      }
      if (seen_[*column] == input_.rows()) {
        return invalid_argument(fmt::format("{} is given twice", in_quotes(name)));
      }
      seen_[*column] = input_.rows();
      ++count;
      Status status = read_named(field.value(), *column);
      if (status.ok()) continue;
      if (json_.failed_on_syntax()) return status;
      return at_key(signature_.columns[*column].name, status);
    }
    if (is_whole) return {};
    return check_complete(object);
  }

  Status at_key(std::string_view name, const Status& status) {
    place_told_ = true;
    return invalid_argument(
        fmt::format("Failed to process element: {} key: {} of 'instances' list. Error: {}",
                    input_.rows() - 1, name.substr(0, 128), status.to_string()));
  }

  Status unknown_input(std::string_view name) {
    return at_key(name, invalid_argument(fmt::format("JSON object: does not have named input: {}",
                                                     name.substr(0, 128))));
  }

  /// The one entry of an object that names no column.
  Status read_whole(ondemand::value& value, std::string_view name) {
    if (name == "b64" && columns() == 1 && signature_.columns[0].is_text()) {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return unknown_input(name);
      return store_base64(text, 0);
    }
    if (signature_.columns_named && name != kMatrixInput) return unknown_input(name);
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) return read_values(value);
    return columns() == 1 ? read_cell(value, 0) : unknown_input(name);
  }

  Status check_complete(ondemand::object& object) {
    std::string missing;
    for (size_t i = 0; i < columns(); ++i) {
      if (seen_[i] != input_.rows() && signature_.columns[i].is_used) {
        missing = signature_.columns[i].name;
        break;
      }
    }
    if (missing.empty()) return {};
    std::string_view text;
    object.reset();
    if (object.raw_json().get(text) != simdjson::SUCCESS) text = "{}";
    std::string names;
    for (const InputColumn& column : signature_.columns) {
      if (names.size() > kExcerptBytes) break;
      names += (names.empty() ? "" : ",") + column.name;
    }
    place_told_ = true;
    return invalid_argument(fmt::format(
        "Failed to process element: {} of 'instances' list. JSON object: {} keys must be equal "
        "to: {}",
        input_.rows() - 1, text.substr(0, kExcerptBytes), names));
  }

  /// A cell, or a list of one.
  Status read_named(ondemand::value& value, uint32_t column) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array) return read_cell(value, column);
    ondemand::array values;
    if (const auto error = value.get_array().get(values)) return json_.syntax_error(error);
    size_t count = 0;
    for (auto element : values) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (count++ == 0) TRY_STATUS(read_cell(cell, column));
    }
    if (count == 1) return {};
    return invalid_argument(fmt::format("Expecting tensor size: 1 but got: {}", count));
  }

  Status read_cell(ondemand::value& value, uint32_t column) {
    return read_cell_at(value, input_.rows() - 1, column);
  }

  Status read_cell_at(ondemand::value& value, size_t row, uint32_t column) {
    const InputColumn& spec = signature_.columns[column];
    if (!spec.is_used) return {};  // it may hold anything
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    switch (spec.type) {
      case ColumnType::kNumber:
        if (type != ondemand::json_type::number && type != ondemand::json_type::null) {
          return json_type_error(value, "double");
        }
        return read_number(json_, value, input_.number_row(row)[column]);
      case ColumnType::kText: break;
      case ColumnType::kRecord:
        if (type != ondemand::json_type::object) return json_type_error(value, "an object");
        return read_record(json_, value, input_, row, column);
    }
    StringCell& cell = input_.string_row(row)[column];
    if (type == ondemand::json_type::string || type == ondemand::json_type::null) {
      return read_text(json_, value, input_, cell);
    }
    if (type == ondemand::json_type::object) {
      if (!TRY(read_base64(json_, value, decoded_))) {
        return invalid_argument("not formatted correctly for base64 data");
      }
      return store(decoded_, cell);
    }
    if (type == ondemand::json_type::number && spec.takes_integers) {
      return read_category(json_, value, input_, cell);
    }
    return json_type_error(value, "string");
  }

  Status store_base64(std::string_view text, uint32_t column) {
    decoded_.clear();
    if (!decode_base64(text, decoded_)) return invalid_argument("Unable to base64 decode");
    return store(decoded_, input_.string_row(input_.rows() - 1)[column]);
  }

  Status store(std::string_view text, StringCell& cell) {
    TRY_STATUS(check_utf8(text, "the text"));
    cell = input_.store(text);
    return {};
  }

  /// {"a": [...], "b": [...]}: what names no column of a model with names is passed over.
  Status read_columns(ondemand::object& object) {
    bool is_first = true;
    std::string_view first;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      if (const auto key = find_key(name)) {
        TRY_STATUS(read_key_column(field.value(), *key));
        continue;
      }
      const auto column = find_column(name);
      if (!column) {
        if (signature_.columns_named && name != "b64" && name != kMatrixInput) continue;
        if (!is_first) continue;
        is_first = false;
        whole_ = true;
        TRY_STATUS(read_tensor(field.value(), name));
        continue;
      }
      if (whole_) continue;
      if (seen_[*column] != 0) {
        return invalid_argument(fmt::format("input {} is given twice", in_quotes(name)));
      }
      seen_[*column] = 1;
      if (is_first) first = signature_.columns[*column].name;
      TRY_STATUS(read_column(field.value(), *column, is_first, first));
      is_first = false;
    }
    for (size_t i = 0; i < columns() && !whole_; ++i) {
      if (seen_[i] != 0 || !signature_.columns[i].is_used) continue;
      return invalid_argument(
          fmt::format("Missing named input: {} in 'inputs' object.", signature_.columns[i].name));
    }
    return {};
  }

  /// The one tensor of a model without names, whatever it is called.
  Status read_tensor(ondemand::value& value, std::string_view name) {
    ondemand::array rows;
    const auto error = value.get_array().get(rows);
    if (error == simdjson::SUCCESS) return read_rows(rows);
    if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
    TRY_STATUS(new_row());
    if (columns() != 1) return row_error(0);
    if (name != "b64" || !signature_.columns[0].is_text()) return read_cell(value, 0);
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return json_type_error(value, "string");
    return store_base64(text, 0);
  }

  Status read_column(ondemand::value& value, uint32_t column, bool is_first,
                     std::string_view first) {
    const std::string& name = signature_.columns[column].name;
    ondemand::array values;
    if (value.get_array().get(values) != simdjson::SUCCESS) {
      return invalid_argument(fmt::format("input {}: expected a list of values", in_quotes(name)));
    }
    size_t row = 0;
    for (auto element : values) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (is_first) TRY_STATUS(new_row());
      if (row < input_.rows()) TRY_STATUS(read_column_cell(cell, row, column));
      ++row;
    }
    if (row == input_.rows()) return {};
    return invalid_argument(fmt::format("input {} has {} rows, but {} has {}", in_quotes(name), row,
                                        in_quotes(first), input_.rows()));
  }

  Status read_column_cell(ondemand::value& value, size_t row, uint32_t column) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array) return read_cell_at(value, row, column);
    ondemand::array values;
    if (const auto error = value.get_array().get(values)) return json_.syntax_error(error);
    size_t count = 0;
    for (auto element : values) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (count++ == 0) TRY_STATUS(read_cell_at(cell, row, column));
    }
    if (count == 1) return {};
    return invalid_argument(
        fmt::format("Encountered list at unexpected size: {} at level: 1 expected size: 1", count));
  }

  const std::string_view body_;
  const Signature& signature_;
  const std::unordered_map<std::string_view, uint32_t>& places_;
  JsonInput& json_;
  KeyFields* const keys_;        // null: there are none
  std::vector<uint64_t>& seen_;  // per column, the count of rows when it was last given
  InputBuffer& input_;
  PredictBody& read_;
  std::string decoded_;
  bool place_told_ = false;  // the error names its row
  bool whole_ = false;       // one tensor holds all columns
};

}  // namespace

std::string_view json_kind(ondemand::value& value) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return "Null";
  switch (type) {
    case ondemand::json_type::array: return "Array";
    case ondemand::json_type::object: return "Object";
    case ondemand::json_type::number: return "Number";
    case ondemand::json_type::string: return "String";
    case ondemand::json_type::boolean:
      return value.raw_json_token().starts_with('t') ? "True" : "False";
    case ondemand::json_type::null: return "Null";
  }
  return "Null";
}

std::string json_excerpt(ondemand::value& value) {
  ondemand::json_type type{};
  std::string_view text;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS ||
        array.raw_json().get(text) != simdjson::SUCCESS) {
      return "[...]";
    }
  } else if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(text) != simdjson::SUCCESS) {
      return "{...}";
    }
  } else {
    text = value.raw_json_token();
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  }
  return std::string(text.substr(0, kExcerptBytes));
}

Status json_type_error(ondemand::value& value, std::string_view expected) {
  const std::string_view kind = json_kind(value);
  return invalid_argument(fmt::format("JSON Value: {} Type: {} is not of expected type: {}",
                                      json_excerpt(value), kind, expected));
}

Result<bool> read_base64(JsonInput& json, ondemand::value& value, std::string& decoded) {
  decoded.clear();
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return json.syntax_error(error);
  size_t count = 0;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    if (count++ > 0 || !key_is(field.key(), "b64")) return false;
    std::string_view text;
    if (field.value().get_string().get(text) != simdjson::SUCCESS) return false;
    if (!decode_base64(text, decoded)) return invalid_argument("Unable to base64 decode");
  }
  return count == 1;
}

Status read_predict(std::string_view body, const kserve_v2::ModelInputs& model,
                    ReadBuffers& buffers, InputBuffer& input, PredictBody& read) {
  if (body.empty()) return invalid_argument("JSON Parse error: The document is empty");
  Status status = read_json(buffers.json, body, [&] {
    return PredictReader(body, model, buffers, input, read).read_body();
  });
  if (status.ok() || !buffers.json.failed_on_syntax()) return status;
  return std::move(status).with_context("JSON Parse error");
}

}  // namespace slipway::protocols::tf_serving
