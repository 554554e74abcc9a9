// TraceLog: the trace files of Triton's extension: when each stage of a request began, and, if it
// is asked for, what its tensors held.
//
//   CallJournal --finished call--> record() --text--> thread of its own --> DIR/trace.json
//
// There is a setting for all models and one for each model that has its own; both change at run
// time. While nothing is traced, a request reads one flag. A file holds a JSON list, and is whole
// after each write: without a log frequency one file that grows; with one, NAME.0, NAME.1, ...
//
// Files are written in one folder, that of the operator, and only under names without a slash: a
// client cannot write anywhere else. Without a folder nothing is traced.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread_annotations.h"

namespace slipway::protocols {

struct BaseCall;

struct TraceSettings {
  bool timestamps = false;
  bool tensors = false;
  uint32_t rate = 1000;        // every so many requests
  int64_t count = -1;          // so many are traced yet; -1: no limit
  uint32_t log_frequency = 0;  // traces in a file; 0: all in one
  std::string file;            // its path

  bool on() const { return timestamps || tensors; }
};

/// What changes. Outer nothing: it stays; inner nothing: back to what stands above it.
struct TraceUpdate {
  template <typename T>
  using Field = std::optional<std::optional<T>>;
  struct Level {
    bool timestamps = false;
    bool tensors = false;
  };
  Field<Level> level;
  Field<uint32_t> rate;
  Field<int64_t> count;
  Field<uint32_t> log_frequency;
  Field<std::string> file;
};

class TraceLog {
 public:
  /// An empty folder: nothing can be traced.
  explicit TraceLog(std::string folder);
  /// Writes what waits.
  ~TraceLog();
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  const std::string& folder() const { return folder_; }
  /// False while no model is traced.
  bool active() const { return active_.load(std::memory_order_relaxed); }
  /// A call for a model that has been answered. `protocol`: "HTTP" or "GRPC".
  void record(const BaseCall& call, std::string_view protocol, SteadyTime received, SteadyTime now);

  /// An empty model means all. INVALID_ARGUMENT, UNIMPLEMENTED as Triton has it.
  Status update(std::string_view model, const TraceUpdate& update);
  TraceSettings settings(std::string_view model) const;

 private:
  struct Setting {
    TraceUpdate own;  // what has been set here: inner values only
    TraceSettings now;
    uint64_t seen = 0;
    uint32_t waiting_traces = 0;  // of the next file, with a log frequency
    std::string waiting;
  };
  struct Piece {
    std::string file;
    bool is_whole = false;  // a file of its own
    std::string text;
  };
  class Files;

  Result<std::string> allowed_path(std::string_view name) const;
  TraceSettings merged(const TraceUpdate& own, TraceSettings base) const;
  Status check(const TraceSettings& settings) const;
  void set(Setting& setting, TraceUpdate own, TraceSettings now) REQUIRES(mutex_);
  void flush(Setting& setting) REQUIRES(mutex_);
  void push(Piece piece) REQUIRES(mutex_);
  void note_active() REQUIRES(mutex_);
  void write_until_stopped();

  const std::string folder_;
  const TraceSettings default_;
  std::atomic<bool> active_{false};
  std::atomic<uint64_t> next_id_{1};
  mutable Mutex mutex_;
  ConditionVariable signal_;
  Setting global_ GUARDED_BY(mutex_);
  std::map<std::string, Setting, std::less<>> models_ GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> next_file_ GUARDED_BY(mutex_);  // by path
  std::vector<Piece> pieces_ GUARDED_BY(mutex_);
  size_t pieces_bytes_ GUARDED_BY(mutex_) = 0;
  bool dropping_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread writer_;  // from the first setting that traces
};

/// The traces' text of one call; exposed for tests.
void append_trace(std::string& out, uint64_t id, const BaseCall& call, std::string_view protocol,
                  SteadyTime received, SteadyTime now, const TraceSettings& settings);

}  // namespace slipway::protocols
