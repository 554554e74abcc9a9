// The reader of scikit-learn models: bytes of a pickle or joblib file to a Graph.
//
//   ReadModel model = TRY(sklearn::read(std::move(bytes), {}, limits));
//   auto executable = TRY(engine::compile(model.graph));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "formats/sklearn/lowering.h"
#include "graph/graph.h"

namespace slipway::sklearn {

/// What the file says about itself.
struct ModelInfo {
  std::string class_name;       // "sklearn.linear_model._logistic.LogisticRegression"
  std::string library_version;  // "1.7.2"; empty if the file does not say
  std::string container;        // "pickle" or "joblib"
  std::string compression;      // "gzip", ... or empty
  uint64_t file_bytes = 0;
  std::vector<std::string> warnings;  // a version not seen in the tests, ...
};

/// One model in a file that holds several.
struct Candidate {
  std::string path;  // for --select: "models.first", "0"
  std::string class_name;
};

struct ReadOptions {
  std::string select;  // path of the model in a file that holds a dict, list or tuple of models
};

/// Everything that can be learnt from a file, whether or not it can be served.
struct ReadReport {
  ModelInfo info;
  std::vector<Gap> gaps;  // what is not supported, refused globals included
  std::vector<Candidate>
      candidates;  // filled if the file holds several models and none was selected
  std::shared_ptr<const Graph> graph;  // null if there are gaps or candidates

  /// OK if there is a graph; else UNIMPLEMENTED or PERMISSION_DENIED (refused globals) with every
  /// gap, or FAILED_PRECONDITION listing the candidates and --select.
  Status status() const;
};

/// Errors only if the bytes are no readable pickle at all, or `select` leads nowhere.
Result<ReadReport> read(std::string bytes, const ReadOptions& options, const Limits& limits);

}  // namespace slipway::sklearn
