#include "base/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace slipway {
namespace {

/// SLIPWAY_PLUGIN_DIR alone, if it is set: whoever sets it wants that one.
std::vector<std::filesystem::path> folders() {
  if (const char* folder = std::getenv("SLIPWAY_PLUGIN_DIR");
      folder != nullptr && *folder != '\0') {
    return {folder};
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const std::filesystem::path folder = program.parent_path();
  return {folder, folder.parent_path() / "lib" / "slipway"};
}

}  // namespace

Result<void*> plugin_symbol(const std::string& title, const std::string& file_name,
                            const char* symbol) {
  std::string looked;
  for (const std::filesystem::path& folder : folders()) {
    const std::filesystem::path path = folder / file_name;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      looked.append(looked.empty() ? "" : ", ").append(path.string());
      continue;
    }
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      return unimplemented(fmt::format("{}'s plug-in cannot be opened: {}", title, dlerror()));
    }
    void* found = dlsym(library, symbol);
    if (found == nullptr) return other_plugin_version(title, path.string());
    return found;
  }
  return unimplemented(fmt::format("{} needs the plug-in {}, which is not there: {}", title,
                                   file_name, looked.empty() ? "no folder is known" : looked));
}

Status other_plugin_version(const std::string& title, const std::string& file_name) {
  return unimplemented(
      fmt::format("{}'s plug-in is of another version of Slipway: {}", title, file_name));
}

}  // namespace slipway
