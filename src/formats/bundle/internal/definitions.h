// Definitions of custom code inside a bundle: MODEL.slipway.yaml beside MODEL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "formats/definitions.h"
#include "formats/file_set.h"

namespace slipway::bundle {

/// Null if there is none. In an archive, which travels, they must say the digest of their model.
Result<std::shared_ptr<const formats::Definitions>> find_definitions(const formats::FileSet& files,
                                                                     const std::string& model,
                                                                     std::string_view model_bytes,
                                                                     bool in_archive);

}  // namespace slipway::bundle
