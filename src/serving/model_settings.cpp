#include "serving/model_settings.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace slipway::serving {

uint64_t ModelSettings::fingerprint() const {
  if (empty()) return 0;
  std::string text = threshold ? fmt::format("{}", *threshold) : std::string();
  const auto add = [&text](std::string_view part) {
    text += fmt::format(" {}:{}", part.size(), part);
  };
  add("class_names");
  for (const std::string& name : class_names) add(name);
  add("outputs");
  for (const auto& [dialect, output] : outputs) {
    add(dialect);
    add(output);
  }
  add("key_fields");
  for (const std::string& name : key_fields) add(name);
  return std::hash<std::string>()(text) | 1U;
}

}  // namespace slipway::serving
