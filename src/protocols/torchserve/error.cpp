#include "protocols/torchserve/error.h"

#include <fmt/format.h>

#include "base/json_escape.h"

namespace slipway::protocols::torchserve {
namespace {

struct Form {
  ErrorKind kind;
  int http;
  std::string_view type;
  StatusCode grpc;
};

constexpr Form kForms[] = {
    {ErrorKind::kModelNotFound, 404, "ModelNotFoundException", StatusCode::kNotFound},
    {ErrorKind::kVersionNotFound, 404, "ModelVersionNotFoundException", StatusCode::kNotFound},
    {ErrorKind::kResourceNotFound, 404, "ResourceNotFoundException", StatusCode::kNotFound},
    {ErrorKind::kMethodNotAllowed, 405, "MethodNotAllowedException", StatusCode::kUnimplemented},
    {ErrorKind::kBadRequest, 400, "BadRequestException", StatusCode::kInvalidArgument},
    {ErrorKind::kJsonSyntax, 500, "JsonSyntaxException", StatusCode::kInternal},
    {ErrorKind::kInvalidModel, 400, "InvalidModelException", StatusCode::kInvalidArgument},
    {ErrorKind::kDownload, 400, "DownloadArchiveException", StatusCode::kInvalidArgument},
    {ErrorKind::kInvalidKey, 400, "InvalidKeyException", StatusCode::kPermissionDenied},
    {ErrorKind::kForbidden, 403, "InvalidKeyException", StatusCode::kPermissionDenied},
    {ErrorKind::kDefaultVersion, 403, "InvalidModelVersionException", StatusCode::kUnknown},
    {ErrorKind::kConflict, 409, "ConflictStatusException", StatusCode::kUnknown},
    {ErrorKind::kTimeout, 408, "RequestTimeoutException", StatusCode::kDeadlineExceeded},
    {ErrorKind::kUnavailable, 503, "ServiceUnavailableException", StatusCode::kUnavailable},
    {ErrorKind::kPrediction, 503, "InternalServerException", StatusCode::kUnavailable},
    {ErrorKind::kExplanation, 501, "InternalServerException", StatusCode::kUnimplemented},
    {ErrorKind::kInternal, 500, "InternalServerException", StatusCode::kInternal},
};

const Form& form_of(ErrorKind kind) { return kForms[static_cast<size_t>(kind)]; }

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kForms); ++i) {
    if (static_cast<size_t>(kForms[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order());

Status with_class(StatusCode code, const Error& error) {
  const std::string_view name = class_name(error.kind);
  if (name.empty()) return {code, error.message};
  return {code, fmt::format("{}\n{}", error.message, name)};
}

}  // namespace

std::string_view class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kModelNotFound: return "org.pytorch.serve.archive.model.ModelNotFoundException";
    case ErrorKind::kVersionNotFound:
      return "org.pytorch.serve.archive.model.ModelVersionNotFoundException";
    case ErrorKind::kBadRequest: return "org.pytorch.serve.http.BadRequestException";
    case ErrorKind::kInvalidModel: return "org.pytorch.serve.archive.model.InvalidModelException";
    case ErrorKind::kDownload: return "org.pytorch.serve.archive.DownloadArchiveException";
    case ErrorKind::kUnavailable:
    case ErrorKind::kPrediction:
    case ErrorKind::kTimeout:
    case ErrorKind::kExplanation:
    case ErrorKind::kInternal: return "org.pytorch.serve.http.InternalServerException";
    default: return {};
  }
}

Error inference_error(const Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound: return {ErrorKind::kModelNotFound, status.message()};
    case StatusCode::kDeadlineExceeded: return {ErrorKind::kTimeout, status.message()};
    case StatusCode::kUnavailable:
    case StatusCode::kResourceExhausted: return {ErrorKind::kUnavailable, status.message()};
    case StatusCode::kUnimplemented: return {ErrorKind::kExplanation, status.message()};
    default:
      return {ErrorKind::kPrediction, fmt::format("Prediction failed: {}", status.message())};
  }
}

Error management_error(const Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kPermissionDenied: return {ErrorKind::kModelNotFound, status.message()};
    case StatusCode::kAlreadyExists: return {ErrorKind::kConflict, status.message()};
    case StatusCode::kUnavailable: return {ErrorKind::kDownload, status.message()};
    case StatusCode::kDeadlineExceeded: return {ErrorKind::kTimeout, status.message()};
    case StatusCode::kInternal: return {ErrorKind::kInternal, status.message()};
    default: return {ErrorKind::kInvalidModel, status.message()};
  }
}

Error model_not_found(std::string_view name) {
  return {ErrorKind::kModelNotFound, fmt::format("Model not found: {}", name.substr(0, 256))};
}
Error version_not_found(std::string_view name, std::string_view version) {
  return {ErrorKind::kVersionNotFound, fmt::format("Model version: {} does not exist for model: {}",
                                                   version.substr(0, 128), name.substr(0, 256))};
}
Error invalid_key() {
  return {ErrorKind::kInvalidKey,
          "Token Authorization failed. Token either incorrect, expired, or not provided correctly"};
}
Error resource_not_found() {
  return {ErrorKind::kResourceNotFound,
          "Requested resource is not found, please refer to API document."};
}
Error method_not_allowed() {
  return {ErrorKind::kMethodNotAllowed,
          "Requested method is not allowed, please refer to API document."};
}

void write(transport::HttpResponse& response, const Error& error) {
  const Form& form = form_of(error.kind);
  response.status = form.http;
  response.content_type = "application/json";
  response.body = fmt::format(
      "{{\n  \"code\": {},\n  \"type\": \"{}\",\n  \"message\": ", form.http, form.type);
  append_json_string(response.body, error.message);
  response.body += "\n}\n";
}

void answer(Call& call, const Error& error) {
  write(call.response(), error);
  call.error = Status(form_of(error.kind).grpc, error.message);
}

Status inference_status(const Error& error) {
  const bool is_missing =
      error.kind == ErrorKind::kModelNotFound || error.kind == ErrorKind::kVersionNotFound;
  return with_class(is_missing ? StatusCode::kInternal : form_of(error.kind).grpc, error);
}

Status management_status(const Error& error) { return with_class(form_of(error.kind).grpc, error); }

}  // namespace slipway::protocols::torchserve
