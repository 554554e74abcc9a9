#include "data/internal/hashed_file.h"

namespace slipway::data {

HashedFile::HashedFile(const std::string& path) : std::istream(nullptr), buffer_(path) {
  rdbuf(&buffer_);
  if (!buffer_.is_open()) setstate(std::ios_base::failbit);
}

FileFacts HashedFile::finish() { return buffer_.finish(); }

HashedFile::Buffer::int_type HashedFile::Buffer::underflow() {
  file_.read(block_.data(), block_.size());
  const auto count = static_cast<size_t>(file_.gcount());
  digest_.add({block_.data(), count});
  bytes_ += count;
  setg(block_.data(), block_.data(), block_.data() + count);
  return count == 0 ? traits_type::eof() : traits_type::to_int_type(block_[0]);
}

FileFacts HashedFile::Buffer::finish() {
  while (underflow() != traits_type::eof()) continue;
  return {bytes_, digest_.hex()};
}

}  // namespace slipway::data
