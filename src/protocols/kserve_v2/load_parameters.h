// The "parameters" of a load call, over REST and gRPC alike.
//
//   {"config": "{...}", "file:1/model.joblib": BASE64} --read_...--> LoadParameters
//     --resolve--> ChangeParameters --begin_change-->
//
// Source: Triton's model repository extension. Files go with a configuration, which describes the
// model that they make.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/model_admin.h"

namespace slipway::protocols::kserve_v2 {

struct LoadParameters {
  std::string url;
  std::optional<std::string> config;
  std::vector<serving::ModelFile> files;
};

/// True for "file:PATH": its value is the file's content.
bool names_file(std::string_view parameter);
/// `content` are the bytes themselves.
void take_file(std::string_view parameter, std::string content, LoadParameters& parameters);
/// The same with base64. INVALID_ARGUMENT if it is none.
Status read_file(std::string_view parameter, std::string_view base64, LoadParameters& parameters);
/// One that is a text. INVALID_ARGUMENT if there is none of this name.
Status read_text(std::string_view parameter, std::string_view text, LoadParameters& parameters);
/// Once all are read. INVALID_ARGUMENT if they do not go together, or the configuration cannot be.
Result<ChangeParameters> resolve(const BaseCall& call, std::string_view model,
                                 LoadParameters parameters);

}  // namespace slipway::protocols::kserve_v2
