// ModelStore: the folders from which admin calls may register models.
//
//   "iris.mar", "file:///store/iris.mar" --find--> "/store/iris.mar"
//
// A plain function over what the file system says at the moment.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::lifecycle {

/// The file or folder that an address without a network means: a path below one of the folders,
/// absolute or from there, or else its last segment in one of them. NOT_FOUND if there is none;
/// "..", in whatever place, is refused so, too.
Result<std::string> find_in_stores(std::span<const std::string> stores, std::string_view address);

}  // namespace slipway::lifecycle
