#include "cli/row_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "base/json_escape.h"
#include "protocols/csv_output.h"
#include "protocols/json_output.h"

namespace slipway::cli {
namespace {

/// A text without quotes, a missing value as an empty field; else as in JSON.
void append_csv_value(std::string& out, const OutputSpec& spec, const OutputBuffer& output,
                      size_t row, uint32_t column) {
  const size_t cell = row * output.width + column;
  if (!spec.labels.empty() && spec.labels[column].dtype == DType::kString) {
    const auto index = static_cast<size_t>(output.indices[cell]);
    const std::vector<std::string>& labels = spec.labels[column].strings;
    if (index < labels.size()) protocols::append_csv_text(out, labels[index]);
    return;
  }
  double number = 0;
  if (!output.strings.empty()) {
    const StringCell& text = output.strings[cell];
    if (!text.is_number()) {
      if (!text.missing()) protocols::append_csv_text(out, text.view());
      return;
    }
    number = text.real;
  } else if (!output.numbers.empty()) {
    number = output.numbers[cell];
  }
  if (std::isnan(number)) return;
  if (std::isinf(number)) {
    out.append(number > 0 ? "inf" : "-inf");
    return;
  }
  protocols::append_cell(out, spec, output, row, column);
}

std::string column_name(const OutputSpec& spec, uint32_t column) {
  if (spec.is_vector) return spec.name;
  return spec.columns.empty() ? fmt::format("{}_{}", spec.name, column)
                              : fmt::format("{}_{}", spec.name, spec.columns[column]);
}

}  // namespace

template <typename Function>
void RowWriter::each_output(const Function& function) const {
  for (size_t i = 0; i < signature_.outputs.size(); ++i) {
    if ((wanted_ >> i & 1U) != 0) function(signature_.outputs[i], i);
  }
}

RowWriter::RowWriter(const Signature& signature, OutputMask wanted,
                     const std::vector<std::string>& keys)
    : signature_(signature), wanted_(wanted), keys_(keys) {
  std::unordered_set<std::string> taken;
  each_output([&](const OutputSpec& spec, size_t) {
    taken.insert(spec.name);
    for (uint32_t column = 0; column < spec.width; ++column) {
      taken.insert(column_name(spec, column));
    }
  });
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (taken.contains(keys_[i])) {
      left_out_.push_back(keys_[i]);
    } else {
      shown_keys_.push_back(i);
    }
  }
}

void RowWriter::csv_header(std::string& out) const {
  bool first = true;
  const auto field = [&](std::string_view name) {
    if (!first) out.push_back(',');
    first = false;
    protocols::append_csv_text(out, name);
  };
  for (const size_t key : shown_keys_) field(keys_[key]);
  each_output([&](const OutputSpec& spec, size_t) {
    for (uint32_t column = 0; column < spec.width; ++column) field(column_name(spec, column));
  });
  out.push_back('\n');
}

void RowWriter::csv_row(std::string& out, const std::vector<rows::KeyCell>& keys, size_t row,
                        const std::vector<OutputBuffer>& outputs) const {
  bool first = true;
  const auto separate = [&] {
    if (!first) out.push_back(',');
    first = false;
  };
  for (const size_t key : shown_keys_) {
    separate();
    const rows::KeyCell& cell = keys[row * keys_.size() + key];
    if (!cell.is_json || cell.text != "null") protocols::append_csv_text(out, cell.text);
  }
  each_output([&](const OutputSpec& spec, size_t index) {
    for (uint32_t column = 0; column < spec.width; ++column) {
      separate();
      append_csv_value(out, spec, outputs[index], row, column);
    }
  });
  out.push_back('\n');
}

void RowWriter::json_row(std::string& out, const std::vector<rows::KeyCell>& keys, size_t row,
                         const std::vector<OutputBuffer>& outputs) const {
  out.push_back('{');
  bool first = true;
  const auto name = [&](std::string_view text) {
    if (!first) out.push_back(',');
    first = false;
    append_json_string(out, text);
    out.push_back(':');
  };
  for (const size_t key : shown_keys_) {
    name(keys_[key]);
    const rows::KeyCell& cell = keys[row * keys_.size() + key];
    if (cell.is_json) {
      out.append(cell.text);
    } else {
      append_json_string(out, cell.text);
    }
  }
  each_output([&](const OutputSpec& spec, size_t index) {
    name(spec.name);
    protocols::append_row(out, spec, outputs[index], row);
  });
  out.append("}\n");
}

}  // namespace slipway::cli
