#include "rows/input_stream.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <streambuf>
#include <system_error>
#include <vector>

namespace slipway::rows {
namespace {

constexpr size_t kBlockBytes = 1 << 18;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

/// Some bytes of the compressed input; empty at its end.
using Source = std::function<std::string_view()>;

/// One compression: decodes what the source gives.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Fills some of the room; 0 bytes at the end.
  virtual Result<size_t> read(char* room, size_t size) = 0;
};

class PlainDecoder final : public Decoder {
 public:
  explicit PlainDecoder(Source source) : source_(std::move(source)) {}
  Result<size_t> read(char* room, size_t size) override {
    if (left_.empty()) left_ = source_();
    const size_t count = left_.copy(room, size);
    left_.remove_prefix(count);
    return count;
  }

 private:
  Source source_;
  std::string_view left_;
};

class GzipDecoder final : public Decoder {
 public:
  explicit GzipDecoder(Source source) : source_(std::move(source)) {
    constexpr int kGzipWindow = 15 + 16;
    is_open_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override {
    if (is_open_) inflateEnd(&stream_);
  }

  Result<size_t> read(char* room, size_t size) override {
    if (!is_open_) return internal_error("zlib does not start");
    stream_.next_out = reinterpret_cast<Bytef*>(room);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (stream_.avail_in == 0 && !refill()) {
        if (at_member_end_) return 0;
        return data_loss("the gzip file ends too early");
      }
      if (at_member_end_) {
        // Another member follows, or padding, which is passed over as gzip does.
        if (*stream_.next_in != static_cast<Bytef>(kGzipMagic[0])) return 0;
        inflateReset(&stream_);
        at_member_end_ = false;
      }
      const int code = inflate(&stream_, Z_NO_FLUSH);
      at_member_end_ = code == Z_STREAM_END;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return data_loss(fmt::format("the gzip file is corrupt: {}",
                                     stream_.msg == nullptr ? "bad data" : stream_.msg));
      }
    }
    return size - stream_.avail_out;
  }

 private:
  bool refill() {
    const std::string_view bytes = source_();
    // zlib's interface is not const-correct but does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    return !bytes.empty();
  }

  Source source_;
  z_stream stream_{};
  bool is_open_ = false;
  bool at_member_end_ = false;
};

class ZstdDecoder final : public Decoder {
 public:
  explicit ZstdDecoder(Source source)
      : source_(std::move(source)), context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {}

  Result<size_t> read(char* room, size_t size) override {
    if (context_ == nullptr) return internal_error("zstd does not start");
    ZSTD_outBuffer output{room, size, 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !has_more_output_) {
        const std::string_view bytes = source_();
        input_ = {bytes.data(), bytes.size(), 0};
        if (bytes.empty()) {
          if (at_frame_end_) return 0;
          return data_loss("the zstd file ends too early");
        }
      }
      const size_t code = ZSTD_decompressStream(context_.get(), &output, &input_);
      if (ZSTD_isError(code) != 0) {
        return data_loss(fmt::format("the zstd file is corrupt: {}", ZSTD_getErrorName(code)));
      }
      at_frame_end_ = code == 0;
      has_more_output_ = output.pos == output.size && code != 0;
    }
    return output.pos;
  }

 private:
  Source source_;
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool at_frame_end_ = false;
  bool has_more_output_ = false;
};

std::unique_ptr<Decoder> make_decoder(std::string_view start, Source source) {
  if (start.starts_with(kGzipMagic)) return std::make_unique<GzipDecoder>(std::move(source));
  if (start.starts_with(kZstdMagic)) return std::make_unique<ZstdDecoder>(std::move(source));
  return std::make_unique<PlainDecoder>(std::move(source));
}

/// A stream buffer over a decoder; the first bytes choose which.
class DecodedBuffer final : public std::streambuf {
 public:
  DecodedBuffer(std::istream& owner, Source source, size_t block_bytes)
      : owner_(owner), block_(block_bytes) {
    const std::string_view first = source();
    decoder_ = make_decoder(first, [source = std::move(source), first, is_first = true]() mutable {
      if (!is_first) return source();
      is_first = false;
      return first;
    });
  }
  Status status() const { return status_; }
  std::string_view start() {
    if (gptr() == egptr() && underflow() == traits_type::eof()) return {};
    return {gptr(), static_cast<size_t>(egptr() - gptr())};
  }

 protected:
  int_type underflow() override {
    Result<size_t> count = decoder_->read(block_.data(), block_.size());
    if (!count.ok()) {
      status_ = std::move(count).status();
      owner_.setstate(std::ios_base::badbit);
      return traits_type::eof();
    }
    setg(block_.data(), block_.data(), block_.data() + *count);
    return *count == 0 ? traits_type::eof() : traits_type::to_int_type(block_[0]);
  }
  /// A block at a time rather than a byte.
  std::streamsize xsgetn(char* room, std::streamsize size) override {
    std::streamsize taken = 0;
    while (taken < size) {
      if (gptr() == egptr() && underflow() == traits_type::eof()) break;
      const std::streamsize piece = std::min<std::streamsize>(size - taken, egptr() - gptr());
      traits_type::copy(room + taken, gptr(), static_cast<size_t>(piece));
      gbump(static_cast<int>(piece));
      taken += piece;
    }
    return taken;
  }

 private:
  std::istream& owner_;  // hears of what breaks
  std::unique_ptr<Decoder> decoder_;
  std::vector<char> block_;
  Status status_;
};

class DecodedStream final : public InputStream {
 public:
  DecodedStream(std::unique_ptr<std::istream> owned, Source source,
                size_t block_bytes = kBlockBytes)
      : InputStream(nullptr),
        owned_(std::move(owned)),
        buffer_(*this, std::move(source), block_bytes) {
    rdbuf(&buffer_);
  }
  Status status() const override { return buffer_.status(); }
  std::string_view start() override { return buffer_.start(); }

 private:
  std::unique_ptr<std::istream> owned_;  // what the source reads; may be null
  DecodedBuffer buffer_;
};

/// Blocks of another stream.
Source blocks_of(std::istream& input) {
  return [&input, block = std::make_shared<std::vector<char>>(kBlockBytes)]() -> std::string_view {
    input.read(block->data(), static_cast<std::streamsize>(block->size()));
    return {block->data(), static_cast<size_t>(input.gcount())};
  };
}

}  // namespace

Result<std::unique_ptr<InputStream>> open_input(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return invalid_argument(fmt::format("expected a file, got a folder: {}", path));
  }
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) return not_found(fmt::format("cannot read {}", path));
  std::istream& input = *file;
  return std::unique_ptr<InputStream>(
      std::make_unique<DecodedStream>(std::move(file), blocks_of(input)));
}

std::unique_ptr<InputStream> open_input_bytes(std::string_view bytes) {
  constexpr size_t kBlockBytesMin = 4096;
  const size_t block_bytes = std::clamp(bytes.size(), kBlockBytesMin, kBlockBytes);
  return std::make_unique<DecodedStream>(
      nullptr,
      [bytes]() mutable {
        const std::string_view piece = bytes.substr(0, kBlockBytes);
        bytes.remove_prefix(piece.size());
        return piece;
      },
      block_bytes);
}

std::unique_ptr<InputStream> open_input_stream(std::istream& input) {
  return std::make_unique<DecodedStream>(nullptr, blocks_of(input));
}

std::string_view without_compression(std::string_view name) {
  for (const std::string_view ending : {".gz", ".zst"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return name;
}

}  // namespace slipway::rows
