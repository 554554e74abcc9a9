// Settling: which files are complete, so that a half-written one is never loaded.
//
//   Scan --path, stamp--> complete()?
//
// A file is complete if a rename brought it, or if it has not changed for the quiet time: seen
// unchanged for so long, or, on file systems whose clock is this machine's, by its time of
// modification. What vanishes counts as gone only after the quiet time too, since some programs
// replace a file by removing it first. Single-sequence; time is passed in.
//
//   settling.begin(now, wall_now, moved_in);
//   if (settling.complete(path, stamp)) ...
//   settling.end();
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "serving/model_source.h"

namespace slipway::lifecycle {

class Settling {
 public:
  struct Options {
    std::chrono::milliseconds quiet{500};
    bool local_clock = true;  // times of modification can be compared with this machine's clock
  };
  explicit Settling(const Options& options) : options_(options) {}

  /// A round begins. `moved_in`: paths that renames have brought since the last one.
  void begin(SteadyTime now, std::chrono::system_clock::time_point wall_now,
             std::vector<std::string> moved_in);
  bool complete(const std::string& path, const serving::FileStamp& stamp);
  /// Adds what vanished since the last round, incomplete, until it has been gone for the quiet
  /// time; for as long as `all` is set (a folder could not be read), everything.
  void keep_vanished(std::vector<serving::ModelSource>& models, bool all);
  /// What lay there, or below it, was taken away on purpose: it has not vanished.
  void forget(const std::string& path);
  /// Forgets the files that this round did not ask about.
  void end();
  /// Something waits for time to pass.
  bool waiting() const { return waiting_; }

 private:
  struct Seen {
    serving::FileStamp stamp;
    SteadyTime since;
    bool complete = false;
    uint64_t round = 0;
  };
  bool moved_in(const std::string& path) const;
  bool old_enough(const serving::FileStamp& stamp) const;
  bool still_kept(const std::string& key, bool all);

  const Options options_;
  SteadyTime now_;
  std::chrono::system_clock::time_point wall_now_;
  std::vector<std::string> moved_in_;
  std::map<std::string, Seen> seen_;
  std::map<std::string, SteadyTime> vanished_;  // by name and version, since when
  std::vector<serving::ModelSource> last_;      // what the last round gave
  uint64_t round_ = 0;
  bool waiting_ = false;
};

}  // namespace slipway::lifecycle
