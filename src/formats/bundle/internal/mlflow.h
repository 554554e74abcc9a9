// MLflow's model folders: a file MLmodel that says which library's model lies where, and its
// schema.
//
// The flavours of libraries (sklearn, xgboost, lightgbm, catboost, onnx) are read by the format
// that recognises the flavour's file; python_function, which runs Python, is a gap where it is all
// there is. The signature names the columns of a model that does not name them itself.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "formats/file_set.h"
#include "formats/model_format.h"
#include "graph/request_schema.h"

namespace slipway::bundle {

/// A column of a signature.
struct SignatureColumn {
  std::string name;
  std::string type;  // "double", "string", ...
  bool is_required = true;
};

struct MlModel {
  std::string flavour;        // "sklearn"; empty if there is only python_function, or none
  std::string data;           // the flavour's file or folder, from the folder of MLmodel
  std::string loader_module;  // of python_function
  std::string predict_fn;  // of python_function: the method that its predict calls; empty: predict
  std::string mlflow_version;            // empty if the file does not say
  std::vector<SignatureColumn> columns;  // empty: no signature, or one of tensors
  bool has_parameters = false;           // the signature tells them
  std::vector<RequestParameter> parameters;
};

/// The text of an MLmodel file. INVALID_ARGUMENT if it is none.
Result<MlModel> parse_mlmodel(const std::string& text);

/// The MLmodel at the top of a bundle, or the only one in it.
std::optional<size_t> find_mlmodel(const formats::FileSet& files);

Result<formats::ReadReport> read_mlflow(const formats::FileSet& files, size_t mlmodel,
                                        const formats::ReadOptions& options,
                                        const formats::FormatSet& formats, const Limits& limits,
                                        bool in_archive);

}  // namespace slipway::bundle
