// Openscoring: /openscoring/model and what stands below it.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/json_escape.h"
#include "protocols/csv_output.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/dialect.h"
#include "protocols/internal/model_admin.h"
#include "protocols/json_output.h"
#include "protocols/openscoring/request.h"
#include "rows/row_source.h"

namespace slipway::protocols {
namespace {

using serving::ServedModel;
using transport::HttpMethod;

void write_error(transport::HttpResponse& response, const Status& status) {
  response.status = http_status(status.code());
  response.content_type = "application/json";
  response.body = "{\"message\":";
  append_json_string(response.body, status.message());
  response.body.push_back('}');
}

bool is_classifier(const Signature& signature) {
  return !signature.outputs[signature.default_output].labels.empty();
}

/// "predict", "probability(setosa)", "transform(0)": one for each column of an output.
std::string result_name(const OutputSpec& spec, size_t column) {
  if (spec.is_vector) return spec.name;
  const std::string_view name = spec.name;
  const std::string_view base = name == "predict_proba" ? "probability" : name;
  if (column < spec.columns.size()) return fmt::format("{}({})", base, spec.columns[column]);
  return fmt::format("{}({})", base, column);
}

void append_fields(std::string& body, const Signature& signature) {
  body += "\"inputFields\":[";
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    if (i > 0) body.push_back(',');
    body += "{\"id\":";
    append_json_string(body, signature.columns[i].name);
    const bool is_number = !signature.columns[i].is_text() && !signature.columns[i].is_record();
    body += is_number ? R"(,"dataType":"double","opType":"continuous"})"
                      : R"(,"dataType":"string","opType":"categorical"})";
  }
  const OutputSpec& target = signature.outputs[signature.default_output];
  body += "],\"targetFields\":[{\"id\":";
  append_json_string(body, result_name(target, 0));
  body += output_dtype(target) == DType::kString ? R"(,"dataType":"string")"
                                                 : R"(,"dataType":"double")";
  body += is_classifier(signature) ? R"(,"opType":"categorical"}])" : R"(,"opType":"continuous"}])";
}

void append_model(std::string& body, const ServedModel& model, bool with_schema) {
  body += "{\"id\":";
  append_json_string(body, model.name);
  body += is_classifier(model.signature()) ? R"(,"miningFunction":"classification","summary":)"
                                           : R"(,"miningFunction":"regression","summary":)";
  append_json_string(body, model.loaded.class_name);
  body += R"(,"properties":{"file.digest":)";
  append_json_string(body, model.loaded.digest);
  body += fmt::format(",\"file.size\":{}}}", model.loaded.file_bytes);
  if (with_schema) {
    body += ",\"schema\":{";
    append_fields(body, model.signature());
    body.push_back('}');
  }
  body.push_back('}');
}

void list(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body = "{\"responses\":[";
  for (const auto& model : (*models)->models()) {
    if (body.back() == '}') body.push_back(',');
    append_model(body, *model, false);
  }
  body += "]}";
}

void describe_model(Call& call) {
  const Status status = choose_model(call, call.parameters[0], {});
  if (!status.ok()) return answer_error(call, status);
  append_model(call.response().body, *call.infer.model, true);
  call.infer.model = nullptr;  // no inference
}

/// What is answered: the default output, and a classifier's probabilities.
void plan_outputs(Call& call) {
  const Signature& signature = call.infer.model->signature();
  call.plan.clear();
  call.plan.outputs.push_back({signature.default_output});
  const auto probabilities = signature.find_output("predict_proba");
  if (is_classifier(signature) && probabilities) call.plan.outputs.push_back({*probabilities});
  call.infer.wanted = 0;
  for (const RequestedOutput& output : call.plan.outputs) {
    call.infer.wanted |= OutputMask{1} << output.index;
  }
}

void append_results(std::string& body, const Call& call, size_t row) {
  body += "\"results\":{";
  for (const RequestedOutput& wanted : call.plan.outputs) {
    const OutputSpec& spec = call.infer.model->signature().outputs[wanted.index];
    const OutputBuffer& output = call.result.outputs[wanted.index];
    for (size_t column = 0; column < output.width; ++column) {
      if (body.back() != '{') body.push_back(',');
      append_json_string(body, result_name(spec, column));
      body.push_back(':');
      append_cell(body, spec, output, row, column);
    }
  }
  body.push_back('}');
}

/// plan.id holds the ids as JSON, each in a line of its own: that of the request, those of its
/// rows.
std::string_view next_id(std::string_view& ids) {
  const size_t end = std::min(ids.find('\n'), ids.size());
  const std::string_view id = ids.substr(0, end);
  ids.remove_prefix(std::min(end + 1, ids.size()));
  return id;
}

void append_id(std::string& body, std::string_view id) {
  if (id.empty()) return;
  body += "\"id\":";
  body += id;
  body.push_back(',');
}

void write(Call& call) {
  std::string& body = call.response().body;
  std::string_view ids = call.plan.id;
  body.push_back('{');
  append_id(body, next_id(ids));
  if (call.plan.single) {
    append_results(body, call, 0);
    body.push_back('}');
    return;
  }
  body += "\"responses\":[";
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t row = 0; row < rows; ++row) {
    body += row > 0 ? ",{" : "{";
    append_id(body, next_id(ids));
    append_results(body, call, row);
    body.push_back('}');
  }
  body += "]}";
}

Status read(Call& call, bool is_batch) {
  TRY_STATUS(choose_model(call, call.parameters[0], {}));
  const ServedModel& model = *call.infer.model;
  plan_outputs(call);
  openscoring::Ids ids;
  TRY_STATUS(openscoring::read_request(call.request().body, is_batch, model.signature(),
                                       model.column_places, *call.loop->read, call.infer.input,
                                       ids));
  call.plan.single = !is_batch;
  call.plan.id = ids.outer;
  for (const std::string& id : ids.rows) {
    call.plan.id.push_back('\n');
    call.plan.id += id;
  }
  return {};
}

void evaluate(Call& call, bool is_batch) {
  Status status = read(call, is_batch);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

void evaluate_one(Call& call) { evaluate(call, false); }
void evaluate_batch(Call& call) { evaluate(call, true); }

/// plan.id: the ids as CSV, a line each, the column's name first; empty without such a column.
void write_csv(Call& call) {
  transport::HttpResponse& response = call.response();
  response.content_type = "text/plain; charset=utf-8";
  std::string& body = response.body;
  std::string_view ids = call.plan.id;
  const bool has_ids = !ids.empty();
  const Signature& signature = call.infer.model->signature();
  const size_t rows = call.result.outputs[call.plan.outputs[0].index].rows;
  for (size_t line = 0; line <= rows; ++line) {  // the first one is the header
    if (has_ids) body += next_id(ids);
    bool is_first = !has_ids;
    for (const RequestedOutput& wanted : call.plan.outputs) {
      const OutputSpec& spec = signature.outputs[wanted.index];
      const OutputBuffer& output = call.result.outputs[wanted.index];
      for (size_t column = 0; column < output.width; ++column) {
        if (!is_first) body.push_back(',');
        is_first = false;
        if (line == 0) {
          append_csv_text(body, result_name(spec, column));
        } else {
          append_csv_cell(body, spec, output, line - 1, column);
        }
      }
    }
    body.push_back('\n');
  }
}

Status read_csv(Call& call) {
  TRY_STATUS(choose_model(call, call.parameters[0], {}));
  plan_outputs(call);
  const std::string_view body = call.request().body;
  std::istringstream stream{std::string(body)};
  std::unique_ptr<rows::RowSource> source =
      TRY(rows::open_csv_rows(stream, {}, call.infer.model->signature(), {}));
  std::vector<rows::KeyCell> keys;
  const size_t count = TRY(source->next(std::max<size_t>(body.size(), 1), call.infer.input, keys));
  if (count == 0) return invalid_argument("the request has no rows");
  const std::vector<std::string>& names = source->key_names();
  for (size_t place = 0; place < names.size(); ++place) {
    if (names[place] != "Id" && names[place] != "id" && names[place] != "ID") continue;
    append_csv_text(call.plan.id, names[place]);
    for (size_t row = 0; row < count; ++row) {
      std::string text = keys[row * names.size() + place].text;
      if (text.find('\n') != std::string::npos) {
        return invalid_argument(fmt::format("the id of row {} has a line break", row));
      }
      call.plan.id.push_back('\n');
      append_csv_text(call.plan.id, text);
    }
    break;
  }
  return {};
}

void evaluate_csv(Call& call) {
  Status status = read_csv(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write_csv);
}

void write_nothing(Call& call) { call.response().body = "{}"; }

Status may_change(const Call& call) {
  const transport::HttpRequest& request = call.request();
  return check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
}

void undeploy(Call& call) {
  Status status = may_change(call);
  const std::string name(call.parameters[0]);
  if (status.ok()) {
    const Result<const serving::ModelSet*> models = models_of(call);
    status = models.ok() ? (*models)->find(name).status() : models.status();
  }
  if (status.ok()) {
    status = begin_change(call, name, {}, &serving::ModelControl::unload);
  }
  if (!status.ok()) return answer_error(call, std::move(status));
  call.write = write_nothing;
}

void deploy(Call& call) {
  Status status = may_change(call);
  if (status.ok()) {
    status = unimplemented(
        "models are not uploaded: put the file into the folder that is served, it is loaded then");
  }
  answer_error(call, std::move(status));
}

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/openscoring/model/{model}", evaluate_one},
    {HttpMethod::kPost, "/openscoring/model/{model}/batch", evaluate_batch},
    {HttpMethod::kPost, "/openscoring/model/{model}/csv", evaluate_csv},
    {HttpMethod::kGet, "/openscoring/model", list},
    {HttpMethod::kGet, "/openscoring/model/{model}", describe_model},
    {HttpMethod::kPut, "/openscoring/model/{model}", deploy},
    {HttpMethod::kDelete, "/openscoring/model/{model}", undeploy},
};

}  // namespace

const Dialect kOpenscoringDialect{.name = "openscoring",
                                  .routes = kRoutes,
                                  .prefix = "/openscoring/",
                                  .write_error = write_error};

}  // namespace slipway::protocols
