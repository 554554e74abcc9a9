// Reads the body of MLflow's POST /invocations: its four JSON forms, straight into rows.
//
//   {"dataframe_split": {"columns": [...], "data": [[...], ...]}}   rows under column names
//   {"dataframe_records": [{...}, ...]}                             rows with names
//   {"instances": [...]}                                            rows: lists, objects or values
//   {"inputs": {"a": [...], ...}} or {"inputs": [[...], ...]}       columns by name, or rows
//
// One of them, and beside it perhaps "params" (params.h). Columns that the model does not know are
// dropped; missing ones are an error that names both, as MLflow's schema enforcement words it,
// unless the signature says that they may be missing: then their values are. No DOM, no recursion:
// a cell is at most four levels deep.
//
// Source: mlflow.pyfunc.scoring_server of MLflow 2 and 3.
#pragma once

#include <string_view>
#include <unordered_map>

#include "graph/request_schema.h"
#include "graph/signature.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::mlflow {

/// INVALID_ARGUMENT names what is wrong, OUT_OF_RANGE columns that the schema wants otherwise,
/// RESOURCE_EXHAUSTED a limit.
/// `column_places` may be empty: then names are looked for one by one. `schema` may be null.
Status read_invocation(std::string_view body, const Signature& signature,
                       const std::unordered_map<std::string_view, uint32_t>& column_places,
                       const RequestSchema* schema, ReadBuffers& buffers, InputBuffer& input);

}  // namespace slipway::protocols::mlflow
