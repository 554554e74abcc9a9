// compile: Graph to Executable.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/executable.h"
#include "graph/graph.h"

namespace slipway::engine {

struct EngineOptions {
  /// Op name to kernel name; compile() fails with NOT_FOUND, listing what there is, if it cannot be
  /// had.
  std::map<std::string, std::string> forced_kernels;
  /// Most rows that go through the graph at once; 0 chooses by the graph's width.
  size_t chunk_rows = 0;
};

/// INTERNAL if an op has no kernel; RESOURCE_EXHAUSTED if one row alone needs over 1 GiB of
/// scratch.
Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Graph> graph,
                                                  const EngineOptions& options = {});

}  // namespace slipway::engine
