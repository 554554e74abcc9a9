#include "protocols/torchserve/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/json_escape.h"
#include "protocols/internal/csv_body.h"
#include "protocols/internal/media_type.h"
#include "protocols/internal/row_filler.h"

namespace slipway::protocols::torchserve {
namespace {

constexpr std::string_view kRowsKeys[] = {"instances", "data", "inputs", "input", "body"};
constexpr std::string_view kRowKeys[] = {"data", "body", "features", "input"};
constexpr std::string_view kPayloadNames[] = {"data", "body"};

class Reader {
 public:
  explicit Reader(RowsTarget& target)
      : target_(target),
        json_(target.buffers.json),
        rows_(target.signature, target.column_places, target.buffers, target.input) {}

  Status read() {
    rows_.reset();
    target_.single = false;
    ondemand::json_type type{};
    if (const auto error = json_.document().type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array && type != ondemand::json_type::object) {
      return invalid_argument("the body: expected a list of rows, or {\"instances\": [...]}");
    }
    ondemand::value top;
    if (const auto error = json_.document().get_value().get(top)) return json_.syntax_error(error);
    TRY_STATUS(type == ondemand::json_type::array ? read_list(top) : read_top(top));
    TRY_STATUS(json_.check_end());
    return target_.input.rows() > 0 ? Status() : invalid_argument("the request has no rows");
  }

 private:
  size_t columns() const { return rows_.columns(); }
  bool records() const { return target_.signature.rows_are_records; }

  /// True for a key that stands around values and is no column itself.
  bool wraps(ondemand::raw_json_string key, std::span<const std::string_view> names) const {
    return std::ranges::any_of(names, [&](std::string_view name) {
      return key_is(key, name) && !(target_.signature.columns_named && rows_.find_column(name, 0));
    });
  }

  Status read_top(ondemand::value& top) {
    ondemand::object object;
    if (const auto error = top.get_object().get(object)) return json_.syntax_error(error);
    bool found = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!wraps(field.key(), kRowsKeys)) continue;
      const std::string key = key_text(field.key());
      if (found) return invalid_argument("the body gives its rows twice: " + key);
      found = true;
      ondemand::value value = field.value();
      TRY_STATUS(read_wrapped(key, value));
    }
    if (found) return {};
    target_.single = true;
    return read_begun_object(object);
  }

  Status read_wrapped(std::string_view key, ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type == ondemand::json_type::array) return read_list(value);
    if (type == ondemand::json_type::object) {
      target_.single = true;
      return rows_.read_object_row(value);
    }
    return invalid_argument(
        fmt::format("{}: expected a list of rows, got {}", key, describe(value)));
  }

  /// Rows, or the values of one.
  Status read_list(ondemand::value& list) {
    ondemand::array rows;
    if (const auto error = list.get_array().get(rows)) return json_.syntax_error(error);
    size_t values = 0;  // of one row that is the list itself
    size_t given = 0;   // rows
    for (auto element : rows) {
      ondemand::value value;
      if (const auto error = element.get(value)) return json_.syntax_error(error);
      ondemand::json_type type{};
      if (const auto error = value.type().get(type)) return json_.syntax_error(error);
      const bool is_row = type == ondemand::json_type::array || type == ondemand::json_type::object;
      if (is_row && values > 0) return rows_.count_error(values);
      if (is_row) {
        ++given;
        TRY_STATUS(read_row(value, type));
      } else if (given > 0 || columns() == 1 || records()) {
        ++given;
        TRY_STATUS(read_only_cell(value));
      } else {
        if (values == 0) TRY_STATUS(rows_.add_row());
        if (values < columns()) {
          TRY_STATUS(rows_.read_cell(value, 0, static_cast<uint32_t>(values)));
        }
        ++values;
      }
    }
    target_.single = values > 0;
    return values == 0 || values == columns() ? Status() : rows_.count_error(values);
  }

  /// A value that is a row: of a model with one column.
  Status read_only_cell(ondemand::value& value) {
    if (columns() != 1 || records()) {
      return invalid_argument(fmt::format(
          "row {}: expected {}, got {}", target_.input.rows(),
          records() ? "an object" : fmt::format("a list of {} values or an object", columns()),
          describe(value)));
    }
    TRY_STATUS(rows_.add_row());
    return rows_.read_cell(value, target_.input.rows() - 1, 0);
  }

  Status read_row(ondemand::value& value, ondemand::json_type type) {
    if (type == ondemand::json_type::array) {
      if (records()) return read_only_cell(value);
      ondemand::array row;
      if (const auto error = value.get_array().get(row)) return json_.syntax_error(error);
      return rows_.read_values(row);
    }
    if (records()) return rows_.read_object_row(value);
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return json_.syntax_error(error);
    bool found = false;  // {"data": [...]}, with anything beside it
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (!wraps(field.key(), kRowKeys)) continue;
      if (found) return invalid_argument("a row gives its values twice");
      found = true;
      ondemand::array row;
      if (field.value().get_array().get(row) != simdjson::SUCCESS) {
        return invalid_argument(
            fmt::format("{}: expected a list of values", key_text(field.key())));
      }
      TRY_STATUS(rows_.read_values(row));
    }
    return found ? Status() : read_begun_object(object);
  }

  /// A row of named values: read from the object, which is begun already.
  Status read_begun_object(ondemand::object& object) {
    if (const auto error = object.reset().error()) return json_.syntax_error(error);
    if (records()) return read_record_object();
    TRY_STATUS(rows_.add_row());
    uint32_t count = 0;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      TRY_STATUS(rows_.read_field(field, count));
    }
    return rows_.end_fields(count);
  }

  /// The whole body is one record: read anew from its beginning.
  Status read_record_object() {
    json_.rewind();
    ondemand::value top;
    if (const auto error = json_.document().get_value().get(top)) return json_.syntax_error(error);
    return rows_.read_object_row(top);
  }

  RowsTarget& target_;
  JsonInput& json_;
  RowFiller rows_;
};

Status read_json_rows(std::string_view text, RowsTarget& target) {
  return read_json(target.buffers.json, text, [&] { return Reader(target).read(); });
}

bool looks_like_json(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '{');
}

/// One text as rows, by what it is said to be, or looks like.
Status read_text_rows(std::string_view type, std::string_view text, RowsTarget& target) {
  if (names_media_type(type, "application/json") || looks_like_json(text)) {
    return read_json_rows(text, target);
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return invalid_argument("the request has no data");
  }
  const bool has_header = names_media_type(type, "text/csv");
  KeyFields none;  // a list of predictions has no place for them
  return read_csv_body(text, target.signature, has_header ? CsvHeader::kFind : CsvHeader::kNone,
                       target.input, none);
}

/// True for what JSON takes as a number, so that it can stand there as it is.
bool is_number(std::string_view text) {
  const size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() <= sign || text.size() > 64) return false;
  if (text[sign] < '0' || text[sign] > '9') return false;
  if (text[sign] == '0' && text.size() > sign + 1 && text[sign + 1] >= '0' &&
      text[sign + 1] <= '9') {
    return false;
  }
  return text.find_first_not_of("0123456789+-.eE", sign) == std::string_view::npos;
}

/// {"age": 3, "city": "Rome"}: numbers for columns of numbers, texts for the others.
std::string named_values(const Fields& fields, const Signature& signature) {
  std::string text = "{";
  for (const Field& field : fields.all) {
    if (text.size() > 1) text.push_back(',');
    append_json_string(text, field.name);
    text.push_back(':');
    const auto column = std::ranges::find(signature.columns, field.name, &InputColumn::name);
    const bool is_text = column != signature.columns.end() && column->is_text();
    if (field.value.empty() && !is_text) {
      text += "null";
    } else if (!is_text && is_number(field.value)) {
      text += field.value;
    } else {
      append_json_string(text, field.value);
    }
  }
  text.push_back('}');
  return text;
}

}  // namespace

Status read_fields(const Fields& fields, RowsTarget& target) {
  const auto is_column = [&](std::string_view name) {
    return target.signature.columns_named &&
           std::ranges::find(target.signature.columns, name, &InputColumn::name) !=
               target.signature.columns.end();
  };
  const Field* payload = nullptr;
  for (const std::string_view name : kPayloadNames) {
    const auto found = std::ranges::find(fields.all, name, &Field::name);
    if (payload == nullptr && found != fields.all.end() && !is_column(name)) payload = &*found;
  }
  if (payload == nullptr && fields.all.size() == 1 && !is_column(fields.all[0].name) &&
      !target.signature.rows_are_records) {
    payload = fields.all.data();
  }
  if (payload != nullptr) return read_text_rows(payload->type, payload->value, target);
  if (fields.all.empty()) return invalid_argument("the request has no data");
  return read_json_rows(named_values(fields, target.signature), target);
}

Status read_body(std::string_view content_type, std::string_view body, RowsTarget& target) {
  if (names_media_type(content_type, "application/json")) return read_json_rows(body, target);
  if (names_media_type(content_type, "multipart/form-data")) {
    const Fields fields = TRY(read_multipart(content_type, body));
    return read_fields(fields, target);
  }
  // curl says so of whatever it is given with -d.
  if (names_media_type(content_type, "application/x-www-form-urlencoded") &&
      !looks_like_json(body) && body.find('=') != std::string_view::npos) {
    const Fields fields = TRY(read_pairs(body));
    return read_fields(fields, target);
  }
  return read_text_rows(content_type, body, target);
}

}  // namespace slipway::protocols::torchserve
