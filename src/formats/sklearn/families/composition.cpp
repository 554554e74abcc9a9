#include "formats/sklearn/families/composition.h"

#include <fmt/format.h>

#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

constexpr size_t kPartsMax = 100'000;

bool is_word(pickle::Value estimator, std::string_view word) {
  const auto text = estimator.as_string();
  return text.ok() && *text == word;
}

}  // namespace

Result<std::vector<NamedPart>> named_parts(pickle::Value self, std::string_view attribute) {
  const pickle::Value list = TRY(self.attr(attribute));
  if ((list.kind() != pickle::Kind::kList && list.kind() != pickle::Kind::kTuple) ||
      list.size() > kPartsMax) {
    return invalid_argument(fmt::format("{}.{}: expected a list of at most {} entries, got {}",
                                        self.name(), attribute, kPartsMax, list.type_name()));
  }
  std::vector<NamedPart> parts;
  for (size_t i = 0; i < list.size(); ++i) {
    const pickle::Value entry = list.at(i);
    if ((entry.kind() != pickle::Kind::kTuple && entry.kind() != pickle::Kind::kList) ||
        entry.size() < 2) {
      return invalid_argument(
          fmt::format("{}.{}: entry {} is no (name, estimator) tuple", self.name(), attribute, i));
    }
    NamedPart part{std::string(TRY(entry.at(0).as_string())), entry.at(1), std::nullopt};
    if (entry.size() > 2) part.columns = entry.at(2);
    parts.push_back(std::move(part));
  }
  return parts;
}

bool is_passthrough(pickle::Value estimator) {
  return estimator.is_none() || is_word(estimator, "passthrough");
}

bool is_drop(pickle::Value estimator) { return is_word(estimator, "drop"); }

Result<Features> transform_part(Lowering& lowering, const NamedPart& part, const Features& input,
                                std::string_view attribute) {
  if (is_passthrough(part.estimator)) {
    TRY_STATUS(lowering.spend(input.size() + 1));
    return input;
  }
  const Step step =
      lowering.lower(part.estimator, input, fmt::format("{}.{}", attribute, part.name));
  if (!step.transform.has_value()) {
    return invalid_argument(fmt::format("{}.{}: {} has no transform", attribute, part.name,
                                        part.estimator.type_name()));
  }
  return *step.transform;
}

Result<Features> weighted(Lowering& lowering, pickle::Value self, const std::string& name,
                          Features features) {
  const auto weights = self.find_attr("transformer_weights");
  if (!weights.has_value() || weights->kind() != pickle::Kind::kDict || features.unknown) {
    return features;
  }
  TRY_STATUS(lowering.spend(weights->size()));
  const auto weight = weights->find(name);
  if (!weight.has_value() || weight->is_none()) return features;
  const double factor = TRY(weight->as_double());
  const ValueId x = TRY(lowering.dense_or_sparse(features));
  const uint32_t width = lowering.type(x).width;
  const ValueId y = TRY(lowering.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width, std::vector<double>{},
                                std::vector<double>(width, factor)),
      {x}));
  return all_columns(y, width, std::move(features.names));
}

}  // namespace slipway::sklearn
