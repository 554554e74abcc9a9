// TensorFlow Serving's list of models, ModelServerConfig in protobuf's text format:
//
//   model_config_list {
//     config {
//       name: "iris" base_path: "/models/iris" model_platform: "tensorflow"
//       model_version_policy { specific { versions: 3 versions: 5 } }
//       version_labels { key: "stable" value: 3 }
//     }
//   }
//
// A base_path is a folder of NUMBER/file, or a file; platform and logging mean nothing here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lifecycle/model_list.h"

namespace slipway::lifecycle {

/// True if the text begins as such a list, rather than as YAML.
bool is_model_config(std::string_view text);
/// INVALID_ARGUMENT names file and line. `path` is for messages and for relative paths.
Result<std::vector<ListedModel>> parse_model_config(const std::string& path, std::string_view text);

}  // namespace slipway::lifecycle
