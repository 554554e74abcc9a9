// Bundles: one model inside a .zip or .tar archive, a folder, or a compressed file.
//
//   bytes --open--> FileSet --which file is a model, by content--> its format --read--> ReadReport
//
// What is in it is told by content: Slipway's own bundle (slipway.json, slip.h), a skops file
// (schema.json), an MLflow model (MLmodel, mlflow.h), a TorchServe archive (MAR-INF/MANIFEST.json,
// mar.h), else the one file that some format recognises; code, requirements, notes beside it are
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
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/limits.h"
#include "base/status.h"
#include "formats/file_set.h"
#include "formats/model_format.h"
#include "graph/request_schema.h"

namespace slipway::bundle {

/// By the name of "bundle".
std::unique_ptr<const formats::ModelFormat> make_format();

/// The model in a folder on disk, or in any other set of files.
Result<formats::ReadReport> read_files(const formats::FileSet& files,
                                       const formats::ReadOptions& options,
                                       const formats::FormatSet& formats, const Limits& limits);

/// What MLflow's file says about the model in these files, beside where it lies.
struct MlflowFacts {
  std::string method;  // that its predict calls: "predict_proba"; empty if it does not say
  std::shared_ptr<const RequestSchema> schema;  // null if it does not say
};
/// Empty if there is no such file, or it cannot be read.
MlflowFacts mlflow_facts(const formats::FileSet& files);

/// What a model archive of TorchServe (.mar) or a bundle of Slipway's own (slip.h) says about
/// itself; what it does not say is empty.
struct ArchiveIdentity {
  std::string name;
  std::string version;
};
/// NOT_FOUND if the bytes are another archive, or none.
Result<ArchiveIdentity> identify_archive(FileBytes bytes, const Limits& limits);

/// True if a file beside a model says what the model answers.
bool is_companion(std::string_view name);

}  // namespace slipway::bundle
