// The "params" of MLflow's POST /invocations, held to the schema of the model's signature.
//
//   {"share": 0.5} --check_params--> OK, or what is wrong with which
//
// No library's own flavour that is read here has a use for them (MLflow passes them by, too): they
// are checked and that is all. Objects are checked to be objects, not their properties.
//
// Source: mlflow.models.utils._enforce_params_schema, mlflow.types.schema.ParamSpec of MLflow 3.
#pragma once

#include <string_view>

#include "base/status.h"
#include "graph/request_schema.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::mlflow {

/// `params`: JSON; empty: there are none. Unknown ones are passed over. OUT_OF_RANGE (MLflow's
/// INVALID_PARAMETER_VALUE) if one is not what the schema says.
Status check_params(std::string_view params, const RequestSchema& schema, JsonInput& json);

/// A moment as numpy.datetime64 reads it and Python's datetime can hold it: "2024-02",
/// "2024-02-03T10:11:12.5", "now".
bool is_datetime(std::string_view text);

}  // namespace slipway::protocols::mlflow
