#include "lifecycle/model_store.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "lifecycle/model_folder.h"

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileScheme = "file://";
constexpr size_t kAddressBytesMax = 4096;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) || fs::is_directory(path, error);
}

/// A store itself is no model of it.
bool is_below(const std::string& path, const std::string& store) {
  return path.size() > store.size() + 1 && path.starts_with(store) && path[store.size()] == '/';
}

std::string absolute(const std::string& path) {
  return normal_path(fs::absolute(path).lexically_normal().string());
}

}  // namespace

Result<std::string> find_in_stores(std::span<const std::string> stores, std::string_view address) {
  if (address.empty()) return not_found("empty url");
  const std::string_view given = address;
  const std::string_view shown = given.substr(0, 256);
  if (given.find("..") != std::string_view::npos) {
    return not_found(fmt::format("Relative path is not allowed in url: {}", shown));
  }
  const Status nothing = not_found(fmt::format("Model not found at: {}", shown));
  if (given.size() > kAddressBytesMax || given.find('\0') != std::string_view::npos) {
    return nothing;
  }
  if (address.starts_with(kFileScheme)) address.remove_prefix(kFileScheme.size());
  const std::string path = normal_path(fs::path(address).lexically_normal().string());
  const std::string last = fs::path(path).filename().string();
  if (last.empty() || last == "." || last == "/") return nothing;
  for (const std::string& text : stores) {
    const std::string store = normal_path(text);
    if (path.starts_with('/')) {
      const std::string base = absolute(store);
      // In the words of the store's own path, so that it is known again when the store is scanned.
      if (is_below(path, base) && exists(path)) return store + path.substr(base.size());
    } else if (std::string inside = fmt::format("{}/{}", store, path); exists(inside)) {
      return inside;
    }
  }
  for (const std::string& text : stores) {
    std::string inside = normal_path(text) + "/" + last;
    if (exists(inside)) return inside;
  }
  return nothing;
}

}  // namespace slipway::lifecycle
