// Python and numpy scalars of the parse tree as Cells.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "formats/pickle/internal/dtype.h"
#include "formats/pickle/numpy.h"

namespace slipway::pickle {

/// None, bool, int, float, str; numpy scalars; 0-d arrays; pandas.NA. bytes count as str. An int
/// beyond int64 becomes a float. INVALID_ARGUMENT for anything else.
Result<Cell> scalar_cell(Value value);
/// One element of a numpy array at these bytes; `value` is for the error.
Result<Cell> element_cell(Value value, const Dtype& dtype, const char* at);
/// The text of a numpy.str_ or of a 0-d array of <U; nullopt for anything else. Done once for each
/// by the virtual machine, so that Value::as_string() can hand out a slice.
std::optional<std::string> numpy_scalar_text(Value value);

}  // namespace slipway::pickle
