// Where models come from: what a repository holds, as whoever watches it tells the version manager.
//
//   files --lifecycle--> ModelSource per model --VersionManager::apply--> loads, swaps, unloads
//
// Plain values. A ModelLoader turns one VersionSource into a model; it is implemented above
// serving, since it needs the readers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "serving/admission.h"
#include "serving/model_settings.h"

namespace slipway::serving {

struct LoadedModel;  // serving/served_model.h

/// Tells one content of a file from another without reading it.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;  // of the inode: permissions and names too
  uint64_t settings = 0;   // ModelSettings::fingerprint() of what it is loaded with

  bool operator==(const FileStamp&) const = default;
  /// The content is the same; who may read it may have changed.
  bool same_content(const FileStamp& other) const {
    return device == other.device && inode == other.inode && size_bytes == other.size_bytes &&
           modified_ns == other.modified_ns && settings == other.settings;
  }
};

/// One version of a model on disk.
struct VersionSource {
  uint64_t version = 1;
  std::string path;
  FileStamp stamp;
  bool complete = true;  // false: it is being written; not to be loaded yet
  Status problem;        // why it cannot even be tried: no model file in the folder, or several
  std::shared_ptr<const ModelSettings> settings = nullptr;  // null: none
};

/// Which of the versions that are there are served.
struct VersionPolicy {
  enum class Kind : uint8_t { kLatest, kAll, kSpecific };
  Kind kind = Kind::kLatest;
  uint32_t latest = 1;             // kLatest: so many, the newest that can be loaded
  std::vector<uint64_t> versions;  // kSpecific
};

struct ModelSource {
  std::string name;
  std::string path;  // the file or folder that was asked for, for messages
  std::vector<VersionSource> versions;
  VersionPolicy policy;
  std::vector<std::pair<std::string, uint64_t>> labels;  // "stable" -> 3
  /// The version that answers who names none, beside what the policy chooses; unset: the newest.
  std::optional<uint64_t> default_version;
  bool required = false;  // the server is ready only while a version of it is live
  bool optional = false;  // a file that may be no model at all: a failure is no error
  bool held = false;      // unloaded by an admin call, until it is loaded by one
  Status problem;         // why it has no versions
  AdmissionOverrides admission;
  std::shared_ptr<const ModelSettings> settings;  // null: none; its versions have them too
};

/// Turns a file into a model; ABORTED if it is no more what the source says. Thread-safe.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;
  virtual Result<LoadedModel> load(const VersionSource& source) = 0;
};

}  // namespace slipway::serving
