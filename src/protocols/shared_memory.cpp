#include "protocols/internal/shared_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace slipway::protocols {
namespace {

constexpr size_t kRegionsMax = 1024;
constexpr size_t kNameBytesMax = 256;

std::string shown(std::string_view text) { return std::string(text.substr(0, kNameBytesMax)); }

Status invalid_args(std::string_view name) {
  return invalid_argument(
      fmt::format("failed to register shared memory region '{}': invalid args", shown(name)));
}

/// The name below /dev/shm. POSIX leaves open what a '/' inside means, and here it would leave the
/// folder; semaphores lie there, too, and are nobody's memory.
Result<std::string> object_name(std::string_view name, std::string_view key) {
  const size_t begin = key.find_first_not_of('/');
  const std::string_view object = begin == std::string_view::npos ? "" : key.substr(begin);
  const bool is_good = !object.empty() && object.size() < NAME_MAX && object != "." &&
                       object != ".." && !object.starts_with("sem.") &&
                       object.find('/') == std::string_view::npos &&
                       object.find('\0') == std::string_view::npos;
  if (is_good) return "/" + std::string(object);
  return invalid_argument(fmt::format(
      "cannot register shared memory region '{}' - invalid shm key '{}'", shown(name), shown(key)));
}

}  // namespace

class OpenRegion {
 public:
  OpenRegion(SharedRegion region, int fd) : region_(std::move(region)), fd_(fd) {}
  ~OpenRegion() { ::close(fd_); }
  OpenRegion(const OpenRegion&) = delete;
  OpenRegion& operator=(const OpenRegion&) = delete;

  const SharedRegion& region() const { return region_; }
  /// Of the object, not of the region; 0 if it cannot be known.
  uint64_t object_bytes() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || status.st_size < 0) return 0;
    return static_cast<uint64_t>(status.st_size);
  }
  bool is_memory() const {
    struct stat status {};
    return ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  }
  bool read(uint64_t offset, char* out, uint64_t bytes) const {
    while (bytes > 0) {
      const ssize_t count = ::pread(fd_, out, bytes, static_cast<off_t>(region_.offset + offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      out += count;
      offset += static_cast<uint64_t>(count);
      bytes -= static_cast<uint64_t>(count);
    }
    return true;
  }
  bool write(uint64_t offset, std::string_view data) const {
    // Writing behind the end would make it longer again: at most as long as it was registered.
    if (object_bytes() < region_.offset + offset + data.size()) return false;
    while (!data.empty()) {
      const ssize_t count =
          ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(region_.offset + offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      data.remove_prefix(static_cast<size_t>(count));
      offset += static_cast<uint64_t>(count);
    }
    return true;
  }

 private:
  const SharedRegion region_;
  const int fd_;
};

const std::string& SharedSlice::region_name() const { return region->region().name; }

Status SharedSlice::read(std::string& out) const {
  // Its size first: room is made for what is there only.
  const uint64_t end = region->region().offset + offset + bytes;
  if (region->object_bytes() >= end) {
    out.resize(bytes);
    if (region->read(offset, out.data(), bytes)) return {};
  }
  return invalid_argument(fmt::format(
      "shared memory region '{}' has become smaller than it was registered", region_name()));
}

Status SharedSlice::write(std::string_view data, std::string_view output) const {
  if (data.size() > bytes) {
    return internal_error(fmt::format(
        "shared memory size specified with the request for output '{}' ({} bytes) should be at "
        "least {} bytes to hold the results",
        output, bytes, data.size()));
  }
  if (region->write(offset, data)) return {};
  return invalid_argument(fmt::format(
      "shared memory region '{}' has become smaller than it was registered", region_name()));
}

SharedMemory::SharedMemory(bool enabled, uint64_t slice_bytes_max)
    : enabled_(enabled), slice_bytes_max_(slice_bytes_max) {}
SharedMemory::~SharedMemory() = default;

Status SharedMemory::check_enabled() const {
  if (enabled_) return {};
  return unimplemented(
      "Client shared memory is disabled. Start the server with '--shared-memory' to enable.");
}

Status SharedMemory::add(std::string_view name, std::string_view key, uint64_t offset,
                         uint64_t bytes) {
  TRY_STATUS(check_enabled());
  if (name.empty()) {
    return invalid_argument("'region name' is necessary to register system shared memory region");
  }
  if (name.size() > kNameBytesMax) {
    return invalid_argument(
        fmt::format("the name of a shared memory region is too long: {} bytes, at most {}",
                    name.size(), kNameBytesMax));
  }
  const std::string object = TRY(object_name(name, key));
  // What is offered to a kernel that counts in off_t.
  constexpr uint64_t kEnd = INT64_MAX;
  if (bytes == 0 || offset > kEnd || bytes > kEnd - offset) return invalid_args(name);
  const MutexLock lock(mutex_);
  if (regions_.contains(name)) {
    return {StatusCode::kAlreadyExists,
            fmt::format("shared memory region '{}' already in manager", name)};
  }
  if (regions_.size() >= kRegionsMax) {
    return resource_exhausted(
        fmt::format("too many shared memory regions are registered: at most {}", kRegionsMax));
  }
  const int fd = ::shm_open(object.c_str(), O_RDWR | O_NONBLOCK, 0);
  if (fd < 0) {
    return internal_error(fmt::format("Unable to open shared memory region: '{}'", shown(key)));
  }
  auto region = std::make_shared<const OpenRegion>(
      SharedRegion{std::string(name), std::string(key), offset, bytes}, fd);
  if (!region->is_memory()) {
    return internal_error(fmt::format("Invalid shared memory region: '{}'", shown(key)));
  }
  if (region->object_bytes() < offset + bytes) return invalid_args(name);
  regions_.emplace(name, std::move(region));
  return {};
}

Status SharedMemory::remove(std::string_view name) {
  TRY_STATUS(check_enabled());
  const MutexLock lock(mutex_);
  if (name.empty()) regions_.clear();
  if (const auto found = regions_.find(name); found != regions_.end()) regions_.erase(found);
  return {};
}

Result<std::vector<SharedRegion>> SharedMemory::status(std::string_view name) const {
  const MutexLock lock(mutex_);
  std::vector<SharedRegion> regions;
  for (const auto& [key, region] : regions_) {
    if (name.empty() || key == name) regions.push_back(region->region());
  }
  if (!name.empty() && regions.empty()) {
    return not_found(fmt::format("Unable to find system shared memory region: '{}'", shown(name)));
  }
  return regions;
}

Result<SharedSlice> SharedMemory::slice(std::string_view name, uint64_t offset,
                                        uint64_t bytes) const {
  std::shared_ptr<const OpenRegion> region;
  {
    const MutexLock lock(mutex_);
    if (const auto found = regions_.find(name); found != regions_.end()) region = found->second;
  }
  if (region == nullptr) {
    return not_found(fmt::format("Unable to find shared memory region: '{}'", shown(name)));
  }
  const uint64_t size = region->region().bytes;
  if (offset >= size) {
    return invalid_argument(
        fmt::format("Invalid offset for shared memory region: '{}'", shown(name)));
  }
  if (bytes > size - offset) {
    return invalid_argument(
        fmt::format("Invalid offset + byte size for shared memory region: '{}'", shown(name)));
  }
  if (bytes > slice_bytes_max_) {
    return resource_exhausted(
        fmt::format("shared_memory_byte_size: at most {} bytes, as of a request's body, got {}",
                    slice_bytes_max_, bytes));
  }
  return SharedSlice{std::move(region), offset, bytes};
}

Status no_cuda_region(std::string_view name) {
  return invalid_argument(fmt::format(
      "failed to register CUDA shared memory region: '{}', GPUs not supported", shown(name)));
}

}  // namespace slipway::protocols
