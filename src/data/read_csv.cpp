// CSV and TSV into a FrameBuilder.
#include <fmt/format.h>

#include <algorithm>

#include "data/cell_text.h"
#include "data/internal/read_text.h"
#include "rows/csv_reader.h"

namespace slipway::data {
namespace {

constexpr size_t kShownMax = 100;

std::string at_line(const rows::CsvReader& reader) { return fmt::format("line {}", reader.line()); }

/// Numbers alone are no names: a header was forgotten, and the first row would vanish into it.
bool looks_like_row(const std::vector<std::string_view>& fields, const ReadOptions& options) {
  const CellRules rules(options.schema.missing, true);
  bool has_number = false;
  for (const std::string_view field : fields) {
    const bool is_number = parse_number(field).form != NumberForm::kNone;
    if (!is_number && !rules.is_missing(field)) return false;
    has_number = has_number || is_number;
  }
  return has_number;
}

/// A column without a name is called as pandas calls it: it is the index that it wrote.
std::string column_name(std::string_view field, size_t place) {
  return field.empty() ? fmt::format("Unnamed: {}", place) : std::string(field);
}

Status add_columns(const rows::CsvReader& reader, const ReadOptions& options,
                   FrameBuilder& builder) {
  const std::vector<std::string_view>& fields = reader.fields();
  if (!options.no_header && looks_like_row(fields, options)) {
    return invalid_argument(fmt::format(
        "line {}: expected a header that names the columns, got numbers alone ('{}', ...); "
        "--no-header says that there is none",
        reader.line(), fields[0].substr(0, kShownMax)));
  }
  builder.set_rules(CellRules(options.schema.missing, reader.separator() == ';'));
  for (size_t i = 0; i < fields.size(); ++i) {
    const Result<size_t> added =
        builder.add_column(options.no_header ? fmt::format("x{}", i) : column_name(fields[i], i));
    if (!added.ok()) return Status(added.status()).with_context(at_line(reader));
  }
  return {};
}

Status ragged(const rows::CsvReader& reader, FrameBuilder& builder) {
  const std::vector<std::string_view>& fields = reader.fields();
  const std::string counts = fmt::format("line {}: expected {} fields as in the header, got {}",
                                         reader.line(), builder.columns(), fields.size());
  if (fields.size() < builder.columns()) {
    return invalid_argument(fmt::format("{}: the row ends before column '{}'", counts,
                                        builder.column(fields.size()).name()));
  }
  return invalid_argument(fmt::format("{}: behind column '{}' stands '{}'", counts,
                                      builder.column(builder.columns() - 1).name(),
                                      fields[builder.columns()].substr(0, kShownMax)));
}

Status add_row(const rows::CsvReader& reader, FrameBuilder& builder) {
  const std::vector<std::string_view>& fields = reader.fields();
  if (fields.size() != builder.columns()) return ragged(reader, builder);
  const size_t row = builder.row();
  for (size_t i = 0; i < fields.size(); ++i) {
    ColumnBuilder& column = builder.column(i);
    if (column.is_ignored() || column.add(row, fields[i])) continue;
    return wrong_cell(at_line(reader), column, fields[i]);
  }
  return builder.end_rows(1);
}

}  // namespace

Status read_csv(std::istream& input, char separator, const ReadOptions& options,
                FrameBuilder& builder) {
  rows::CsvReader reader(input, separator);
  if (!TRY(reader.next())) return invalid_argument("the input is empty");
  if (builder.columns() == 0) TRY_STATUS(add_columns(reader, options, builder));
  if (options.no_header) TRY_STATUS(add_row(reader, builder));
  while (TRY(reader.next())) TRY_STATUS(add_row(reader, builder));
  return {};
}

}  // namespace slipway::data
