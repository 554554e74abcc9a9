// GeneralRegressionModel: parameters that are products of factors and covariates, a coefficient of
// each for every class, and a link.
//
//   PPMatrix --product()--> a column for each parameter --ParamMatrix (LinearOp)--> values --link
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/models.h"
#include "graph/ops/linear.h"

namespace slipway::pmml {
namespace {

constexpr size_t kCategoriesMax = 1000;

/// A name, and the class that it is of; of all classes if that is empty.
using CellKey = std::pair<std::string, std::string>;

class GeneralRegression {
 public:
  explicit GeneralRegression(const ModelInput& input)
      : input_(input), context_(input.scope.context()), f_(context_.terms) {}

  Result<Prediction> run() {
    type_ = TRY(input_.model.required("modelType"));
    TRY_STATUS(read_predictors());
    TRY_STATUS(read_cells());
    if (type_ == "CoxRegression") return cox();
    if (input_.model.attribute_or("functionName", "") == "classification") return classify();
    TermId value = TRY(values_of({""}))[0];
    if (type_ == "generalizedLinear") {
      value = TRY(linked(value));
    } else if (type_ != "regression" && type_ != "generalLinear") {
      return input_.model.invalid(
          fmt::format("modelType {} is none of a regression", type_.substr(0, 64)));
    }
    Prediction prediction;
    prediction.has_value = true;
    prediction.value = {value, DataType::kDouble};
    return prediction;
  }

 private:
  Status read_predictors() {
    for (const Element& factor : input_.model.child("FactorList").children("Predictor")) {
      factors_.emplace(TRY(factor.field_name()), factor);
    }
    for (const Element& covariate : input_.model.child("CovariateList").children("Predictor")) {
      covariates_.emplace(TRY(covariate.field_name()));
    }
    return {};
  }

  Status read_cells() {
    for (const Element& cell : input_.model.child("PPMatrix").children("PPCell")) {
      products_[{std::string(TRY(cell.required("parameterName"))),
                 std::string(cell.attribute_or("targetCategory", ""))}]
          .push_back(cell);
      product_classes_.emplace(cell.attribute_or("targetCategory", ""));
    }
    const Element matrix = input_.model.child("ParamMatrix");
    if (!matrix) return input_.model.invalid("expected a ParamMatrix");
    for (const Element& cell : matrix.children("PCell")) {
      coefficients_[std::string(cell.attribute_or("targetCategory", ""))].emplace_back(
          TRY(cell.required("parameterName")), TRY(cell.number("beta")));
    }
    if (coefficients_.empty()) return matrix.invalid("expected a PCell");
    return {};
  }

  /// What a factor's cell multiplies by: 1 or 0, or an entry of its contrast matrix.
  Result<TermId> factor_of(const Element& cell, const Element& factor) {
    const Typed value = TRY(input_.scope.resolve(cell, TRY(cell.field_name())));
    const std::string wanted(TRY(cell.required("value")));
    const Element matrix = factor.child("Matrix");
    if (!matrix) return is_one_of(context_, cell, value, {wanted});
    std::vector<std::string> categories;
    for (const Element& category : factor.child("Categories").children("Category")) {
      categories.emplace_back(TRY(category.required("value")));
    }
    const auto found = std::ranges::find(categories, wanted);
    const std::vector<Element> rows = matrix.children("Array");
    if (found == categories.end() || rows.size() != categories.size()) {
      return matrix.unsupported("a contrast matrix without a row for each of its Categories");
    }
    std::vector<double> entries;
    for (const Element& row : rows) {
      const std::vector<double> numbers = TRY(array_numbers(row));
      const auto column = static_cast<size_t>(found - categories.begin());
      if (column >= numbers.size()) return row.invalid("the row is too short");
      entries.push_back(numbers[column]);
    }
    return f_.take(f_.pick(TRY(position_in(context_, cell, value, categories)), entries));
  }

  Result<TermId> covariate_of(const Element& cell) {
    const Typed value = TRY(input_.scope.resolve(cell, TRY(cell.field_name())));
    const TermId x = TRY(as_number(context_, cell, value));
    const double exponent = TRY(cell.number("value"));
    return exponent == 1 ? x : f_.take(f_.power(x, exponent));
  }

  /// A parameter's value: 0 where a factor is, whatever the covariates.
  Result<TermId> product(const std::vector<Element>& cells) {
    std::optional<TermId> of_factors;
    std::optional<TermId> of_covariates;
    for (const Element& cell : cells) {
      const std::string_view name = TRY(cell.field_name());
      const auto factor = factors_.find(name);
      const bool is_factor = factor != factors_.end();
      if (!is_factor && !covariates_.contains(name)) {
        return cell.invalid("the predictor is neither a factor nor a covariate");
      }
      std::optional<TermId>& all = is_factor ? of_factors : of_covariates;
      const TermId next =
          is_factor ? TRY(factor_of(cell, factor->second)) : TRY(covariate_of(cell));
      all = all ? f_.times(*all, next) : next;
    }
    if (!of_factors) return f_.take(*of_covariates);
    if (!of_covariates) return f_.take(*of_factors);
    const TermId none = f_.equal(*of_factors, f_.number(0));
    return f_.take(f_.choose(none, f_.number(0), f_.times(*of_factors, *of_covariates)));
  }

  /// The place of a parameter's column for a class; nothing if it is an intercept.
  Result<std::optional<size_t>> column_of(const std::string& parameter, const std::string& label) {
    // A class with cells of its own does not look at those of all.
    const CellKey key{parameter, product_classes_.contains(label) ? label : std::string()};
    const auto cells = products_.find(key);
    if (cells == products_.end()) return std::optional<size_t>();
    const auto [place, added] = columns_of_.try_emplace(key, columns_.size());
    if (added) columns_.push_back(TRY(product(cells->second)));
    return std::optional(place->second);
  }

  /// Sums of coefficients times parameters, one for each class; "" stands for no class. A class
  /// has the coefficients without a class too if `shared`.
  Result<std::vector<TermId>> values_of(const std::vector<std::string>& labels,
                                        bool shared = false) {
    if (labels.size() > kCategoriesMax) return input_.model.unsupported("so many classes");
    std::vector<std::vector<std::pair<size_t, double>>> weights(labels.size());
    std::vector<double> intercepts(labels.size(), 0);
    for (size_t i = 0; i < labels.size(); ++i) {
      for (const auto& [label, cells] : coefficients_) {
        const bool own = label == labels[i];
        // Of two classes the one without a name in the matrix needs none.
        const bool common = label.empty() && (shared || !coefficients_.contains(labels[i]));
        if (!own && !common) continue;
        for (const auto& [parameter, beta] : cells) {
          const auto column = TRY(column_of(parameter, labels[i]));
          if (column) {
            weights[i].emplace_back(*column, beta);
          } else {
            intercepts[i] += beta;
          }
        }
      }
    }
    std::vector<TermId> values;
    if (columns_.empty()) {
      for (const double intercept : intercepts) values.push_back(f_.number(intercept));
      return values;
    }
    TRY_STATUS(context_.charge(input_.model, labels.size(), columns_.size()));
    std::vector<double> dense(labels.size() * columns_.size(), 0);
    for (size_t i = 0; i < labels.size(); ++i) {
      for (const auto& [column, beta] : weights[i]) dense[i * columns_.size() + column] += beta;
    }
    const ValueId x = TRY(context_.matrix(columns_, input_.model.place()));
    const ValueId y =
        TRY(context_.graph.add(std::make_unique<LinearOp>(static_cast<uint32_t>(labels.size()),
                                                          static_cast<uint32_t>(columns_.size()),
                                                          std::move(dense), std::move(intercepts)),
                               {x}, input_.model.place()));
    for (uint32_t i = 0; i < labels.size(); ++i) {
      values.push_back(context_.terms.column(y, i, ValueKind::kDense));
    }
    return values;
  }

  Result<TermId> with_offset(TermId x) {
    if (const auto field = input_.model.attribute("offsetVariable")) {
      const Typed value = TRY(input_.scope.resolve(input_.model, *field));
      return f_.take(f_.plus(x, TRY(as_number(context_, input_.model, value))));
    }
    const auto constant = TRY(input_.model.optional_number("offsetValue"));
    return constant ? f_.take(f_.plus(x, f_.number(*constant))) : Result<TermId>(x);
  }

  Result<TermId> linked(TermId value) {
    const TermId x = TRY(with_offset(value));
    const TermId unlinked = TRY(inverse(x));
    if (const auto field = input_.model.attribute("trialsVariable")) {
      const Typed trials = TRY(input_.scope.resolve(input_.model, *field));
      return f_.take(f_.times(unlinked, TRY(as_number(context_, input_.model, trials))));
    }
    const auto constant = TRY(input_.model.optional_number("trialsValue"));
    return constant ? f_.take(f_.times(unlinked, *constant)) : Result<TermId>(unlinked);
  }

  Result<TermId> inverse(TermId x) {
    const std::string_view name = TRY(input_.model.required("linkFunction"));
    const TermId one = f_.number(1);
    if (name == "log") return f_.take(f_.exp(x));
    if (name == "logc") return f_.take(f_.minus(one, f_.exp(x)));
    if (name == "negbin") {
      const double c = TRY(input_.model.number("distParameter"));
      return f_.take(f_.over(one, f_.times(f_.minus(f_.exp(f_.negated(x)), one), c)));
    }
    if (name == "power") {
      const double d = TRY(input_.model.number("linkParameter"));
      return f_.take(d == 0 ? f_.exp(x) : f_.power(x, 1 / d));
    }
    if (name == "oddspower") {
      const double d = TRY(input_.model.number("linkParameter"));
      if (d == 0) return inverse_link(context_, input_.model, "logit", x);
      const TermId odds = f_.power(f_.plus(one, f_.times(x, d)), -1 / d);
      return f_.take(f_.over(one, f_.plus(one, odds)));
    }
    return inverse_link(context_, input_.model, name, x);
  }

  /// The target's categories, the reference last.
  Result<std::vector<std::string>> categories() const {
    std::vector<std::string> labels = input_.target.categories;
    if (labels.size() < 2) {
      return input_.model.unsupported("a target whose DataField does not list its values");
    }
    std::string reference(input_.model.attribute_or("targetReferenceCategory", ""));
    if (reference.empty() && type_ != "ordinalMultinomial") {
      for (const std::string& label : labels) {
        if (coefficients_.contains(label)) continue;
        if (!reference.empty()) {
          return input_.model.invalid("the targetReferenceCategory is missing");
        }
        reference = label;
      }
    }
    const auto found = std::ranges::find(labels, reference);
    if (found != labels.end()) std::rotate(found, found + 1, labels.end());
    return labels;
  }

  Result<Prediction> classify() {
    Prediction prediction;
    prediction.is_classification = true;
    prediction.classes = TRY(categories());
    const std::vector<std::string> most(prediction.classes.begin(), prediction.classes.end() - 1);
    std::vector<TermId> values = TRY(values_of(most, type_ == "ordinalMultinomial"));
    const TermId one = f_.number(1);
    if (type_ == "multinomialLogistic") {
      // The last class's value is 0.
      for (TermId& value : values) value = f_.exp(value);
      const TermId last = f_.exp(f_.times(values[0], 0));
      values.push_back(last);
      TRY_STATUS(f_.status());
      prediction.probabilities = TRY(normalized(context_, std::move(values)));
      return prediction;
    }
    if (type_ == "ordinalMultinomial") {
      const std::string_view link = TRY(input_.model.required("cumulativeLink"));
      std::optional<TermId> before;
      for (TermId& value : values) {
        const TermId cumulative =
            TRY(inverse_link(context_, input_.model, link, TRY(with_offset(value))));
        value = before ? f_.minus(cumulative, *before) : cumulative;
        before = cumulative;
      }
      values.push_back(f_.minus(one, *before));
    } else if (type_ == "generalizedLinear") {
      for (TermId& value : values) value = TRY(linked(value));
      values.push_back(f_.minus(one, values.back()));
    } else {
      return input_.model.invalid(
          fmt::format("modelType {} is none of a classification", type_.substr(0, 64)));
    }
    TRY_STATUS(f_.status());
    prediction.probabilities = std::move(values);
    return prediction;
  }

  /// The cumulative baseline hazard at a time; missing after the last.
  Result<TermId> baseline(const Element& table, TermId time) {
    std::vector<std::pair<double, double>> cells;
    for (const Element& cell : table.children("BaselineCell")) {
      cells.emplace_back(TRY(cell.number("time")), TRY(cell.number("cumHazard")));
    }
    if (cells.empty()) return table.invalid("expected a BaselineCell");
    std::ranges::sort(cells);
    const double end = TRY(table.number("maxTime"));
    std::vector<Interval> steps;
    std::vector<double> hazards;
    for (size_t i = 0; i < cells.size(); ++i) {
      const double next = i + 1 < cells.size() ? cells[i + 1].first : end;
      steps.push_back({cells[i].first, next, false, i + 1 < cells.size()});
      hazards.push_back(cells[i].second);
    }
    const TermId place = f_.keep(context_.terms.find_interval(time, std::move(steps)));
    const TermId hazard = f_.pick(place, std::move(hazards));
    const TermId early = f_.less(time, f_.number(cells[0].first));
    return f_.take(f_.choose(early, f_.number(0), hazard));
  }

  Result<TermId> hazard_at(TermId time) {
    const Element tables = input_.model.child("BaseCumHazardTables");
    if (!tables) return input_.model.invalid("expected BaseCumHazardTables");
    const auto stratum = input_.model.attribute("baselineStrataVariable");
    if (!stratum) return baseline(tables, time);
    const Typed value = TRY(input_.scope.resolve(input_.model, *stratum));
    TermId hazard = f_.missing();
    std::vector<Element> strata = tables.children("BaselineStratum");
    if (strata.size() > kCategoriesMax) return tables.unsupported("so many strata");
    std::ranges::reverse(strata);
    for (const Element& of : strata) {
      const std::string label(TRY(of.required("value")));
      const TermId is = f_.coalesce(TRY(is_one_of(context_, of, value, {label})), 0);
      hazard = f_.choose(is, TRY(baseline(of, time)), hazard);
    }
    return f_.take(hazard);
  }

  Result<Prediction> cox() {
    const Typed time =
        TRY(input_.scope.resolve(input_.model, TRY(input_.model.required("endTimeVariable"))));
    const TermId hazard = TRY(hazard_at(TRY(as_number(context_, input_.model, time))));
    std::map<std::string, double, std::less<>> references;
    for (const Element& of : input_.model.child("ParameterList").children("Parameter")) {
      references.emplace(TRY(of.required("name")), TRY(of.number_or("referencePoint", 0)));
    }
    double reference = 0;
    for (const auto& [parameter, beta] : coefficients_[""]) {
      const auto found = references.find(parameter);
      if (found != references.end()) reference += beta * found->second;
    }
    const TermId value = TRY(values_of({""}))[0];
    const TermId risk = f_.exp(f_.minus(value, f_.number(reference)));
    // Before the first event the hazard is 0, whatever the covariates.
    const TermId none = f_.equal(hazard, f_.number(0));
    Prediction prediction;
    prediction.has_value = true;
    prediction.value = {TRY(f_.take(f_.choose(none, f_.number(0), f_.times(risk, hazard)))),
                        DataType::kDouble};
    return prediction;
  }

  const ModelInput& input_;
  Context& context_;
  Formula f_;
  std::string_view type_;
  std::map<std::string, Element, std::less<>> factors_;
  std::set<std::string, std::less<>> covariates_;
  std::map<CellKey, std::vector<Element>> products_;
  std::set<std::string, std::less<>> product_classes_;
  std::map<std::string, std::vector<std::pair<std::string, double>>> coefficients_;  // by class
  std::vector<TermId> columns_;
  std::map<CellKey, size_t> columns_of_;
};

}  // namespace

Result<Prediction> lower_general_regression(const ModelInput& input) {
  return GeneralRegression(input).run();
}

}  // namespace slipway::pmml
