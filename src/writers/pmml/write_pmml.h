// From a graph to a PMML 4.4 file.
//
//   Graph --write_pmml--> XML
//
// What the graph computes column by column becomes derived fields; trees become segments of a model
// chain; the last segment is a regression whose target is `predict` and whose output fields are the
// model's outputs. docs/convert.md tells what becomes what.
// Thread rule: reentrant.
//
//   const std::string xml = TRY(writers::write_pmml(*graph, {.name = "model"}));
#pragma once

#include <string>

#include "graph/graph.h"

namespace slipway::writers {

struct PmmlOptions {
  std::string name = "model";
  std::string producer_version;
};

/// UNIMPLEMENTED names the operator that is not written to PMML, and where in the model file it
/// comes from; RESOURCE_EXHAUSTED if the file would be too large.
Result<std::string> write_pmml(const Graph& graph, const PmmlOptions& options);

/// The output field that holds a column of an output: "predict", "predict_proba_setosa",
/// "transform_0".
std::string pmml_output_name(const OutputSpec& output, uint32_t column);

}  // namespace slipway::writers
