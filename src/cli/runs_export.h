// The files of a run that an export takes along.
//
// Thread rule: reentrant.
#pragma once

#include "experiments/mlflow_export.h"

namespace slipway::cli {

/// The record with its bundle, if that is still as it was written: the bundle itself, its model in
/// the form of MLflow's models, the model card.
experiments::MlflowRun with_artifacts(experiments::RunRecord record);

}  // namespace slipway::cli
