#include "lifecycle/file_stamp.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

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

Result<serving::FileStamp> stamp_tree(const std::string& path) {
  constexpr int kLevelsMax = 6;  // as the reader of folders goes
  constexpr size_t kFilesMax = 10'000;
  serving::FileStamp whole = TRY(stamp_folder(path));
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(path, error);
  size_t files = 0;
  uint64_t mixed = 0;
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      if (entry.depth() + 1 >= kLevelsMax) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(ignored)) continue;
    if (++files > kFilesMax) {
      return invalid_argument(fmt::format("{} holds more files than a model", path));
    }
    const Result<serving::FileStamp> one = stamp_file(entry->path().string());
    if (!one.ok()) return one.status();
    // The order in which a folder lists its files is any: a sum does not depend on it.
    const uint64_t parts[] = {one->inode, one->size_bytes, static_cast<uint64_t>(one->modified_ns)};
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const uint64_t part : parts) hash = (hash ^ part) * 0x100000001b3;
    mixed += hash;
    whole.size_bytes += one->size_bytes;
    whole.modified_ns = std::max(whole.modified_ns, one->modified_ns);
    whole.changed_ns = std::max(whole.changed_ns, one->changed_ns);
  }
  if (error)
    return unavailable(fmt::format("cannot read the folder {}: {}", path, error.message()));
  whole.inode += mixed;
  return whole;
}

Result<serving::FileStamp> stamp_model(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? stamp_tree(path) : stamp_file(path);
}

Result<serving::FileStamp> stamp_folder(const std::string& path) {
  return stamp(path, S_IFDIR, "folder");
}

}  // namespace slipway::lifecycle
