// Times as people write them: "30", "30s", "500ms", "250us", "2m", "1h". No state.
#pragma once

#include <optional>
#include <string_view>

namespace slipway {

/// In seconds, 0 or more; nothing if it is no such time, or over a million seconds.
std::optional<double> parse_duration(std::string_view text);

}  // namespace slipway
