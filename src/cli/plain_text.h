// Texts of files on a terminal: without what a terminal would obey.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::cli {

/// Control characters become '?'; cut to so many characters.
std::string plain_text(std::string_view text, size_t characters_max);

}  // namespace slipway::cli
