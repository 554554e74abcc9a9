// The reader of PMML files (3.0 to 4.4): models as data mining tools exchange them, to a Graph.
//
//   bytes --Document--> elements --lower_model()--> terms --> Graph
//
// Nothing in the file runs: no Java expressions, no tables or documents from outside.
#pragma once

#include <memory>

#include "formats/model_format.h"

namespace slipway::pmml {

/// A format by the name of "pmml".
std::unique_ptr<const formats::ModelFormat> make_format();

}  // namespace slipway::pmml
