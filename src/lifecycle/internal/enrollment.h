// Enrollment: single versions that calls register, take away, or make the default (TorchServe's
// management; serving/model_control.h: enroll, retire, set_default).
//
//   Command --prepare_...--> Scanner (what the next scan gives)
//   ModelSource --choose_default--> the version that answers who names none
//
// Single-sequence: the repository's thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "lifecycle/internal/command.h"
#include "lifecycle/scan.h"
#include "lifecycle/settling.h"
#include "serving/model_source.h"

namespace slipway::lifecycle {

/// The models of the last scan by name.
using KnownModels = std::map<std::string, serving::ModelSource>;

class Enrollment {
 public:
  /// `stores`: the folders that may be registered from. All outlive it.
  Enrollment(const std::vector<std::string>& stores, Scanner& scanner, Settling& settling,
             const KnownModels& known)
      : stores_(stores), scanner_(scanner), settling_(settling), known_(known) {}

  /// Finds the file on this machine, and what it calls itself; both stand in the command then.
  /// A model in `held` that is enrolled again is taken out of it.
  Status prepare_enroll(Command& command, std::set<std::string>& held);
  Status prepare_retire(const Command& command);
  Status prepare_default(const Command& command);
  /// Archives keep the version that was there first as their default, until an admin call names
  /// another; other models have the newest one until then.
  void choose_default(serving::ModelSource& model, bool is_archive);

 private:
  const serving::VersionSource* known_version(const std::string& name,
                                              const std::string& number) const;

  const std::vector<std::string>& stores_;
  Scanner& scanner_;
  Settling& settling_;
  const KnownModels& known_;
  std::map<std::string, uint64_t> defaults_;  // versions that answer who names none
};

}  // namespace slipway::lifecycle
