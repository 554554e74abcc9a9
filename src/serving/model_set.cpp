#include "serving/model_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::serving {
namespace {

constexpr size_t kNamesInMessages = 20;

}  // namespace

ModelSet::ModelSet(std::vector<std::shared_ptr<const ServedModel>> models,
                   std::vector<ModelStatus> statuses, std::string default_model)
    : models_(std::move(models)),
      statuses_(std::move(statuses)),
      default_model_(std::move(default_model)) {
  std::ranges::sort(models_, {}, [](const auto& model) { return model->name; });
  std::ranges::sort(statuses_, {}, [](const auto& status) { return status.name; });
  // A set that lost all but one of its models to errors does not quietly get another default.
  if (default_model_.empty() && models_.size() == 1 && statuses_.size() <= 1) {
    default_model_ = models_.front()->name;
  }
}

std::string ModelSet::names() const {
  std::string names;
  for (size_t i = 0; i < models_.size(); ++i) {
    if (i == kNamesInMessages) return names + ", ...";
    if (i > 0) names += ", ";
    names += models_[i]->name;
  }
  return names.empty() ? "none" : names;
}

Result<const ServedModel*> ModelSet::find(std::string_view name, std::string_view version) const {
  const auto place = std::ranges::lower_bound(
      models_, name, {}, [](const auto& model) -> std::string_view { return model->name; });
  if (place != models_.end() && (*place)->name == name) {
    if (version.empty() || (*place)->version == version) return place->get();
    return not_found(fmt::format("model \"{}\" has no version \"{}\"; it has: {}", name, version,
                                 (*place)->version));
  }
  for (const ModelStatus& status : statuses_) {
    if (status.name == name && !status.status.ok()) {
      return unavailable(
          fmt::format("model \"{}\" failed to load: {}", name, status.status.message()));
    }
  }
  return not_found(fmt::format("there is no model \"{}\"; served: {}", name, names()));
}

Result<const ServedModel*> ModelSet::default_model() const {
  if (!default_model_.empty()) return find(default_model_);
  if (models_.empty()) return unavailable("no model is served");
  return invalid_argument(
      fmt::format("several models are served and none is the default: name one in the path "
                  "(/models/{{model}}/predict); served: {}",
                  names()));
}

bool ModelSet::all_served() const {
  return std::ranges::all_of(statuses_, [](const auto& status) { return status.status.ok(); });
}

}  // namespace slipway::serving
