// On a terminal: how far a search is, how long it will take, and the best so far.
//
//   [=======>            ]  38 %, 12 s left, best accuracy 0.9667: svc C=12.3
//
// Thread rule: calls come one at a time.
#pragma once

#include <chrono>

#include "training/selection/selection.h"

namespace slipway::cli {

class SearchProgress {
 public:
  SearchProgress();
  /// Clears the line.
  ~SearchProgress();
  SearchProgress(const SearchProgress&) = delete;
  SearchProgress& operator=(const SearchProgress&) = delete;

  /// Does nothing if stderr is no terminal, or too soon after the last time.
  void show(const training::SelectionProgress& at);

 private:
  const bool is_shown_;
  bool is_printed_ = false;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = begin_;
};

/// The line, at most `width` columns wide; `seconds`: since the search began.
std::string progress_line(const training::SelectionProgress& at, double seconds, size_t width);

}  // namespace slipway::cli
