#include "protocols/http_status.h"

#include "base/json_escape.h"

namespace slipway::protocols {

int http_status(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return 200;
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kOutOfRange: return 400;
    case StatusCode::kUnauthenticated: return 401;
    case StatusCode::kPermissionDenied: return 403;
    case StatusCode::kNotFound: return 404;
    case StatusCode::kAlreadyExists:
    case StatusCode::kAborted: return 409;
    case StatusCode::kResourceExhausted: return 429;
    case StatusCode::kCancelled: return 499;
    case StatusCode::kUnimplemented: return 501;
    case StatusCode::kUnavailable: return 503;
    case StatusCode::kDeadlineExceeded: return 504;
    case StatusCode::kUnknown:
    case StatusCode::kInternal:
    case StatusCode::kDataLoss: return 500;
  }
  return 500;
}

void answer_error(transport::HttpResponse& response, int status, std::string_view message) {
  response.status = status;
  response.content_type = "application/json";
  response.body.assign("{\"error\":");
  append_json_string(response.body, message);
  response.body.append("}");
}

void answer_error(transport::HttpResponse& response, const Status& status) {
  answer_error(response, http_status(status.code()), status.message());
}

}  // namespace slipway::protocols
