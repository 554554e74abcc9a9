// JoinedRun: runs the requests of one batch as one, and gives each its own rows of the outputs.
//
//   requests --their rows behind each other--> Executable::run --rows--> their responses
//
// A row gives the same bits alone and in a batch, so nobody can tell. If the whole fails, each is
// run alone, so that one request's bad row is that request's error only.
//
// Single-sequence: one per pool thread; keeps its buffers from batch to batch.
#pragma once

#include <vector>

#include "serving/model_queue.h"

namespace slipway::serving {

class JoinedRun {
 public:
  /// Fills the responses' outputs and status. The scratch is the model's. False if not everything
  /// was computed.
  bool run(Requests& requests, Scratch& scratch);
  /// The last run was one for all of its requests.
  bool joined() const { return joined_; }

 private:
  bool join(const Requests& requests);
  Status run_joined(const InferRequest& first, Scratch& scratch);
  void split(Requests& requests) const;
  void release_if_large();

  InputBuffer input_;
  std::vector<OutputBuffer> outputs_;
  bool joined_ = false;
};

/// Runs one request alone; an exhausted heap ends this request only.
Status run_alone(const InferRequest& request, Scratch& scratch, std::vector<OutputBuffer>& outputs);

}  // namespace slipway::serving
