// Calendar: between texts of dates and times and seconds since 1970-01-01T00:00:00, without time
// zones, in the proleptic Gregorian calendar. Pure functions; nothing allocates.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "graph/ops/expression.h"

namespace slipway::engine {

/// "2024-02-29", "23:59:59[.25]", "2024-02-29T23:59:59[.25]" (a blank for the T, a trailing Z are
/// taken too); nullopt for anything else.
std::optional<double> parse_time(TimeKind kind, std::string_view text);
/// NaN beyond years -9999 to 9999.
double time_part(TimePart part, double seconds);
/// Writes the time as `format` says (check_time_format()); the number of bytes, or nullopt if they
/// do not fit or the time is beyond those years.
std::optional<size_t> format_time(std::string_view format, double seconds, std::span<char> out);

}  // namespace slipway::engine
