#include "transport/internal/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "transport/internal/ascii.h"

namespace slipway::transport {
namespace {

constexpr int kZlibWindow = 15;
constexpr int kGzipWindow = 15 + 16;
constexpr int kRawWindow = -15;
constexpr int kFastestLevel = 1;
constexpr int kMemoryLevel = 8;
constexpr size_t kOutputGrowthMin = 16 * 1024;
constexpr size_t kKeptCapacityMax = 1024 * 1024;

// zlib's interface has no const; it does not write through next_in.
Bytef* zlib_input(const char* data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data));  // NOLINT
}

bool is_gzip(std::string_view coding) {
  return equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip");
}

// The weight of "name;q=0.5" in thousandths (RFC 9110, 12.4.2); 0 if it is malformed.
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const size_t end = parameters.find(';');
    const std::string_view parameter = trim_blanks(parameters.substr(0, end));
    if (parameter.size() >= 2 && ascii_lower(parameter[0]) == 'q' && parameter[1] == '=') {
      const std::string_view digits = parameter.substr(2);
      if (digits.empty() || digits.size() > 5 || (digits[0] != '0' && digits[0] != '1')) return 0;
      int weight = (digits[0] - '0') * 1000;
      int unit = 100;
      for (size_t i = 1; i < digits.size(); i++) {
        if (i == 1 && digits[i] == '.') continue;
        if (i == 1 || digits[i] < '0' || digits[i] > '9') return 0;
        weight += (digits[i] - '0') * unit;
        unit /= 10;
      }
      return std::min(weight, 1000);
    }
    parameters = end == std::string_view::npos ? std::string_view() : parameters.substr(end + 1);
  }
  return 1000;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  constexpr int kUnset = -1;
  int gzip = kUnset;
  int identity = kUnset;
  int any = kUnset;
  std::string_view rest = accept_encoding;
  while (!rest.empty()) {
    const size_t end = rest.find(',');
    const std::string_view item = rest.substr(0, end);
    const size_t semicolon = item.find(';');
    const std::string_view name = trim_blanks(item.substr(0, semicolon));
    const int weight =
        semicolon == std::string_view::npos ? 1000 : weight_of(item.substr(semicolon + 1));
    if (is_gzip(name)) gzip = std::max(gzip, weight);
    if (equals_ignoring_case(name, "identity")) identity = weight;
    if (name == "*") any = weight;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  if (gzip == kUnset) gzip = any;
  return gzip > 0 && gzip >= identity;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = trim_blanks(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") ||
         type.ends_with("javascript");
}

class ContentCoder::Inflater {
 public:
  Inflater() { CHECK(inflateInit2(&stream_, kGzipWindow) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  DecodeResult run(int window, std::string_view bytes, uint64_t bytes_max, std::string& out) {
    if (inflateReset2(&stream_, window) != Z_OK) return DecodeResult::kMalformed;
    stream_.next_in = zlib_input(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.avail_out = 0;
    out.clear();
    for (;;) {
      if (stream_.avail_out == 0) {
        // One byte over the limit is room enough to see that there is more.
        const size_t have = out.size();
        const size_t room = static_cast<size_t>(
            std::min<uint64_t>(std::max(kOutputGrowthMin, have), bytes_max + 1 - have));
        if (room == 0) return DecodeResult::kTooLarge;
        out.resize(have + room);
        stream_.next_out = reinterpret_cast<Bytef*>(out.data() + have);
        stream_.avail_out = static_cast<uInt>(room);
      }
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        if (stream_.avail_in == 0) {
          out.resize(out.size() - stream_.avail_out);
          return out.size() > bytes_max ? DecodeResult::kTooLarge : DecodeResult::kOk;
        }
        // A further gzip member (RFC 1952, 2.2); anything else behind the end is an error.
        if (window != kGzipWindow || inflateReset(&stream_) != Z_OK) break;
        continue;
      }
      // No progress with output room left: the input is cut off.
      if (code != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0)) break;
    }
    return DecodeResult::kMalformed;
  }

 private:
  z_stream stream_{};
};

class ContentCoder::Deflater {
 public:
  Deflater() {
    CHECK(deflateInit2(&stream_, kFastestLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Into exactly the given room; 0 if the result does not fit.
  size_t run(std::string_view bytes, char* out, size_t room) {
    if (deflateReset(&stream_) != Z_OK) return 0;
    stream_.next_in = zlib_input(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    return deflate(&stream_, Z_FINISH) == Z_STREAM_END ? room - stream_.avail_out : 0;
  }

 private:
  z_stream stream_{};
};

struct GzipStream::State {
  z_stream stream{};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  CHECK(deflateInit2(&state_->stream, kFastestLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
}

GzipStream::~GzipStream() { deflateEnd(&state_->stream); }

void GzipStream::append(std::string_view bytes, Flush flush, std::string& out) {
  CHECK(bytes.size() <= std::numeric_limits<uInt>::max());
  z_stream& stream = state_->stream;
  stream.next_in = zlib_input(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  const int mode = flush == Flush::kNone      ? Z_NO_FLUSH
                   : flush == Flush::kPending ? Z_SYNC_FLUSH
                                              : Z_FINISH;
  do {  // until room is left over: then nothing is held back (Z_BUF_ERROR: there was nothing)
    const size_t have = out.size();
    out.resize(have + kOutputGrowthMin);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(kOutputGrowthMin);
    const int code = deflate(&stream, mode);
    CHECK(code != Z_STREAM_ERROR);
    out.resize(out.size() - stream.avail_out);
  } while (stream.avail_out == 0);
}

ContentCoder::ContentCoder() = default;
ContentCoder::~ContentCoder() = default;

bool ContentCoder::is_identity(std::string_view coding) {
  return coding.empty() || equals_ignoring_case(coding, "identity");
}

DecodeResult ContentCoder::decode(std::string_view coding, std::string_view bytes,
                                  uint64_t bytes_max, std::string& out) {
  const bool gzip = is_gzip(coding);
  if (!gzip && !equals_ignoring_case(coding, "deflate")) return DecodeResult::kUnknownCoding;
  if (bytes.size() > std::numeric_limits<uInt>::max()) return DecodeResult::kTooLarge;
  const uint64_t limit = std::min<uint64_t>(bytes_max, std::numeric_limits<uInt>::max() - 1);
  if (!inflater_) inflater_ = std::make_unique<Inflater>();
  if (gzip) return inflater_->run(kGzipWindow, bytes, limit, out);
  const DecodeResult result = inflater_->run(kZlibWindow, bytes, limit, out);
  if (result != DecodeResult::kMalformed) return result;
  return inflater_->run(kRawWindow, bytes, limit, out);
}

bool ContentCoder::gzip(std::string& body) {
  if (body.empty() || body.size() > std::numeric_limits<uInt>::max()) return false;
  if (!deflater_) deflater_ = std::make_unique<Deflater>();
  if (scratch_.size() < body.size()) scratch_.resize(body.size());
  const size_t size = deflater_->run(body, scratch_.data(), body.size() - 1);
  if (size == 0) return false;
  body.assign(scratch_.data(), size);
  if (scratch_.capacity() > kKeptCapacityMax) std::string().swap(scratch_);
  return true;
}

}  // namespace slipway::transport
