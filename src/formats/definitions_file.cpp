#include "formats/definitions_file.h"

#include <utility>

namespace slipway::formats {

Result<std::shared_ptr<const Definitions>> parse_definitions_file(
    std::string_view name, const std::string& yaml, const std::function<std::string()>& digest) {
  Result<std::shared_ptr<const Definitions>> parsed = parse_definitions(yaml);
  if (!parsed.ok()) return std::move(parsed).status().with_context(name);
  Status status = (*parsed)->names_model() ? (*parsed)->check_model(digest()) : Status();
  if (!status.ok()) return std::move(status).with_context(name);
  return parsed;
}

}  // namespace slipway::formats
