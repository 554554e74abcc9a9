// The flags of tensorflow_model_server, taken by `slipway serve --compat=tf-serving`.
//
//   --rest_api_port=8501 --model_name=m --model_base_path=/models/m --enable_batching=true
//     --translate--> --host=0.0.0.0 --listen=0.0.0.0:8501,compat=tf-serving --name=m /models/m
//
// They are known by their underscores. What means nothing here is passed over, with a warning.
// Plain functions over arguments.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::cli {

/// The arguments of `serve` with such flags in Slipway's own words; all others stay as they are.
/// Without --compat=...tf-serving... nothing changes. INVALID_ARGUMENT names the flag.
Result<std::vector<std::string>> translate_tf_serving_flags(std::vector<std::string> arguments);

/// The path of the metrics' page that a MonitoringConfig in text format asks for; empty if none.
Result<std::string> read_monitoring_config(const std::string& path);

}  // namespace slipway::cli
