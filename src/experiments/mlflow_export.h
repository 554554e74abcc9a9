// Export of runs as a tracking directory of MLflow, the form that its file store keeps
// (mlflow/store/tracking/file_store.py of MLflow 3.5; `mlflow migrate-filestore` of later ones
// brings it into a database).
//
//   DIR/<experiment>/meta.yaml                        its name
//   DIR/<experiment>/datasets/<dataset>/meta.yaml     the table, by its digest
//   DIR/<experiment>/<run>/meta.yaml                  times, status
//   DIR/<experiment>/<run>/{params,metrics,tags}/*    a file for each
//   DIR/<experiment>/<run>/inputs/*/meta.yaml         the table of the run
//   DIR/<experiment>/<run>/artifacts/...              the bundle, the model
//
// A run that judged several candidates has a nested run for each. A directory may be one that
// MLflow has written to: experiments are found by name, runs that are there already are left alone.
//
// Thread rule: plain functions; one export into a directory at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "experiments/run_record.h"

namespace slipway::experiments {

struct ExportedFile {
  std::string name;  // below artifacts/, "model/model.onnx"
  std::string bytes;
};

struct MlflowRun {
  RunRecord record;
  std::vector<ExportedFile> artifacts;
  NamedTexts tags;  // beside those that are told from the record
};

/// Whether the run was written; it was not if it was there already. Errors name the path.
Result<bool> export_to_mlflow(const std::string& folder, const std::string& experiment,
                              const MlflowRun& run);

}  // namespace slipway::experiments
