// Which of a table's columns is the target, which are features, which are neither.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "data/frame.h"
#include "graph/signature.h"

namespace slipway::cli {

struct EvaluationColumns {
  std::string target;
  std::vector<std::string> ignored;   // neither feature nor field, the target among them
  std::vector<std::string> features;  // columns that the model looks at
};

/// The target, if none is named, is the only column that is no feature. INVALID_ARGUMENT: a column
/// that is named is not there, the target cannot be told, the features do not fit the model.
Result<EvaluationColumns> find_columns(const data::Frame& frame, const Signature& signature,
                                       const EvaluateOptions& options);

/// The column, or INVALID_ARGUMENT with the name that comes closest.
Result<const data::Column*> column_named(const data::Frame& frame, const std::string& name,
                                         std::string_view what);

/// The rows, in that order.
data::Frame take_rows(const data::Frame& frame, const std::vector<uint32_t>& rows);

}  // namespace slipway::cli
