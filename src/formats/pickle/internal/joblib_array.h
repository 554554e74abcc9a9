// joblib's NumpyArrayWrapper: the record in a joblib file after which an array's bytes follow.
//
// Its state is a dict: subclass, shape, order, dtype, allow_mmap, and since joblib 1.2
// numpy_array_alignment_bytes. If the dtype holds objects, a whole pickle of the array follows;
// else, if alignment is set, one byte with the number of padding bytes and the padding, then the
// elements, in Fortran order if order is 'F'.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {

struct JoblibRecord {
  uint64_t size_bytes;  // of the elements
  bool holds_objects;
  bool is_padded;
};

/// `wrapper` is a kObject of NumpyArrayWrapper whose state is set.
Result<JoblibRecord> read_joblib_record(Value wrapper);

}  // namespace slipway::pickle
