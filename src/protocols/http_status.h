// From Status to HTTP: the one place where codes are mapped, for every protocol over HTTP.
#pragma once

#include "base/status.h"
#include "transport/http.h"

namespace slipway::protocols {

/// 400 for INVALID_ARGUMENT, 404, 429, 501, 503, ... (google.rpc's own mapping).
int http_status(StatusCode code);

/// Answers with the mapped status and {"error": "..."}.
void answer_error(transport::HttpResponse& response, const Status& status);

/// As answer_error(), with an HTTP status of its own (405, 413).
void answer_error(transport::HttpResponse& response, int http_status, std::string_view message);

}  // namespace slipway::protocols
