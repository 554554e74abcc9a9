// An object of POSIX shared memory, as a client makes one; it ends with the test.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace slipway::protocols {

class SharedObject {
 public:
  SharedObject(std::string_view name, size_t bytes)
      : key_("/slipway_test_" + std::to_string(::getpid()) + "_" + std::string(name)),
        fd_(::shm_open(key_.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)) {
    resize(bytes);
  }
  ~SharedObject() {
    ::close(fd_);
    ::shm_unlink(key_.c_str());
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  const std::string& key() const { return key_; }
  bool resize(size_t bytes) { return ::ftruncate(fd_, static_cast<off_t>(bytes)) == 0; }
  bool put(std::string_view bytes, size_t offset = 0) {
    return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(bytes.size());
  }
  std::string get(size_t offset, size_t bytes) const {
    std::string out(bytes, '\0');
    const ssize_t count = ::pread(fd_, out.data(), bytes, static_cast<off_t>(offset));
    out.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return out;
  }
  size_t bytes() const { return static_cast<size_t>(::lseek(fd_, 0, SEEK_END)); }

 private:
  const std::string key_;
  const int fd_;
};

}  // namespace slipway::protocols
