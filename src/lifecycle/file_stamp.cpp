#include "lifecycle/file_stamp.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace slipway::lifecycle {
namespace {

int64_t nanoseconds(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Status stat_error(const std::string& path, int reason) {
  if (reason == ENOENT || reason == ENOTDIR) {
    return not_found(fmt::format("{} does not exist", path));
  }
  if (reason == EACCES || reason == EPERM) {
    return permission_denied(fmt::format("cannot read {}: permission denied", path));
  }
  return unavailable(fmt::format("cannot read {}: {}", path, std::strerror(reason)));
}

Result<serving::FileStamp> stamp(const std::string& path, mode_t kind, const char* expected) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return stat_error(path, errno);
  if ((found.st_mode & S_IFMT) != kind) {
    return invalid_argument(fmt::format("{} is not a {}", path, expected));
  }
  serving::FileStamp stamp;
  stamp.device = found.st_dev;
  stamp.inode = found.st_ino;
  stamp.size_bytes = static_cast<uint64_t>(found.st_size);
  stamp.modified_ns = nanoseconds(found.st_mtim);
  stamp.changed_ns = nanoseconds(found.st_ctim);
  return stamp;
}

}  // namespace

Result<serving::FileStamp> stamp_file(const std::string& path) {
  return stamp(path, S_IFREG, "regular file");
}

Result<serving::FileStamp> stamp_folder(const std::string& path) {
  return stamp(path, S_IFDIR, "folder");
}

}  // namespace slipway::lifecycle
