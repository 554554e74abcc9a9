// CSV out: a model's outputs as lines of comma-separated values (RFC 4180).
//
//   {0, 0.9}, {1, 0.2} --append_csv_rows--> "0,0.9\n1,0.2\n"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::protocols {

/// One cell: a text in quotes where it needs them; NaN, infinity and missing text are empty.
void append_csv_cell(std::string& out, const OutputSpec& spec, const OutputBuffer& output,
                     size_t row, size_t column, char separator = ',');
/// A line for each row.
void append_csv_rows(std::string& out, const OutputSpec& spec, const OutputBuffer& output);
/// The names of an output's columns: `name` for a vector, else name_CLASS or name_0, name_1, ...
std::vector<std::string> output_column_names(std::string_view name, const OutputSpec& spec,
                                             size_t width);
/// The same, as cells of one line.
void append_csv_names(std::string& out, std::string_view name, const OutputSpec& spec,
                      size_t width);
/// A text as one CSV field.
void append_csv_text(std::string& out, std::string_view text, char separator = ',');

}  // namespace slipway::protocols
