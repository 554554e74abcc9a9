// A ModelLoader for tests that counts its loads and can be made to wait in them.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "serving/model_source.h"
#include "serving/served_model.h"

namespace slipway::serving {

/// `make` says what a load gives; it is called with `mutex_` held.
class GatedLoader : public ModelLoader {
 public:
  Result<LoadedModel> load(const VersionSource& source) final {
    std::unique_lock lock(mutex_);
    ++loads_[source.path];
    entered_.notify_all();
    open_.wait(lock, [&] { return !closed_; });
    return make(source.path);
  }
  int loads(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return loads_[path];
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    open_.notify_all();
  }
  void wait_entered(const std::string& path) {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [&] { return loads_[path] > 0; });
  }

 protected:
  virtual Result<LoadedModel> make(const std::string& path) = 0;
  std::mutex mutex_;

 private:
  std::condition_variable entered_;
  std::condition_variable open_;
  bool closed_ = false;
  std::map<std::string, int> loads_;
};

}  // namespace slipway::serving
