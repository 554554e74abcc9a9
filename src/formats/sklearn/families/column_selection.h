// Which columns a part of a ColumnTransformer takes: every way in which scikit-learn lets one say
// it, resolved to indices.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "formats/pickle/tree.h"

namespace slipway::sklearn {

/// An index, a name, a list or array of either, a boolean mask, a slice of either (names: the last
/// one included), None or _RemainderColsList. Negative indices count from the end. Each result is
/// below `width`; `names` is empty or has `width` entries.
Result<std::vector<uint32_t>> resolve_columns(pickle::Value columns,
                                              const std::vector<std::string>& names,
                                              uint32_t width);

}  // namespace slipway::sklearn
