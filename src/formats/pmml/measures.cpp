#include "formats/pmml/internal/measures.h"

#include <fmt/format.h>

#include "formats/pmml/internal/formula.h"

namespace slipway::pmml {
namespace {

using Measure = MeasureOp::Measure;
using Compare = MeasureOp::Compare;

Result<Compare> compare_function(const Element& at, std::string_view name) {
  if (name == "absDiff") return Compare::kAbsoluteDifference;
  if (name == "gaussSim") return Compare::kGaussian;
  if (name == "delta") return Compare::kDelta;
  if (name == "equal") return Compare::kEqual;
  return at.unsupported(fmt::format("compareFunction {}", name.substr(0, 64)));
}

Status read_binary(const Element& measure, MeasureOp::Parameters& parameters) {
  parameters.measure = Measure::kBinary;
  // Both, only the row, only the point, neither.
  if (measure.is("simpleMatching")) {
    parameters.numerator = {1, 0, 0, 1};
    parameters.denominator = {1, 1, 1, 1};
  } else if (measure.is("jaccard")) {
    parameters.numerator = {1, 0, 0, 0};
    parameters.denominator = {1, 1, 1, 0};
  } else if (measure.is("tanimoto")) {
    parameters.numerator = {1, 0, 0, 1};
    parameters.denominator = {1, 2, 2, 1};
  } else {
    constexpr const char* kAbove[] = {"c11-parameter", "c10-parameter", "c01-parameter",
                                      "c00-parameter"};
    constexpr const char* kBelow[] = {"d11-parameter", "d10-parameter", "d01-parameter",
                                      "d00-parameter"};
    for (size_t i = 0; i < 4; ++i) {
      parameters.numerator[i] = TRY(measure.number(kAbove[i]));
      parameters.denominator[i] = TRY(measure.number(kBelow[i]));
    }
  }
  return {};
}

Result<MeasureOp::Parameters> parameters_of(const Element& comparison) {
  MeasureOp::Parameters parameters;
  for (Element child = comparison.first(); child; child = child.next()) {
    if (child.is("euclidean")) {
      parameters.measure = Measure::kEuclidean;
    } else if (child.is("squaredEuclidean")) {
      parameters.measure = Measure::kSquaredEuclidean;
    } else if (child.is("cityBlock")) {
      parameters.measure = Measure::kCityBlock;
    } else if (child.is("chebychev")) {
      parameters.measure = Measure::kChebychev;
    } else if (child.is("minkowski")) {
      parameters.measure = Measure::kMinkowski;
      parameters.p = TRY(child.number("p-parameter"));
      if (!(parameters.p > 0)) return child.invalid("p-parameter must be above 0");
    } else if (child.is("simpleMatching") || child.is("jaccard") || child.is("tanimoto") ||
               child.is("binarySimilarity")) {
      TRY_STATUS(read_binary(child, parameters));
    } else {
      continue;
    }
    return parameters;
  }
  return comparison.invalid("expected a measure");
}

}  // namespace

Result<Comparison> comparison_of(const ModelInput& input, const std::vector<Element>& fields) {
  const Element element = input.model.child("ComparisonMeasure");
  if (!element) return input.model.invalid("expected a ComparisonMeasure");
  if (fields.empty()) return input.model.invalid("expected fields to compare");
  Comparison comparison;
  comparison.parameters = TRY(parameters_of(element));
  comparison.is_similarity = comparison.parameters.measure == Measure::kBinary;
  const std::string_view usual = element.attribute_or("compareFunction", "absDiff");
  for (const Element& field : fields) {
    MeasureOp::Field made;
    made.compare = TRY(compare_function(field, field.attribute_or("compareFunction", usual)));
    made.weight = TRY(field.number_or("fieldWeight", 1));
    if (made.compare == Compare::kGaussian) {
      made.scale = TRY(field.number("similarityScale"));
      if (!(made.scale > 0)) return field.invalid("similarityScale must be above 0");
    }
    comparison.fields.push_back(made);
  }
  return comparison;
}

Result<ValueId> compare(const ModelInput& input, const Comparison& comparison,
                        std::vector<double> points) {
  Context& context = input.scope.context();
  const std::string path = input.model.place();
  const ValueId x = TRY(context.matrix(comparison.values, path));
  return context.graph.add(
      std::make_unique<MeasureOp>(comparison.parameters, comparison.fields, std::move(points)), {x},
      path);
}

Result<Nearest> nearest(const ModelInput& input, const Comparison& comparison, ValueId compared,
                        uint32_t width, uint32_t count) {
  Context& context = input.scope.context();
  const std::string path = input.model.place();
  Formula f(context.terms);
  if (comparison.is_similarity) {
    std::vector<TermId> negated;
    for (uint32_t i = 0; i < width; ++i) {
      negated.push_back(f.negated(context.terms.column(compared, i, ValueKind::kDense)));
    }
    TRY_STATUS(f.status());
    compared = TRY(context.matrix(negated, path));
  }
  const ValueId y = TRY(context.graph.add(std::make_unique<SmallestOp>(count), {compared}, path));
  Nearest found;
  for (uint32_t i = 0; i < count; ++i) {
    const TermId position = context.terms.column(y, i, ValueKind::kDense);
    const TermId value = context.terms.column(y, count + i, ValueKind::kDense);
    // A row that cannot be compared with this point has no neighbour there.
    found.positions.push_back(f.choose(f.is_missing(value), f.missing(), position));
    found.values.push_back(comparison.is_similarity ? f.negated(value) : value);
  }
  TRY_STATUS(f.status());
  return found;
}

}  // namespace slipway::pmml
