#include "protocols/internal/arrow_body.h"

#include <memory>

#include "protocols/csv_output.h"
#include "protocols/internal/media_type.h"
#include "protocols/json_output.h"
#include "rows/arrow_rows.h"

namespace slipway::protocols {
namespace {

constexpr size_t kRowsMax = 1ULL << 28;

/// A label of text; null if the model knows none.
StringCell label_text(const LabelTable& table, int32_t index) {
  const auto place = static_cast<size_t>(index);
  return index >= 0 && place < table.strings.size() ? StringCell::text(table.strings[place])
                                                    : StringCell::none();
}

/// The cells of one column by a function of the row.
template <typename T, typename Cell>
std::vector<T> column_of(size_t rows, Cell cell) {
  std::vector<T> values(rows);
  for (size_t row = 0; row < rows; ++row) values[row] = cell(row);
  return values;
}

rows::ArrowTable::Values label_values(const LabelTable& table, const OutputBuffer& output,
                                      size_t column) {
  const auto index = [&](size_t row) { return output.indices[row * output.width + column]; };
  const auto place = [&](size_t row) { return static_cast<size_t>(index(row)); };
  switch (table.dtype) {
    case DType::kString:
      return column_of<StringCell>(output.rows,
                                   [&](size_t row) { return label_text(table, index(row)); });
    case DType::kFloat64:
      return column_of<double>(output.rows,
                               [&](size_t row) { return table.floats.at(place(row)); });
    case DType::kBool:
      return column_of<bool>(output.rows,
                             [&](size_t row) { return table.ints.at(place(row)) != 0; });
    default:
      return column_of<int64_t>(output.rows, [&](size_t row) { return table.ints.at(place(row)); });
  }
}

rows::ArrowTable::Values column_values(const OutputSpec& spec, const OutputBuffer& output,
                                       size_t column) {
  const auto cell = [&](size_t row) { return row * output.width + column; };
  if (!spec.labels.empty()) return label_values(spec.labels[column], output, column);
  if (!output.strings.empty()) {
    return column_of<StringCell>(output.rows,
                                 [&](size_t row) { return output.strings[cell(row)]; });
  }
  if (output.numbers.empty()) {
    return column_of<int64_t>(output.rows, [&](size_t row) { return output.indices[cell(row)]; });
  }
  switch (output_dtype(spec)) {
    case DType::kBool:
      return column_of<bool>(output.rows,
                             [&](size_t row) { return output.numbers[cell(row)] != 0; });
    case DType::kInt64:
      return column_of<int64_t>(
          output.rows, [&](size_t row) { return static_cast<int64_t>(output.numbers[cell(row)]); });
    default:
      return column_of<double>(output.rows, [&](size_t row) { return output.numbers[cell(row)]; });
  }
}

}  // namespace

bool names_arrow(std::string_view header) {
  return names_media_type(header, kArrowStream) || names_media_type(header, kArrowFile);
}

Status read_arrow_body(BaseCall& call, std::string_view body) {
  const Signature& signature = call.infer.model->signature();
  KeyFields& keys = call.plan.keys;
  const bool by_place = !signature.columns_named && !keys.empty();
  const bool can_wait = call.loop->server.post != nullptr;
  Result<std::unique_ptr<rows::RowSource>> source =
      rows::open_arrow_rows(body, signature, by_place ? keys.names() : std::vector<std::string>(),
                            can_wait ? rows::ArrowPlugin::kAsked : rows::ArrowPlugin::kOpened);
  if (!source.ok()) {
    call.needs_arrow = source.status().code() == StatusCode::kUnavailable;
    return std::move(source).status();
  }
  std::vector<rows::KeyCell> cells;
  const size_t count = TRY((*source)->next(kRowsMax, call.infer.input, cells));
  if (count == 0) return invalid_argument("the request has no rows");
  keys.take((*source)->key_names(), cells, count);
  return {};
}

Status append_arrow_outputs(std::string& out, const std::vector<ArrowOutput>& outputs,
                            const KeyFields& keys) {
  rows::ArrowTable table;
  for (size_t key = 0; key < keys.size(); ++key) {
    table.columns.push_back(
        {keys.names()[key], column_of<StringCell>(outputs.front().output.rows, [&](size_t row) {
           return keys.cell(row, key);
         })});
  }
  for (const ArrowOutput& one : outputs) {
    table.rows = one.output.rows;
    const std::vector<std::string> names =
        output_column_names(one.name, one.spec, one.output.width);
    for (size_t column = 0; column < one.output.width; ++column) {
      table.columns.push_back({names[column], column_values(one.spec, one.output, column)});
    }
  }
  return rows::write_arrow(table, out);
}

}  // namespace slipway::protocols
