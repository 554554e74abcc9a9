// Python and numpy scalars of the parse tree as Cells.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "formats/pickle/internal/dtype.h"
#include "formats/pickle/internal/tree_builder.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {

/// None, bool, int, float, str; numpy scalars; 0-d arrays; pandas.NA. bytes count as str. An int
/// beyond int64 becomes a float. INVALID_ARGUMENT for anything else.
Result<Cell> scalar_cell(Value value);
/// One element of a numpy array at these bytes; `value` is for the error.
Result<Cell> element_cell(Value value, const Dtype& dtype, const char* at);
/// The text of a numpy.str_ or of a 0-d array of <U, or of their bytes kin if it is ASCII; nullopt
/// for anything else. Done once for each by the virtual machine, so that Value::as_string() can
/// hand out a slice. Its cost is taken off `bytes_left`: many scalars can share one long buffer of
/// zeros, which is what no pickler does, so a budget of the file's size is enough for real ones.
std::optional<std::string> numpy_scalar_text(Value value, uint64_t& bytes_left);

/// Keeps numpy_scalar_text() of every object of a tree that has just been built.
Status decode_numpy_texts(const Tree& tree, Tree::Impl& storage, TreeBuilder& builder);

}  // namespace slipway::pickle
