// gzip and deflate of bodies (RFC 9110, 8.4): request bodies in, answers out.
//
// Ownership: one ContentCoder per event loop, for whole bodies; it keeps zlib's state between
// calls, so that steady state allocates nothing. One GzipStream per body that is made in pieces.
// Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace slipway::transport {

/// Does an Accept-Encoding value (null data: header absent) admit gzip, and not prefer identity?
bool accepts_gzip(std::string_view accept_encoding);

/// Is it worth trying: text, JSON, XML; not what is compressed or binary already.
bool is_compressible(std::string_view content_type);

enum class DecodeResult { kOk, kUnknownCoding, kMalformed, kTooLarge };

class ContentCoder {
 public:
  ContentCoder();
  ~ContentCoder();

  /// True if `coding` (a Content-Encoding value) says that there is nothing to decode.
  static bool is_identity(std::string_view coding);

  /// Replaces `out` by the decoded bytes. gzip (also several members), deflate (zlib; raw as some
  /// clients send it). Never holds more than `bytes_max` decoded bytes.
  DecodeResult decode(std::string_view coding, std::string_view bytes, uint64_t bytes_max,
                      std::string& out);

  /// Replaces `body` by its gzip form; false, and `body` unchanged, if that would not be smaller.
  bool gzip(std::string& body);

 private:
  class Inflater;
  class Deflater;
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Deflater> deflater_;
  std::string scratch_;
};

/// gzip of a body that comes in pieces.
class GzipStream {
 public:
  enum class Flush {
    kNone,     // output may lag behind
    kPending,  // everything so far must come out: the next piece may be long in coming
    kEnd,      // this is the last piece
  };
  static constexpr uint64_t kBytes = 272 * 1024;  // what zlib takes for one

  GzipStream();
  ~GzipStream();

  /// Appends the compressed form of `bytes` to `out`.
  void append(std::string_view bytes, Flush flush, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::transport
