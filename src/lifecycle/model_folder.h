// What a folder of the repository holds: models, versions of one, or one model's files.
//
//   list_folder(path) --> entries --holds_versions? is_model_folder? choose_file--> Scanner
//
// Thread rule: pure functions over what the file system says at the moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "lifecycle/model_names.h"

namespace slipway::lifecycle {

struct FolderEntry {
  std::string name;
  std::string path;
  bool is_folder = false;
};

/// Without a trailing slash, "." and "..", as the paths of watched folders come.
std::string normal_path(const std::string& path);
/// The files and folders that are not hidden, by name.
Result<std::vector<FolderEntry>> list_folder(const std::string& folder);

bool is_version(const FolderEntry& entry, uint64_t& version);
bool holds_versions(const std::vector<FolderEntry>& entries);
/// A folder that is one model: MLflow's.
bool is_model_folder(const std::vector<FolderEntry>& entries);
/// The one folder among a version's entries that is a model, if there is no file beside it; else
/// null.
const FolderEntry* inner_model_folder(const std::vector<FolderEntry>& entries);
/// The model among the files of a version's folder; null and `problem` if it cannot be told.
const FolderEntry* choose_file(const std::string& folder, const std::vector<FolderEntry>& entries,
                               const IsModel& is_model, Status& problem);

}  // namespace slipway::lifecycle
