// RowSource over a Frame: rows of a table in memory for a model's columns.
//
//   Frame --open_frame_rows--> RowSource --> InputBuffer --> Executable
//
// Columns are matched as those of CSV (rows/row_source.h). A number column takes numbers, truth
// values and times; a text column texts, whole numbers where the model takes them, and
// times, in ISO 8601, where its example is a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"
#include "graph/signature.h"
#include "rows/row_source.h"

namespace slipway::data {

/// `frame`, `signature` and `places` must live as long as the source. `keys` as for CSV; `ignored`
/// (the target, weights): columns that are neither feature nor key, as if they were not there;
/// `places`: the rows that are given, in this order (nullopt: all). INVALID_ARGUMENT: a column is
/// missing or of a wrong type, an ignored one is not there.
Result<std::unique_ptr<rows::RowSource>> open_frame_rows(
    const Frame& frame, const Signature& signature, const std::vector<std::string>& keys,
    const std::vector<std::string>& ignored,
    std::optional<std::span<const uint32_t>> places = std::nullopt);

}  // namespace slipway::data
