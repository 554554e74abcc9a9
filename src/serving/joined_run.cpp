#include "serving/joined_run.h"

#include <algorithm>
#include <chrono>
#include <new>

namespace slipway::serving {
namespace {

constexpr size_t kKeptCells = 256 * 1024;  // larger buffers are given back after their batch

OutputMask wanted_of(const InferRequest& request) {
  return request.wanted != 0 ? request.wanted
                             : OutputMask{1} << request.model->signature().default_output;
}

/// Ends a run that nobody waits for any more: all deadlines have passed, or all have gone.
class NobodyWaits final : public RunWatch {
 public:
  explicit NobodyWaits(const Requests& requests) : requests_(requests) {
    for (const PendingRequest& pending : requests) {
      deadline_ = std::max(deadline_, pending.request->deadline);
    }
  }
  Status check() const override {
    if (deadline_ != SteadyTime::max() && std::chrono::steady_clock::now() >= deadline_) {
      return {StatusCode::kDeadlineExceeded, "the deadline passed while the model computed"};
    }
    const auto waits = [](const PendingRequest& pending) {
      return !pending.request->cancelled || !pending.request->cancelled();
    };
    if (std::ranges::any_of(requests_, waits)) return {};
    return {StatusCode::kCancelled, "the request was cancelled"};
  }

 private:
  const Requests& requests_;
  SteadyTime deadline_ = SteadyTime::min();
};

/// The scratch is watched for as long as this lives.
class Watched {
 public:
  Watched(Scratch& scratch, const RunWatch& watch) : scratch_(scratch) { scratch_.watch = &watch; }
  ~Watched() { scratch_.watch = nullptr; }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  Scratch& scratch_;
};

bool ended_early(const Status& status) {
  return status.code() == StatusCode::kDeadlineExceeded || status.code() == StatusCode::kCancelled;
}

template <typename T>
void copy_rows(const std::vector<T>& from, size_t first, size_t rows, size_t width,
               std::vector<T>& to) {
  if (from.empty()) {
    to.clear();
    return;
  }
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first * width);
  to.assign(begin, begin + static_cast<std::ptrdiff_t>(rows * width));
}

/// Each alone, watched by itself.
bool run_each(Requests& requests, Scratch& scratch) {
  bool complete = true;
  Requests one;
  for (auto place = requests.begin(); place != requests.end();) {
    const auto next = std::next(place);
    one.splice(one.begin(), requests, place);
    const NobodyWaits watch(one);
    const Watched watched(scratch, watch);
    InferResponse& response = *one.front().response;
    response.status = run_alone(*one.front().request, scratch, response.outputs);
    complete = complete && response.status.ok();
    requests.splice(next, one);
    place = next;
  }
  return complete;
}

}  // namespace

Status run_alone(const InferRequest& request, Scratch& scratch,
                 std::vector<OutputBuffer>& outputs) {
  try {
    return request.model->executable().run(request.input.batch(), wanted_of(request), scratch,
                                           outputs);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for this request");
  }
}

bool JoinedRun::join(const Requests& requests) {
  const Signature& signature = requests.front().request->model->signature();
  input_.reset(0, signature.columns.size(), signature.matrices);
  return std::ranges::all_of(requests, [this](const PendingRequest& pending) {
    return input_.append_rows(pending.request->input);
  });
}

Status JoinedRun::run_joined(const InferRequest& first, Scratch& scratch) {
  return first.model->executable().run(input_.batch(), wanted_of(first), scratch, outputs_);
}

void JoinedRun::split(Requests& requests) const {
  const OutputMask wanted = wanted_of(*requests.front().request);
  size_t first = 0;
  for (PendingRequest& pending : requests) {
    InferResponse& response = *pending.response;
    const size_t rows = pending.rows();
    response.status = Status();
    response.outputs.resize(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if ((wanted >> i & 1U) == 0) continue;
      const OutputBuffer& from = outputs_[i];
      OutputBuffer& to = response.outputs[i];
      to.rows = rows;
      to.width = from.width;
      copy_rows(from.numbers, first, rows, from.width, to.numbers);
      copy_rows(from.indices, first, rows, from.width, to.indices);
      copy_rows(from.strings, first, rows, from.width, to.strings);
      to.texts = from.texts;
    }
    first += rows;
  }
}

void JoinedRun::release_if_large() {
  size_t cells = input_.rows() * input_.columns();
  for (const OutputBuffer& output : outputs_) cells += output.rows * output.width;
  if (cells <= kKeptCells) return;
  input_ = InputBuffer();
  outputs_ = {};
}

bool JoinedRun::run(Requests& requests, Scratch& scratch) {
  joined_ = false;
  if (requests.size() == 1) return run_each(requests, scratch);
  try {
    if (join(requests)) {
      const NobodyWaits watch(requests);
      const Watched watched(scratch, watch);
      const Status status = run_joined(*requests.front().request, scratch);
      if (status.ok()) split(requests);
      joined_ = status.ok();
      if (ended_early(status)) {
        for (PendingRequest& pending : requests) pending.response->status = status;
        return false;
      }
    }
  } catch (const std::bad_alloc&) {
    joined_ = false;  // one alone may fit
  }
  release_if_large();
  return joined_ || run_each(requests, scratch);
}

}  // namespace slipway::serving
