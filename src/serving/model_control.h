// ModelControl: what the admin calls of the protocols do to the set of models.
//
//   POST /v2/repository/models/{m}/load --protocols--> ModelControl::load --> done(status)
//
// Declared here, implemented by lifecycle, wired by cli. Thread-safe; never blocks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "serving/model_set.h"

namespace slipway::serving {

/// What an admin call asks to be served.
struct Registration {
  std::string address;  // a file or folder of the model store, or https://..., s3://...
  std::string name;     // empty: what the archive says, or the file is called
  bool waits = true;    // for its load; else only until it is known what it is
};

/// What came of it. The version as the archive writes it ("1.0"), or its number.
struct Registered {
  std::string name;
  std::string version;
};

/// What an admin call sets of a model, in place of what the repository says.
struct ModelOverrides {
  std::optional<VersionPolicy> policy;
  AdmissionOverrides admission;

  bool empty() const { return !policy && admission == AdmissionOverrides(); }
};

/// A file that came with a call; the path is relative ("1/model.joblib"), and not checked yet.
struct ModelFile {
  std::string path;
  std::string content;
};

class ModelControl {
 public:
  virtual ~ModelControl() = default;

  /// Every version that is known, loaded or not.
  virtual std::vector<ModelStatus> index() const = 0;
  /// Looks at the model's files again and loads what they hold, what failed before too. `done` is
  /// called once, on another thread, when new requests see the outcome. NOT_FOUND if there is no
  /// such model.
  virtual void load(std::string name, std::function<void(Status)> done) = 0;
  /// As load(), with other settings until the next load(), which goes back to the repository's.
  virtual void load_with(std::string name, ModelOverrides overrides,
                         std::function<void(Status)> done) = 0;
  /// As load_with(), with these files in place of the model's folder (VERSION/FILE): until the next
  /// load(), which goes back to what the repository holds, if it holds a model of this name, or
  /// until unload(). If they cannot be loaded, what was there goes on, and `done` says why.
  virtual void load_files(std::string name, std::vector<ModelFile> files, ModelOverrides overrides,
                          std::function<void(Status)> done) = 0;
  /// Serves what lies at an address (https://..., s3://...) as the model of this name, beside what
  /// the repository holds, until the server ends. `done` as for load(). PERMISSION_DENIED if
  /// the address is not allowed; FAILED_PRECONDITION if the repository holds a model of this name.
  virtual void add(std::string name, std::string address, std::function<void(Status)> done) = 0;
  /// Serves the model whose file has this content under this name, until the server ends; in place
  /// of one that was put before. If it cannot be loaded, what was there goes on, and `done` says
  /// why. FAILED_PRECONDITION if the repository holds a model of this name.
  virtual void put(std::string name, std::string content, std::function<void(Status)> done) = 0;
  /// Serves what this list says (TensorFlow Serving's model_config_list as text) and nothing else,
  /// until the server ends. `done`: once all of it is live, or why some of it is not.
  /// PERMISSION_DENIED if a path lies where no model may come from; then nothing changes.
  virtual void replace_list(std::string list, std::function<void(Status)> done) = 0;
  /// A request needs a model that is not live and that may be loaded on demand
  /// (ModelSet::on_demand). `done` is called once, on another thread, when new requests see it, or
  /// with the reason why they do not: DEADLINE_EXCEEDED if it took too long.
  virtual void demand(std::string name, SteadyTime deadline, std::function<void(Status)> done) = 0;
  /// Takes the model away until it is loaded again. `done` is called when no new request sees it.
  virtual void unload(std::string name, std::function<void(Status)> done) = 0;

  /// Serves one more model, or one more version of one. NOT_FOUND if there is nothing at the
  /// address; PERMISSION_DENIED if it is not allowed; ALREADY_EXISTS if that version is served.
  /// What cannot be loaded is forgotten again.
  virtual void enroll(Registration registration, std::function<void(Result<Registered>)> done) = 0;
  /// Takes one version away until it is enrolled again. `done` is called when no new request sees
  /// it.
  virtual void retire(std::string name, std::string version, std::function<void(Status)> done) = 0;
  /// From now on this version answers who names none, until the server ends. `done` is called when
  /// new requests see that.
  virtual void set_default(std::string name, std::string version,
                           std::function<void(Status)> done) = 0;
};

}  // namespace slipway::serving
