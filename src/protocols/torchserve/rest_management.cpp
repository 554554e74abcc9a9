// TorchServe's management API over REST.
#include <simdjson.h>

#include <limits>
#include <utility>

#include "protocols/torchserve/api_description.h"
#include "protocols/torchserve/description.h"
#include "protocols/torchserve/endpoints.h"
#include "protocols/torchserve/form.h"
#include "protocols/torchserve/management.h"
#include "protocols/torchserve/register_body.h"

namespace slipway::protocols::torchserve {
namespace {

/// Answers if the caller may not; true if so.
bool refused(Call& call, Access access) {
  const transport::HttpRequest& request = call.request();
  const auto error = check_management_key(
      call, {request.header("authorization"), request.header("origin")}, access);
  if (error.has_value()) answer(call, *error);
  return error.has_value();
}

/// The query's fields; none if it was answered.
std::optional<Fields> query(Call& call) {
  Result<Fields> fields = read_pairs(call.request().query);
  if (fields.ok()) return std::move(fields).value();
  answer(call, {ErrorKind::kBadRequest, fields.status().message()});
  return std::nullopt;
}

void write_status(Call& call) {
  call.response().status = call.plan.columnar ? 202 : 200;
  call.response().body = status_json(call.plan.id);
}

}  // namespace

void list_models(Call& call) {
  if (refused(call, Access::kRead)) return;
  const auto fields = query(call);
  if (!fields) return;
  const ListRequest request{int_field(*fields, "limit", 100),
                            int_field(*fields, "next_page_token", 0)};
  if (const auto error = list_models(call, request, call.response().body)) {
    return answer(call, *error);
  }
  call.response().body.push_back('\n');
}

void describe_model(Call& call) {
  if (refused(call, Access::kRead)) return;
  const auto fields = query(call);
  if (!fields) return;
  const bool customized = bool_field(*fields, "customized", false);
  if (const auto error = describe_model(call, call.parameters[0], call.parameters[1], customized,
                                        call.response().body)) {
    return answer(call, *error);
  }
  call.response().body.push_back('\n');
}

void register_model(Call& call) {
  if (refused(call, Access::kChange)) return;
  const transport::HttpRequest& http = call.request();
  RegisterRequest request;
  const Status status =
      read_register_request(http.header("content-type"), http.query, http.body, request);
  if (!status.ok()) {
    const bool is_json = status.code() == StatusCode::kDataLoss;
    return answer(call,
                  {is_json ? ErrorKind::kJsonSyntax : ErrorKind::kBadRequest, status.message()});
  }
  if (const auto error = register_model(call, std::move(request))) return answer(call, *error);
  call.write = write_status;
}

void scale_workers(Call& call) {
  if (refused(call, Access::kChange)) return;
  const auto fields = query(call);
  if (!fields) return;
  ScaleRequest request;
  request.name = call.parameters[0];
  request.version = call.parameters[1];
  if (request.version.empty()) {
    request.version = fields->find("model_version").value_or(std::string_view());
  }
  request.min_workers = int_field(*fields, "min_worker", 1);
  request.max_workers = int_field(*fields, "max_worker", request.min_workers);
  request.synchronous = bool_field(*fields, "synchronous", false);
  std::string text;
  if (const auto error = scale_workers(call, request, text)) return answer(call, *error);
  if (call.needs_model) return;
  call.response().status = request.synchronous ? 200 : 202;
  call.response().body = status_json(text);
}

void set_default(Call& call) {
  if (refused(call, Access::kChange)) return;
  if (const auto error = set_default(call, call.parameters[0], call.parameters[1])) {
    return answer(call, *error);
  }
  call.write = write_status;
}

void unregister_model(Call& call) {
  if (refused(call, Access::kChange)) return;
  if (const auto error = unregister_model(call, call.parameters[0], call.parameters[1])) {
    return answer(call, *error);
  }
  call.write = write_status;
}

/// GET /token?type=management or inference, with the API key.
void renew_key(Call& call) {
  TokenKeys* const keys = state_of(call).keys();
  if (keys == nullptr) return answer(call, resource_not_found());
  const Result<Fields> fields = read_pairs(call.request().query);
  const std::string_view type =
      fields.ok() ? fields->find("type").value_or(std::string_view()) : std::string_view();
  const bool is_management = type == "management";
  const bool is_allowed = keys->accepts_api_key(call.request().header("authorization"));
  if (!is_allowed || (!is_management && type != "inference")) {
    return answer(call, {ErrorKind::kInvalidKey,
                         "Token Authentication failed. Token either incorrect, expired, or not "
                         "provided correctly"});
  }
  const Status status =
      keys->renew(is_management ? TokenKeys::Kind::kManagement : TokenKeys::Kind::kInference);
  if (!status.ok()) return answer(call, {ErrorKind::kInternal, status.message()});
  call.response().body = "\n";
}

void describe_management_api(Call& call) {
  if (refused(call, Access::kRead)) return;
  append_management_api(call.response().body, call.loop->server.version);
}

}  // namespace slipway::protocols::torchserve
