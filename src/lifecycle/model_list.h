// The YAML list of models that `serve` takes in place of a file or a folder.
//
//   models:
//     - name: iris
//       path: /models/iris          # a file, or a folder of versions (iris/1/model.joblib);
//                                   # also an address: https://..., s3://bucket/key-or-prefix
//       versions: {latest: 2}       # or: latest, all, [3, 5]
//       labels: {stable: 3, canary: 5}
//       required: true              # the default: the server is ready only with it
//       batching: {max_batch_size: 64, max_queue_delay: 2ms, preferred_batch_sizes: [16, 32]}
//       queue: {max: 100, timeout: 500ms, priority: 3}
//       threshold: 0.3              # what follows: how it answers (serving/model_settings.h)
//       class_names: [stays, leaves]
//       outputs: {tf-serving: predict_proba}
//       key_fields: [id]
//
// Paths that are not absolute start at the list's own folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "serving/model_source.h"

namespace slipway::lifecycle {

struct ListedModel {
  std::string name;
  std::string path;
  serving::VersionPolicy policy;
  std::vector<std::pair<std::string, uint64_t>> labels;
  bool required = true;
  serving::AdmissionOverrides admission;
  std::shared_ptr<const serving::ModelSettings> settings;  // null: none
};

/// True for names that end in .yaml or .yml, and in .config or .pbtxt, as those of TensorFlow
/// Serving's lists do (model_config.h).
bool is_model_list(std::string_view path);
/// INVALID_ARGUMENT names file, line and key. `path` is for messages and for relative paths.
Result<std::vector<ListedModel>> parse_model_list(const std::string& path, std::string_view text);
/// "latest", "latest:2", "all" or "3,5".
Result<serving::VersionPolicy> parse_version_policy(std::string_view text);

/// A version's number: digits, without a leading zero. False if it is none.
bool parse_version_number(std::string_view text, uint64_t& version);

}  // namespace slipway::lifecycle
