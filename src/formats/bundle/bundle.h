// Bundles: one model inside a .zip or .tar archive, a folder, or a compressed file.
//
//   bytes --open--> FileSet --which file is a model, by content--> its format --read--> ReadReport
//
// What is in it is told by content: a skops file (schema.json), an MLflow model (MLmodel,
// mlflow.h), else the one file that some format recognises; code, requirements, notes beside it are
// passed over. Several models are candidates: `select` names a file, and behind it, after a '/',
// what that file itself holds. Archives inside archives are not opened, but for skops files; a
// compressed file may hold an archive or a model.
//
// `expected.csv` and `*.samples.json` beside the model come along as companions.
//
// Thread rule: immutable.
//
//   formats.add(bundle::make_format());  // before all others: it looks inside what they may claim
#pragma once

#include <memory>

#include "base/limits.h"
#include "base/status.h"
#include "formats/file_set.h"
#include "formats/model_format.h"

namespace slipway::bundle {

/// By the name of "bundle".
std::unique_ptr<const formats::ModelFormat> make_format();

/// The model in a folder on disk, or in any other set of files.
Result<formats::ReadReport> read_files(const formats::FileSet& files,
                                       const formats::ReadOptions& options,
                                       const formats::FormatSet& formats, const Limits& limits);

/// True if a file beside a model says what the model answers.
bool is_companion(std::string_view name);

}  // namespace slipway::bundle
