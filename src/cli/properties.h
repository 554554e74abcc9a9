// Java's .properties files, as far as TorchServe's config.properties uses them.
//
//   # a comment
//   inference_address=http://0.0.0.0:8080
//
// A plain function.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::cli {

/// Keys and values without the blanks around them, in the order of the file. A line that ends in a
/// backslash goes on in the next one.
std::vector<std::pair<std::string, std::string>> parse_properties(std::string_view text);

}  // namespace slipway::cli
