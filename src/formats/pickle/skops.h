// A skops file as the parse tree that the same model's pickle gives.
//
//   bytes --parse_skops--> Tree (tree.h) --formats/sklearn--> graph
//
// A .skops file is a zip archive: schema.json describes the objects, .npy and .npz members hold
// arrays. Which classes are trusted is decided by the table of global_table.h, as for pickles;
// lists of trusted types, those of a file or of its reader, play no part. Offsets of the tree's
// nodes are those of schema.json in the file: a JSON document has none of its own.
//
// Thread rule: a pure function.
//
//   pickle::Tree tree = TRY(pickle::parse_skops(std::move(bytes), limits));
#pragma once

#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {

/// Errors: INVALID_ARGUMENT (no skops file), DATA_LOSS (malformed), RESOURCE_EXHAUSTED (a limit).
/// Never executes anything; does not recurse over the input.
Result<Tree> parse_skops(FileBytes bytes, const Limits& limits);

}  // namespace slipway::pickle
