#include "protocols/openscoring/request.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/json_escape.h"
#include "protocols/internal/row_filler.h"

namespace slipway::protocols::openscoring {
namespace {

class Reader {
 public:
  Reader(const Signature& signature, const std::unordered_map<std::string_view, uint32_t>& places,
         ReadBuffers& buffers, InputBuffer& input, Ids& ids)
      : signature_(signature),
        json_(buffers.json),
        seen_(buffers.seen),
        input_(input),
        ids_(ids),
        rows_(signature, places, buffers, input) {}

  Status read_body(bool is_batch) {
    rows_.reset();
    ids_.outer.clear();
    ids_.rows.clear();
    ids_.errors.clear();
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
      return invalid_argument("the body: expected an object");
    }
    TRY_STATUS(is_batch ? read_batch(object) : read_one(object, ids_.outer));
    TRY_STATUS(json_.check_end());
    return input_.rows() > 0 ? Status() : invalid_argument("the request has no rows");
  }

 private:
  Status read_batch(ondemand::object& object) {
    bool found = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "id")) {
        TRY_STATUS(read_id(field.value(), ids_.outer));
        continue;
      }
      if (!key_is(field.key(), "requests")) continue;
      if (found) return invalid_argument("\"requests\" is given twice");
      found = true;
      ondemand::array requests;
      if (field.value().get_array().get(requests) != simdjson::SUCCESS) {
        return wrong("requests", "a list of objects", field.value());
      }
      for (auto element : requests) {
        ondemand::value value;
        if (const auto error = element.get(value)) return json_.syntax_error(error);
        ondemand::object request;
        if (value.get_object().get(request) != simdjson::SUCCESS) {
          return wrong("requests", "a list of objects", value);
        }
        TRY_STATUS(read_row(request));
      }
    }
    return found ? Status() : invalid_argument("\"requests\" is missing");
  }

  /// A row that cannot be read fails alone.
  Status read_row(ondemand::object& request) {
    const size_t rows = input_.rows();
    ids_.rows.emplace_back();
    Status status = read_one(request, ids_.rows.back());
    if (json_.failed_on_syntax() || status.code() == StatusCode::kResourceExhausted) return status;
    if (input_.rows() == rows) TRY_STATUS(rows_.add_row());
    ids_.errors.push_back(status.ok() ? std::string() : status.message());
    return {};
  }

  Status read_one(ondemand::object& request, std::string& id) {
    bool found = false;
    for (auto entry : request) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "id")) {
        TRY_STATUS(read_id(field.value(), id));
      } else if (key_is(field.key(), "arguments")) {
        if (found) return invalid_argument("\"arguments\" is given twice");
        found = true;
        TRY_STATUS(read_arguments(field.value()));
      }
    }
    return found ? Status() : invalid_argument("\"arguments\" is missing");
  }

  static Status wrong(std::string_view key, std::string_view expected, ondemand::value& value) {
    return invalid_argument(
        fmt::format("\"{}\": expected {}, got {}", key, expected, describe(value)));
  }

  Status read_id(ondemand::value& value, std::string& id) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    id.clear();
    if (type == ondemand::json_type::null) return {};
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return wrong("id", "a text", value);
    append_json_string(id, text);
    return {};
  }

  Status read_arguments(ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::object) return wrong("arguments", "an object", value);
    if (signature_.rows_are_records) return rows_.read_object_row(value);
    TRY_STATUS(rows_.add_row());
    ondemand::object arguments;
    if (const auto error = value.get_object().get(arguments)) return json_.syntax_error(error);
    const size_t row = input_.rows() - 1;
    uint32_t place = 0;
    for (auto entry : arguments) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      const std::optional<uint32_t> column = rows_.find_column(name, place++);
      if (!column) continue;
      if (seen_[*column] == input_.rows()) {
        return invalid_argument(rows_.cell_name(row, *column) + " is given twice");
      }
      seen_[*column] = input_.rows();
      TRY_STATUS(rows_.read_cell(field.value(), row, *column));
    }
    return {};
  }

  const Signature& signature_;
  JsonInput& json_;
  std::vector<uint64_t>& seen_;  // per column, the count of rows when it was last given
  InputBuffer& input_;
  Ids& ids_;
  RowFiller rows_;
};

}  // namespace

Status read_request(std::string_view body, bool is_batch, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, Ids& ids) {
  return read_json(buffers.json, body, [&] {
    Reader reader(signature, column_places, buffers, input, ids);
    return reader.read_body(is_batch);
  });
}

}  // namespace slipway::protocols::openscoring
