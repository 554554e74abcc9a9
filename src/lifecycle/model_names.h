// Which files of a folder are models, and what they are called.
//
//   "iris.joblib.gz" --model_name--> "iris"
//   a version's files --choose_model--> the one that is the model
//
// Endings tell most: those of models, and those of what stands beside one (answers, samples,
// definitions). What may be anything, JSON, text, XML or a name without an ending, its content
// decides; who knows the formats passes that in, so that nothing here reads a file.
//
// Thread rule: pure functions.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::lifecycle {

/// Whether the content of the file at a path is a model's.
using IsModel = std::function<bool(const std::string& path)>;

/// "iris.joblib.gz" -> "iris"; `is_model` tells whether an ending of model files was among them.
std::string model_name(std::string_view file, bool& is_model);

/// "iris.json" -> "iris", for a file that is a model by its content: an ending that models share
/// with other files. Without one, model_name().
std::string name_by_content(std::string_view file);
/// Whether the name ends like that: only the content can tell what it is.
bool needs_content(std::string_view file);

/// Expected answers, samples and definitions: what stands beside a model and is none.
bool is_companion(std::string_view file);

/// The place of the model among the names of the files in `folder`: the one named model.* among
/// those with a model's ending, or the only one of them; else, of the others but companions, the
/// only one, or the only one whose content is a model. NOT_FOUND or FAILED_PRECONDITION if it
/// cannot be told.
Result<size_t> choose_model(const std::string& folder, std::span<const std::string> names,
                            const IsModel& is_model);

}  // namespace slipway::lifecycle
