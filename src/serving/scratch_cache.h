// ScratchCache: one Scratch per executable, for a thread that runs many models.
//
// Holds executables weakly: a model that was replaced is freed with its last request, and its
// scratch at the next make. Single-sequence.
//
//   TRY_STATUS(model.executable().run(batch, wanted, cache.get(model.loaded.executable), outputs));
#pragma once

#include <memory>
#include <unordered_map>

#include "engine/executable.h"

namespace slipway::serving {

class ScratchCache {
 public:
  Scratch& get(const std::shared_ptr<const Executable>& executable);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::weak_ptr<const Executable> executable;  // tells a reused address from the same executable
    std::unique_ptr<Scratch> scratch;
  };
  std::unordered_map<const Executable*, Entry> entries_;
};

}  // namespace slipway::serving
