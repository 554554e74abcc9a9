#include "formats/decompress.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace slipway::formats {
namespace {

constexpr size_t kChunkBytes = 1 << 18;
// liblzma's dictionary comes from the file: xz -9 needs 64 MiB, a hostile header asks for 4 GiB.
constexpr uint64_t kLzmaMemoryMax = 128ULL << 20;

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kBzip2Magic = "BZh";
constexpr std::string_view kXzMagic("\xfd\x37\x7a\x58\x5a\x00", 6);
constexpr std::string_view kLzmaMagic("\x5d\x00\x00", 3);
constexpr std::string_view kLz4Magic = "\x04\x22\x4d\x18";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

/// zlib has no magic: deflate with a known window, and a check that the two bytes agree.
bool is_zlib_header(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto second = static_cast<uint8_t>(bytes[1]);
  constexpr uint8_t kDictionaryFlag = 0x20;
  return first == 0x78 && (first * 256 + second) % 31 == 0 && (second & kDictionaryFlag) == 0;
}

/// Collects what a codec writes and holds it to the limits.
class Output {
 public:
  Output(uint64_t input_bytes, const Limits& limits)
      : limits_(limits), explained_bytes_(explained_bytes(input_bytes, limits)) {}

  char* room() { return chunk_.data(); }
  size_t room_bytes() const { return chunk_.size(); }

  Status took(size_t size) {
    const uint64_t total = text_.size() + size;
    if (total > limits_.decompressed_bytes_max) {
      return resource_exhausted(
          fmt::format("The file decompresses to more than the limit: decompressed_bytes_max {}",
                      limits_.decompressed_bytes_max));
    }
    if (total > explained_bytes_) {
      return resource_exhausted(fmt::format(
          "The file decompresses to more than its size explains: over {} bytes, beyond {} at most "
          "{} times the file (decompression_ratio_max); if it is a sincere model, save it "
          "uncompressed",
          explained_bytes_, limits_.decompressed_bytes_free, limits_.decompression_ratio_max));
    }
    text_.append(chunk_.data(), size);
    return {};
  }

  std::string take() { return std::move(text_); }

 private:
  static uint64_t explained_bytes(uint64_t input_bytes, const Limits& limits) {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(input_bytes, limits.decompression_ratio_max, &bytes)) {
      return UINT64_MAX;
    }
    return std::max(bytes, limits.decompressed_bytes_free);
  }

  const Limits& limits_;
  const uint64_t explained_bytes_;
  std::string text_;
  std::string chunk_ = std::string(kChunkBytes, '\0');
};

Status truncated(Compression compression) {
  return data_loss(
      fmt::format("The compressed file ends too early: {}", compression_name(compression)));
}

Status corrupt(Compression compression, std::string_view why) {
  return data_loss(
      fmt::format("The compressed file is corrupt: {}: {}", compression_name(compression), why));
}

/// zlib's and bzip2's counters are 32 bits: input goes in by slices.
unsigned slice_size(size_t left) {
  return static_cast<unsigned>(std::min<size_t>(left, size_t{1} << 30));
}

// zlib's interface is not const-correct but does not write to its input.
Status inflate_all(std::string_view in, Compression compression, Output& out) {
  z_stream stream{};
  const int window = compression == Compression::kGzip ? 15 + 16 : 15;
  if (inflateInit2(&stream, window) != Z_OK) return internal_error("zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  while (true) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = slice_size(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.room());
    stream.avail_out = static_cast<uInt>(out.room_bytes());
    const unsigned given = stream.avail_in;
    const int code = inflate(&stream, Z_NO_FLUSH);
    in.remove_prefix(given - stream.avail_in);
    TRY_STATUS(out.took(out.room_bytes() - stream.avail_out));
    if (code == Z_STREAM_END) {
      const bool more =
          compression == Compression::kGzip ? in.starts_with(kGzipMagic) : is_zlib_header(in);
      if (!more) return {};
      if (inflateReset(&stream) != Z_OK) return internal_error("zlib does not restart");
    } else if (code == Z_BUF_ERROR && in.empty()) {
      return truncated(compression);
    } else if (code != Z_OK) {
      return corrupt(compression, stream.msg == nullptr ? "bad data" : stream.msg);
    }
  }
}

Status bunzip_stream(std::string_view& in, Output& out) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return internal_error("bzip2 does not start");
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> end(&stream, BZ2_bzDecompressEnd);
  while (true) {
    stream.next_in = const_cast<char*>(in.data());
    stream.avail_in = slice_size(in.size());
    stream.next_out = out.room();
    stream.avail_out = static_cast<unsigned>(out.room_bytes());
    const unsigned given = stream.avail_in;
    const int code = BZ2_bzDecompress(&stream);
    in.remove_prefix(given - stream.avail_in);
    const size_t written = out.room_bytes() - stream.avail_out;
    TRY_STATUS(out.took(written));
    if (code == BZ_STREAM_END) return {};
    if (code != BZ_OK) return corrupt(Compression::kBzip2, fmt::format("code {}", code));
    if (in.empty() && written == 0) return truncated(Compression::kBzip2);
  }
}

Status bunzip_all(std::string_view in, Output& out) {
  do {
    TRY_STATUS(bunzip_stream(in, out));
  } while (in.starts_with(kBzip2Magic));
  return {};
}

Status unxz_all(std::string_view in, Compression compression, const Limits& limits, Output& out) {
  lzma_stream stream = LZMA_STREAM_INIT;
  const uint64_t memory = std::min(limits.memory_bytes_max, kLzmaMemoryMax);
  const lzma_ret started = compression == Compression::kLzma
                               ? lzma_alone_decoder(&stream, memory)
                               : lzma_stream_decoder(&stream, memory, 0);
  if (started != LZMA_OK) return internal_error("liblzma does not start");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> end(&stream, lzma_end);
  while (true) {
    stream.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream.avail_in = in.size();
    stream.next_out = reinterpret_cast<uint8_t*>(out.room());
    stream.avail_out = out.room_bytes();
    const lzma_ret code = lzma_code(&stream, LZMA_RUN);
    in.remove_prefix(in.size() - stream.avail_in);
    TRY_STATUS(out.took(out.room_bytes() - stream.avail_out));
    if (code == LZMA_STREAM_END) {
      if (!in.starts_with(kXzMagic) || compression == Compression::kLzma) return {};
      if (lzma_stream_decoder(&stream, memory, 0) != LZMA_OK) {
        return internal_error("liblzma does not restart");
      }
    } else if (code == LZMA_MEMLIMIT_ERROR) {
      return resource_exhausted(
          fmt::format("The file's LZMA dictionary is larger than the limit: {} bytes", memory));
    } else if (code == LZMA_BUF_ERROR) {
      return truncated(compression);
    } else if (code != LZMA_OK) {
      return corrupt(compression, fmt::format("code {}", static_cast<int>(code)));
    }
  }
}

Status unlz4_all(std::string_view in, Output& out) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) {
    return internal_error("lz4 does not start");
  }
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context(
      raw, LZ4F_freeDecompressionContext);
  while (true) {
    size_t written = out.room_bytes();
    size_t read = in.size();
    const size_t code = LZ4F_decompress(raw, out.room(), &written, in.data(), &read, nullptr);
    if (LZ4F_isError(code)) return corrupt(Compression::kLz4, LZ4F_getErrorName(code));
    in.remove_prefix(read);
    TRY_STATUS(out.took(written));
    if (code == 0) {  // a frame is complete
      if (!in.starts_with(kLz4Magic)) return {};
    } else if (read == 0 && written == 0) {
      return truncated(Compression::kLz4);
    }
  }
}

Status unzstd_all(std::string_view in, Output& out) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  if (context == nullptr) return internal_error("zstd does not start");
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  while (true) {
    ZSTD_outBuffer output{out.room(), out.room_bytes(), 0};
    const size_t read_before = input.pos;
    const size_t code = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(code)) return corrupt(Compression::kZstd, ZSTD_getErrorName(code));
    TRY_STATUS(out.took(output.pos));
    if (code == 0) {  // a frame is complete
      if (!in.substr(input.pos).starts_with(kZstdMagic)) return {};
    } else if (output.pos == 0 && input.pos == read_before) {
      return truncated(Compression::kZstd);
    }
  }
}

}  // namespace

Compression detect_compression(std::string_view bytes) {
  if (bytes.starts_with(kGzipMagic)) return Compression::kGzip;
  if (bytes.starts_with(kBzip2Magic)) return Compression::kBzip2;
  if (bytes.starts_with(kXzMagic)) return Compression::kXz;
  if (bytes.starts_with(kLzmaMagic)) return Compression::kLzma;
  if (bytes.starts_with(kLz4Magic)) return Compression::kLz4;
  if (bytes.starts_with(kZstdMagic)) return Compression::kZstd;
  if (is_zlib_header(bytes)) return Compression::kZlib;
  return Compression::kNone;
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "";
    case Compression::kZlib: return "zlib";
    case Compression::kGzip: return "gzip";
    case Compression::kBzip2: return "bz2";
    case Compression::kLzma: return "lzma";
    case Compression::kXz: return "xz";
    case Compression::kLz4: return "lz4";
    case Compression::kZstd: return "zstd";
  }
  return "";
}

Result<std::string> decompress(std::string_view bytes, Compression compression,
                               const Limits& limits) {
  Output out(bytes.size(), limits);
  switch (compression) {
    case Compression::kNone: CHECK(false); break;
    case Compression::kZlib:
    case Compression::kGzip: TRY_STATUS(inflate_all(bytes, compression, out)); break;
    case Compression::kBzip2: TRY_STATUS(bunzip_all(bytes, out)); break;
    case Compression::kLzma:
    case Compression::kXz: TRY_STATUS(unxz_all(bytes, compression, limits, out)); break;
    case Compression::kLz4: TRY_STATUS(unlz4_all(bytes, out)); break;
    case Compression::kZstd: TRY_STATUS(unzstd_all(bytes, out)); break;
  }
  return out.take();
}

}  // namespace slipway::formats
