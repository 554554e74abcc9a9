#include "transport/internal/body_stream.h"

#include <exception>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace slipway::transport {
namespace {

constexpr size_t kPlainBytes = 32 * 1024;  // given to gzip at once

GzipStream::Flush flush_after(BodySource::Pull pull) {
  switch (pull) {
    case BodySource::Pull::kMore: return GzipStream::Flush::kNone;
    case BodySource::Pull::kWait: return GzipStream::Flush::kPending;
    case BodySource::Pull::kEnd:
    case BodySource::Pull::kFailed: break;
  }
  return GzipStream::Flush::kEnd;
}

}  // namespace

void BodyStream::begin(std::unique_ptr<BodySource> source) {
  end();
  source_ = std::move(source);
}

bool BodyStream::compress(std::string& first_piece) {
  CHECK(active() && !gzip_);
  if (!budget_.reserve(GzipStream::kBytes)) return false;
  gzip_ = std::make_unique<GzipStream>();
  plain_.clear();
  gzip_->append(first_piece, GzipStream::Flush::kPending, plain_);
  first_piece.swap(plain_);
  return true;
}

BodySource::Pull BodyStream::pull(std::string& out, size_t bytes_wanted) {
  CHECK(active());
  if (!gzip_) return pull_plain(out, bytes_wanted);
  const size_t begin = out.size();
  for (;;) {
    plain_.clear();
    const BodySource::Pull result = pull_plain(plain_, kPlainBytes);
    if (result == BodySource::Pull::kFailed) return result;
    gzip_->append(plain_, flush_after(result), out);
    if (result != BodySource::Pull::kMore || out.size() - begin >= bytes_wanted) return result;
  }
}

BodySource::Pull BodyStream::pull_plain(std::string& out, size_t bytes_wanted) {
  const size_t begin = out.size();
  try {
    for (;;) {
      const size_t have = out.size();
      const BodySource::Pull result = source_->pull(out, bytes_wanted - (have - begin));
      if (result != BodySource::Pull::kMore) return result;
      CHECK(out.size() > have);
      if (out.size() - begin >= bytes_wanted) return result;
    }
  } catch (const std::exception& error) {
    log_error("the source of an answer's body threw: {}", error.what());
    return BodySource::Pull::kFailed;
  }
}

void BodyStream::end() {
  source_.reset();
  std::string().swap(plain_);
  if (!gzip_) return;
  gzip_.reset();
  budget_.release(GzipStream::kBytes);
}

}  // namespace slipway::transport
