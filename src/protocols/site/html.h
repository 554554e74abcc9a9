// Texts in HTML.
#pragma once

#include <string>
#include <string_view>

namespace slipway::protocols::site {

/// Escapes what HTML's texts and attributes cannot hold.
void append_html(std::string& out, std::string_view text);

}  // namespace slipway::protocols::site
