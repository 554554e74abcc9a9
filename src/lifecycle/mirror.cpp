#include "lifecycle/mirror.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "lifecycle/model_names.h"

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigestShown = 24;
constexpr size_t kDepthMax = 3;  // NAME/VERSION/file
constexpr size_t kStateBytesMax = 64 << 20;
constexpr int kLockPeriodMs = 50;

std::string short_digest(std::string_view text) { return sha256_hex(text).substr(0, kDigestShown); }

/// A key's name below its prefix, if it can be a file's here.
bool usable_place(std::string_view place) {
  size_t depth = 0;
  for (size_t at = 0; at <= place.size(); ++depth) {
    const size_t end = std::min(place.find('/', at), place.size());
    const std::string_view segment = place.substr(at, end - at);
    constexpr size_t kNameBytesMax = 200;
    if (segment.empty() || segment.front() == '.' || segment.size() > kNameBytesMax) return false;
    for (const char c : segment) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '\\') return false;
    }
    at = end + 1;
  }
  return depth <= kDepthMax;
}

/// One address may be mirrored by one process at a time.
class FolderLock {
 public:
  FolderLock(const std::string& folder, const std::atomic<bool>& stop)
      : fd_(open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) != 0 && !stop.load()) {
      poll(nullptr, 0, kLockPeriodMs);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  const int fd_;
};

std::string without_breaks(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

std::string default_cache_folder() {
  if (geteuid() == 0) return "/var/cache/slipway";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/slipway";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "/tmp" : home) + "/.cache/slipway";
}

Mirror::Mirror(MirrorOptions options, std::function<void()> changed)
    : options_(std::move(options)),
      changed_(std::move(changed)),
      client_(make_http_client(options_.http, stop_)),
      downloader_(*client_, options_.s3, options_.file_bytes_max),
      thread_([this] {
        pthread_setname_np(pthread_self(), "fetch");
        run();
      }) {}

Mirror::~Mirror() {
  stop_.store(true);
  { const MutexLock lock(mutex_); }
  wake_.notify_all();
  thread_.join();
}

std::string Mirror::folder_of(const Url& url) const {
  const std::string base =
      options_.cache_folder.empty() ? default_cache_folder() : options_.cache_folder;
  // The same key at two end points is two objects.
  return base + "/" +
         short_digest(url.is_s3() ? options_.s3.endpoint + " " + url.text() : url.text());
}

Mirror::Place Mirror::place(const Url& url, bool confined) {
  const MutexLock lock(mutex_);
  const auto [entry, is_new] = sources_.try_emplace(url.text());
  Source& source = entry->second;
  source.round = round_;
  source.confined = confined && (is_new || source.confined);
  if (is_new) {
    source.url = url;
    source.place.path = folder_of(url) + "/" + std::string(url.name());
    has_new_ = true;
    wake_.notify_all();
  }
  return source.place;
}

void Mirror::begin_round() {
  const MutexLock lock(mutex_);
  ++round_;
}

void Mirror::end_round() {
  const MutexLock lock(mutex_);
  std::erase_if(sources_, [this](const auto& entry)
                              REQUIRES(mutex_) { return entry.second.round != round_; });
}

void Mirror::refresh(std::function<void()> done) {
  {
    const MutexLock lock(mutex_);
    refreshes_.push_back(std::move(done));
  }
  wake_.notify_all();
}

/// Waits until something is to be looked at; empty if the server stops.
std::vector<Mirror::Task> Mirror::due(std::vector<std::function<void()>>& callbacks) {
  const MutexLock lock(mutex_);
  while (true) {
    if (stop_.load()) return {};
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool polls = options_.polls && !sources_.empty() && now >= next_poll_;
    const bool all = polls || !refreshes_.empty();
    if (all || std::exchange(has_new_, false)) {
      has_new_ = false;
      callbacks = std::exchange(refreshes_, {});
      if (all) next_poll_ = now + options_.poll_interval;
      std::vector<Task> tasks;
      for (const auto& [text, source] : sources_) {
        if (all || !source.place.tried) tasks.push_back({source.url, source.confined});
      }
      return tasks;
    }
    if (options_.polls && !sources_.empty()) {
      wake_.wait_until(mutex_, next_poll_);
    } else {
      wake_.wait(mutex_);
    }
  }
}

void Mirror::run() {
  while (!stop_.load()) {
    std::vector<std::function<void()>> callbacks;
    for (const Task& task : due(callbacks)) {
      if (stop_.load()) break;
      bool changed = false;
      Status problem = sync(task, changed);
      if (!stop_.load()) finish(task.url, changed, std::move(problem));
    }
    for (const auto& done : callbacks) done();
  }
  std::vector<std::function<void()>> left;
  {
    const MutexLock lock(mutex_);
    left = std::exchange(refreshes_, {});
  }
  for (const auto& done : left) done();
}

void Mirror::finish(const Url& url, bool changed, Status problem) {
  {
    const MutexLock lock(mutex_);
    const auto found = sources_.find(url.text());
    if (found == sources_.end()) return;
    Place& place = found->second.place;
    std::error_code ignored;
    if (!problem.ok() && fs::exists(place.path, ignored)) {
      problem = std::move(problem).with_context("served from the cache");
    }
    changed = changed || !place.tried || place.problem.message() != problem.message();
    place.tried = true;
    place.problem = std::move(problem);
  }
  if (changed) changed_();
}

Status Mirror::sync(const Task& task, bool& changed) {
  const Url& url = task.url;
  const std::string folder = folder_of(url);
  std::error_code error;
  fs::create_directories(folder + "/.partial", error);
  if (error) return unavailable(fmt::format("cannot make {}: {}", folder, error.message()));
  const FolderLock lock(folder, stop_);
  TRY_STATUS(downloader_.begin(task.confined ? std::span<const Url>(options_.allowed)
                                             : std::span<const Url>()));
  State state;
  std::ifstream file(folder + "/.state");
  for (std::string line; std::getline(file, line) && state.size() < kStateBytesMax;) {
    std::istringstream fields(line);
    std::string place;
    std::string size;
    Known known;
    if (!std::getline(fields, place, '\t') || !std::getline(fields, size, '\t')) continue;
    std::from_chars(size.data(), size.data() + size.size(), known.size_bytes);
    std::getline(fields, known.tag.etag, '\t');
    std::getline(fields, known.tag.modified, '\t');
    const uint64_t there = fs::file_size(fs::path(folder) / place, error);
    if (!error && there == known.size_bytes) state[place] = std::move(known);
  }
  bool is_file = !url.is_s3();
  if (url.is_s3()) static_cast<void>(model_name(url.name(), is_file));
  if (url.path.ends_with('/')) is_file = false;
  Status status = is_file       ? sync_file(url, folder, state, changed)
                  : url.is_s3() ? sync_prefix(url, folder, state, changed)
                                : invalid_argument(url.text() + " names no file");
  if (!changed) return status;
  {
    std::ofstream out(folder + "/.state.new");
    for (const auto& [place, known] : state) {
      out << place << '\t' << known.size_bytes << '\t' << without_breaks(known.tag.etag) << '\t'
          << without_breaks(known.tag.modified) << '\n';
    }
  }
  fs::rename(folder + "/.state.new", folder + "/.state", error);
  return status;
}

Status Mirror::sync_file(const Url& url, const std::string& folder, State& state, bool& changed) {
  const std::string name(url.name());
  if (!usable_place(name)) return invalid_argument(url.text() + " has no usable file name");
  Status status = sync_object(url, folder, name, name, state[name], state, changed);
  if (status.code() != StatusCode::kNotFound) return status;
  std::error_code ignored;
  changed = fs::remove(folder + "/" + name, ignored) || changed;
  state.erase(name);
  return status;
}

Status Mirror::sync_object(const Url& url, const std::string& folder, const std::string& place,
                           const std::string& staged, const Known& known, State& state,
                           bool& changed) {
  const std::string partial = folder + "/.partial/" + short_digest(place);
  const ObjectTag before = known.tag;
  ObjectTag tag;
  const bool fetched = TRY(downloader_.fetch(url, folder + "/" + staged, partial, before, tag));
  if (!fetched) return {};
  std::error_code error;
  const uint64_t size = fs::file_size(folder + "/" + staged, error);
  log_info("fetched {} ({} bytes)", url.scheme + "://" + url.host + url.path, size);
  state[place] = {std::move(tag), size};
  changed = true;
  return {};
}

Status Mirror::sync_prefix(const Url& url, const std::string& folder, State& state, bool& changed) {
  Url prefix = url;
  if (!prefix.path.ends_with('/')) prefix.path += '/';
  const std::vector<S3Object> objects = TRY(downloader_.list(prefix));
  const std::string root(url.name());
  std::set<std::string> there;
  std::set<std::string> new_folders;  // staged under a hidden name until all their files are there
  std::error_code error;
  for (const S3Object& object : objects) {
    const std::string below =
        object.key.substr(std::min(prefix.path.size() - 1, object.key.size()));
    const std::string place = fmt::format("{}/{}", root, below);
    if (!usable_place(below) || !there.insert(place).second) continue;
    const auto known = state.find(place);
    if (known != state.end() && known->second.tag.etag == object.etag) continue;
    const fs::path parent = fs::path(place).parent_path();
    std::string staged = place;
    if (parent != root && !fs::exists(folder / parent, error)) {
      new_folders.insert(parent.string());
      const fs::path hidden = parent.parent_path() / ("." + parent.filename().string() + ".new");
      staged = (hidden / fs::path(place).filename()).string();
    }
    fs::create_directories((folder / fs::path(staged)).parent_path(), error);
    Url one = url;
    one.path = "/" + object.key;
    Status status = sync_object(one, folder, place, staged, {}, state, changed);
    if (status.code() == StatusCode::kNotFound) continue;  // gone since the listing
    TRY_STATUS(std::move(status));
  }
  for (const std::string& name : new_folders) {
    const fs::path parent(name);
    const fs::path hidden = parent.parent_path() / ("." + parent.filename().string() + ".new");
    fs::rename(folder / hidden, folder / parent, error);
    if (error) return unavailable(fmt::format("cannot make {}: {}", name, error.message()));
  }
  std::erase_if(state, [&](const auto& entry) {
    if (there.contains(entry.first)) return false;
    changed = fs::remove(folder / fs::path(entry.first), error) || changed;
    // Folders that are empty now go too: a version is its folder.
    for (fs::path up = fs::path(entry.first).parent_path(); up != root && !up.empty();
         up = up.parent_path()) {
      if (!fs::remove(folder / up, error)) break;
    }
    return true;
  });
  fs::create_directories(folder / fs::path(root), error);
  if (there.empty()) {
    return not_found(fmt::format("{} holds no files of models", url.text()));
  }
  return {};
}

}  // namespace slipway::lifecycle
