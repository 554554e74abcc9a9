// What Slipway's own writer notes in an ONNX file's metadata: lists of texts as JSON.
// Thread rule: reentrant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/internal/model_proto.h"

namespace slipway::onnx {

/// The texts of a JSON list of at most `count_max` texts; nullopt if it is anything else.
std::optional<std::vector<std::string>> parse_text_list(std::string_view json, size_t count_max);

/// The value of the first entry of this name.
std::optional<std::string_view> find_metadata(const ModelProto& model, std::string_view key);

}  // namespace slipway::onnx
