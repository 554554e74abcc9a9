// Scanner: what the given files, folders and lists of models hold now.
//
//   paths --scan()--> ModelSource per model --VersionManager::apply-->
//
// A path is a model file; a folder of them (each is a model by its name, version 1) and of model
// folders (NAME/VERSION/file, versions are numbers); one such model folder; or a YAML list. An
// MLflow folder (it holds MLmodel) stands wherever a file may: as NAME, NAME/VERSION or below it
// (model_list.h). Reads names and stamps; a model's content only through `is_model`, where a name
// may be of anything. Single-sequence.
//
//   Scanner scanner(request, settling, watch);
//   Scan scan = scanner.scan();
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "lifecycle/folder_watch.h"
#include "lifecycle/mirror.h"
#include "lifecycle/model_list.h"
#include "lifecycle/model_names.h"
#include "lifecycle/settling.h"
#include "serving/model_source.h"

namespace slipway::lifecycle {

/// What an archive (.mar) says that it is; what it does not say is empty.
struct ArchiveNames {
  std::string name;
  std::string version;  // "1.0"
};

struct ScanRequest {
  std::vector<std::string> paths;
  std::string name;                     // of the only model, if it is a single file or model folder
  serving::VersionPolicy policy;        // of models that no list gives one
  IsModel is_model;                     // null: content decides nothing
  std::vector<std::string> lists = {};  // those of `paths` that are lists, whatever their names
  std::shared_ptr<const serving::ModelSettings> settings = nullptr;  // of the only model
  std::map<std::string, std::string> names = {};  // of models, by those of `paths` that are files
  /// Reads an archive's own names; none if it is no such archive. Null: names are those of files.
  std::function<std::optional<ArchiveNames>(const std::string& path)> identify = nullptr;
};

/// A model that was put: a file or a model's folder, complete by itself.
struct PutModel {
  std::string path;
  bool replaces = false;  // a folder of versions, in place of the repository's model of that name
  /// With `replaces`: it goes as soon as the repository holds a model of that name.
  bool leaves = false;
};

struct Scan {
  std::vector<serving::ModelSource> models;        // one per name
  std::vector<Status> errors;                      // of folders, lists and names; the models go on
  bool unreadable = false;                         // some folder or list: what it held is kept
  bool postponed = false;                          // a list was never read and is being written
  Status broken;                                   // what was asked for makes no sense
  std::unordered_map<std::string, size_t> places;  // of each name in `models`
  std::set<std::string> archives;                  // names of models that come from archives
};

class Scanner {
 public:
  /// Gives the mirror of what lies at addresses; asked for when the first address is met.
  using MirrorSource = std::function<Mirror&()>;

  /// `watch` may be null: nobody is told which folders matter. All outlive the scanner.
  Scanner(ScanRequest request, Settling& settling, FolderWatch* watch,
          MirrorSource mirror_source = nullptr);
  /// One more model, at an address; from the next scan on. Replaces one that was added before.
  void add(const std::string& name, std::string address) { added_[name] = std::move(address); }
  bool was_added(const std::string& name) const { return added_.contains(name); }
  /// The same of what lies on this machine; an empty path: no more, and it was never there.
  void put(const std::string& name, PutModel model);
  /// What was put under this name; an empty path if there is nothing.
  PutModel put_model(const std::string& name) const;
  /// From the next scan on these models are served, in place of what was asked for.
  void replace_list(std::vector<ListedModel> models) { replaced_ = std::move(models); }
  /// Whether a model may come from this place: below what was asked for at the start, or what its
  /// lists name, or one of the `allowed` folders.
  bool may_come_from(const std::string& path, const std::vector<std::string>& allowed) const;
  /// One more file or folder, from the next scan on; an empty name: its own.
  void add_file(const std::string& path, std::string name);
  /// From the next scan on there is nothing at this path, until it is added again.
  void ignore(const std::string& path);
  void forget_added(const std::string& name) { added_.erase(name); }
  /// By its content, which is read once for each that it has.
  std::optional<ArchiveNames> identify(const std::string& path);
  Scan scan();

 private:
  struct List {
    serving::FileStamp stamp;
    bool read = false;
    std::vector<ListedModel> models;  // of the last content that could be read
    Status error;                     // of the present one
  };
  struct Content {
    serving::FileStamp stamp;
    bool is_model = false;
  };
  struct Archive {
    serving::FileStamp stamp;
    std::optional<ArchiveNames> names;
  };
  enum class Naming : uint8_t { kOwn, kGiven };  // may an archive name itself?

  void scan_path(const std::string& path, Scan& scan);
  void scan_url(const std::string& text, serving::ModelSource* listed, bool confined, Scan& scan);
  void scan_added(Scan& scan);
  void scan_put(Scan& scan);
  void scan_replacements(Scan& scan);
  void replace(const std::string& name, const PutModel& put, Scan& scan);
  void scan_listed(const ListedModel& listed, Scan& scan);
  void scan_added_files(Scan& scan);
  void scan_list(const std::string& path, Scan& scan);
  bool read_list(const std::string& path, List& list);
  void scan_repository(const std::string& folder, Scan& scan);
  void scan_file(serving::ModelSource model, const std::string& path, Scan& scan, Naming naming);
  static void add_archive(serving::ModelSource model, const std::string& version, Scan& scan);
  void scan_model_folder(serving::ModelSource model, const std::string& folder, Scan& scan);
  serving::VersionSource scan_version_folder(const std::string& folder, uint64_t version);
  bool is_model_file(const std::string& path);
  std::string name_of(const std::string& file, const std::string& path, bool& is_model);
  void watch(const std::string& folder);
  static void add(serving::ModelSource model, Scan& scan);

  const ScanRequest request_;
  Settling& settling_;
  FolderWatch* const watch_;
  const MirrorSource mirror_source_;
  Mirror* mirror_ = nullptr;
  bool mirrored_ = false;  // what is being looked at is a mirror's copy: complete by itself
  std::map<std::string, List> lists_;        // by path
  std::map<std::string, Content> contents_;  // by path: what this scan asked about
  std::map<std::string, Content> contents_before_;
  std::map<std::string, std::string> added_;  // addresses by name
  std::map<std::string, PutModel> put_;       // by name
  std::optional<std::vector<ListedModel>> replaced_;
  std::map<std::string, std::string> added_files_;  // names by path; may be empty
  std::set<std::string> ignored_;                   // paths
  std::map<std::string, Archive> archives_;         // by path
};

}  // namespace slipway::lifecycle
