// Executable: a model that is ready to run. Immutable and shared; each caller brings its own
// Scratch.
//
//   Graph --engine::compile--> Executable --run(batch, outputs wanted, scratch)--> OutputBuffers
//
// Runtimes for other kinds of models implement the same interface. Thread rule: const methods are
// safe to call concurrently, each with a Scratch of its own.
//
//   auto scratch = model->make_scratch();
//   std::vector<OutputBuffer> outputs;
//   TRY_STATUS(model->run(buffer.batch(), OutputMask{1} << 0, *scratch, outputs));
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway {

/// Asked between the chunks of rows of a run whether it may go on; an error ends the run with it.
/// For deadlines and cancelled requests.
class RunWatch {
 public:
  virtual ~RunWatch() = default;
  virtual Status check() const = 0;
};

/// Per-call memory of an Executable; reused between calls, so that steady state allocates nothing.
class Scratch {
 public:
  virtual ~Scratch() = default;

  /// Watches the runs that use this scratch; null: they go to their end. The caller's.
  const RunWatch* watch = nullptr;
};

class Executable {
 public:
  virtual ~Executable() = default;

  virtual const Signature& signature() const = 0;
  virtual std::unique_ptr<Scratch> make_scratch() const = 0;
  /// Computes the outputs whose bits are set, for all rows; outputs[i] is filled for bit i, the
  /// vector has one entry per output of the signature. A row gives the same bits alone, in any
  /// batch and on any thread. INVALID_ARGUMENT if a row holds what the model does not take; names
  /// row and column. A scratch with a watch may end it early, with the watch's error.
  virtual Status run(const Batch& batch, OutputMask wanted, Scratch& scratch,
                     std::vector<OutputBuffer>& outputs) const = 0;
  /// Memory of the model's constants and of what was made of them, for budgets and metrics.
  virtual size_t size_bytes() const = 0;
  /// Memory of one Scratch.
  virtual size_t scratch_bytes() const = 0;
};

}  // namespace slipway
