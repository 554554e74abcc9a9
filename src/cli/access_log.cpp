#include "cli/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "base/json_escape.h"
#include "base/log.h"
#include "base/thread_annotations.h"

namespace slipway::cli {
namespace {

constexpr size_t kPendingMax = 8U << 20;  // bytes that wait per loop; more is dropped
constexpr auto kFlushInterval = std::chrono::milliseconds(200);

void append_text(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(key).append("\":");
  append_json_string(out, value);
}

void append_count(std::string& out, std::string_view key, uint64_t value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, value);
}

uint64_t nanoseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

bool is_success(const protocols::AccessRecord& record) {
  return record.status < 400 && record.grpc_status <= 0;
}

int open_log(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

class FileAccessLog final : public protocols::AccessLog {
 public:
  FileAccessLog(int fd, const AccessLogOptions& options)
      : fd_(fd),
        path_(fd == STDOUT_FILENO ? "" : options.target),
        sample_(options.sample),
        shards_(options.loops == 0 ? 1 : options.loops) {
    writer_ = std::thread([this] { write_until_stopped(); });
  }

  ~FileAccessLog() override {
    {
      const MutexLock lock(stop_mutex_);
      stopped_ = true;
    }
    stop_signal_.notify_all();
    writer_.join();
    if (fd_ != STDOUT_FILENO) ::close(fd_);
  }

  void write(const protocols::AccessRecord& record) override {
    Shard& shard = shards_[record.request->loop % shards_.size()];
    const MutexLock lock(shard.mutex);  // only the writer thread, five times a second, contends
    if (is_success(record) && !sampled(shard)) return;
    if (shard.pending.size() > kPendingMax) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    append_access_line(shard.pending, record, std::chrono::system_clock::now());
  }

 private:
  struct alignas(64) Shard {
    Mutex mutex;
    std::string pending GUARDED_BY(mutex);
    double sample_debt GUARDED_BY(mutex) = 0;
  };

  /// Evenly spread: each request adds its share, a whole one is logged.
  bool sampled(Shard& shard) REQUIRES(shard.mutex) {
    shard.sample_debt += sample_;
    if (shard.sample_debt < 1) return false;
    shard.sample_debt -= 1;
    return true;
  }

  void write_until_stopped() {
    std::string lines;
    bool stopping = false;
    while (!stopping) {
      {
        stop_mutex_.lock();
        if (!stopped_) stop_signal_.wait_for(stop_mutex_, kFlushInterval);
        stopping = stopped_;
        stop_mutex_.unlock();
      }
      for (Shard& shard : shards_) {
        lines.clear();
        {
          const MutexLock lock(shard.mutex);
          lines.swap(shard.pending);
        }
        write_lines(lines);
      }
    }
  }

  /// Where a tool has moved the file away (logrotate), a new one begins.
  void follow_rotation() {
    struct stat open_file {};
    struct stat file_at_path {};
    if (path_.empty() || ::fstat(fd_, &open_file) != 0 || !S_ISREG(open_file.st_mode)) return;
    if (::stat(path_.c_str(), &file_at_path) == 0 && file_at_path.st_ino == open_file.st_ino &&
        file_at_path.st_dev == open_file.st_dev) {
      return;
    }
    const int fd = open_log(path_);
    if (fd < 0) return;  // the old file goes on
    ::close(fd_);
    fd_ = fd;
  }

  void write_lines(std::string_view lines) {
    if (!lines.empty()) follow_rotation();
    while (!lines.empty()) {
      const ssize_t count = ::write(fd_, lines.data(), lines.size());
      if (count > 0) {
        lines.remove_prefix(static_cast<size_t>(count));
        failing_ = false;
        continue;
      }
      if (count < 0 && errno == EINTR) continue;
      dropped_.fetch_add(1, std::memory_order_relaxed);
      if (!failing_) {
        log_error("the access log cannot be written, lines are lost until it can: {}",
                  std::strerror(errno));
      }
      failing_ = true;
      return;
    }
  }

  int fd_;                  // writer thread only, once it runs
  const std::string path_;  // empty: standard output
  const double sample_;
  std::vector<Shard> shards_;
  std::atomic<uint64_t> dropped_{0};
  bool failing_ = false;  // writer thread only
  Mutex stop_mutex_;
  ConditionVariable stop_signal_;
  bool stopped_ GUARDED_BY(stop_mutex_) = false;
  std::thread writer_;
};

}  // namespace

void append_access_line(std::string& out, const protocols::AccessRecord& record,
                        std::chrono::system_clock::time_point now) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  fmt::format_to(std::back_inserter(out), R"({{"@timestamp":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z")",
                 fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds % 1000);
  out.append(R"(,"ecs.version":"8.11.0","event.dataset":"slipway.access","event.kind":"event")");
  const transport::HttpRequest& request = *record.request;
  append_text(out, "http.request.method", transport::http_method_name(request.method));
  append_text(out, "url.path", request.path);
  append_text(out, "url.query", request.query);
  append_count(out, "http.response.status_code", static_cast<uint64_t>(record.status));
  if (record.grpc_status >= 0) {
    append_text(out, "rpc.system", "grpc");  // as OpenTelemetry names it; ECS has no fields for it
    append_count(out, "rpc.grpc.status_code", static_cast<uint64_t>(record.grpc_status));
  }
  append_count(out, "http.request.body.bytes", request.body.size());
  append_count(out, "http.response.body.bytes", record.response_bytes);
  append_count(out, "event.duration", nanoseconds(record.seconds));
  append_text(out, "event.outcome", is_success(record) ? "success" : "failure");
  append_text(out, "http.request.id", record.request_id);
  append_text(out, "trace.id", record.trace_id);
  append_text(out, "client.address", request.remote_address);
  append_text(out, "user_agent.original", request.header("user-agent"));
  append_text(out, "error.message", record.error);
  if (!record.model.empty()) {
    append_text(out, "slipway.model.name", record.model);
    append_text(out, "slipway.model.version", record.version);
    append_text(out, "slipway.model.digest", record.digest);
    append_count(out, "slipway.rows", record.rows);
    append_count(out, "slipway.queue.duration", nanoseconds(record.queue_seconds));
    append_count(out, "slipway.compute.duration", nanoseconds(record.compute_seconds));
  }
  out.append("}\n");
}

Result<std::unique_ptr<protocols::AccessLog>> open_access_log(const AccessLogOptions& options) {
  int fd = STDOUT_FILENO;
  if (options.target != "-") {
    fd = open_log(options.target);
    if (fd < 0) {
      return unavailable(
          fmt::format("cannot open the access log {}: {}", options.target, std::strerror(errno)));
    }
  }
  return std::unique_ptr<protocols::AccessLog>(std::make_unique<FileAccessLog>(fd, options));
}

}  // namespace slipway::cli
