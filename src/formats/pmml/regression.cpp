// RegressionModel: sums of coefficients times predictors, and what makes probabilities of them.
#include <fmt/format.h>

#include <map>
#include <numbers>

#include "formats/pmml/internal/models.h"
#include "graph/ops/linear.h"

namespace slipway::pmml {
namespace {

/// The tables' predictors as columns of one matrix, shared where tables name the same one.
class Tables {
 public:
  Tables(Scope& scope, size_t count) : scope_(scope), context_(scope.context()), weights_(count) {}

  Status add(size_t table, const Element& element) {
    intercepts_.push_back(TRY(element.number_or("intercept", 0)));
    for (const Element& predictor : element.children("NumericPredictor")) {
      TRY_STATUS(add_numeric(table, predictor));
    }
    TRY_STATUS(add_categorical(table, element));
    for (const Element& term : element.children("PredictorTerm")) {
      TRY_STATUS(add_product(table, term));
    }
    return {};
  }

  /// One term per table.
  Result<std::vector<TermId>> finish(const std::string& path) {
    std::vector<TermId> results;
    const size_t tables = weights_.size();
    if (columns_.empty()) {
      for (const double intercept : intercepts_) {
        results.push_back(context_.terms.number(intercept));
      }
      return results;
    }
    const size_t width = columns_.size();
    if (tables > kWeightsMax / width) {
      return resource_exhausted(
          fmt::format("{} regression tables of {} predictors are too many", tables, width));
    }
    std::vector<double> weights(tables * width, 0);
    for (size_t table = 0; table < tables; ++table) {
      for (const auto& [column, weight] : weights_[table]) {
        weights[table * width + column] += weight;
      }
    }
    const ValueId x = TRY(context_.matrix(columns_, path));
    const ValueId y = TRY(context_.graph.add(
        std::make_unique<LinearOp>(static_cast<uint32_t>(tables), static_cast<uint32_t>(width),
                                   std::move(weights), intercepts_),
        {x}, path));
    for (uint32_t table = 0; table < tables; ++table) {
      results.push_back(context_.terms.column(y, table, ValueKind::kDense));
    }
    return results;
  }

 private:
  static constexpr size_t kWeightsMax = size_t{1} << 27;

  void add_column(size_t table, TermId column, double weight) {
    weights_[table].emplace_back(columns_.size(), weight);
    columns_.push_back(column);
  }

  Status add_numeric(size_t table, const Element& predictor) {
    const std::string name(TRY(predictor.required("name")));
    const double exponent = TRY(predictor.number_or("exponent", 1));
    const double weight = TRY(predictor.number("coefficient"));
    const auto [place, added] = numeric_.try_emplace({name, exponent}, columns_.size());
    if (!added) {
      weights_[table].emplace_back(place->second, weight);
      return {};
    }
    const Typed value = TRY(scope_.resolve(predictor, name));
    TermId x = TRY(as_number(context_, predictor, value));
    if (exponent != 1) {
      x = TRY(context_.terms.apply(Code::kPower, {x, context_.terms.number(exponent)}));
    }
    add_column(table, x, weight);
    return {};
  }

  /// Of the predictors of one field that stand together the first that fits counts, none if the
  /// field is missing: a table look-up.
  Status add_categorical(size_t table, const Element& element) {
    const std::vector<Element> predictors = element.children("CategoricalPredictor");
    for (size_t i = 0; i < predictors.size();) {
      const std::string_view name = TRY(predictors[i].required("name"));
      std::vector<std::string> values;
      std::vector<double> weights;
      const size_t first = i;
      for (; i < predictors.size() && predictors[i].attribute_or("name", "") == name; ++i) {
        values.emplace_back(TRY(predictors[i].required("value")));
        weights.push_back(TRY(predictors[i].number("coefficient")));
      }
      const Typed field = TRY(scope_.resolve(predictors[first], name));
      const TermId place = TRY(position_in(context_, predictors[first], field, values));
      ExpressionBuilder& terms = context_.terms;
      const TermId weight = TRY(terms.pick(place, std::move(weights)));
      add_column(table, TRY(terms.apply(Code::kCoalesce, {weight, terms.number(0)})), 1);
    }
    return {};
  }

  Status add_product(size_t table, const Element& term) {
    std::optional<TermId> product;
    for (const Element& ref : term.children("FieldRef")) {
      const Typed value = TRY(compile_expression(scope_, ref));
      const TermId factor = TRY(as_number(context_, ref, value));
      product = product ? TRY(context_.terms.apply(Code::kMultiply, {*product, factor})) : factor;
    }
    if (!product) return term.invalid("expected a FieldRef");
    add_column(table, *product, TRY(term.number("coefficient")));
    return {};
  }

  Scope& scope_;
  Context& context_;
  std::vector<TermId> columns_;
  std::vector<std::vector<std::pair<size_t, double>>> weights_;  // per table: column, weight
  std::vector<double> intercepts_;
  std::map<std::pair<std::string, double>, size_t> numeric_;
};

Result<TermId> complement(Context& context, TermId x) {
  return context.terms.apply(Code::kSubtract, {context.terms.number(1), x});
}

Result<TermId> into_unit_interval(Context& context, TermId x) {
  ExpressionBuilder& terms = context.terms;
  const TermId above = TRY(terms.apply(Code::kMaximum, {x, terms.number(0)}));
  return terms.apply(Code::kMinimum, {above, terms.number(1)});
}

Result<TermId> probability_of(Context& context, const Element& at, std::string_view method,
                              TermId x) {
  if (method == "none") return into_unit_interval(context, x);
  return inverse_link(context, at, method, x);
}

/// Probabilities of ordered classes: differences of cumulative ones.
Result<std::vector<TermId>> ordinal(Context& context, const Element& at, std::string_view method,
                                    std::vector<TermId> values) {
  ExpressionBuilder& terms = context.terms;
  std::optional<TermId> before;
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    const TermId cumulative = TRY(probability_of(context, at, method, values[i]));
    values[i] = before ? TRY(terms.apply(Code::kSubtract, {cumulative, *before})) : cumulative;
    before = cumulative;
  }
  values.back() = TRY(complement(context, *before));
  return values;
}

Result<std::vector<TermId>> multinomial(Context& context, const Element& at,
                                        std::string_view method, std::vector<TermId> values) {
  if (method == "softmax") return softmax(context, std::move(values));
  if (method == "simplemax") return normalized(context, std::move(values));
  if (method == "logit") {
    for (TermId& value : values) value = TRY(inverse_link(context, at, method, value));
    return normalized(context, std::move(values));
  }
  if (method != "none") return at.invalid("this normalizationMethod is for two classes");
  TermId sum = values[0];
  for (size_t i = 1; i + 1 < values.size(); ++i) {
    sum = TRY(context.terms.apply(Code::kAdd, {sum, values[i]}));
  }
  values.back() = TRY(complement(context, sum));
  return values;
}

bool has_no_predictors(const Element& table) {
  return !table.first() && table.attribute_or("intercept", "") == "0";
}

Result<std::vector<TermId>> probabilities_of(const ModelInput& input,
                                             const std::vector<Element>& tables,
                                             std::vector<TermId> values) {
  Context& context = input.scope.context();
  const std::string_view method = input.model.attribute_or("normalizationMethod", "none");
  if (input.target.is_ordinal) return ordinal(context, input.model, method, std::move(values));
  const bool pair = values.size() == 2;
  const bool logistic = method == "softmax" && pair && has_no_predictors(tables[1]);
  if (!pair || method == "simplemax" || (method == "softmax" && !logistic)) {
    return multinomial(context, input.model, method, std::move(values));
  }
  values[0] = TRY(probability_of(context, input.model, logistic ? "logit" : method, values[0]));
  values[1] = TRY(complement(context, values[0]));
  return values;
}

}  // namespace

Result<Prediction> lower_regression(const ModelInput& input) {
  Context& context = input.scope.context();
  const std::vector<Element> elements = input.model.children("RegressionTable");
  if (elements.empty()) return input.model.invalid("expected a RegressionTable");
  Tables tables(input.scope, elements.size());
  for (size_t i = 0; i < elements.size(); ++i) TRY_STATUS(tables.add(i, elements[i]));
  std::vector<TermId> values = TRY(tables.finish(input.model.place()));
  Prediction prediction;
  if (input.model.attribute_or("functionName", "") != "classification") {
    if (elements.size() != 1) return input.model.invalid("expected one RegressionTable");
    const std::string_view method = input.model.attribute_or("normalizationMethod", "none");
    prediction.has_value = true;
    prediction.value = {
        TRY(inverse_link(context, input.model, method == "softmax" ? "logit" : method, values[0])),
        DataType::kDouble};
    return prediction;
  }
  if (elements.size() < 2) return input.model.invalid("expected two RegressionTables or more");
  prediction.is_classification = true;
  for (const Element& table : elements) {
    prediction.classes.emplace_back(TRY(table.required("targetCategory")));
  }
  prediction.probabilities = TRY(probabilities_of(input, elements, std::move(values)));
  return prediction;
}

Result<TermId> inverse_link(Context& context, const Element& at, std::string_view name, TermId x) {
  ExpressionBuilder& terms = context.terms;
  const auto negate = [&](TermId y) { return terms.apply(Code::kNegate, {y}); };
  const auto exp = [&](TermId y) { return terms.apply(Code::kExp, {y}); };
  if (name == "none" || name == "identity") return x;
  if (name == "logit") return terms.apply(Code::kLogistic, {x});
  if (name == "exp") return exp(x);
  if (name == "probit") {
    const TermId scaled = TRY(terms.apply(Code::kDivide, {x, terms.number(std::numbers::sqrt2)}));
    const TermId e = TRY(terms.apply(Code::kErf, {scaled}));
    const TermId halved = TRY(terms.apply(Code::kMultiply, {e, terms.number(0.5)}));
    return terms.apply(Code::kAdd, {terms.number(0.5), halved});
  }
  if (name == "cloglog") {
    return complement(context, TRY(exp(TRY(negate(TRY(exp(x)))))));
  }
  if (name == "loglog") return exp(TRY(negate(TRY(exp(TRY(negate(x)))))));
  if (name == "cauchit") {
    const TermId angle = TRY(terms.apply(Code::kAtan, {x}));
    const TermId scaled =
        TRY(terms.apply(Code::kMultiply, {angle, terms.number(1 / std::numbers::pi)}));
    return terms.apply(Code::kAdd, {terms.number(0.5), scaled});
  }
  return at.unsupported(fmt::format("the link function {}", name.substr(0, 64)));
}

Result<std::vector<TermId>> normalized(Context& context, std::vector<TermId> values) {
  TermId sum = values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    sum = TRY(context.terms.apply(Code::kAdd, {sum, values[i]}));
  }
  for (TermId& value : values) value = TRY(context.terms.apply(Code::kDivide, {value, sum}));
  return values;
}

Result<std::vector<TermId>> softmax(Context& context, std::vector<TermId> values) {
  ExpressionBuilder& terms = context.terms;
  TermId highest = values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    highest = TRY(terms.apply(Code::kMaximum, {highest, values[i]}));
  }
  for (TermId& value : values) {
    value = TRY(terms.apply(Code::kExp, {TRY(terms.apply(Code::kSubtract, {value, highest}))}));
  }
  return normalized(context, std::move(values));
}

}  // namespace slipway::pmml
