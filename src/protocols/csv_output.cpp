#include "protocols/csv_output.h"

#include "protocols/json_output.h"

namespace slipway::protocols {
namespace {

/// The text of a cell, or nullptr if it holds none.
const StringCell* text_cell(const OutputBuffer& output, size_t cell) {
  return output.strings.empty() ? nullptr : &output.strings[cell];
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text, char separator) {
  if (text.find_first_of("\"\r\n") == std::string_view::npos &&
      text.find(separator) == std::string_view::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_csv_cell(std::string& out, const OutputSpec& spec, const OutputBuffer& output,
                     size_t row, size_t column, char separator) {
  const size_t cell = row * output.width + column;
  if (!spec.labels.empty()) {
    const LabelTable& table = spec.labels[column];
    const int32_t index = output.indices[cell];
    if (table.dtype == DType::kString) {
      if (index >= 0 && static_cast<size_t>(index) < table.size()) {
        append_csv_text(out, table.strings[static_cast<size_t>(index)], separator);
      }
      return;
    }
  } else if (const StringCell* text = text_cell(output, cell); text != nullptr && text->is_text()) {
    append_csv_text(out, text->view(), separator);
    return;
  }
  const size_t begin = out.size();
  append_cell(out, spec, output, row, column);
  if (std::string_view(out).substr(begin) == "null") out.resize(begin);
}

void append_csv_rows(std::string& out, const OutputSpec& spec, const OutputBuffer& output) {
  for (size_t row = 0; row < output.rows; ++row) {
    for (size_t column = 0; column < output.width; ++column) {
      if (column > 0) out.push_back(',');
      append_csv_cell(out, spec, output, row, column);
    }
    out.push_back('\n');
  }
}

std::vector<std::string> output_column_names(std::string_view name, const OutputSpec& spec,
                                             size_t width) {
  std::vector<std::string> names(width, std::string(name));
  for (size_t column = 0; column < width && !spec.is_vector; ++column) {
    names[column] += '_';
    names[column] += spec.columns.size() == width ? spec.columns[column] : std::to_string(column);
  }
  return names;
}

void append_csv_names(std::string& out, std::string_view name, const OutputSpec& spec,
                      size_t width) {
  bool first = true;
  for (const std::string& column : output_column_names(name, spec, width)) {
    if (!first) out.push_back(',');
    first = false;
    append_csv_text(out, column);
  }
}

}  // namespace slipway::protocols
