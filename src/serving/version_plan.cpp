#include "serving/version_plan.h"

#include <algorithm>

namespace slipway::serving {
namespace {

bool allowed(const VersionPolicy& policy, uint64_t version) {
  return policy.kind != VersionPolicy::Kind::kSpecific ||
         std::ranges::find(policy.versions, version) != policy.versions.end();
}

/// Answers already, or can be tried.
bool usable(const VersionFacts& facts) {
  return facts.on_disk && (facts.live || (facts.complete && !facts.failed));
}

}  // namespace

VersionPlan plan_versions(const VersionPolicy& policy, bool held,
                          std::span<const VersionFacts> newest_first,
                          std::optional<uint64_t> pinned) {
  VersionPlan plan;
  std::vector<uint64_t> wanted;
  bool any_on_disk = false;
  bool any_pending = false;  // wanted and not live yet
  uint32_t latest = 0;
  for (const VersionFacts& facts : newest_first) {
    any_on_disk = any_on_disk || facts.on_disk;
    const bool is_pinned = pinned == facts.version;
    if (held || !usable(facts) || !(is_pinned || allowed(policy, facts.version))) continue;
    const bool is_old = policy.kind == VersionPolicy::Kind::kLatest && latest == policy.latest;
    if (is_old && !is_pinned) continue;
    if (!is_old) ++latest;
    wanted.push_back(facts.version);
    if (!facts.current && facts.complete && !facts.failed) plan.load.push_back(facts.version);
    any_pending = any_pending || !facts.live;
  }
  const bool nothing_to_serve = held || !any_on_disk;
  if (!nothing_to_serve && (wanted.empty() || any_pending)) return plan;
  for (const VersionFacts& facts : newest_first) {
    if (facts.live && std::ranges::find(wanted, facts.version) == wanted.end()) {
      plan.unload.push_back(facts.version);
    }
  }
  return plan;
}

std::string describe(const VersionPolicy& policy) {
  if (policy.kind == VersionPolicy::Kind::kAll) return "all";
  if (policy.kind == VersionPolicy::Kind::kLatest) return "latest " + std::to_string(policy.latest);
  std::string list;
  for (const uint64_t version : policy.versions) {
    list += (list.empty() ? "" : ", ") + std::to_string(version);
  }
  return list;
}

}  // namespace slipway::serving
