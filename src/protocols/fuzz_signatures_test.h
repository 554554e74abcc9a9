// Models for the fuzz targets of the dialects' JSON readers: with and without names, with texts, of
// records.
#pragma once

#include <array>

#include "graph/signature.h"

namespace slipway::protocols {

/// Two columns; if they have names, the second one holds texts.
inline Signature fuzz_signature(bool named) {
  Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}};
  made.columns_named = named;
  made.matrices.strings = named;
  return made;
}

inline Signature fuzz_signature_of_records() {
  Signature made;
  made.columns = {{"record", ColumnType::kRecord}};
  made.rows_are_records = true;
  made.matrices.records = true;
  return made;
}

inline std::array<Signature, 3> fuzz_signatures() {
  return {fuzz_signature(false), fuzz_signature(true), fuzz_signature_of_records()};
}

}  // namespace slipway::protocols
