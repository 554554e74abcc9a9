// vocabulary_ of DictVectorizer and of the text vectorizers.
#pragma once

#include <string>
#include <vector>

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// The entries of a vocabulary by their column: of a dict from entry to column, or of a list or set
/// of entries. Columns must be those from 0 on, each once.
Result<std::vector<std::string>> read_vocabulary(Lowering& lowering, pickle::Value self,
                                                 std::string_view attribute);

}  // namespace slipway::sklearn
