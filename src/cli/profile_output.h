// A table's profile as a table for the terminal, as JSON and as a page.
#pragma once

#include <string>

#include "data/profile.h"

namespace slipway::cli {

class JsonWriter;

/// At most `width` characters a line.
std::string profile_table(const data::Profile& profile, const std::string& file, size_t width);
std::string profile_json(const data::Profile& profile, const std::string& file);
/// The entries of one column, into an object that is open.
void write_profile_column(JsonWriter& json, const data::ColumnProfile& column);
/// HTML that needs nothing else.
std::string profile_page(const data::Profile& profile, const std::string& file);

/// "4.3" or "2024-05-01T00:00:00Z": a statistic of a column.
std::string statistic_text(const data::ColumnProfile& column, double value);
/// The commonest values with their shares: "red 50 %, blue 25 %".
std::string top_values_text(const data::ColumnProfile& column, size_t most);

}  // namespace slipway::cli
