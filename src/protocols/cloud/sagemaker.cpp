// SageMaker: /ping, /invocations and the calls of multi-model endpoints.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/json_escape.h"
#include "protocols/cloud/npy.h"
#include "protocols/cloud/predict.h"
#include "protocols/csv_output.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/csv_body.h"
#include "protocols/internal/dialect.h"
#include "protocols/internal/media_type.h"
#include "protocols/internal/model_admin.h"
#include "protocols/json_output.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr std::string_view kCustomAttributes = "X-Amzn-SageMaker-Custom-Attributes";
constexpr std::string_view kTargetModel = "X-Amzn-SageMaker-Target-Model";

constexpr std::string_view kNpyType = "application/x-npy";

enum Form : uint8_t { kJson, kJsonLines, kCsv, kNpy };

/// In this dialect ABORTED says that a model found no room in memory.
void write_error(transport::HttpResponse& response, const Status& status) {
  answer_error(response, status.code() == StatusCode::kAborted ? 507 : http_status(status.code()),
               status.message());
}

void answer_status(Call& call, int http, Status status) {
  answer_error(call, std::move(status));
  call.response().status = http;
}

bool is_json_lines(std::string_view name) {
  return name == "application/jsonlines" || name == "application/x-jsonlines" ||
         name == "application/jsonl";
}

/// What the answer is; none if Accept names nothing that there is. Who sent an array and says
/// nothing of the answer gets one.
std::optional<Form> choose_form(std::string_view accept, bool is_array) {
  struct Offer {
    std::string_view name;
    Form form;
  };
  static constexpr Offer kOffers[] = {
      {"application/json", kJson},           {"text/csv", kCsv},
      {"application/jsonlines", kJsonLines}, {"application/x-jsonlines", kJsonLines},
      {"application/jsonl", kJsonLines},     {kNpyType, kNpy}};
  static constexpr auto kNames = [] {
    std::array<std::string_view, std::size(kOffers)> names;
    for (size_t i = 0; i < names.size(); ++i) names[i] = kOffers[i].name;
    return names;
  }();
  if (is_array && (accept.empty() || accept == "*/*")) return kNpy;
  const std::optional<size_t> chosen = choose_media_type(accept, kNames);
  if (!chosen) return std::nullopt;
  return kOffers[*chosen].form;
}

/// {"predicted_label": 1, "score": [0.1, 0.9]} of a classifier, {"score": 2.5} of others, as the
/// built-in algorithms answer.
void append_prediction(std::string& body, const Call& call, size_t row) {
  const Signature& signature = call.infer.model->signature();
  const uint32_t index = call.plan.outputs[0].index;
  const OutputSpec& spec = signature.outputs[index];
  body.push_back('{');
  call.plan.keys.append_members(body, row);
  body += spec.labels.empty() ? "\"score\":" : "\"predicted_label\":";
  append_row(body, spec, call.result.outputs[index], row);
  if (call.plan.probabilities) {
    const uint32_t score = call.plan.outputs[1].index;
    body += ",\"score\":";
    append_row(body, signature.outputs[score], call.result.outputs[score], row);
  }
  body.push_back('}');
}

bool is_array(const Call& call) {
  return names_media_type(call.request().header("Content-Type"), kNpyType);
}

void write_csv(Call& call, const OutputSpec& spec, const OutputBuffer& output) {
  std::string& body = call.response().body;
  for (size_t row = 0; row < output.rows; ++row) {
    call.plan.keys.append_cells(body, row);
    for (size_t column = 0; column < output.width; ++column) {
      if (column > 0) body.push_back(',');
      append_csv_cell(body, spec, output, row, column);
    }
    body.push_back('\n');
  }
}

void write(Call& call) {
  transport::HttpResponse& response = call.response();
  const uint32_t index = call.plan.outputs[0].index;
  const OutputBuffer& output = call.result.outputs[index];
  const Form form = *choose_form(call.request().header("Accept"), is_array(call));
  const OutputSpec& spec = call.infer.model->signature().outputs[index];
  if (form == kCsv) {
    response.content_type = "text/csv; charset=utf-8";
    return write_csv(call, spec, output);
  }
  if (form == kNpy) {
    response.content_type = kNpyType;
    return cloud::append_npy(response.body, spec, output);
  }
  const bool lines = form == kJsonLines;
  if (lines) response.content_type = "application/jsonlines";
  if (!lines) response.body += "{\"predictions\":[";
  for (size_t row = 0; row < output.rows; ++row) {
    if (row > 0 && !lines) response.body.push_back(',');
    append_prediction(response.body, call, row);
    if (lines) response.body.push_back('\n');
  }
  if (!lines) response.body += "]}";
}

/// Its name, or that of the archive that it came in: "house.tar.gz" is house.
Status choose_target(Call& call, std::string_view name) {
  constexpr std::string_view kArchive = ".tar.gz";
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  Status status = choose_model(call, name, {});
  if (status.code() != StatusCode::kNotFound || !name.ends_with(kArchive)) return status;
  return choose_model(call, name.substr(0, name.size() - kArchive.size()), {});
}

Status read(Call& call, const MediaType& type, Form form) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  const bool is_npy = type.name == kNpyType;
  if (type.name == "text/csv" || is_npy) {
    call.plan.clear();
    const uint32_t output = default_output(call);
    call.plan.outputs.push_back({output});
    call.infer.wanted = OutputMask{1} << output;
    const std::string_view body = call.request().body;
    TRY_STATUS(is_npy ? cloud::read_npy(body, signature, call.infer.input)
                      : read_csv_body(body, signature, CsvHeader::kNone, call.infer.input,
                                      call.plan.keys));
  } else {
    TRY_STATUS(cloud::read_json_request(
        call, is_json_lines(type.name) ? cloud::RowsFormat::kJsonLines : cloud::RowsFormat::kJson));
  }
  const auto score = signature.find_output("predict_proba");
  const bool is_classifier = !signature.outputs[default_output(call)].labels.empty();
  if (is_classifier && score && (form == kJson || form == kJsonLines)) {
    call.plan.probabilities = true;
    call.plan.outputs.push_back({*score});
    call.infer.wanted |= OutputMask{1} << *score;
  }
  return {};
}

void invoke(Call& call, std::string_view target) {
  const transport::HttpRequest& request = call.request();
  const std::string_view attributes = request.header(kCustomAttributes);
  if (!attributes.empty()) {
    call.response().headers.emplace_back(kCustomAttributes, attributes);
  }
  const std::string_view header = request.header("Content-Type");
  const MediaType type = parse_media_type(header);
  const bool is_known = type.name.empty() || type.name == "application/json" ||
                        type.name == "text/csv" || type.name == kNpyType ||
                        is_json_lines(type.name);
  if (!is_known) {
    return answer_status(
        call, 415,
        invalid_argument(fmt::format("Content-Type: expected text/csv, application/json, "
                                     "application/jsonlines or application/x-npy, got \"{}\"",
                                     header.substr(0, 100))));
  }
  const std::string_view accept = request.header("Accept");
  const std::optional<Form> form = choose_form(accept, type.name == kNpyType);
  if (!form) {
    return answer_status(call, 406,
                         invalid_argument(fmt::format(
                             "Accept: there is text/csv, application/json, "
                             "application/jsonlines and application/x-npy, asked for was \"{}\"",
                             accept.substr(0, 100))));
  }
  Status status = choose_target(call, target);
  if (status.ok()) status = read(call, type, *form);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

void invocations(Call& call) { invoke(call, call.request().header(kTargetModel)); }
void invoke_model(Call& call) { invoke(call, call.parameters[0]); }

/// 200 once the models are there. An endpoint of many models begins without one.
void ping(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  const std::string& reason = (*models)->unready_reason();
  if (!reason.empty() && !(*models)->statuses().empty()) {
    return answer_error(call, unavailable(reason));
  }
  answer_json(call, 200, "\n");
}

void append_model(std::string& body, const serving::ServedModel& model) {
  body += "{\"modelName\":";
  append_json_string(body, model.name);
  body += ",\"modelUrl\":";
  append_json_string(body, model.path);
  body.push_back('}');
}

void list_models(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body = "{\"models\":[";
  for (const auto& model : (*models)->models()) {
    if (body.back() == '}') body.push_back(',');
    append_model(body, *model);
  }
  body += "]}";
}

void describe_model(Call& call) {
  const Status status = choose_model(call, call.parameters[0], {});
  if (!status.ok()) return answer_error(call, status);
  append_model(call.response().body, *call.infer.model);
  call.infer.model = nullptr;  // no inference
}

/// What changes models is for admins, here as everywhere.
Status may_change(const Call& call) {
  const transport::HttpRequest& request = call.request();
  return check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
}

struct Load {
  std::string name;
  std::string url;
};

Result<Load> read_load(Call& call) {
  Load load;
  JsonInput& json = call.loop->read->json;
  TRY_STATUS(json.start(call.request().body));
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("the body: expected {\"model_name\": ..., \"url\": ...}");
  }
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    const bool is_name = key_is(field.key(), "model_name");
    if (!is_name && !key_is(field.key(), "url")) continue;
    std::string_view text;
    if (field.value().get_string().get(text) != simdjson::SUCCESS) {
      return invalid_argument("\"model_name\" and \"url\": expected texts");
    }
    (is_name ? load.name : load.url) = text;
  }
  TRY_STATUS(json.check_end());
  if (load.name.empty()) return invalid_argument("\"model_name\" is missing");
  return load;
}

void write_nothing(Call& call) { call.response().body = "{}"; }

/// Whether the model could not be loaded for want of memory.
bool found_no_room(const serving::ModelControl& control, std::string_view name) {
  const std::vector<serving::ModelStatus> statuses = control.index();
  return std::ranges::any_of(statuses, [name](const serving::ModelStatus& status) {
    return status.name == name && status.status.code() == StatusCode::kResourceExhausted;
  });
}

/// A model of the repository, by its name alone; or what lies at the url: below what is served or
/// a folder of --allow-folder, or where --allow-url allows.
void load_model(Call& call) {
  Status status = may_change(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  Result<Load> load = read_load(call);
  if (!load.ok()) return answer_error(call, std::move(load).status());
  const Result<const serving::ModelSet*> models = models_of(call);
  if (models.ok() && (*models)->find(load->name).ok()) {
    return answer_error(call, Status(StatusCode::kAlreadyExists,
                                     fmt::format("model \"{}\" is loaded", load->name)));
  }
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return answer_error(call, unavailable("the models are still loading"));
  call.begin = [control, load = std::move(load).value()](std::function<void(Status)> done) {
    auto told = [control, name = load.name, done = std::move(done)](Status result) {
      const bool no_room = !result.ok() && found_no_room(*control, name);
      done(no_room ? Status(StatusCode::kAborted, result.message()) : std::move(result));
    };
    if (!load.url.empty()) return control->add(load.name, load.url, std::move(told));
    control->load(load.name, std::move(told));
  };
  call.deferred = true;
  call.write = write_nothing;
}

void unload_model(Call& call) {
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

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/invocations", invocations},
    {HttpMethod::kGet, "/ping", ping},
    {HttpMethod::kPost, "/models/{model}/invoke", invoke_model},
    {HttpMethod::kPost, "/models", load_model},
    {HttpMethod::kGet, "/models", list_models},
    {HttpMethod::kGet, "/models/{model}", describe_model},
    {HttpMethod::kDelete, "/models/{model}", unload_model},
};

}  // namespace

const Dialect kSageMakerDialect{.name = "sagemaker", .routes = kRoutes, .write_error = write_error};

}  // namespace slipway::protocols
