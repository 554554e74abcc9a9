#include "formats/bundle/internal/definitions.h"

#include <fmt/format.h>

#include "base/file.h"
#include "formats/definitions_file.h"

namespace slipway::bundle {

Result<std::shared_ptr<const formats::Definitions>> find_definitions(const formats::FileSet& files,
                                                                     const std::string& model,
                                                                     std::string_view model_bytes,
                                                                     bool in_archive) {
  std::shared_ptr<const formats::Definitions> definitions;
  const std::string name = model + std::string(formats::kDefinitionsSuffix);
  const std::optional<size_t> place = files.find(name);
  if (!place.has_value()) return definitions;
  if (files.files()[*place].size_bytes > formats::Definitions::kBytesMax) {
    return resource_exhausted(
        fmt::format("{} is over {} bytes", name, formats::Definitions::kBytesMax));
  }
  const auto digest = [&] { return "sha256:" + sha256_hex(model_bytes); };
  const std::string yaml = TRY(files.read(*place));
  definitions = TRY(formats::parse_definitions_file(name, yaml, digest));
  if (in_archive && !definitions->names_model()) {
    return invalid_argument(
        fmt::format("{}: in an archive the definitions must name their model: add 'model: {}'",
                    name, digest()));
  }
  if (in_archive && definitions->unverified()) {
    return invalid_argument(
        fmt::format("{}: in an archive definitions need rows with expected answers", name));
  }
  return definitions;
}

}  // namespace slipway::bundle
