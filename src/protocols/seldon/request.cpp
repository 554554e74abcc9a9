#include "protocols/seldon/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/json_escape.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/row_filler.h"

namespace slipway::protocols::seldon {
namespace {

constexpr uint32_t kDropped = UINT32_MAX;  // a column that the model does not know
constexpr size_t kNamesMax = 1U << 20;
constexpr size_t kTagsBytesMax = 64 * 1024;

Status expected(std::string_view what, std::string_view form, ondemand::value& value) {
  return invalid_argument(fmt::format("\"{}\": expected {}, got {}", what, form, describe(value)));
}

class Reader {
 public:
  Reader(const Signature& signature, const std::unordered_map<std::string_view, uint32_t>& places,
         ReadBuffers& buffers, InputBuffer& input, Message& message)
      : signature_(signature),
        json_(buffers.json),
        input_(input),
        message_(message),
        rows_(signature, places, buffers, input) {}

  Status read_body() {
    rows_.reset();
    message_ = {};
    ondemand::object object;
    if (const auto error = json_.document().get_object().get(object)) {
      if (error != simdjson::INCORRECT_TYPE) return json_.syntax_error(error);
      return invalid_argument("the body: expected an object with \"data\"");
    }
    bool has_data = false;
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "data")) {
        if (has_data) return invalid_argument("\"data\" is given twice");
        has_data = true;
        TRY_STATUS(read_data(field.value()));
      } else if (key_is(field.key(), "meta")) {
        TRY_STATUS(read_meta(field.value()));
      } else if (!key_is(field.key(), "status")) {
        return unknown(field.key());
      }
    }
    TRY_STATUS(json_.check_end());
    if (!has_data) return invalid_argument("the body has no \"data\"");
    return input_.rows() > 0 ? Status() : invalid_argument("the request has no rows");
  }

 private:
  size_t columns() const { return signature_.columns.size(); }

  static Status unknown(ondemand::raw_json_string key) {
    for (const std::string_view name : {"strData", "jsonData", "binData", "customData"}) {
      if (!key_is(key, name)) continue;
      return invalid_argument(
          fmt::format("\"{}\" is not taken: a model here takes rows, send them as "
                      "\"data\": {{\"ndarray\": [[...]]}} or \"data\": {{\"tensor\": ...}}",
                      name));
    }
    return invalid_argument("Invalid JSON: SeldonMessage has no field " + key_text(key));
  }

  /// Names may come behind the values and a shape behind its values: both are read first.
  Status read_data(ondemand::value& value) {
    ondemand::object data;
    if (value.get_object().get(data) != simdjson::SUCCESS) {
      return expected("data", "an object", value);
    }
    int forms = 0;
    bool has_names = false;
    for (auto entry : data) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "names")) {
        if (has_names) return invalid_argument("\"names\" is given twice");
        has_names = true;
        TRY_STATUS(read_names(field.value()));
      } else if (key_is(field.key(), "ndarray") || key_is(field.key(), "tensor")) {
        ++forms;
      } else if (key_is(field.key(), "tftensor")) {
        return invalid_argument("\"tftensor\" is not taken: expected \"ndarray\" or \"tensor\"");
      } else {
        return invalid_argument("Invalid JSON: DefaultData has no field " + key_text(field.key()));
      }
    }
    if (forms != 1) {
      return invalid_argument("\"data\": expected exactly one of \"ndarray\" and \"tensor\"");
    }
    TRY_STATUS(match_names());
    if (const auto error = data.reset().error()) return json_.syntax_error(error);
    for (auto entry : data) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "ndarray")) TRY_STATUS(read_ndarray(field.value()));
      if (key_is(field.key(), "tensor")) TRY_STATUS(read_tensor(field.value()));
    }
    return {};
  }

  Status read_names(ondemand::value& value) {
    ondemand::array names;
    if (value.get_array().get(names) != simdjson::SUCCESS) {
      return expected("names", "a list of texts", value);
    }
    for (auto element : names) {
      ondemand::value name_value;
      if (const auto error = element.get(name_value)) return json_.syntax_error(error);
      std::string_view name;
      if (name_value.get_string().get(name) != simdjson::SUCCESS) {
        return expected("names", "a list of texts", name_value);
      }
      if (names_.size() >= kNamesMax) return resource_exhausted("\"names\": too many");
      names_.emplace_back(name);
    }
    return {};
  }

  /// Where each value of a row goes. Names none of which the model knows say nothing.
  Status match_names() {
    targets_.clear();
    bool any = false;
    if (signature_.columns_named && !signature_.rows_are_records) {
      for (const std::string& name : names_) {
        const auto place = static_cast<uint32_t>(targets_.size());
        targets_.push_back(rows_.find_column(name, place).value_or(kDropped));
        any = any || targets_.back() != kDropped;
      }
    }
    if (!any) {
      targets_.resize(columns());
      for (uint32_t i = 0; i < columns(); ++i) targets_[i] = i;
      return {};
    }
    std::vector<bool> given(columns(), false);
    for (const uint32_t target : targets_) {
      if (target == kDropped) continue;
      if (given[target]) {
        return invalid_argument(fmt::format("\"names\": {} is given twice",
                                            in_quotes(signature_.columns[target].name)));
      }
      given[target] = true;
    }
    for (uint32_t i = 0; i < columns(); ++i) {
      if (!given[i] && signature_.columns[i].is_used) {
        return invalid_argument(
            fmt::format("\"names\": feature {} is missing", in_quotes(signature_.columns[i].name)));
      }
    }
    return {};
  }

  Status read_ndarray(ondemand::value& value) {
    ondemand::array rows;
    if (value.get_array().get(rows) != simdjson::SUCCESS) {
      return expected("ndarray", "a list of rows", value);
    }
    for (auto element : rows) {
      ondemand::value row;
      if (const auto error = element.get(row)) return json_.syntax_error(error);
      TRY_STATUS(read_row(row));
    }
    return {};
  }

  Status read_row(ondemand::value& value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (signature_.rows_are_records) {
      if (type == ondemand::json_type::object) return rows_.read_object_row(value);
      return expected("ndarray", "a list of objects", value);
    }
    if (type != ondemand::json_type::array) {
      // Of a model with one column each value is a row: texts to be classified.
      if (targets_.size() != 1) {
        return expected("ndarray", fmt::format("rows of {} values", targets_.size()), value);
      }
      TRY_STATUS(rows_.add_row());
      return rows_.read_cell(value, input_.rows() - 1, targets_[0]);
    }
    ondemand::array cells;
    if (const auto error = value.get_array().get(cells)) return json_.syntax_error(error);
    TRY_STATUS(rows_.add_row());
    size_t count = 0;
    for (auto element : cells) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (count < targets_.size()) TRY_STATUS(read_cell(cell, count));
      ++count;
    }
    return count == targets_.size() ? Status() : count_error(count);
  }

  Status count_error(size_t got) const {
    return invalid_argument(fmt::format("expected {} features in row {}, got {}", targets_.size(),
                                        input_.rows() - 1, got));
  }

  Status read_cell(ondemand::value& cell, size_t place) {
    const uint32_t target = targets_[place];
    return target == kDropped ? Status() : rows_.read_cell(cell, input_.rows() - 1, target);
  }

  Status read_tensor(ondemand::value& value) {
    if (signature_.rows_are_records) {
      return invalid_argument("\"tensor\": the model takes objects, send them as \"ndarray\"");
    }
    message_.is_tensor = true;
    ondemand::object tensor;
    if (value.get_object().get(tensor) != simdjson::SUCCESS) {
      return expected("tensor", "an object", value);
    }
    int shapes = 0;
    int values = 0;
    for (auto entry : tensor) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "shape")) {
        ++shapes;
        TRY_STATUS(read_shape(field.value()));
      } else if (key_is(field.key(), "values")) {
        ++values;
      } else {
        return invalid_argument("Invalid JSON: Tensor has no field " + key_text(field.key()));
      }
    }
    if (shapes != 1 || values != 1) {
      return invalid_argument("\"tensor\": expected one \"shape\" and one \"values\"");
    }
    if (const auto error = tensor.reset().error()) return json_.syntax_error(error);
    for (auto entry : tensor) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "values")) TRY_STATUS(read_values(field.value()));
    }
    return {};
  }

  Status read_shape(ondemand::value& value) {
    ondemand::array dims;
    if (value.get_array().get(dims) != simdjson::SUCCESS) {
      return expected("shape", "a list of numbers", value);
    }
    std::vector<uint64_t> shape;
    for (auto element : dims) {
      ondemand::value dim_value;
      if (const auto error = element.get(dim_value)) return json_.syntax_error(error);
      double dim = 0;
      if (dim_value.get_double().get(dim) != simdjson::SUCCESS || !(dim >= 0 && dim < 1e15) ||
          dim != std::floor(dim)) {
        return expected("shape", "whole numbers", dim_value);
      }
      if (shape.size() < 3) shape.push_back(static_cast<uint64_t>(dim));
    }
    const bool is_column = shape.size() == 1 && targets_.size() == 1;
    if (!is_column && (shape.size() != 2 || shape[1] != targets_.size())) {
      return invalid_argument(
          fmt::format("\"shape\": expected [rows, {}], got {} dimension{}{}", targets_.size(),
                      shape.size() > 2 ? "more than 2" : std::to_string(shape.size()),
                      shape.size() == 1 ? "" : "s",
                      shape.size() == 2 ? fmt::format(" and {} columns", shape[1]) : ""));
    }
    tensor_rows_ = shape[0];
    return {};
  }

  Status read_values(ondemand::value& value) {
    ondemand::array values;
    if (value.get_array().get(values) != simdjson::SUCCESS) {
      return expected("values", "a flat list of numbers", value);
    }
    size_t place = targets_.size();
    for (auto element : values) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (place == targets_.size()) {
        TRY_STATUS(rows_.add_row());
        place = 0;
      }
      TRY_STATUS(read_cell(cell, place));
      ++place;
    }
    if (place == targets_.size() && input_.rows() == tensor_rows_) return {};
    return invalid_argument(
        fmt::format("\"values\": expected {} rows of {} values, got {} values", tensor_rows_,
                    targets_.size(), (input_.rows() * targets_.size()) - targets_.size() + place));
  }

  Status read_meta(ondemand::value& value) {
    ondemand::object meta;
    if (value.get_object().get(meta) != simdjson::SUCCESS) {
      return expected("meta", "an object", value);
    }
    for (auto entry : meta) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      if (key_is(field.key(), "puid")) {
        std::string_view puid;
        if (field.value().get_string().get(puid) != simdjson::SUCCESS) {
          return expected("puid", "a text", field.value());
        }
        message_.puid = puid.substr(0, 1024);
      } else if (key_is(field.key(), "tags")) {
        TRY_STATUS(read_tags(field.value()));
      }
    }
    return {};
  }

  /// Texts, numbers, truth values and nulls; what is nested is left out.
  Status read_tags(ondemand::value& value) {
    ondemand::object tags;
    if (value.get_object().get(tags) != simdjson::SUCCESS) {
      return expected("tags", "an object", value);
    }
    message_.tags = "{";
    for (auto entry : tags) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return json_.syntax_error(error);
      std::string tag = message_.tags.size() > 1 ? "," : "";
      append_json_string(tag, name);
      tag.push_back(':');
      ondemand::json_type type{};
      if (const auto error = field.value().type().get(type)) return json_.syntax_error(error);
      if (type == ondemand::json_type::array || type == ondemand::json_type::object) continue;
      if (type == ondemand::json_type::string) {
        std::string_view text;
        if (const auto error = field.value().get_string().get(text)) {
          return json_.syntax_error(error);
        }
        append_json_string(tag, text);
      } else if (type == ondemand::json_type::boolean) {
        bool truth = false;
        if (const auto error = field.value().get_bool().get(truth)) {
          return json_.syntax_error(error);
        }
        tag += truth ? "true" : "false";
      } else {
        double number = 0;
        TRY_STATUS(read_number(json_, field.value(), number));
        append_json_number(tag, number);
      }
      if (message_.tags.size() + tag.size() > kTagsBytesMax) {
        return resource_exhausted("\"tags\": at most 64 KiB");
      }
      message_.tags += tag;
    }
    message_.tags.push_back('}');
    return {};
  }

  const Signature& signature_;
  JsonInput& json_;
  InputBuffer& input_;
  Message& message_;
  RowFiller rows_;
  std::vector<std::string> names_;
  std::vector<uint32_t> targets_;  // where each value of a row goes, or kDropped
  uint64_t tensor_rows_ = 0;
};

Status read_reward(JsonInput& json, double& reward) {
  ondemand::object object;
  if (const auto error = json.document().get_object().get(object)) {
    if (error != simdjson::INCORRECT_TYPE) return json.syntax_error(error);
    return invalid_argument("the body: expected an object");
  }
  reward = 0;
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    if (key_is(field.key(), "reward")) {
      Status status = read_number(json, field.value(), reward);
      if (!status.ok()) {
        return json.failed_on_syntax() ? status : std::move(status).with_context("\"reward\"");
      }
      if (!std::isfinite(reward)) return invalid_argument("\"reward\": expected a number");
      continue;
    }
    const auto key = field.key();
    if (!key_is(key, "request") && !key_is(key, "response") && !key_is(key, "truth")) {
      return invalid_argument("Invalid JSON: Feedback has no field " + key_text(key));
    }
    ondemand::json_type type{};
    if (const auto error = field.value().type().get(type)) return json.syntax_error(error);
    if (type != ondemand::json_type::object && type != ondemand::json_type::null) {
      return expected("request, response, truth", "objects", field.value());
    }
  }
  return json.check_end();
}

}  // namespace

Status read_message(std::string_view body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, Message& message) {
  return read_json(buffers.json, body, [&] {
    Reader reader(signature, column_places, buffers, input, message);
    return reader.read_body();
  });
}

Result<double> read_feedback(std::string_view body, ReadBuffers& buffers) {
  double reward = 0;
  TRY_STATUS(read_json(buffers.json, body, [&] { return read_reward(buffers.json, reward); }));
  return reward;
}

}  // namespace slipway::protocols::seldon
