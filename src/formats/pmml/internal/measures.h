// Measures: a ComparisonMeasure and the fields that it compares, for clusterings and neighbours.
//
//   const Comparison comparison = TRY(comparison_of(input, fields));
//   const ValueId distances = TRY(compare(input, comparison, points));
#pragma once

#include <vector>

#include "formats/pmml/internal/models.h"
#include "graph/ops/measure.h"

namespace slipway::pmml {

struct Comparison {
  MeasureOp::Parameters parameters;
  std::vector<MeasureOp::Field> fields;
  std::vector<TermId> values;  // of the fields, as numbers
  bool is_similarity = false;
};

/// The model's ComparisonMeasure, its fields' functions and weights from their elements
/// (ClusteringField, KNNInput). The values are for the caller to give.
Result<Comparison> comparison_of(const ModelInput& input, const std::vector<Element>& fields);
/// A column for each point: distances, or similarities. `points` are row-major.
Result<ValueId> compare(const ModelInput& input, const Comparison& comparison,
                        std::vector<double> points);
/// The positions and values of the `count` nearest of `width` columns, the nearest first.
struct Nearest {
  std::vector<TermId> positions;
  std::vector<TermId> values;
};
Result<Nearest> nearest(const ModelInput& input, const Comparison& comparison, ValueId compared,
                        uint32_t width, uint32_t count);

}  // namespace slipway::pmml
