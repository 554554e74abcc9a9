#include "protocols/internal/trace_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "protocols/internal/call.h"

namespace slipway::protocols {
namespace {

constexpr size_t kPendingMax = 64U << 20;  // bytes that wait to be written; more is dropped
constexpr size_t kFileNameMax = 200;       // with room for ".N" behind it

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= kFileNameMax && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

TraceSettings defaults(const std::string& folder) {
  TraceSettings settings;
  if (!folder.empty()) settings.file = folder + "/trace.json";
  return settings;
}

std::string without_slashes(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

bool write_all(int fd, std::string_view bytes, off_t place) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), place);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
    place += count;
  }
  return true;
}

template <typename T>
void take_over(TraceUpdate::Field<T>& own, const TraceUpdate::Field<T>& update) {
  if (!update) return;
  own = *update ? update : std::nullopt;
}

}  // namespace

/// The files of the writer's thread.
class TraceLog::Files {
 public:
  explicit Files(const std::string& folder)
      : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~Files() {
    for (const auto& [path, file] : files_) ::close(file.fd);
    if (folder_ >= 0) ::close(folder_);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  void write(const Piece& piece) {
    const std::string name = piece.file.substr(piece.file.rfind('/') + 1);
    errno = 0;
    const bool written = piece.is_whole ? write_whole(name, piece.text) : append(name, piece.text);
    if (!written && !failing_) {
      log_error("the trace file {} cannot be written: {}", piece.file, std::strerror(errno));
    }
    failing_ = !written;
  }

 private:
  struct File {
    int fd = -1;
    off_t bytes = 0;
  };

  int open(const std::string& name) const {
    return ::openat(folder_, name.c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
  }
  bool write_whole(const std::string& name, std::string_view text) const {
    const int fd = open(name);
    if (fd < 0) return false;
    const bool written = write_all(fd, fmt::format("[{}]", text), 0);
    ::close(fd);
    return written;
  }
  /// Over the ']' at the end, which comes again behind it.
  bool append(const std::string& name, std::string_view text) {
    File& file = files_[name];
    if (file.fd < 0) file = {open(name), 0};
    if (file.fd < 0) return false;
    const std::string bytes = fmt::format("{}{}]", file.bytes == 0 ? '[' : ',', text);
    const off_t place = file.bytes == 0 ? 0 : file.bytes - 1;
    if (!write_all(file.fd, bytes, place)) return false;
    file.bytes = place + static_cast<off_t>(bytes.size());
    return true;
  }

  const int folder_;
  std::map<std::string, File> files_;
  bool failing_ = false;
};

TraceLog::TraceLog(std::string folder)
    : folder_(without_slashes(std::move(folder))), default_(defaults(folder_)) {
  global_.now = default_;
}

TraceLog::~TraceLog() {
  {
    const MutexLock lock(mutex_);
    flush(global_);
    for (auto& [name, setting] : models_) flush(setting);
    stopped_ = true;
  }
  signal_.notify_all();
  if (writer_.joinable()) writer_.join();
}

void TraceLog::record(const BaseCall& call, std::string_view protocol, SteadyTime received,
                      SteadyTime now) {
  TraceSettings settings;
  {
    const MutexLock lock(mutex_);
    const auto own = models_.find(call.infer.model->name);
    Setting& setting = own == models_.end() ? global_ : own->second;
    if (!setting.now.on() || setting.now.count == 0) return;
    if (++setting.seen % setting.now.rate != 0) return;
    if (setting.now.count > 0) --setting.now.count;
    settings = setting.now;
  }
  std::string text;
  append_trace(text, next_id_.fetch_add(1), call, protocol, received, now, settings);
  const MutexLock lock(mutex_);
  if (settings.log_frequency == 0) {
    return push({.file = std::move(settings.file), .is_whole = false, .text = std::move(text)});
  }
  const auto own = models_.find(call.infer.model->name);
  Setting& setting = own == models_.end() ? global_ : own->second;
  if (!setting.waiting.empty()) setting.waiting.push_back(',');
  setting.waiting += text;
  ++setting.waiting_traces;
  const bool is_last = setting.now.count == 0;
  if (setting.waiting_traces >= setting.now.log_frequency || is_last) flush(setting);
}

Result<std::string> TraceLog::allowed_path(std::string_view name) const {
  if (folder_.empty()) {
    return unimplemented(
        "trace file location can not be updated through network protocol (unless the server has "
        "--trace-dir)");
  }
  const std::string folder = folder_ + "/";
  if (name.starts_with(folder)) name.remove_prefix(folder.size());
  if (is_file_name(name)) return folder + std::string(name);
  return invalid_argument(fmt::format("trace_file: expected the name of a file in {}, got '{}'",
                                      folder_, name.substr(0, 128)));
}

TraceSettings TraceLog::merged(const TraceUpdate& own, TraceSettings base) const {
  if (own.level) {
    base.timestamps = (*own.level)->timestamps;
    base.tensors = (*own.level)->tensors;
  }
  if (own.rate) base.rate = **own.rate;
  if (own.count) base.count = **own.count;
  if (own.log_frequency) base.log_frequency = **own.log_frequency;
  if (own.file) base.file = **own.file;
  return base;
}

Status TraceLog::check(const TraceSettings& settings) const {
  if (!settings.on()) return {};
  std::string_view reason;
  if (settings.rate == 0) reason = "sample rate must be non-zero";
  if (settings.file.empty()) reason = "trace file name is not given (--trace-dir)";
  if (reason.empty()) return {};
  return invalid_argument(fmt::format("Attempting to set invalid trace setting :{}", reason));
}

Status TraceLog::update(std::string_view model, const TraceUpdate& update) {
  TraceUpdate change = update;
  if (change.file && *change.file) **change.file = TRY(allowed_path(**change.file));
  const MutexLock lock(mutex_);
  const auto found = model.empty() ? models_.end() : models_.find(model);
  TraceUpdate own;
  if (model.empty()) own = global_.own;
  if (found != models_.end()) own = found->second.own;
  take_over(own.level, change.level);
  take_over(own.rate, change.rate);
  take_over(own.count, change.count);
  take_over(own.log_frequency, change.log_frequency);
  take_over(own.file, change.file);
  TraceSettings now = merged(own, model.empty() ? default_ : merged(global_.own, default_));
  TRY_STATUS(check(now));
  const bool has_own = own.level || own.rate || own.count || own.log_frequency || own.file;
  if (!model.empty() && !has_own) {
    if (found != models_.end()) {
      flush(found->second);
      models_.erase(found);
    }
  } else if (!model.empty()) {
    set(models_[std::string(model)], std::move(own), std::move(now));
  } else {
    set(global_, std::move(own), now);
    for (auto& [name, setting] : models_) set(setting, setting.own, merged(setting.own, now));
  }
  note_active();
  return {};
}

void TraceLog::set(Setting& setting, TraceUpdate own, TraceSettings now) {
  flush(setting);
  setting.own = std::move(own);
  setting.now = std::move(now);
  setting.seen = 0;
}

TraceSettings TraceLog::settings(std::string_view model) const {
  const MutexLock lock(mutex_);
  const auto own = models_.find(model);
  return own == models_.end() ? global_.now : own->second.now;
}

void TraceLog::flush(Setting& setting) {
  if (setting.waiting.empty()) return;
  const std::string& path = setting.now.file;
  push({.file = fmt::format("{}.{}", path, next_file_[path]++),
        .is_whole = true,
        .text = std::exchange(setting.waiting, {})});
  setting.waiting_traces = 0;
}

void TraceLog::push(Piece piece) {
  if (pieces_bytes_ + piece.text.size() > kPendingMax) {
    if (!std::exchange(dropping_, true)) log_warning("traces come faster than they are written");
    return;
  }
  dropping_ = false;
  pieces_bytes_ += piece.text.size();
  pieces_.push_back(std::move(piece));
  signal_.notify_one();
}

void TraceLog::note_active() {
  bool active = global_.now.on();
  for (const auto& [name, setting] : models_) active = active || setting.now.on();
  if (active && !writer_.joinable()) {
    writer_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "traces");
      write_until_stopped();
    });
  }
  active_.store(active, std::memory_order_relaxed);
}

void TraceLog::write_until_stopped() {
  Files files(folder_);
  while (true) {
    std::vector<Piece> pieces;
    bool stopped = false;
    {
      const MutexLock lock(mutex_);
      while (pieces_.empty() && !stopped_) signal_.wait(mutex_);
      pieces.swap(pieces_);
      pieces_bytes_ = 0;
      stopped = stopped_;
    }
    for (const Piece& piece : pieces) files.write(piece);
    if (stopped) return;
  }
}

}  // namespace slipway::protocols
