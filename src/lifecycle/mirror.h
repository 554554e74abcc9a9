// Mirror: keeps a copy of what lies at addresses in a local folder, where the scanner finds it.
//
//   Scanner --place(url)--> path;  fetch thread --Downloader--> cache folder --changed()--> next
//   scan
//
// An address is one file, or, of s3, a prefix whose keys are a model's or a repository's files.
// Each file appears by a rename, a new version's folder as a whole. What cannot be reached leaves
// the copy as it is, so that a server starts with what it last had. Ownership: owns its thread.
// Thread-safe.
//
//   cache/<digest of the address>/<last segment>    the file or folder
//   cache/<digest of the address>/.state            ETags of what is there
//   cache/<digest of the address>/.partial/         what is being fetched
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/thread_annotations.h"
#include "lifecycle/downloader.h"

namespace slipway::lifecycle {

struct MirrorOptions {
  std::string cache_folder;  // empty: default_cache_folder()
  uint64_t file_bytes_max = 4ULL << 30;
  std::chrono::milliseconds poll_interval{5000};
  bool polls = true;
  std::vector<Url> allowed;  // where redirects of confined addresses may lead
  S3Options s3;
  HttpClientOptions http;
};

/// /var/cache/slipway for root, else slipway in XDG_CACHE_HOME or ~/.cache.
std::string default_cache_folder();

class Mirror {
 public:
  struct Place {
    std::string path;    // of the file or folder, whether it is there or not
    bool tried = false;  // the address has been looked at, with success or not
    Status problem;      // of the last look
  };

  /// `changed` is called on the mirror's thread when files or problems have changed.
  Mirror(MirrorOptions options, std::function<void()> changed);
  ~Mirror();
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// From now on the address is looked at again and again. `confined`: its redirects may only lead
  /// to what MirrorOptions::allowed says.
  Place place(const Url& url, bool confined) EXCLUDES(mutex_);
  /// Between these two each address that matters is asked for; the others are forgotten.
  void begin_round() EXCLUDES(mutex_);
  void end_round() EXCLUDES(mutex_);
  /// Looks at all addresses now; `done` is called afterwards, on the mirror's thread.
  void refresh(std::function<void()> done) EXCLUDES(mutex_);

 private:
  struct Source {
    Url url;
    bool confined = false;
    Place place;
    uint64_t round = 0;
  };
  struct Known {
    ObjectTag tag;
    uint64_t size_bytes = 0;
  };
  using State = std::map<std::string, Known>;  // by path below the source's folder

  void run();
  struct Task {
    Url url;
    bool confined = false;
  };
  std::vector<Task> due(std::vector<std::function<void()>>& callbacks) EXCLUDES(mutex_);
  void finish(const Url& url, bool changed, Status problem) EXCLUDES(mutex_);
  Status sync(const Task& task, bool& changed);
  Status sync_file(const Url& url, const std::string& folder, State& state, bool& changed);
  Status sync_prefix(const Url& url, const std::string& folder, State& state, bool& changed);
  Status sync_object(const Url& url, const std::string& folder, const std::string& place,
                     const std::string& staged, const Known& listed, State& state, bool& changed);
  std::string folder_of(const Url& url) const;

  const MirrorOptions options_;
  const std::function<void()> changed_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<HttpClient> client_;
  Downloader downloader_;

  Mutex mutex_;
  ConditionVariable wake_;
  std::map<std::string, Source> sources_ GUARDED_BY(mutex_);  // by the address's text
  std::vector<std::function<void()>> refreshes_ GUARDED_BY(mutex_);
  uint64_t round_ GUARDED_BY(mutex_) = 0;
  SteadyTime next_poll_ GUARDED_BY(mutex_);
  bool has_new_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace slipway::lifecycle
