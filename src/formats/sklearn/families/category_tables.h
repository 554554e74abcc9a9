// What encoders of categories share: the tables of categories, and the columns that they are of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/sklearn/lowering.h"
#include "graph/ops/encode.h"

namespace slipway::sklearn {

using Cells = std::vector<pickle::Cell>;

/// categories_ of all columns.
Result<std::vector<Cells>> read_categories(Lowering& lowering, pickle::Value self, size_t expected);

/// Whether a column is text: if its categories are strings; without any but missing ones, what it
/// was before.
Result<bool> is_text(const Lowering& lowering, const ColumnRef& ref, const std::string& column,
                     const Cells& cells);

/// The table of one column; `column` is for messages, `from` is the caller's to fill in.
Categories make_categories(std::string column, bool text, Cells cells);

/// Lets documents show a category that the column takes.
void show_known(Lowering& lowering, const ColumnRef& column, const Cells& cells);

struct EncoderInput {
  std::vector<Categories> columns;
  std::vector<std::optional<uint32_t>> nan;  // position of NaN itself (not None), per column
  std::vector<ValueId> values;
};

/// The categories and, as at most two values, the columns that they encode.
Result<EncoderInput> read_input(Lowering& lowering, pickle::Value self, const Features& input);

}  // namespace slipway::sklearn
