// The border between the program and its Arrow plug-in, libslipway_arrow.so: a C ABI made of
// Arrow's C data interface (arrow.apache.org/docs/format/CDataInterface.html), whose structs these
// are.
//
//   bytes --plug-in (Arrow C++)--> ArrowArrayStream --rows/arrow_rows.h--> InputBuffer
//
// Why a plug-in: Arrow C++ adds 18 MB and milliseconds to every start, and most servers never need
// it: plain streams are read without it (internal/arrow_plain.h), and tables are written without
// it. It is opened on first use. What it hands over is validated: offsets and indices lie inside
// their buffers. Thread rule: all functions are thread-safe; a stream is single-sequence.
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

extern "C" {

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
}
#endif  // ARROW_C_STREAM_INTERFACE

extern "C" {

/// Grows with each change of what follows; a plug-in of another number is not used.
inline constexpr uint32_t kSlipwayArrowAbi = 2;

/// Where a function puts its message if it fails: zero-terminated, cut to `size`.
struct SlipwayArrowError {
  char* text;
  size_t size;
};

struct SlipwayArrowPlugin {
  uint32_t abi;
  const char* arrow_version;  // "26.0.1"
  /// Opens an IPC stream or file, told by its first bytes. The bytes must live as long as `out` and
  /// its arrays, which are released before it; what has to be allocated beside them (compressed
  /// buffers) is bounded by `memory_max`. Lengths and indices are validated batch by batch. 0 on
  /// success.
  int (*open_ipc)(const void* bytes, size_t size, int64_t memory_max, struct ArrowArrayStream* out,
                  struct SlipwayArrowError error);
  /// As open_ipc, of a Parquet file; its row groups are decoded one after the other, in batches of
  /// at most 65536 rows, so that `memory_max` holds for a row group's encoded columns and a batch.
  int (*open_parquet)(const void* bytes, size_t size, int64_t memory_max,
                      struct ArrowArrayStream* out, struct SlipwayArrowError error);
};

/// The one symbol that the plug-in exports: "slipway_arrow_plugin".
using SlipwayArrowEntry = const struct SlipwayArrowPlugin* (*)();
}
