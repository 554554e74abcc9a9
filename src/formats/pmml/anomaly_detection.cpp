// AnomalyDetectionModel: a score from the model inside (PMML 4.4, "Anomaly Detection Models").
#include <fmt/format.h>

#include <cmath>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/models.h"

namespace slipway::pmml {
namespace {

/// The average path of an unsuccessful search in a binary search tree of n.
double average_path(double n) {
  constexpr double kEuler = 0.57721566490153286061;
  if (n <= 1) return 0;
  if (n == 2) return 1;
  return 2 * (std::log(n - 1) + kEuler) - 2 * (n - 1) / n;
}

}  // namespace

Result<Prediction> lower_anomaly_detection(const ModelInput& input) {
  Context& context = input.scope.context();
  Element inner;
  for (Element child = input.model.first(); child; child = child.next()) {
    if (is_model(child)) inner = child;
  }
  if (!inner) return input.model.invalid("expected a model");
  Scope scope(context, &input.scope);
  inherit_fields(input.file, inner, scope);
  const Prediction found = TRY(lower_model(input.file, inner, scope, input.depth + 1));
  const std::string_view algorithm = TRY(input.model.required("algorithmType"));
  Formula f(context.terms);
  Prediction prediction;
  prediction.has_value = true;
  prediction.value.type = DataType::kDouble;
  if (algorithm == "iforest") {
    const double path = average_path(TRY(input.model.number("sampleDataSize")));
    if (!(path > 0)) return input.model.invalid("sampleDataSize must be above 1");
    const TermId depth = TRY(as_number(context, inner, found.value));
    const TermId exponent = f.times(depth, -1 / path);
    prediction.value.term = TRY(f.take(f.of(Code::kPower, {f.number(2), exponent})));
    return prediction;
  }
  if (algorithm == "clusterMeanDist") {
    const Element means = input.model.child("MeanClusterDistances");
    if (!means || found.affinities.empty()) {
      return input.model.invalid("expected MeanClusterDistances and a model of clusters");
    }
    const std::vector<double> distances = TRY(numbers_in(means, found.affinities.size()));
    const Typed winner{*found.entity, DataType::kString};
    const TermId place = TRY(position_in(context, inner, winner, found.entities));
    prediction.value.term =
        TRY(f.take(f.over(found.ranked_affinities[0], f.pick(place, distances))));
    return prediction;
  }
  if (algorithm != "ocsvm" && algorithm != "other") {
    return input.model.invalid("algorithmType must be iforest, ocsvm, clusterMeanDist or other");
  }
  prediction.value.term = TRY(as_number(context, inner, found.value));
  return prediction;
}

}  // namespace slipway::pmml
