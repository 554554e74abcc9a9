// Triton's generate: POST /v2/models/{m}[/versions/{v}]/generate and generate_stream. The body's
// fields are the input tensors of one row; the answer's are the outputs. As a model here gives one
// answer, its stream of server-sent events has one event.
//
//   {"age": 31, "city": "Rome"} --> {"model_name": "m", "model_version": "1", "predict": 1, ...}
#include <fmt/format.h>

#include <vector>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/closest.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"
#include "protocols/internal/row_filler.h"
#include "protocols/json_output.h"

namespace slipway::protocols {
namespace {

/// Reads a body's fields into one row.
class GenerateReader {
 public:
  explicit GenerateReader(Call& call)
      : signature_(call.infer.model->signature()),
        json_(call.loop->read->json),
        rows_(signature_, call.infer.model->column_places, *call.loop->read, call.infer.input),
        given_(signature_.columns.size()) {}

  Status read() {
    rows_.reset();
    ondemand::object object;
    if (json_.document().get_object().get(object) != simdjson::SUCCESS) {
      return invalid_argument("the body: expected an object with the model's inputs");
    }
    if (!signature_.rows_are_records) TRY_STATUS(rows_.add_row());
    TRY_STATUS(read_fields(object, true));
    TRY_STATUS(json_.check_end());
    for (size_t i = 0; i < given_.size(); ++i) {
      if (given_[i] || !signature_.columns[i].is_used) continue;
      return invalid_argument(
          fmt::format("input {} is missing", in_quotes(signature_.columns[i].name)));
    }
    return {};
  }

 private:
  /// What is no input is a parameter for other models.
  Status read_fields(ondemand::object& object, bool is_top) {
    for (auto entry : object) {
      ondemand::field field;
      if (const auto error = std::move(entry).get(field)) return json_.syntax_error(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return json_.syntax_error(error);
      if (is_matrix_name(key)) {
        TRY_STATUS(read_whole_row(key, field.value()));
      } else if (const auto column = rows_.find_column(key, 0)) {
        TRY_STATUS(read_column(*column, field.value()));
      } else if (is_top && key == "parameters") {
        ondemand::object nested;
        if (field.value().get_object().get(nested) != simdjson::SUCCESS) {
          return invalid_argument("\"parameters\": expected an object");
        }
        TRY_STATUS(read_fields(nested, false));
      }
    }
    return {};
  }

  bool is_matrix_name(std::string_view key) const {
    if (signature_.rows_are_records) return key == "record";
    return !signature_.columns_named && signature_.uniform_type().has_value() && key == "input";
  }

  /// All columns at once: a list of their values, or a record.
  Status read_whole_row(std::string_view key, ondemand::value& value) {
    if (given_.empty() || given_[0])
      return invalid_argument(fmt::format("\"{}\" is given twice", key));
    given_.assign(given_.size(), true);
    if (signature_.rows_are_records) return rows_.read_object_row(value);
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) {
      return invalid_argument(fmt::format("\"{}\": expected a list of {} values, got {}", key,
                                          given_.size(), describe(value)));
    }
    uint32_t column = 0;
    for (auto element : array) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (column == given_.size()) return rows_.count_error(column + 1);
      TRY_STATUS(rows_.read_cell(cell, 0, column++));
    }
    return column == given_.size() ? Status() : rows_.count_error(column);
  }

  /// A value, or a list of one.
  Status read_column(uint32_t column, ondemand::value& value) {
    const std::string& name = signature_.columns[column].name;
    if (given_[column]) {
      return invalid_argument(fmt::format("input {} is given twice", in_quotes(name)));
    }
    given_[column] = true;
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return json_.syntax_error(error);
    if (type != ondemand::json_type::array) return rows_.read_cell(value, 0, column);
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return json_.syntax_error(error);
    size_t count = 0;
    for (auto element : array) {
      ondemand::value cell;
      if (const auto error = element.get(cell)) return json_.syntax_error(error);
      if (count++ > 0) break;
      TRY_STATUS(rows_.read_cell(cell, 0, column));
    }
    if (count == 1) return {};
    return invalid_argument(fmt::format("input {}: expected one value, got a list of {}",
                                        in_quotes(name), count == 0 ? "none" : "several"));
  }

  const Signature& signature_;
  JsonInput& json_;
  RowFiller rows_;
  std::vector<bool> given_;
};

Status read(Call& call) {
  const Signature& signature = call.infer.model->signature();
  call.plan.clear();
  call.infer.wanted = 0;
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    call.infer.wanted |= OutputMask{1} << i;
    call.plan.outputs.push_back({.index = i});
  }
  return read_json(call.loop->read->json, call.request().body,
                   [&] { return GenerateReader(call).read(); });
}

void append_answer(std::string& body, const Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  body += "{\"model_name\":";
  append_json_string(body, model.name);
  body += ",\"model_version\":";
  append_json_string(body, model.version);
  for (const RequestedOutput& requested : call.plan.outputs) {
    const OutputSpec& spec = model.signature().outputs[requested.index];
    const OutputBuffer& output = call.result.outputs[requested.index];
    body.push_back(',');
    append_json_string(body, spec.name);
    body.push_back(':');
    if (output.width == 1) {
      append_cell(body, spec, output, 0, 0);
    } else {
      append_row(body, spec, output, 0);
    }
  }
  body.push_back('}');
}

void write(Call& call) { append_answer(call.response().body, call); }

void write_event(Call& call) {
  transport::HttpResponse& response = call.response();
  response.content_type = "text/event-stream; charset=utf-8";
  response.body += "data: ";
  append_answer(response.body, call);
  response.body += "\n\n";
}

void generate(Call& call, void (*answer)(Call&)) {
  Status status = choose_model(call, call.parameters[0], call.parameters[1]);
  if (status.ok()) status = read(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, answer);
}

}  // namespace

void v2_generate(Call& call) { generate(call, write); }

void v2_generate_stream(Call& call) { generate(call, write_event); }

}  // namespace slipway::protocols
