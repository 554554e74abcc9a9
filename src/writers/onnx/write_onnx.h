// From a graph to an ONNX file.
//
//   Graph --write_onnx--> bytes of a ModelProto
//
// Numbers are float64 throughout, as the engine computes them; trees are the TreeEnsemble of
// ai.onnx.ml 5, whose sums are float64 too. docs/convert.md tells what becomes what.
// Thread rule: reentrant.
//
//   const std::string bytes = TRY(writers::write_onnx(*graph, {.name = "model"}));
#pragma once

#include <string>

#include "graph/graph.h"

namespace slipway::writers {

struct OnnxOptions {
  std::string name = "model";
  std::string producer_version;
};

/// UNIMPLEMENTED names the operator that ONNX has nothing for, and where in the model file it comes
/// from.
Result<std::string> write_onnx(const Graph& graph, const OnnxOptions& options);

}  // namespace slipway::writers
