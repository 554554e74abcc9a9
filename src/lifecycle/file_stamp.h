// stamp_file: what tells one content of a file from another, without reading it.
#pragma once

#include <string>

#include "base/status.h"
#include "serving/model_source.h"

namespace slipway::lifecycle {

/// Of the regular file that the path leads to; follows links. NOT_FOUND, PERMISSION_DENIED,
/// INVALID_ARGUMENT (a folder, a device), each naming the path.
Result<serving::FileStamp> stamp_file(const std::string& path);
/// As stamp_file(), for a folder.
Result<serving::FileStamp> stamp_folder(const std::string& path);
/// Of a folder that is one model (MLflow's): it changes with any file in it, to a few levels.
Result<serving::FileStamp> stamp_tree(const std::string& path);
/// stamp_tree() of a folder, stamp_file() of anything else.
Result<serving::FileStamp> stamp_model(const std::string& path);

}  // namespace slipway::lifecycle
