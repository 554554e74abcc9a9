#include "rows/internal/arrow_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "rows/arrow_rows.h"

namespace slipway::rows {
namespace {

constexpr const char* kFileName = "libslipway_arrow.so";

/// SLIPWAY_PLUGIN_DIR alone, if it is set: whoever sets it wants that one.
std::vector<std::filesystem::path> folders() {
  if (const char* folder = std::getenv("SLIPWAY_PLUGIN_DIR");
      folder != nullptr && *folder != '\0') {
    return {folder};
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const std::filesystem::path folder = program.parent_path();
  return {folder, folder.parent_path() / "lib" / "slipway"};
}

Result<const SlipwayArrowPlugin*> open_library() {
  std::string looked;
  for (const std::filesystem::path& folder : folders()) {
    const std::filesystem::path path = folder / kFileName;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      looked += (looked.empty() ? "" : ", ") + path.string();
      continue;
    }
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      return unimplemented(fmt::format("Arrow's plug-in cannot be opened: {}", dlerror()));
    }
    const auto entry = reinterpret_cast<SlipwayArrowEntry>(dlsym(library, "slipway_arrow_plugin"));
    if (entry == nullptr || entry()->abi != kSlipwayArrowAbi) {
      dlclose(library);
      return unimplemented(
          fmt::format("Arrow's plug-in is of another version of Slipway: {}", path.string()));
    }
    return entry();
  }
  return unimplemented(fmt::format("Arrow needs the plug-in {}, which is not there: {}", kFileName,
                                   looked.empty() ? "no folder is known" : looked));
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
