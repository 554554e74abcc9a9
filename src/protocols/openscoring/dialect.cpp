// Openscoring: /openscoring/model and what stands below it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json_escape.h"
#include "protocols/http_status.h"
#include "protocols/internal/dialect.h"
#include "protocols/json_output.h"
#include "protocols/openscoring/evaluate.h"

namespace slipway::protocols {
namespace {

using serving::ServedModel;
using transport::HttpMethod;

void write_error(transport::HttpResponse& response, const Status& status) {
  openscoring::add_application(response);
  response.status = http_status(status.code());
  response.content_type = "application/json";
  response.body = "{\"message\":";
  append_json_string(response.body, status.message());
  response.body.push_back('}');
}

bool is_classifier(const OutputSpec& target) {
  return !target.labels.empty() || output_dtype(target) == DType::kString;
}

std::string_view data_type(const OutputSpec& spec) {
  switch (output_dtype(spec)) {
    case DType::kString: return "string";
    case DType::kInt64: return "integer";
    case DType::kBool: return "boolean";
    default: return "double";
  }
}

void append_field(std::string& body, std::string_view id, std::string_view type, bool is_category) {
  if (body.back() != '[') body.push_back(',');
  body += "{\"id\":";
  append_json_string(body, id);
  body += fmt::format(R"(,"dataType":"{}","opType":"{}")", type,
                      is_category ? "categorical" : "continuous");
}

/// The classes of a classifier, as texts.
std::vector<std::string> class_names(const Signature& signature, const OutputSpec& target) {
  std::vector<std::string> names;
  if (!target.labels.empty()) {
    const LabelTable& table = target.labels.front();
    for (size_t i = 0; i < table.size(); ++i) names.push_back(openscoring::class_text(table, i));
    return names;
  }
  const auto probabilities = signature.find_output("predict_proba");
  return probabilities ? signature.outputs[*probabilities].columns : names;
}

/// Where they are not very many.
void append_values(std::string& body, const std::vector<std::string>& values) {
  constexpr size_t kValuesMax = 1000;
  if (values.empty() || values.size() > kValuesMax) return;
  body += ",\"values\":[";
  for (const std::string& value : values) {
    if (body.back() != '[') body.push_back(',');
    append_json_string(body, value);
  }
  body.push_back(']');
}

void append_schema(std::string& body, const ServedModel& model) {
  const Signature& signature = model.signature();
  body += "{\"inputFields\":[";
  for (const InputColumn& column : signature.columns) {
    const bool is_number = !column.is_text() && !column.is_record();
    append_field(body, column.name, is_number ? "double" : "string", !is_number);
    body.push_back('}');
  }
  const OutputMask shown = openscoring::shown_outputs(model);
  const uint32_t target = model.default_output("openscoring");
  body += "],\"targetFields\":[";
  const OutputSpec& spec = signature.outputs[target];
  append_field(body, openscoring::result_name(spec, 0), data_type(spec), is_classifier(spec));
  if (is_classifier(spec)) append_values(body, class_names(signature, spec));
  body += "}],\"outputFields\":[";
  for (uint32_t i = 0; i < signature.outputs.size(); ++i) {
    if (i == target || (shown >> i & 1U) == 0) continue;
    const OutputSpec& output = signature.outputs[i];
    for (size_t column = 0; column < output.width; ++column) {
      append_field(body, openscoring::result_name(output, column), data_type(output), false);
      body.push_back('}');
    }
  }
  body += "]}";
}

void list(Call& call) {
  openscoring::add_application(call.response());
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body = "{\"responses\":[";
  for (const auto& model : (*models)->models()) {
    if (body.back() == '}') body.push_back(',');
    openscoring::append_model(body, *model, false);
  }
  body += "]}";
}

void describe_model(Call& call) {
  openscoring::add_application(call.response());
  const Status status = choose_model(call, call.parameters[0], {});
  if (!status.ok()) return answer_error(call, status);
  openscoring::append_model(call.response().body, *call.infer.model, true);
  call.infer.model = nullptr;  // no inference
}

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/openscoring/model/{model}", openscoring::evaluate_one},
    {HttpMethod::kPost, "/openscoring/model/{model}/batch", openscoring::evaluate_batch},
    {HttpMethod::kPost, "/openscoring/model/{model}/csv", openscoring::evaluate_csv},
    {HttpMethod::kGet, "/openscoring/model", list},
    {HttpMethod::kGet, "/openscoring/model/{model}", describe_model},
    {HttpMethod::kPut, "/openscoring/model/{model}", openscoring::deploy},
    {HttpMethod::kGet, "/openscoring/model/{model}/pmml", openscoring::download},
    {HttpMethod::kDelete, "/openscoring/model/{model}", openscoring::undeploy},
};

}  // namespace

namespace openscoring {

std::string class_text(const LabelTable& table, size_t index) {
  switch (table.dtype) {
    case DType::kString: return table.strings[index];
    case DType::kFloat64: return fmt::format("{}", table.floats[index]);
    case DType::kBool: return table.ints[index] != 0 ? "true" : "false";
    default: return fmt::format("{}", table.ints[index]);
  }
}

std::string result_name(const OutputSpec& spec, size_t column) {
  if (spec.is_vector) return spec.name;
  const std::string_view name = spec.name;
  const std::string_view base = name == "predict_proba" ? "probability" : name;
  if (column < spec.columns.size()) return fmt::format("{}({})", base, spec.columns[column]);
  return fmt::format("{}({})", base, column);
}

OutputMask shown_outputs(const ServedModel& model) {
  const Signature& signature = model.signature();
  const uint32_t target = model.default_output("openscoring");
  OutputMask shown = OutputMask{1} << target;
  const auto probabilities = signature.find_output("predict_proba");
  if (is_classifier(signature.outputs[target]) && probabilities) {
    shown |= OutputMask{1} << *probabilities;
  }
  return shown;
}

void plan_outputs(Call& call) {
  const ServedModel& model = *call.infer.model;
  const uint32_t target = model.default_output("openscoring");
  call.plan.clear();
  call.infer.wanted = shown_outputs(model);
  call.plan.outputs.push_back({target});
  for (uint32_t i = 0; i < model.signature().outputs.size(); ++i) {
    if (i != target && (call.infer.wanted >> i & 1U) != 0) call.plan.outputs.push_back({i});
  }
}

void append_model(std::string& body, const ServedModel& model, bool with_schema) {
  const OutputSpec& target = model.signature().outputs[model.default_output("openscoring")];
  body += "{\"id\":";
  append_json_string(body, model.name);
  body += is_classifier(target) ? R"(,"miningFunction":"classification","summary":)"
                                : R"(,"miningFunction":"regression","summary":)";
  append_json_string(body, model.loaded.class_name);
  body += R"(,"properties":{"file.digest":)";
  append_json_string(body, model.loaded.digest);
  body += fmt::format(",\"file.size\":{}}}", model.loaded.file_bytes);
  if (with_schema) {
    body += ",\"schema\":";
    append_schema(body, model);
  }
  body.push_back('}');
}

void add_application(transport::HttpResponse& response) {
  // The service whose interface this is: clients look at the version before they talk.
  static constexpr std::string_view kHeader = "X-Application";
  const bool is_there = std::ranges::any_of(
      response.headers, [](const auto& header) { return header.first == kHeader; });
  if (!is_there) response.headers.emplace_back(kHeader, "Openscoring/2.1.1");
}

}  // namespace openscoring

const Dialect kOpenscoringDialect{.name = "openscoring",
                                  .routes = kRoutes,
                                  .prefix = "/openscoring/",
                                  .write_error = write_error};

}  // namespace slipway::protocols
