// Platform: what the environment of a cloud's container says about how to serve.
//
//   SAGEMAKER_..., AIP_..., AZUREML_... --apply_platform--> port, model source, --compat, aliases
//
// Only where the variables of exactly one platform are set; what flags, a configuration or
// Slipway's own variables say comes before it. Plain functions.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"

namespace slipway::cli {

struct Platform {
  std::string name;  // of its dialect; empty: none
  /// Further paths of its dialect's routes (ServiceOptions::aliases).
  std::vector<std::pair<std::string, std::string>> aliases;
};

/// "NAME=value" of each variable of this process.
std::vector<std::string> environment();

/// Fills in what `options` leaves open. `model_folder`: where SageMaker puts models; that it is
/// there says SageMaker, too, if no path is given. INVALID_ARGUMENT names the variable.
Result<Platform> apply_platform(std::span<const std::string> variables,
                                const std::string& model_folder, ServeOptions& options);

}  // namespace slipway::cli
