// Kernel: one way of computing one operator, and the table entry that offers it.
//
// compile() asks the table for the kernels of each node's op, in order of preference, and takes the
// first that this CPU can run and that accepts the op; EngineOptions can force one by name, which
// is how tests compare each kernel with the scalar one. Kernels are immutable; what they need per
// call lives in the workspace. A kernel must treat each row independently: the same bits whatever
// the number of rows around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/status.h"
#include "graph/graph.h"
#include "tensor/batch.h"

namespace slipway::engine {

/// Where a value's rows are, for the rows of one chunk.
struct ValueBuffer {
  ValueKind kind = ValueKind::kDense;
  uint32_t width = 0;
  uint32_t nonzeros_max = 0;
  void* data = nullptr;  // double, float, StringCell, int32_t or Record; kSparse: the double values
  uint32_t* columns = nullptr;          // kSparse: column of each value
  uint32_t* row_starts = nullptr;       // kSparse: rows + 1 offsets into data and columns
  const RecordField* fields = nullptr;  // kRecord: what the records point into

  double* dense(size_t row) const { return static_cast<double*>(data) + row * width; }
  float* dense32(size_t row) const { return static_cast<float*>(data) + row * width; }
  StringCell* strings(size_t row) const { return static_cast<StringCell*>(data) + row * width; }
  const Record* records(size_t row) const { return static_cast<const Record*>(data) + row * width; }
  int32_t* index(size_t row) const { return static_cast<int32_t*>(data) + row * width; }
};

struct KernelArgs {
  size_t rows;       // of this chunk, at least 1
  size_t first_row;  // number of the chunk's first row in the batch, for messages
  const ValueBuffer* values;
  const ValueId* input_ids;
  ValueBuffer output;
  std::byte* workspace;  // workspace_bytes() of it, 64-byte aligned

  /// Inputs are read-only.
  const ValueBuffer& input(size_t i) const { return values[input_ids[i]]; }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  /// Computes the output's rows. An error must name the row (first_row + i) that caused it.
  virtual Status run(const KernelArgs& args) const = 0;
  /// Workspace for a chunk of so many rows.
  virtual size_t workspace_bytes(size_t rows) const {
    static_cast<void>(rows);
    return 0;
  }
  /// Memory of what the kernel made of the op's constants: tables, rearranged copies.
  virtual size_t size_bytes() const { return 0; }
  /// True if the output is the first input, unchanged: no buffer is given, nothing is copied.
  virtual bool passes_input_through() const { return false; }
};

/// What the CPU offers beyond the baseline.
struct CpuFeatures {
  bool avx2_fma = false;
  bool avx512 = false;
};
CpuFeatures detect_cpu();

struct KernelEntry {
  std::string_view op;    // Op::name()
  std::string_view name;  // "scalar", "avx2", "interleaved": what EngineOptions forces
  bool (*supported)(const CpuFeatures&);
  /// Null if this kernel does not take this op; `op` is of the class whose name() is `op`.
  std::unique_ptr<const Kernel> (*make)(const Op& op, std::span<const ValueType> inputs);
};

inline bool on_every_cpu(const CpuFeatures&) { return true; }

}  // namespace slipway::engine
