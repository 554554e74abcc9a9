#include "protocols/internal/key_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_escape.h"
#include "protocols/csv_output.h"
#include "protocols/internal/call.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/json.h"
#include "protocols/json_output.h"

namespace slipway::protocols {

std::optional<size_t> KeyFields::find(std::string_view name) const {
  for (size_t i = 0; i < size(); ++i) {
    if ((*names_)[i] == name) return i;
  }
  return std::nullopt;
}

Status read_key_field(JsonInput& json, ondemand::value& value, KeyFields& keys, size_t row,
                      size_t key) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json.syntax_error(error);
  if (type == ondemand::json_type::string) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return json.syntax_error(error);
    keys.set(row, key, text, false);
    return {};
  }
  if (type == ondemand::json_type::array || type == ondemand::json_type::object) {
    return invalid_argument(
        fmt::format("key field {} in row {}: expected a text, a number, true, false or null, got "
                    "{}",
                    in_quotes(keys.names()[key]), row, describe(value)));
  }
  std::string_view raw = value.raw_json_token();
  while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= ' ') raw.remove_suffix(1);
  if (type == ondemand::json_type::number) {
    double number = 0;  // proves that it is one; given back as it is spelled
    if (const auto error = value.get_double().get(number)) return json.syntax_error(error);
  } else if (type == ondemand::json_type::boolean) {
    bool ignored = false;
    if (const auto error = value.get_bool().get(ignored)) return json.syntax_error(error);
  } else {
    bool is_null = false;
    if (const auto error = value.is_null().get(is_null)) return json.syntax_error(error);
    raw = "null";  // a bare NaN too
  }
  keys.set(row, key, raw, true);
  return {};
}

void KeyFields::set(size_t row, size_t key, std::string_view text, bool is_json) {
  const size_t place = row * size() + key;
  if (place >= values_.size()) values_.resize((row + 1) * size());
  values_[place] = {std::string(text), is_json};
}

void KeyFields::take(const std::vector<std::string>& names, const std::vector<rows::KeyCell>& cells,
                     size_t rows) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::optional<size_t> key = find(names[i]);
    if (!key) continue;
    for (size_t row = 0; row < rows; ++row) {
      const rows::KeyCell& cell = cells[row * names.size() + i];
      set(row, *key, cell.text, cell.is_json);
    }
  }
}

StringCell KeyFields::cell(size_t row, size_t key) const {
  const Value& found = value(row, key);
  return found.is_json && found.text == "null" ? StringCell::none() : StringCell::text(found.text);
}

const KeyFields::Value& KeyFields::value(size_t row, size_t key) const {
  static const Value kNone;
  const size_t place = row * size() + key;
  return place < values_.size() ? values_[place] : kNone;
}

void KeyFields::append_value(std::string& out, size_t row, size_t key) const {
  const Value& one = value(row, key);
  if (one.is_json) {
    out += one.text;
  } else {
    append_json_string(out, one.text);
  }
}

void KeyFields::append_members(std::string& out, size_t row) const {
  for (size_t key = 0; key < size(); ++key) {
    append_json_string(out, (*names_)[key]);
    out.push_back(':');
    append_value(out, row, key);
    out.push_back(',');
  }
}

void KeyFields::append_cells(std::string& out, size_t row) const {
  for (size_t key = 0; key < size(); ++key) {
    const Value& one = value(row, key);
    if (!one.is_json || one.text != "null") append_csv_text(out, one.text);
    out.push_back(',');
  }
}

void KeyFields::append_names(std::string& out) const {
  for (size_t key = 0; key < size(); ++key) {
    append_csv_text(out, (*names_)[key]);
    out.push_back(',');
  }
}

void append_keyed_rows(std::string& out, const BaseCall& call, uint32_t index) {
  const OutputSpec& spec = call.infer.model->signature().outputs[index];
  const OutputBuffer& output = call.result.outputs[index];
  const KeyFields& keys = call.plan.keys;
  if (keys.empty()) return append_rows(out, spec, output);
  out.push_back('[');
  for (size_t row = 0; row < output.rows; ++row) {
    out += row > 0 ? ",{" : "{";
    keys.append_members(out, row);
    append_json_string(out, spec.name);
    out.push_back(':');
    append_row(out, spec, output, row);
    out.push_back('}');
  }
  out.push_back(']');
}

}  // namespace slipway::protocols
