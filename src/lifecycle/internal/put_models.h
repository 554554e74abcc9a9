// PutModels: models that a call brought or named, beside the repository's or in place of one; and
// what each replaced, which comes back if it cannot be loaded.
//
//   Command --begin--> Uploads, Scanner::put --load--> settle --refused--> what was there before
//
// Single-sequence: the repository's thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/status.h"
#include "lifecycle/internal/command.h"
#include "lifecycle/scan.h"
#include "lifecycle/uploads.h"

namespace slipway::lifecycle {

class PutModels {
 public:
  /// What a name stood for before.
  struct Before {
    PutModel model;
    std::optional<serving::ModelOverrides> overrides;
    bool held = false;
  };

  explicit PutModels(Scanner& scanner) : scanner_(scanner) {}

  /// The name is of one that was put beside the repository's, perhaps gone again.
  bool owns(const std::string& name) const { return names_.contains(name); }
  /// Serves what lies at a path of this machine.
  void serve(const std::string& name, const std::string& path);
  /// Writes the command's files and serves them. Gives their path, which settle() wants once they
  /// have been loaded or refused. Errors of Uploads.
  Result<std::string> begin(Command& command, Before before);
  /// What was refused gives way to what it replaced, which is given if it was still there: the
  /// caller restores the rest of it. What was replaced is removed otherwise.
  std::optional<Before> settle(const std::string& name, const std::string& path, bool refused);
  /// Unloaded: nothing is put under this name any more.
  void remove(const std::string& name);
  /// The repository's model of this name, if there is one at the next scan, takes its place again.
  void leave(const std::string& name);
  /// After that scan: there was none.
  bool stays(const std::string& name) const { return scanner_.put_model(name).replaces; }
  /// After a scan: the files of what has left are removed.
  void clean_up();

 private:
  Scanner& scanner_;
  Uploads uploads_;
  std::set<std::string> names_;
  std::map<std::string, Before> replaced_;      // by the path of what is being loaded
  std::map<std::string, std::string> leaving_;  // paths by name
};

}  // namespace slipway::lifecycle
