// Pipeline (one step after the other) and FeatureUnion (side by side).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/composition.h"

namespace slipway::sklearn {
namespace {

/// A sampler of imbalanced-learn: it changes the training's rows, and lets others pass.
bool is_sampler(pickle::Value estimator) {
  if (estimator.kind() != pickle::Kind::kObject) return false;
  static constexpr std::array kModules = {
      std::string_view("imblearn.over_sampling."), std::string_view("imblearn.under_sampling."),
      std::string_view("imblearn.combine."), std::string_view("imblearn.base")};
  return std::any_of(kModules.begin(), kModules.end(), [&](std::string_view module) {
    return estimator.module().starts_with(module);
  });
}

Result<Step> lower_pipeline(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::vector<NamedPart> steps = TRY(named_parts(self, "steps"));
  if (steps.empty()) return invalid_argument("a Pipeline without steps");
  Features features = input;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    if (is_sampler(steps[i].estimator)) continue;
    features = TRY(transform_part(lowering, steps[i], features, "steps"));
  }
  const NamedPart& last = steps.back();
  if (!is_passthrough(last.estimator)) {
    return lowering.lower(last.estimator, features, "steps." + last.name);
  }
  Step step;
  step.unknown = features.unknown;
  step.transform = std::move(features);
  return step;
}

Result<Step> lower_union(Lowering& lowering, pickle::Value self, const Features& input) {
  const bool prefixed = TRY(bool_attr_or(self, "verbose_feature_names_out", true));
  Step step;
  Features& output = step.transform.emplace();
  for (const NamedPart& part : TRY(named_parts(self, "transformer_list"))) {
    if (is_drop(part.estimator)) continue;
    Features features = TRY(transform_part(lowering, part, input, "transformer_list"));
    features = TRY(weighted(lowering, self, part.name, std::move(features)));
    TRY_STATUS(lowering.spend(features.size(), part.name.size() + features.longest_name()));
    features.names = features.all_names();
    if (prefixed) {
      for (std::string& name : features.names) name = fmt::format("{}__{}", part.name, name);
    }
    output.append(features);
  }
  step.unknown = output.unknown;
  return step;
}

}  // namespace

std::span<const EstimatorEntry> pipeline_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"Pipeline", lower_pipeline},
      EstimatorEntry{"FeatureUnion", lower_union},
  };
  return kTable;
}

}  // namespace slipway::sklearn
