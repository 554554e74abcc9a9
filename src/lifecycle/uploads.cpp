#include "lifecycle/uploads.h"

#include <fmt/format.h>
#include <cstdlib>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameBytesMax = 200;

bool is_usable(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace

Uploads::~Uploads() {
  const MutexLock lock(mutex_);
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<std::string> Uploads::write(std::string_view name, std::string_view content) {
  if (!is_usable(name)) {
    return invalid_argument(
        fmt::format("a model's name has at most {} bytes and no slash", kNameBytesMax));
  }
  const MutexLock lock(mutex_);
  if (folder_.empty()) {
    std::error_code error;
    std::string made = (fs::temp_directory_path(error) / "slipway-uploads-XXXXXX").string();
    if (error || mkdtemp(made.data()) == nullptr) {
      return unavailable(
          fmt::format("no folder for uploads can be made: {}", std::strerror(errno)));
    }
    folder_ = std::move(made);
  }
  // In the folder of a number: the file has the name that the client gave.
  const fs::path folder = fs::path(folder_) / fmt::format("{}", ++written_);
  std::error_code error;
  fs::create_directory(folder, error);
  const std::string path = (folder / name).string();
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!error && file.good()) return path;
  fs::remove_all(folder, error);
  return unavailable(fmt::format("{} cannot be written (is the disk full?)", path));
}

void Uploads::remove(const std::string& path) {
  const MutexLock lock(mutex_);
  if (folder_.empty() || !path.starts_with(folder_ + "/")) return;
  std::error_code ignored;
  fs::remove_all(fs::path(path).parent_path(), ignored);
}

}  // namespace slipway::lifecycle
