// Conversion: a graph written in another format, and the proof that it is the same model.
//
//   Graph --writer--> bytes --the format's own reader--> Graph --\.
//     \------------------------ the same rows -----------------> Conversion: largest differences
//
// Thread rule: single-sequence.
//
//   const Conversion done = TRY(convert_graph(graph, {.format = "onnx"}));
//   if (done.agrees()) write(done.bytes);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "rows/row_source.h"

namespace slipway::cli {

struct ConversionOptions {
  std::string format;  // "onnx", "pmml"; "slipway": ONNX, with operators of our own where need be
  std::string name;    // of the model, in the file
  std::string data;    // rows to compare on, CSV or JSON lines; empty: rows are made up
  bool data_is_json = false;
  std::vector<std::string> keys = {};  // columns of `data` that are no feature
  double tolerance = 1e-6;
  bool own_first = false;  // of "slipway": all operators that have one of ours, to the last bit
  /// Rows to compare on besides those that are made up; null: none.
  std::function<Result<std::unique_ptr<rows::RowSource>>(const Signature&)> open_rows = {};
};

/// Of one output.
struct OutputDifference {
  std::string name;
  uint64_t cells = 0;
  uint64_t cells_different = 0;  // by more than the tolerance
  double absolute_max = 0;       // of numbers
  double relative_max = 0;
  std::string worst;  // "row 3, column 0: 0.5 here, 0.25 in the file"; empty: none differs
};

struct Conversion {
  std::string bytes;
  std::vector<std::string> own_operators;  // of ai.slipway, that other runtimes do not know
  uint64_t rows = 0;                       // compared
  uint64_t rows_refused = 0;               // left out: the model itself refuses them
  std::vector<OutputDifference> outputs;
  std::string unchecked;  // why nothing was compared; empty: it was
  bool agrees() const;
};

/// UNIMPLEMENTED names what the format cannot express; a file that cannot be checked is told in
/// `unchecked`.
Result<Conversion> convert_graph(const std::shared_ptr<const Graph>& graph,
                                 const ConversionOptions& options);

}  // namespace slipway::cli
