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
#include <vector>

#include "graph/graph.h"

namespace slipway::writers {

struct OnnxOptions {
  std::string name = "model";
  std::string producer_version;
  /// What ONNX has nothing for becomes operators of ai.slipway (docs/container.md), which other
  /// runtimes do not know.
  bool own_operators = false;
  /// Operators that ai.slipway has are written so although ONNX could say them: they give the same
  /// bits, where nodes of ONNX may differ in the last one.
  bool own_first = false;
};

struct OnnxFile {
  std::string bytes;
  std::vector<std::string> own_operators;  // names of those in it, ascending
};

/// UNIMPLEMENTED names the operator that ONNX has nothing for, and where in the model file it comes
/// from. With own_operators this is what neither has.
Result<OnnxFile> write_onnx_file(const Graph& graph, const OnnxOptions& options);
/// Its bytes alone.
Result<std::string> write_onnx(const Graph& graph, const OnnxOptions& options);

}  // namespace slipway::writers
