// A folder on disk as a FileSet. Its files are read one by one when they are asked for.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "formats/file_set.h"

namespace slipway::formats {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFilesMax = 10'000;
constexpr int kLevelsMax = 6;

class Folder final : public FileSet {
 public:
  Folder(std::string path, const Limits& limits) : path_(std::move(path)), limits_(limits) {}

  Status open() {
    std::error_code error;
    fs::recursive_directory_iterator entry(path_, error);
    for (const fs::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
      const bool hidden = entry->path().filename().native().starts_with('.');
      std::error_code ignored;
      if (entry->is_directory(ignored)) {
        if (hidden || entry.depth() + 1 >= kLevelsMax) entry.disable_recursion_pending();
        continue;
      }
      if (hidden || !entry->is_regular_file(ignored)) continue;
      if (files_.size() == kFilesMax) {
        return resource_exhausted(
            fmt::format("The folder holds more files than a model: over {}", kFilesMax));
      }
      const uint64_t size = entry->file_size(ignored);
      files_.push_back({entry->path().lexically_relative(path_).generic_string(), size});
    }
    if (error) {
      return unavailable(fmt::format("cannot read the folder {}: {}", path_, error.message()));
    }
    std::ranges::sort(files_, {}, &File::name);
    return {};
  }

  const std::vector<File>& files() const override { return files_; }
  Result<std::string> read(size_t file) const override { return read_file(path_of(file), limits_); }
  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    return read_file_start(path_of(file), bytes_max);
  }
  std::optional<std::string_view> stored(size_t /*file*/) const override { return std::nullopt; }

 private:
  std::string path_of(size_t file) const { return fmt::format("{}/{}", path_, files_[file].name); }

  const std::string path_;
  const Limits limits_;
  std::vector<File> files_;
};

}  // namespace

Result<std::unique_ptr<const FileSet>> open_folder(const std::string& path, const Limits& limits) {
  auto folder = std::make_unique<Folder>(path, limits);
  TRY_STATUS(folder->open());
  return std::unique_ptr<const FileSet>(std::move(folder));
}

}  // namespace slipway::formats
