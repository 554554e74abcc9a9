#include "cli/sample_answers.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "cli/row_writer.h"
#include "cli/verification.h"
#include "protocols/csv_output.h"

namespace slipway::cli {
namespace {

void append_number(std::string& out, double value) {
  if (!std::isnan(value)) out.append(fmt::format("{}", value));
}

void append_row(std::string& out, const Signature& signature, InputBuffer& rows, size_t row) {
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    if (i > 0) out.push_back(',');
    if (!signature.columns[i].is_text()) {
      append_number(out, rows.number_row(row)[i]);
      continue;
    }
    const StringCell& cell = rows.string_row(row)[i];
    if (cell.is_number()) append_number(out, cell.real);
    if (cell.is_text()) protocols::append_csv_text(out, cell.view());
  }
}

}  // namespace

Result<SampleAnswers> sample_answers(const Executable& model, InputBuffer& rows, size_t rows_max) {
  const Signature& signature = model.signature();
  if (signature.matrices.records) {
    return unimplemented("sample rows of a model that takes records cannot be written as CSV");
  }
  OutputMask all = 0;
  for (size_t i = 0; i < signature.outputs.size(); ++i) all |= OutputMask{1} << i;
  const RowWriter writer(signature, all, {});
  std::string header;
  for (const InputColumn& column : signature.columns) {
    protocols::append_csv_text(header, column.name);
    header.push_back(',');
  }
  writer.csv_header(header);

  SampleAnswers answers;
  const auto scratch = model.make_scratch();
  std::vector<OutputBuffer> outputs;
  const Batch batch = rows.batch();
  const size_t width = signature.columns.size();
  for (size_t row = 0; row < batch.rows && answers.rows < rows_max; ++row) {
    const Batch one{1, batch.numbers + row * width,
                    batch.strings == nullptr ? nullptr : batch.strings + row * width, nullptr,
                    nullptr};
    if (!model.run(one, all, *scratch, outputs).ok()) continue;
    std::string line;
    append_row(line, signature, rows, row);
    line.push_back(',');
    writer.csv_row(line, {}, 0, outputs);
    // An empty text reads back as a missing one: such a row proves nothing.
    if (!check_expected(model, header + line).ok()) continue;
    if (answers.rows++ == 0) answers.csv = header;
    answers.csv.append(line);
  }
  return answers;
}

}  // namespace slipway::cli
