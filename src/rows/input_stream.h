// InputStream: a file or bytes as a stream of text, decompressed on the way if it is gzip or zstd
// (told by its first bytes; several members or frames follow each other).
//
//   auto input = TRY(open_input("rows.csv.gz"));
//   while (std::getline(*input, line)) ...
//   TRY_STATUS(input->status());  // why it broke, if it did
//
// Decompresses block by block: a small file that grows beyond measure costs its reader time, not
// memory. Thread rule: single-sequence.
#pragma once

#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::rows {

class InputStream : public std::istream {
 public:
  /// DATA_LOSS if what was read is truncated or corrupt: the stream is then bad(). Else OK.
  virtual Status status() const = 0;
  /// What comes first of what is not read yet, at least a byte unless it is at its end; valid until
  /// something is read.
  virtual std::string_view start() = 0;

 protected:
  using std::istream::istream;
};

/// NOT_FOUND, INVALID_ARGUMENT (a directory): naming the path.
Result<std::unique_ptr<InputStream>> open_input(const std::string& path);
/// The bytes must live as long as the stream.
std::unique_ptr<InputStream> open_input_bytes(std::string_view bytes);
/// What `input` holds, read as it comes.
std::unique_ptr<InputStream> open_input_stream(std::istream& input);

/// The name without the ending of a compression: "a.csv.gz" is "a.csv".
std::string_view without_compression(std::string_view name);

}  // namespace slipway::rows
