// The access log: one JSON line per request with ECS field names (Elastic Common Schema 8), so that
// Filebeat and Elasticsearch take it as it is.
//
// Loops append to a buffer of their own; one background thread writes. A full disk or a slow pipe
// never holds a request up: lines are dropped, counted, and the loss is told on the program's log.
// A file that was moved away (logrotate) is followed by a new one; no signal is needed.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "protocols/service.h"

namespace slipway::cli {

struct AccessLogOptions {
  std::string target;  // "-" for standard output, or a path (appended to)
  double sample = 1;   // share of successful requests that are logged
  uint32_t loops = 1;
};

/// UNAVAILABLE names the path if it cannot be opened. The destructor writes what is left.
Result<std::unique_ptr<protocols::AccessLog>> open_access_log(const AccessLogOptions& options);

/// One record as its line, with the newline.
void append_access_line(std::string& out, const protocols::AccessRecord& record,
                        std::chrono::system_clock::time_point now);

}  // namespace slipway::cli
