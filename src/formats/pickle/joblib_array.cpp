#include "formats/pickle/internal/joblib_array.h"

#include <fmt/format.h>

#include "formats/pickle/internal/dtype.h"

namespace slipway::pickle {

Result<JoblibRecord> read_joblib_record(Value wrapper) {
  const Value type = TRY(wrapper.attr("dtype"));
  const Dtype dtype = TRY(decode_dtype(type));
  const Value sizes = TRY(wrapper.attr("shape"));
  const std::vector<uint64_t> shape = TRY(decode_shape(sizes));
  const uint64_t count = TRY(element_count(shape, wrapper.offset()));
  JoblibRecord record{};
  record.holds_objects = dtype.holds_objects;
  if (__builtin_mul_overflow(count, uint64_t{dtype.item_bytes}, &record.size_bytes)) {
    return data_loss(
        fmt::format("An array is larger than memory can be: {} elements of {} bytes, "
                    "at byte {}",
                    count, dtype.item_bytes, wrapper.offset()));
  }
  const std::optional<Value> alignment = wrapper.find_attr("numpy_array_alignment_bytes");
  record.is_padded = alignment.has_value() && !alignment->is_none();
  return record;
}

}  // namespace slipway::pickle
