// plan_versions: which versions of a model to load and to unload; a pure function of how they
// stand.
//
// The rule: serve what the policy chooses among the versions that can be loaded, and take nothing
// away before what replaces it is live. So a newest version that is broken leaves the one before it
// serving, and after a restart the newest good one comes up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "serving/model_source.h"

namespace slipway::serving {

struct VersionFacts {
  uint64_t version = 0;
  bool on_disk = false;
  bool complete = false;  // on disk, and not being written
  bool failed = false;    // what is on disk could not be loaded
  bool live = false;      // answers, with this or an older content
  bool current = false;   // live with what is on disk
};

struct VersionPlan {
  std::vector<uint64_t> load;    // the most important first
  std::vector<uint64_t> unload;  // live ones that are to go now
};

/// `held`: nothing of the model is to be served. `pinned`: a version that is served in any case.
VersionPlan plan_versions(const VersionPolicy& policy, bool held,
                          std::span<const VersionFacts> newest_first,
                          std::optional<uint64_t> pinned = std::nullopt);

/// "latest 2", "all", "3, 5", for messages.
std::string describe(const VersionPolicy& policy);

}  // namespace slipway::serving
