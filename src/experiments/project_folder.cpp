#include "experiments/project_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace slipway::experiments {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

std::optional<std::string> find_project_folder(const std::string& working_directory,
                                               const std::string& home) {
  if (!home.empty()) return is_folder(home) ? std::optional(home) : std::nullopt;
  fs::path folder = working_directory;
  while (true) {
    const fs::path candidate = folder / kProjectFolder;
    if (is_folder(candidate)) return candidate.string();
    if (folder == folder.parent_path()) return std::nullopt;
    folder = folder.parent_path();
  }
}

Result<std::string> make_project_folder(const std::string& working_directory,
                                        const std::string& home) {
  if (const auto found = find_project_folder(working_directory, home)) return *found;
  const fs::path folder =
      home.empty() ? fs::path(working_directory) / kProjectFolder : fs::path(home);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return unavailable(
        fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  // Whether this can be written or not, runs can be recorded.
  if (!fs::exists(folder / ".gitignore", error)) std::ofstream(folder / ".gitignore") << "*\n";
  return folder.string();
}

}  // namespace slipway::experiments
