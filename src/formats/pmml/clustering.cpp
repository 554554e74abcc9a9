// ClusteringModel: the nearest centre by a ComparisonMeasure.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/measures.h"

namespace slipway::pmml {
namespace {

constexpr size_t kClustersMax = 65'536;

}  // namespace

Result<Prediction> lower_clustering(const ModelInput& input) {
  Context& context = input.scope.context();
  if (input.model.attribute_or("modelClass", "centerBased") != "centerBased") {
    return input.model.unsupported("clusters that are not based on centres");
  }
  std::vector<Element> fields;
  for (const Element& field : input.model.children("ClusteringField")) {
    if (field.attribute_or("isCenterField", "true") != "false") fields.push_back(field);
  }
  Comparison comparison = TRY(comparison_of(input, fields));
  for (const Element& field : fields) {
    const Typed value = TRY(input.scope.resolve(field, TRY(field.required("field"))));
    comparison.values.push_back(TRY(as_number(context, field, value)));
  }
  if (const Element weights = input.model.child("MissingValueWeights")) {
    const std::vector<double> numbers = TRY(numbers_in(weights, fields.size()));
    for (size_t i = 0; i < numbers.size(); ++i) comparison.fields[i].missing_weight = numbers[i];
  }
  Prediction prediction;
  std::vector<double> points;
  std::vector<std::string> names;
  std::vector<double> has_name;
  const std::vector<Element> clusters = input.model.children("Cluster");
  if (clusters.empty()) return input.model.invalid("expected a Cluster");
  if (clusters.size() > kClustersMax) {
    return resource_exhausted(fmt::format("{} clusters are too many", clusters.size()));
  }
  TRY_STATUS(context.charge(input.model, clusters.size(), fields.size()));
  for (const Element& cluster : clusters) {
    const std::vector<double> centre = TRY(numbers_in(cluster, fields.size()));
    points.insert(points.end(), centre.begin(), centre.end());
    const std::string place = std::to_string(prediction.entities.size() + 1);
    prediction.entities.emplace_back(cluster.attribute_or("id", place));
    names.emplace_back(cluster.attribute_or("name", ""));
    has_name.push_back(cluster.attribute("name") ? 1 : 0);
  }
  const ValueId compared = TRY(compare(input, comparison, std::move(points)));
  const auto width = static_cast<uint32_t>(clusters.size());
  for (uint32_t i = 0; i < width; ++i) {
    prediction.affinities.push_back(context.terms.column(compared, i, ValueKind::kDense));
  }
  const uint32_t ranked = std::min<uint32_t>(width, 16);
  const Nearest found = TRY(nearest(input, comparison, compared, width, ranked));
  for (const TermId position : found.positions) {
    prediction.ranked_entities.push_back(TRY(context.terms.pick(position, prediction.entities)));
  }
  prediction.ranked_affinities = found.values;
  prediction.entity = prediction.ranked_entities[0];
  const TermId name = TRY(context.terms.pick(found.positions[0], names));
  const TermId named = TRY(context.terms.pick(found.positions[0], has_name));
  prediction.display =
      TRY(context.terms.apply(Code::kChooseText, {named, name, context.terms.missing_text()}));
  prediction.has_value = true;
  prediction.value = {*prediction.entity, DataType::kString};
  return prediction;
}

}  // namespace slipway::pmml
