#include "lifecycle/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lifecycle/model_list.h"

namespace slipway::lifecycle {

namespace fs = std::filesystem;

std::string normal_path(const std::string& path) {
  std::string text = fs::path(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Result<std::vector<FolderEntry>> list_folder(const std::string& folder) {
  std::vector<FolderEntry> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code ignored;
    const bool is_folder = entry->is_directory(ignored);
    if (name.starts_with('.') || (!is_folder && !entry->is_regular_file(ignored))) continue;
    std::string path = normal_path(fmt::format("{}/{}", folder, name));
    entries.push_back({std::move(name), std::move(path), is_folder});
  }
  if (error) {
    return unavailable(fmt::format("cannot read the folder {}: {}", folder, error.message()));
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

bool is_version(const FolderEntry& entry, uint64_t& version) {
  return entry.is_folder && parse_version_number(entry.name, version);
}

bool holds_versions(const std::vector<FolderEntry>& entries) {
  uint64_t ignored = 0;
  return std::ranges::any_of(entries,
                             [&](const FolderEntry& entry) { return is_version(entry, ignored); });
}

bool is_model_folder(const std::vector<FolderEntry>& entries) {
  return std::ranges::any_of(entries, [](const FolderEntry& entry) {
    return !entry.is_folder && entry.name == "MLmodel";
  });
}

const FolderEntry* inner_model_folder(const std::vector<FolderEntry>& entries) {
  if (entries.size() != 1 || !entries[0].is_folder) return nullptr;
  const Result<std::vector<FolderEntry>> inside = list_folder(entries[0].path);
  return inside.ok() && is_model_folder(*inside) ? entries.data() : nullptr;
}

const FolderEntry* choose_file(const std::string& folder, const std::vector<FolderEntry>& entries,
                               const IsModel& is_model, Status& problem) {
  std::vector<std::string> names;
  std::vector<const FolderEntry*> files;
  for (const FolderEntry& entry : entries) {
    if (entry.is_folder) continue;
    names.push_back(entry.name);
    files.push_back(&entry);
  }
  const Result<size_t> place = choose_model(folder, names, is_model);
  if (place.ok()) return files[*place];
  problem = place.status();
  return nullptr;
}

}  // namespace slipway::lifecycle
