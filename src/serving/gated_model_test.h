// A model for tests that decide when it computes.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/executable.h"

namespace slipway::serving {

/// A model that waits until it is let go, and gives the number of rows of its run.
class GatedModel final : public Executable {
 public:
  GatedModel() {
    signature_.columns = {{"x0"}};
    signature_.outputs = {{"predict", 0, DType::kFloat64, 1, true, {}, {}}};
  }
  const Signature& signature() const override { return signature_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<Scratch>(); }
  size_t size_bytes() const override { return 0; }
  size_t scratch_bytes() const override { return 0; }
  Status run(const Batch& batch, OutputMask, Scratch&,
             std::vector<OutputBuffer>& outputs) const override {
    std::unique_lock lock(mutex_);
    ++entered_;
    rows_.push_back(batch.rows);
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    outputs.resize(1);
    outputs[0].numbers.assign(batch.rows, static_cast<double>(batch.rows));
    outputs[0].rows = batch.rows;
    outputs[0].width = 1;
    return {};
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// From now on runs wait again; forgets those that were.
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    entered_ = 0;
    rows_.clear();
  }
  void wait_entered(int runs = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, runs] { return entered_ >= runs; });
  }
  /// Of each run so far.
  std::vector<size_t> rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }

 private:
  Signature signature_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int entered_ = 0;
  mutable std::vector<size_t> rows_;
  bool open_ = false;
};

}  // namespace slipway::serving
