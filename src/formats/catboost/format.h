// The reader of CatBoost's models: .cbm files, their JSON exports, and the .cbm bytes inside
// pickled estimators.
//
//   bytes --read_cbm, read_json--> Model --lay_out, add_trees, add_outputs--> graph
//
//   formats.add(catboost::make_format());
#pragma once

#include <memory>

#include "formats/model_format.h"

namespace slipway::catboost {

std::unique_ptr<const formats::ModelFormat> make_format();

}  // namespace slipway::catboost
