// What an operator sets for one model: how it decides, what its answers are called and hold.
//
//   list of models, flags --lifecycle--> VersionSource::settings --ModelLoader--> LoadedModel
//
// Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slipway::serving {

struct ModelSettings {
  std::optional<double> threshold;       // of a classifier's second class
  std::vector<std::string> class_names;  // in the order of the classes
  /// What a request that names no output gets: {dialect, output}; an empty dialect: of all others.
  std::vector<std::pair<std::string, std::string>> outputs;
  std::vector<std::string> key_fields;  // no columns of the model: they come back with each answer

  bool operator==(const ModelSettings&) const = default;
  bool empty() const { return *this == ModelSettings(); }
  /// Tells other settings from these; 0 for empty ones.
  uint64_t fingerprint() const;
};

}  // namespace slipway::serving
