#include "lifecycle/internal/enrollment.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lifecycle/archive_version.h"
#include "lifecycle/model_store.h"

namespace slipway::lifecycle {
namespace {

Status no_version(const Command& command) {
  return not_found(
      fmt::format("Model version {} does not exist for model {}", command.address, command.name));
}

}  // namespace

Status Enrollment::prepare_enroll(Command& command, std::set<std::string>& held) {
  command.address = TRY(find_in_stores(stores_, command.address));
  const std::optional<ArchiveNames> names = scanner_.identify(command.address);
  const std::string given = command.name;
  if (given.empty() && names.has_value()) command.name = names->name;
  if (command.name.empty()) {
    const size_t slash = command.address.rfind('/') + 1;
    command.name = name_by_content(std::string_view(command.address).substr(slash));
  }
  command.version = names.has_value() ? names->version : "1";
  const auto known = known_.find(command.name);
  if (known != known_.end()) {
    const uint64_t number = archive_version_number(command.version);
    const auto& versions = known->second.versions;
    const bool is_there =
        std::ranges::find(versions, number, &serving::VersionSource::version) != versions.end();
    if (is_there && held.erase(command.name) > 0) return {};
    if (is_there || !names.has_value() || known->second.labels.empty()) {
      return already_exists(fmt::format("Model version {} is already registered for model {}",
                                        command.version, command.name));
    }
  }
  scanner_.add_file(command.address, given);
  return {};
}

Status Enrollment::prepare_default(const Command& command) {
  const serving::VersionSource* version = known_version(command.name, command.address);
  if (version == nullptr) return no_version(command);
  defaults_[command.name] = version->version;
  return {};
}

Status Enrollment::prepare_retire(const Command& command) {
  const serving::VersionSource* version = known_version(command.name, command.address);
  if (version == nullptr) return no_version(command);
  if (scanner_.was_added(command.name)) {
    scanner_.forget_added(command.name);
    settling_.forget(version->path);
  } else {
    scanner_.ignore(version->path);
  }
  return {};
}

const serving::VersionSource* Enrollment::known_version(const std::string& name,
                                                        const std::string& number) const {
  const auto model = known_.find(name);
  if (model == known_.end()) return nullptr;
  for (const serving::VersionSource& version : model->second.versions) {
    if (std::to_string(version.version) == number) return &version;
  }
  return nullptr;
}

void Enrollment::choose_default(serving::ModelSource& model, bool is_archive) {
  const auto chosen = defaults_.find(model.name);
  if (chosen != defaults_.end() &&
      std::ranges::find(model.versions, chosen->second, &serving::VersionSource::version) !=
          model.versions.end()) {
    model.default_version = chosen->second;
    return;
  }
  if (chosen != defaults_.end()) defaults_.erase(chosen);
  if (!is_archive || model.labels.empty()) return;
  const auto latest = std::ranges::max_element(model.labels, [](const auto& a, const auto& b) {
    return later_archive_version(b.first, a.first);
  });
  model.default_version = defaults_[model.name] = latest->second;
}

}  // namespace slipway::lifecycle
