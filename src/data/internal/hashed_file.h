// HashedFile: a file as a stream that takes the digest of what it hands out, so that a table and
// its digest are of the same bytes though each is read but once.
//
//   HashedFile file(path);
//   ... read from it ...
//   FileFacts facts = file.finish();
//
// Thread rule: single-sequence.
#pragma once

#include <array>
#include <fstream>
#include <istream>
#include <streambuf>
#include <string>

#include "base/sha256.h"
#include "base/status.h"
#include "data/read_frame.h"

namespace slipway::data {

class HashedFile : public std::istream {
 public:
  /// fail() if it cannot be opened.
  explicit HashedFile(const std::string& path);
  /// Reads to the end, then tells of all bytes. Once.
  FileFacts finish();

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(const std::string& path) : file_(path, std::ios::binary) {}
    bool is_open() const { return file_.is_open(); }
    FileFacts finish();

   protected:
    int_type underflow() override;

   private:
    std::ifstream file_;
    std::array<char, 1 << 16> block_;
    Sha256 digest_;
    uint64_t bytes_ = 0;
  };
  Buffer buffer_;
};

}  // namespace slipway::data
