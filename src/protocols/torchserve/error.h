// TorchServe's errors: which exception of the original it is, over HTTP and over gRPC.
//
//   {"code": 404, "type": "ModelNotFoundException", "message": "Model not found: m"}
//   NOT_FOUND: "Model not found: m\norg.pytorch.serve.archive.model.ModelNotFoundException"
//
// Plain values.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "protocols/internal/call.h"

namespace slipway::protocols::torchserve {

enum class ErrorKind : uint8_t {
  kModelNotFound,
  kVersionNotFound,
  kResourceNotFound,
  kMethodNotAllowed,
  kBadRequest,
  kJsonSyntax,
  kInvalidModel,
  kDownload,
  kInvalidKey,
  kForbidden,       // Slipway's own rule about who may change models
  kDefaultVersion,  // which cannot be taken away
  kConflict,
  kTimeout,
  kUnavailable,
  kPrediction,  // what a handler would have failed with
  kExplanation,
  kInternal,
};

struct Error {
  ErrorKind kind;
  std::string message;
};

/// What a failure of Slipway's own is called there: of an inference, or of a management call.
Error inference_error(const Status& status);
Error management_error(const Status& status);

Error model_not_found(std::string_view name);
Error version_not_found(std::string_view name, std::string_view version);
Error invalid_key();
Error resource_not_found();
Error method_not_allowed();

/// The body, and the status.
void write(transport::HttpResponse& response, const Error& error);
void answer(Call& call, const Error& error);
/// For the inference service, where the original answers INTERNAL for a missing model, or for the
/// management service.
Status inference_status(const Error& error);
Status management_status(const Error& error);
/// The exception's full name; empty if the original tells none.
std::string_view class_name(ErrorKind kind);

}  // namespace slipway::protocols::torchserve
