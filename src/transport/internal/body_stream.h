// An answer's body that comes from a BodySource: pulled piece by piece, compressed if wanted.
// HTTP/1.1 makes chunks of the pieces, HTTP/2 DATA frames.
//
// Ownership: one per exchange that answers; owns the source. Thread rule: the loop's thread.
//
//   stream.begin(std::move(response.body_source));
//   while (stream.pull(piece, 16 * 1024) == BodySource::Pull::kMore) send(piece);
//   stream.end();
#pragma once

#include <memory>
#include <string>

#include "transport/http.h"
#include "transport/internal/content_coding.h"
#include "transport/internal/memory_budget.h"

namespace slipway::transport {

class BodyStream {
 public:
  explicit BodyStream(MemoryBudget& budget) : budget_(budget) {}
  ~BodyStream() { end(); }
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  void begin(std::unique_ptr<BodySource> source);
  bool active() const { return source_ != nullptr; }
  /// Replaces `first_piece`, which has been pulled already, by its gzip form, and does the same to
  /// all that follows. False, and nothing has changed, if the budget lacks the memory for it.
  bool compress(std::string& first_piece);
  /// Appends about `bytes_wanted` bytes, unless the source waits or ends before. What the source
  /// throws is a failure. After kEnd and kFailed only end() is left.
  BodySource::Pull pull(std::string& out, size_t bytes_wanted);
  /// Destroys the source and gives back all memory.
  void end();

 private:
  BodySource::Pull pull_plain(std::string& out, size_t bytes_wanted);

  MemoryBudget& budget_;
  std::unique_ptr<BodySource> source_;
  std::unique_ptr<GzipStream> gzip_;
  std::string plain_;  // what gzip_ takes next
};

}  // namespace slipway::transport
