// ReadReport: everything that a reader learns from a model file, whatever its format.
//
//   bytes --ModelFormat::read--> ReadReport --engine--> Executable
//                                    \--> `slipway inspect`
//
// Thread rule: single-sequence values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace slipway::formats {

/// What the file says about itself.
struct ModelInfo {
  std::string class_name;       // "sklearn.linear_model._logistic.LogisticRegression"
  std::string library;          // "scikit-learn", "XGBoost", ...: who trained it
  std::string library_version;  // "1.7.2"; empty if the file does not say
  std::string container;        // "pickle", "joblib", "ubjson", ...
  std::string compression;      // "gzip", ... or empty
  uint64_t file_bytes = 0;
  std::vector<std::string> warnings;  // a version not seen in the tests, ...
};

/// Something in the file that Slipway cannot compute.
struct Gap {
  std::string path;        // "steps.scale", "best_estimator_.steps.clf"
  std::string class_name;  // "sklearn.cluster._kmeans.KMeans", "ai.onnx.Conv"
  uint64_t offset = 0;     // in the file, in bytes
  std::string message;
  std::string advice;
  bool is_refused = false;  // reading it as its library does could run code
};

/// One model in a file that holds several.
struct Candidate {
  std::string path;  // for --select: "models.first", "0"
  std::string class_name;
};

/// A file that lies beside the model in its bundle or folder, for those who check the model.
struct Companion {
  std::string name;  // "expected.csv", "model.joblib.samples.json"
  std::string bytes;
};

struct ReadOptions {
  std::string select;  // path of the model in a file that holds several
  // Names for a model that knows none of its columns, from what lies beside it; used if they are as
  // many as its columns.
  std::vector<std::string> column_names = {};
};

/// Everything that can be learnt from a file, whether or not it can be served.
struct ReadReport {
  ModelInfo info;
  std::vector<Gap> gaps;  // what is not supported, refused globals included
  std::vector<Candidate>
      candidates;  // filled if the file holds several models and none was selected
  std::vector<Companion> companions;   // of a bundle: expected outputs, samples
  std::shared_ptr<const Graph> graph;  // null if there are gaps or candidates

  /// OK if there is a graph; else UNIMPLEMENTED or PERMISSION_DENIED (something refused) with every
  /// gap, or FAILED_PRECONDITION listing the candidates and --select.
  Status status() const;
};

}  // namespace slipway::formats
