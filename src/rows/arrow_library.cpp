#include "rows/arrow_library.h"

#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "base/plugin.h"
#include "base/thread_annotations.h"
#include "rows/arrow_rows.h"

namespace slipway::rows {
namespace {

constexpr const char* kFileName = "libslipway_arrow.so";

Result<const SlipwayArrowPlugin*> open_library() {
  void* symbol = TRY(plugin_symbol("Arrow", kFileName, "slipway_arrow_plugin"));
  const SlipwayArrowPlugin* plugin = reinterpret_cast<SlipwayArrowEntry>(symbol)();
  if (plugin->abi != kSlipwayArrowAbi) return other_plugin_version("Arrow", kFileName);
  return plugin;
}

std::atomic<bool> was_tried{false};

/// Who waits for the one thread that opens it.
class Waiting {
 public:
  Waiting() = default;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    if (thread_.joinable()) thread_.join();
  }

  void add(const std::function<void()>& done) {
    if (keep(done)) return;
    if (!was_tried) open();  // no thread is to be had
    done();
  }

 private:
  /// False if `done` may run at once.
  bool keep(const std::function<void()>& done) {
    const MutexLock lock(mutex_);
    if (was_tried) return false;
    if (!thread_.joinable()) {
      try {
        thread_ = std::thread([this] { open(); });
      } catch (const std::system_error&) {
        return false;
      }
    }
    done_.push_back(done);
    return true;
  }

  void open() {
    (void)arrow_library();
    std::vector<std::function<void()>> done;
    {
      const MutexLock lock(mutex_);
      done.swap(done_);
    }
    for (const auto& each : done) each();
  }

  Mutex mutex_;
  std::vector<std::function<void()>> done_ GUARDED_BY(mutex_);
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace

Result<const SlipwayArrowPlugin*> arrow_library() {
  static const Result<const SlipwayArrowPlugin*> library = open_library();
  was_tried = true;
  return library;
}

bool arrow_library_was_tried() { return was_tried; }

void open_arrow_library(const std::function<void()>& done) {
  static Waiting waiting;
  waiting.add(done);
}

}  // namespace slipway::rows
