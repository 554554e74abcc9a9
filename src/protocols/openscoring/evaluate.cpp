#include "protocols/openscoring/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/json_escape.h"
#include "protocols/csv_output.h"
#include "protocols/internal/csv_body.h"
#include "protocols/internal/media_type.h"
#include "protocols/internal/routes.h"
#include "protocols/json_output.h"
#include "protocols/openscoring/request.h"
#include "rows/csv_reader.h"

namespace slipway::protocols::openscoring {
namespace {

using serving::ServedModel;

/// Lines of plan.id and plan.note: JSON has no line breaks.
std::string_view next_line(std::string_view& lines) {
  const size_t end = std::min(lines.find('\n'), lines.size());
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(std::min(end + 1, lines.size()));
  return line;
}

void append_results(std::string& body, const Call& call, const std::vector<OutputBuffer>& outputs,
                    size_t row, size_t key_row) {
  body += "\"results\":{";
  call.plan.keys.append_members(body, key_row);
  if (body.back() == ',') body.pop_back();
  for (const RequestedOutput& wanted : call.plan.outputs) {
    const OutputSpec& spec = call.infer.model->signature().outputs[wanted.index];
    const OutputBuffer& output = outputs[wanted.index];
    for (size_t column = 0; column < output.width; ++column) {
      if (body.back() != '{') body.push_back(',');
      append_json_string(body, result_name(spec, column));
      body.push_back(':');
      append_cell(body, spec, output, row, column);
    }
  }
  body.push_back('}');
}

void append_id(std::string& body, std::string_view id) {
  if (id.empty()) return;
  body += "\"id\":";
  body += id;
  body.push_back(',');
}

/// plan.id holds the ids as JSON, each in a line of its own: that of the request, those of its
/// rows.
void write_one(Call& call) {
  std::string& body = call.response().body;
  body.push_back('{');
  append_id(body, call.plan.id);
  append_results(body, call, call.result.outputs, 0, 0);
  body.push_back('}');
}

void write_batch(Call& call) {
  if (call.plan.columnar) return;  // written row by row
  std::string& body = call.response().body;
  std::string_view ids = call.plan.id;
  body.push_back('{');
  append_id(body, next_line(ids));
  body += "\"responses\":[";
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t row = 0; row < rows; ++row) {
    body += row > 0 ? ",{" : "{";
    append_id(body, next_line(ids));
    append_results(body, call, call.result.outputs, row, row);
    body.push_back('}');
  }
  body += "]}";
}

/// One row of a batch, as a batch.
Batch one_row(const Batch& batch, size_t columns, size_t row) {
  Batch one = batch;
  one.rows = 1;
  if (one.numbers != nullptr) one.numbers += row * columns;
  if (one.strings != nullptr) one.strings += row * columns;
  if (one.records != nullptr) one.records += row * columns;
  return one;
}

/// A batch with a row that the model does not take: each row by itself, and the bad ones say why.
void write_row_by_row(Call& call) {
  const Executable& model = call.infer.model->executable();
  const auto scratch = model.make_scratch();
  const Batch batch = call.infer.input.batch();
  std::vector<OutputBuffer> outputs;
  std::string& body = call.response().body;
  std::string_view ids = call.plan.id;
  std::string_view errors = call.plan.note;
  body.push_back('{');
  append_id(body, next_line(ids));
  body += "\"responses\":[";
  for (size_t row = 0; row < batch.rows; ++row) {
    body += row > 0 ? ",{" : "{";
    append_id(body, next_line(ids));
    const std::string_view unread = next_line(errors);
    Status status;
    if (unread.empty()) {
      status = model.run(one_row(batch, call.infer.input.columns(), row), call.infer.wanted,
                         *scratch, outputs);
    }
    if (unread.empty() && status.ok()) {
      append_results(body, call, outputs, 0, row);
    } else {
      body += "\"message\":";
      if (unread.empty()) {
        append_json_string(body, status.message());
      } else {
        body += unread;
      }
    }
    body.push_back('}');
  }
  body += "]}";
  call.plan.columnar = true;
  call.result.status = Status();
}

/// Of a batch whose rows fail one by one: as run_inference(), in the pool where the model is dear.
void run_batch(Call& call) {
  serving::Inference& inference = call.loop->inference;
  const bool has_unread = call.plan.note.find('"') != std::string::npos;
  const auto recover = [has_unread](Call& failed) {
    const bool is_row = failed.result.status.code() == StatusCode::kInvalidArgument;
    if (has_unread || is_row) write_row_by_row(failed);
  };
  if (inference.is_inline(call.infer)) {
    if (!has_unread) inference.infer(call.infer, call.result);
    recover(call);
    if (!call.result.status.ok()) return answer_error(call, std::move(call.result.status));
    return write_batch(call);
  }
  call.write = write_batch;
  call.deferred = true;
  call.begin = [&inference, &call, recover](std::function<void(Status)> done) {
    inference.infer_in_pool(call.infer, call.result, [&call, recover, done = std::move(done)] {
      recover(call);
      done(std::move(call.result.status));
    });
  };
}

Status read(Call& call, bool is_batch) {
  TRY_STATUS(choose_model(call, call.parameters[0], {}));
  const ServedModel& model = *call.infer.model;
  plan_outputs(call);
  Ids ids;
  TRY_STATUS(read_request(call.request().body, is_batch, model.signature(), model.column_places,
                          *call.loop->read, call.infer.input, ids));
  call.plan.id = ids.outer;
  for (const std::string& id : ids.rows) {
    call.plan.id.push_back('\n');
    call.plan.id += id;
  }
  for (size_t row = 0; row < ids.errors.size(); ++row) {
    if (row > 0) call.plan.note.push_back('\n');
    if (!ids.errors[row].empty()) append_json_string(call.plan.note, ids.errors[row]);
  }
  return {};
}

/// The separator that ?delimiterChar= names, or the likeliest one of the first line.
Result<char> separator_of(const transport::HttpRequest& request) {
  const auto parameter = [&request](std::string_view name) {
    std::string storage;
    std::string_view decoded;
    const bool is_good = decode_segment(request.query_parameter(name), storage, decoded);
    return is_good ? std::string(decoded) : std::string("?");
  };
  const std::string quote = parameter("quoteChar");
  if (!quote.empty() && quote != "\"" && quote != "\\\"") {
    return invalid_argument(fmt::format("quoteChar: expected \", got {}", quote.substr(0, 32)));
  }
  const std::string delimiter = parameter("delimiterChar");
  if (delimiter.empty()) {
    return rows::find_separator(request.body.substr(0, request.body.find('\n')));
  }
  if (delimiter == "\\t") return '\t';
  if (delimiter.size() == 1 && delimiter != "\"" && delimiter != "\n" && delimiter != "\r") {
    return delimiter[0];
  }
  return invalid_argument(
      fmt::format("Invalid CSV delimiter character: \"{}\"", delimiter.substr(0, 32)));
}

/// plan.id: the ids as CSV, a line each, the column's name first; empty without such a column.
/// plan.note: the separator.
void write_csv(Call& call) {
  transport::HttpResponse& response = call.response();
  response.content_type = "text/plain;charset=UTF-8";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=results.csv");
  std::string& body = response.body;
  std::string_view ids = call.plan.id;
  const char separator = call.plan.note[0];
  const bool has_ids = !ids.empty();
  const Signature& signature = call.infer.model->signature();
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t line = 0; line <= rows; ++line) {  // the first one is the header
    if (has_ids) body += next_line(ids);
    bool is_first = !has_ids;
    for (const RequestedOutput& wanted : call.plan.outputs) {
      const OutputSpec& spec = signature.outputs[wanted.index];
      const OutputBuffer& output = call.result.outputs[wanted.index];
      for (size_t column = 0; column < output.width; ++column) {
        if (!is_first) body.push_back(separator);
        is_first = false;
        if (line == 0) {
          append_csv_text(body, result_name(spec, column), separator);
        } else {
          append_csv_cell(body, spec, output, line - 1, column, separator);
        }
      }
    }
    body.push_back('\n');
  }
}

Status read_csv(Call& call) {
  TRY_STATUS(choose_model(call, call.parameters[0], {}));
  plan_outputs(call);
  rows::CsvOptions options;
  options.separator = TRY(separator_of(call.request()));
  call.plan.note = std::string(1, options.separator);
  const CsvKeys keys = TRY(read_csv_rows(call.request().body, call.infer.model->signature(),
                                         options, {}, call.infer.input));
  for (size_t place = 0; place < keys.names.size(); ++place) {
    const std::string& name = keys.names[place];
    if (name != "Id" && name != "id" && name != "ID") continue;
    append_csv_text(call.plan.id, name, options.separator);
    for (size_t row = 0; row < call.infer.input.rows(); ++row) {
      const std::string& text = keys.cells[row * keys.names.size() + place].text;
      if (text.find('\n') != std::string::npos) {
        return invalid_argument(fmt::format("the id of row {} has a line break", row));
      }
      call.plan.id.push_back('\n');
      append_csv_text(call.plan.id, text, options.separator);
    }
    break;
  }
  return {};
}

}  // namespace

void evaluate_one(Call& call) {
  add_application(call.response());
  Status status = read(call, false);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write_one);
}

void evaluate_batch(Call& call) {
  add_application(call.response());
  Status status = read(call, true);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_batch(call);
}

void evaluate_csv(Call& call) {
  add_application(call.response());
  const MediaType type = parse_media_type(call.request().header("Content-Type"));
  if (type.name == "multipart/form-data") {
    return answer_error(call, unimplemented("forms are not read: send the CSV as text/plain"));
  }
  Status status = read_csv(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write_csv);
}

}  // namespace slipway::protocols::openscoring
