#include "lifecycle/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "lifecycle/archive_version.h"
#include "lifecycle/file_stamp.h"
#include "lifecycle/model_folder.h"

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;
using serving::FileStamp;
using serving::ModelSource;
using serving::VersionSource;

constexpr uint64_t kListBytesMax = 16 << 20;
constexpr std::string_view kArchiveEndings[] = {".mar", ".slip"};
constexpr std::string_view kArchiveVersion = "1.0";  // of an archive that does not say it

bool is_archive_name(std::string_view path) {
  return std::ranges::any_of(kArchiveEndings,
                             [&](std::string_view ending) { return path.ends_with(ending); });
}

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// Another setting makes another model of the same file: the versions' stamps tell it.
void set_settings(ModelSource& model) {
  if (model.settings == nullptr) return;
  const uint64_t fingerprint = model.settings->fingerprint();
  for (VersionSource& version : model.versions) {
    version.settings = model.settings;
    version.stamp.settings = fingerprint;
  }
}

}  // namespace

Scanner::Scanner(ScanRequest request, Settling& settling, FolderWatch* watch,
                 MirrorSource mirror_source)
    : request_(std::move(request)),
      settling_(settling),
      watch_(watch),
      mirror_source_(std::move(mirror_source)) {}

void Scanner::watch(const std::string& folder) {
  if (watch_ != nullptr) watch_->add(folder);
}

/// By its content, which is looked at once for each that it has. While it is being written, what it
/// was before counts.
bool Scanner::is_model_file(const std::string& path) {
  const Result<FileStamp> stamp = stamp_file(path);
  if (!stamp.ok() || request_.is_model == nullptr) return false;
  const auto known = contents_before_.find(path);
  const bool is_known = known != contents_before_.end();
  if (is_known && (known->second.stamp == *stamp || !settling_.complete(path, *stamp))) {
    contents_[path] = known->second;
    return known->second.is_model;
  }
  const bool is_model = request_.is_model(path);
  contents_[path] = {*stamp, is_model};
  return is_model;
}

std::optional<ArchiveNames> Scanner::identify(const std::string& path) {
  const Result<FileStamp> stamp = stamp_file(path);
  if (!stamp.ok() || request_.identify == nullptr) return std::nullopt;
  const auto [entry, is_new] = archives_.try_emplace(path);
  Archive& archive = entry->second;
  if (is_new || !archive.stamp.same_content(*stamp)) {
    archive.stamp = *stamp;
    archive.names = request_.identify(path);
    if (archive.names.has_value() && archive.names->version.empty()) {
      archive.names->version = kArchiveVersion;
    }
  }
  return archive.names;
}

void Scanner::add_file(const std::string& path, std::string name) {
  ignored_.erase(path);
  added_files_[path] = std::move(name);
}

void Scanner::ignore(const std::string& path) {
  added_files_.erase(path);
  archives_.erase(path);
  ignored_.insert(path);
  settling_.forget(path);
}

/// The name of a file in a repository, and whether it is a model for sure.
std::string Scanner::name_of(const std::string& file, const std::string& path, bool& is_model) {
  std::string name = model_name(file, is_model);
  if (is_model || !needs_content(file) || !is_model_file(path)) return name;
  is_model = true;
  return name_by_content(file);
}

void Scanner::add(ModelSource model, Scan& scan) {
  set_settings(model);
  const auto [place, is_new] = scan.places.try_emplace(model.name, scan.models.size());
  if (is_new) {
    scan.models.push_back(std::move(model));
    return;
  }
  ModelSource* taken = &scan.models[place->second];
  if (taken->optional && !model.optional) {
    *taken = std::move(model);
  } else if (!model.optional) {
    scan.errors.push_back(
        already_exists(fmt::format("{}: the name \"{}\" is already taken by {}; rename one of them",
                                   model.path, model.name, taken->path)));
  }
}

Scan Scanner::scan() {
  Scan scan;
  if (watch_ != nullptr) watch_->begin();
  contents_before_ = std::exchange(contents_, {});
  if (mirror_ != nullptr) mirror_->begin_round();
  if (replaced_) {
    for (const ListedModel& listed : *replaced_) scan_listed(listed, scan);
  }
  for (const std::string& path : replaced_ ? std::vector<std::string>() : request_.paths) {
    if (looks_like_url(path)) {
      scan_url(path, nullptr, false, scan);
    } else {
      scan_path(normal_path(path), scan);
    }
  }
  if (!request_.name.empty() && !replaced_) {
    if (scan.models.size() == 1) {
      scan.models.front().name = request_.name;
    } else {
      scan.broken = invalid_argument(fmt::format(
          "a name can be given to a single model file only, and there are {}", scan.models.size()));
    }
  }
  if (request_.settings != nullptr && !replaced_) {
    if (scan.models.size() == 1) {
      scan.models.front().settings = request_.settings;
      set_settings(scan.models.front());
    } else {
      scan.broken =
          invalid_argument(fmt::format("threshold, class names, outputs and key fields can be "
                                       "given to a single model, and there "
                                       "are {}; a list of models says it for each",
                                       scan.models.size()));
    }
  }
  scan_added(scan);
  scan_put(scan);
  scan_added_files(scan);
  scan_replacements(scan);
  if (mirror_ != nullptr) mirror_->end_round();
  if (watch_ != nullptr) watch_->end();
  settling_.keep_vanished(scan.models, scan.unreadable);
  settling_.end();
  return scan;
}

void Scanner::scan_added(Scan& scan) {
  for (const auto& [name, address] : added_) {
    ModelSource model;
    model.name = name;
    model.policy = request_.policy;
    scan_url(address, &model, true, scan);
  }
}

void Scanner::scan_put(Scan& scan) {
  mirrored_ = true;  // what was put is complete by itself
  for (const auto& [name, put] : put_) {
    if (put.replaces) continue;
    const std::string& path = put.path;
    ModelSource model;
    model.name = name;
    model.path = path;
    model.policy = request_.policy;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      scan_file(std::move(model), path, scan, Naming::kGiven);
      continue;
    }
    model.versions.push_back(scan_version_folder(path, 1));  // what a version's folder may hold
    add(std::move(model), scan);
  }
  mirrored_ = false;
}

/// Last: they take the places of what was found.
void Scanner::scan_replacements(Scan& scan) {
  mirrored_ = true;
  for (auto entry = put_.begin(); entry != put_.end();) {
    PutModel& put = entry->second;
    const bool goes = put.replaces && put.leaves && scan.places.contains(entry->first);
    put.leaves = false;
    if (goes) {
      settling_.forget(put.path);
      entry = put_.erase(entry);
      continue;
    }
    if (put.replaces) replace(entry->first, put, scan);
    ++entry;
  }
  mirrored_ = false;
}

/// Versions, labels and policy are the new folder's; what the operator set of the model stays.
void Scanner::replace(const std::string& name, const PutModel& put, Scan& scan) {
  Scan apart;
  ModelSource model;
  model.name = name;
  model.path = put.path;
  model.policy = request_.policy;
  scan_model_folder(std::move(model), put.path, apart);
  if (apart.models.empty()) return;
  ModelSource& made = apart.models.front();
  scan.archives.erase(name);
  const auto place = scan.places.find(name);
  if (place == scan.places.end()) return add(std::move(made), scan);
  ModelSource& found = scan.models[place->second];
  for (const VersionSource& version : found.versions) settling_.forget(version.path);
  found.path = std::move(made.path);
  found.versions = std::move(made.versions);
  found.problem = std::move(made.problem);
  found.policy = std::move(made.policy);
  found.labels.clear();
  found.optional = false;
  set_settings(found);
}

void Scanner::put(const std::string& name, PutModel model) {
  const auto found = put_.find(name);
  if (found != put_.end()) settling_.forget(found->second.path);
  if (model.path.empty()) {
    put_.erase(name);
  } else {
    put_[name] = std::move(model);
  }
}

PutModel Scanner::put_model(const std::string& name) const {
  const auto found = put_.find(name);
  return found == put_.end() ? PutModel() : found->second;
}

bool Scanner::may_come_from(const std::string& path,
                            const std::vector<std::string>& allowed) const {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(path, error);
  if (error) return false;
  const auto lies_below = [&place](const std::string& folder) {
    if (looks_like_url(folder)) return false;
    std::error_code unknown;
    const fs::path base = fs::weakly_canonical(folder, unknown);
    return !unknown && std::ranges::mismatch(base, place).in1 == base.end();
  };
  if (std::ranges::any_of(allowed, lies_below)) return true;
  if (std::ranges::any_of(request_.paths, lies_below)) return true;
  return std::ranges::any_of(lists_, [&](const auto& list) {
    return std::ranges::any_of(list.second.models,
                               [&](const ListedModel& model) { return lies_below(model.path); });
  });
}

void Scanner::scan_added_files(Scan& scan) {
  for (const auto& [path, name] : added_files_) {
    const bool is_found = std::ranges::any_of(scan.models, [&](const ModelSource& model) {
      return model.path == path ||
             std::ranges::find(model.versions, path, &VersionSource::path) != model.versions.end();
    });
    std::error_code ignored;
    if (is_found || !fs::exists(path, ignored)) continue;
    ModelSource model;
    model.name = name.empty() ? name_by_content(fs::path(path).filename().string()) : name;
    model.path = path;
    model.policy = request_.policy;
    watch(folder_of(path));
    if (fs::is_directory(path, ignored)) {
      scan_model_folder(std::move(model), path, scan);
    } else {
      scan_file(std::move(model), path, scan, name.empty() ? Naming::kOwn : Naming::kGiven);
    }
  }
}

void Scanner::scan_path(const std::string& path, Scan& scan) {
  const bool is_list = std::ranges::find(request_.lists, path) != request_.lists.end();
  if (is_list || is_model_list(path)) return scan_list(path, scan);
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    ModelSource model;
    model.name = name_by_content(fs::path(path).filename().string());  // who names it, knows it
    model.path = path;
    model.policy = request_.policy;
    const auto given = request_.names.find(path);
    if (given != request_.names.end()) model.name = given->second;
    watch(folder_of(path));
    return scan_file(std::move(model), path, scan,
                     given != request_.names.end() ? Naming::kGiven : Naming::kOwn);
  }
  watch(path);
  scan_repository(path, scan);
}

/// An address of the command line, or that of a list's entry or of an admin call.
void Scanner::scan_url(const std::string& text, ModelSource* listed, bool confined, Scan& scan) {
  const Result<Url> url = parse_url(text);
  if (!url.ok() || mirror_source_ == nullptr) {
    Status problem = url.ok() ? unimplemented("addresses are not taken here") : url.status();
    if (listed == nullptr) {
      scan.broken = std::move(problem);
    } else {
      listed->problem = problem;
      scan.errors.push_back(std::move(problem));
      add(std::move(*listed), scan);
    }
    return;
  }
  if (mirror_ == nullptr) {
    mirror_ = &mirror_source_();
    mirror_->begin_round();
  }
  const Mirror::Place place = mirror_->place(*url, confined);
  if (!place.problem.ok()) scan.errors.push_back(place.problem);
  std::error_code ignored;
  const bool is_folder = fs::is_directory(place.path, ignored);
  bool is_model = false;
  ModelSource model = listed != nullptr ? std::move(*listed) : ModelSource();
  if (listed == nullptr) {
    model.name = url->is_s3() ? model_name(url->name(), is_model) : name_by_content(url->name());
    model.policy = request_.policy;
    if (!place.tried && url->is_s3() && !is_model) {
      scan.postponed = true;  // nobody knows yet which models it holds
      return;
    }
  }
  model.path = text;
  mirrored_ = true;
  if (!place.tried) {
    model.versions = {{1, place.path, {}, false, {}}};
    add(std::move(model), scan);
  } else if (!is_folder && !fs::exists(place.path, ignored) && !place.problem.ok()) {
    model.problem = place.problem;
    if (listed != nullptr || !url->is_s3() || is_model) add(std::move(model), scan);
  } else if (is_folder && listed == nullptr) {
    scan_repository(place.path, scan);
  } else if (is_folder) {
    scan_model_folder(std::move(model), place.path, scan);
  } else {
    scan_file(std::move(model), place.path, scan,
              listed != nullptr ? Naming::kGiven : Naming::kOwn);
  }
  mirrored_ = false;
}

void Scanner::scan_repository(const std::string& folder, Scan& scan) {
  Result<std::vector<FolderEntry>> entries = list_folder(folder);
  if (!entries.ok()) {
    scan.errors.push_back(std::move(entries).status());
    scan.unreadable = true;
    return;
  }
  ModelSource model;
  model.policy = request_.policy;
  if (is_model_folder(*entries)) {
    model.name = fs::absolute(folder).filename().string();
    model.path = folder;
    return scan_file(std::move(model), folder, scan, Naming::kGiven);
  }
  if (holds_versions(*entries)) {
    model.name = fs::absolute(folder).filename().string();
    model.path = folder;
    return scan_model_folder(std::move(model), folder, scan);
  }
  for (const FolderEntry& entry : *entries) {
    model.path = entry.path;
    model.optional = false;
    if (!entry.is_folder) {
      if (is_companion(entry.name)) continue;
      bool is_model = false;
      model.name = name_of(entry.name, entry.path, is_model);
      model.optional = !is_model;
      scan_file(model, entry.path, scan, Naming::kOwn);
      continue;
    }
    watch(entry.path);  // before it is read: a version may be put into it at this moment
    const Result<std::vector<FolderEntry>> inside = list_folder(entry.path);
    model.name = entry.name;
    if (inside.ok() && is_model_folder(*inside)) {
      scan_file(model, entry.path, scan, Naming::kGiven);
      continue;
    }
    if (inside.ok() && !holds_versions(*inside)) continue;  // some other folder
    scan_model_folder(model, entry.path, scan);
  }
}

void Scanner::scan_file(ModelSource model, const std::string& path, Scan& scan, Naming naming) {
  if (ignored_.contains(path)) return;
  const Result<FileStamp> stamp = stamp_model(path);
  if (!stamp.ok()) {
    model.problem = stamp.status();
    return add(std::move(model), scan);
  }
  VersionSource version;
  version.path = path;
  version.stamp = *stamp;
  version.complete = settling_.complete(path, *stamp) || mirrored_;
  const bool may_be_archive = is_archive_name(path) || added_files_.contains(path);
  const std::optional<ArchiveNames> names = may_be_archive ? identify(path) : std::nullopt;
  if (names.has_value()) {
    if (naming == Naming::kOwn && !names->name.empty()) model.name = names->name;
    version.version = archive_version_number(names->version);
    model.optional = false;
    model.versions.push_back(std::move(version));
    return add_archive(std::move(model), names->version, scan);
  }
  // An archive that is being written does not say yet what it is.
  if (is_archive_name(path) && !version.complete && !added_files_.contains(path)) return;
  model.versions.push_back(std::move(version));
  add(std::move(model), scan);
}

/// All versions that archives hold of a model are served.
void Scanner::add_archive(ModelSource model, const std::string& version, Scan& scan) {
  model.labels.emplace_back(version, model.versions[0].version);
  model.policy = {serving::VersionPolicy::Kind::kAll, 1, {}};
  const auto place = scan.places.find(model.name);
  if (place == scan.places.end() || !scan.archives.contains(model.name)) {
    if (place == scan.places.end()) scan.archives.insert(model.name);
    return add(std::move(model), scan);
  }
  ModelSource& same = scan.models[place->second];
  const auto taken =
      std::ranges::find(same.versions, model.versions[0].version, &VersionSource::version);
  if (taken != same.versions.end()) {
    scan.errors.push_back(already_exists(fmt::format(
        "{}: version {} of model \"{}\" is already that of {}; give one of them another",
        model.path, version, model.name, taken->path)));
    return;
  }
  same.versions.push_back(std::move(model.versions[0]));
  same.labels.push_back(std::move(model.labels.back()));
}

void Scanner::scan_model_folder(ModelSource model, const std::string& folder, Scan& scan) {
  watch(folder);
  const Result<std::vector<FolderEntry>> entries = list_folder(folder);
  if (entries.ok() && is_model_folder(*entries)) {
    return scan_file(std::move(model), folder, scan, Naming::kGiven);
  }
  if (!entries.ok()) {
    scan.errors.push_back(entries.status());
    scan.unreadable = true;
    model.problem = entries.status();
    return add(std::move(model), scan);
  }
  bool is_emptied = false;  // by admin calls
  for (const FolderEntry& entry : *entries) {
    uint64_t number = 0;
    if (!is_version(entry, number)) continue;
    VersionSource version = scan_version_folder(entry.path, number);
    is_emptied = is_emptied || ignored_.contains(version.path);
    if (!ignored_.contains(version.path)) model.versions.push_back(std::move(version));
  }
  if (model.versions.empty() && is_emptied) return;
  if (model.versions.empty()) {
    model.problem =
        not_found(fmt::format("{} holds no version: expected folders named 1, 2, ...", model.path));
  }
  add(std::move(model), scan);
}

VersionSource Scanner::scan_version_folder(const std::string& folder, uint64_t version) {
  watch(folder);
  VersionSource source;
  source.version = version;
  source.path = folder;
  const Result<std::vector<FolderEntry>> entries = list_folder(folder);
  if (entries.ok()) {
    const FolderEntry* inner = inner_model_folder(*entries);
    if (inner != nullptr) watch(inner->path);
    if (inner != nullptr || is_model_folder(*entries)) {
      if (inner != nullptr) source.path = inner->path;
      const Result<FileStamp> stamp = stamp_tree(source.path);
      source.problem = stamp.status();
      if (stamp.ok()) source.stamp = *stamp;
      source.complete = !stamp.ok() || settling_.complete(source.path, *stamp) || mirrored_;
      return source;
    }
  }
  const IsModel is_model = [this](const std::string& path) { return is_model_file(path); };
  const FolderEntry* file =
      entries.ok() ? choose_file(folder, *entries, is_model, source.problem) : nullptr;
  if (!entries.ok()) source.problem = entries.status();
  if (file != nullptr) source.path = file->path;
  const Result<FileStamp> stamp = file != nullptr ? stamp_file(file->path) : stamp_folder(folder);
  if (!stamp.ok()) {
    source.problem = stamp.status();
    return source;
  }
  source.stamp = *stamp;
  source.complete = settling_.complete(source.path, *stamp) || mirrored_;
  // A folder that has just been made is about to be filled: no reason for an error yet.
  if (file == nullptr && !source.complete) source.problem = Status();
  return source;
}

void Scanner::scan_list(const std::string& path, Scan& scan) {
  watch(folder_of(path));
  List& list = lists_[path];
  scan.postponed = read_list(path, list) || scan.postponed;
  if (!list.error.ok()) {
    scan.errors.push_back(list.error);
    scan.unreadable = scan.unreadable || !list.read;
    if (!list.read && scan.broken.ok() && !scan.postponed) scan.broken = list.error;
  }
  for (const ListedModel& listed : list.models) scan_listed(listed, scan);
}

void Scanner::scan_listed(const ListedModel& listed, Scan& scan) {
  ModelSource model;
  model.name = listed.name;
  model.policy = listed.policy;
  model.labels = listed.labels;
  model.required = listed.required;
  model.admission = listed.admission;
  model.settings = listed.settings;
  if (looks_like_url(listed.path)) return scan_url(listed.path, &model, false, scan);
  const std::string place = normal_path(listed.path);
  model.path = place;
  std::error_code ignored;
  if (fs::is_directory(place, ignored)) return scan_model_folder(std::move(model), place, scan);
  watch(folder_of(place));
  scan_file(std::move(model), place, scan, Naming::kGiven);
}

/// Reads the list again if it is another one and complete; a list that cannot be read leaves the
/// one before in force. True if it is being written and there is none before.
bool Scanner::read_list(const std::string& path, List& list) {
  const Result<FileStamp> stamp = stamp_file(path);
  if (!stamp.ok()) {
    list.error = stamp.status();
    return false;
  }
  const bool complete = settling_.complete(path, *stamp);
  if (!complete) return !list.read;
  if (list.stamp == *stamp && (list.read || !list.error.ok())) return false;
  list.stamp = *stamp;
  Limits limits;
  limits.file_bytes_max = kListBytesMax;
  const Result<std::string> text = read_file(path, limits);
  Result<std::vector<ListedModel>> models =
      text.ok() ? parse_model_list(path, *text) : text.status();
  if (!models.ok()) {
    list.error = std::move(models).status();
    return false;
  }
  list.error = Status();
  list.models = std::move(models).value();
  list.read = true;
  return false;
}

}  // namespace slipway::lifecycle
