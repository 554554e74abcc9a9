#include "lifecycle/uploads.h"

#include <fmt/format.h>
#include <cstdlib>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameBytesMax = 200;
constexpr size_t kPathBytesMax = 1024;
constexpr size_t kFilesMax = 1000;

bool is_usable(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

/// Relative, and each part is a name: so it stays below where it begins.
bool is_usable_path(std::string_view path) {
  if (path.size() > kPathBytesMax) return false;
  while (true) {
    const size_t slash = path.find('/');
    if (!is_usable(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Status check_files(std::span<const serving::ModelFile> files) {
  if (files.size() > kFilesMax) {
    return resource_exhausted(fmt::format("a model has at most {} files", kFilesMax));
  }
  std::set<std::string_view> paths;
  for (const serving::ModelFile& file : files) {
    const std::string_view shown = std::string_view(file.path).substr(0, 256);
    if (!is_usable_path(file.path)) {
      return invalid_argument(fmt::format(
          "Invalid file parameter '{}': it must stay within the model directory; expected "
          "VERSION/FILE",
          shown));
    }
    if (!paths.insert(file.path).second) {
      return invalid_argument(fmt::format("the file '{}' is given twice", shown));
    }
  }
  for (const std::string_view path : paths) {
    for (size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
      if (!paths.contains(path.substr(0, at))) continue;
      return invalid_argument(fmt::format("Invalid file parameter '{}': '{}' is a file",
                                          path.substr(0, 256), path.substr(0, at)));
    }
  }
  return {};
}

Status write(const fs::path& path, std::string_view content) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!error && file.good()) return {};
  return unavailable(fmt::format("{} cannot be written (is the disk full?)", path.string()));
}

}  // namespace

Uploads::~Uploads() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<std::string> Uploads::make_place(std::string_view name) {
  if (!is_usable(name)) {
    return invalid_argument(
        fmt::format("a model's name has at most {} bytes and no slash", kNameBytesMax));
  }
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
  return fmt::format("{}/{}/{}", folder_, ++written_, name);
}

Result<std::string> Uploads::write_file(std::string_view name, std::string_view content) {
  std::string path = TRY(make_place(name));
  Status status = write(path, content);
  if (status.ok()) return path;
  remove(path);
  return status;
}

Result<std::string> Uploads::write_folder(std::string_view name,
                                          std::span<const serving::ModelFile> files) {
  TRY_STATUS(check_files(files));
  std::string path = TRY(make_place(name));
  for (const serving::ModelFile& file : files) {
    Status status = write(fs::path(path) / file.path, file.content);
    if (status.ok()) continue;
    remove(path);
    return status;
  }
  return path;
}

void Uploads::remove(const std::string& path) {
  if (folder_.empty() || !path.starts_with(folder_ + "/")) return;
  std::error_code ignored;
  fs::remove_all(fs::path(path).parent_path(), ignored);
}

}  // namespace slipway::lifecycle
