#include "lifecycle/internal/put_models.h"

#include <utility>

namespace slipway::lifecycle {

void PutModels::serve(const std::string& name, const std::string& path) {
  names_.insert(name);
  scanner_.put(name, {path});
}

Result<std::string> PutModels::begin(Command& command, Before before) {
  const bool replaces = command.replaces;
  std::string path = TRY(replaces ? uploads_.write_folder(command.name, command.files)
                                  : uploads_.write_file(command.name, command.files[0].content));
  command.files = {};
  before.model = scanner_.put_model(command.name);
  if (!replaces) names_.insert(command.name);
  replaced_[path] = std::move(before);
  scanner_.put(command.name, {path, replaces});
  return path;
}

std::optional<PutModels::Before> PutModels::settle(const std::string& name, const std::string& path,
                                                   bool refused) {
  const auto found = replaced_.find(path);
  if (found == replaced_.end()) return std::nullopt;
  Before before = std::move(found->second);
  replaced_.erase(found);
  if (!refused) {
    uploads_.remove(before.model.path);
    return std::nullopt;
  }
  const bool is_there = scanner_.put_model(name).path == path;
  if (is_there) scanner_.put(name, before.model);
  for (auto& [newer, replaced] : replaced_) {
    if (replaced.model.path == path) replaced = before;
  }
  uploads_.remove(path);
  if (!is_there) return std::nullopt;
  return before;
}

void PutModels::remove(const std::string& name) {
  uploads_.remove(scanner_.put_model(name).path);
  scanner_.put(name, {});
}

void PutModels::leave(const std::string& name) {
  PutModel model = scanner_.put_model(name);
  if (!model.replaces) return;
  leaving_[name] = model.path;
  model.leaves = true;
  scanner_.put(name, std::move(model));
}

void PutModels::clean_up() {
  for (const auto& [name, path] : std::exchange(leaving_, {})) {
    if (scanner_.put_model(name).path != path) uploads_.remove(path);
  }
}

}  // namespace slipway::lifecycle
