// NaiveBayesModel: logarithms of counts and densities summed for each class, then a softmax.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/models.h"

namespace slipway::pmml {
namespace {

class NaiveBayes {
 public:
  explicit NaiveBayes(const ModelInput& input)
      : input_(input), context_(input.scope.context()), f_(context_.terms) {}

  Result<Prediction> run() {
    threshold_ = TRY(input_.model.number("threshold"));
    const Element output = input_.model.child("BayesOutput").child("TargetValueCounts");
    if (!output) return input_.model.invalid("expected a BayesOutput with TargetValueCounts");
    for (const Element& count : output.children("TargetValueCount")) {
      const size_t before = classes_.list().size();
      if (classes_.place(TRY(count.required("value"))) != before) {
        return count.invalid("a class of that name is there already");
      }
      sums_.push_back(f_.number(std::log(TRY(count.number("count")))));
    }
    if (sums_.empty()) return output.invalid("expected a TargetValueCount");
    for (const Element& field : input_.model.child("BayesInputs").children("BayesInput")) {
      const Typed value = TRY(input_.scope.resolve(field, TRY(field.field_name())));
      if (const Element stats = field.child("TargetValueStats")) {
        TRY_STATUS(add_densities(stats, TRY(as_number(context_, field, value))));
      } else {
        TRY_STATUS(add_counts(field, value));
      }
    }
    TRY_STATUS(f_.status());
    Prediction prediction;
    prediction.is_classification = true;
    prediction.classes = classes_.list();
    prediction.probabilities = TRY(softmax(context_, sums_));
    return prediction;
  }

 private:
  /// Adds a logarithm to a class's sum, nothing where it is missing: missing values are ignored.
  void add(size_t place, TermId logarithm) {
    sums_[place] = f_.plus(sums_[place], f_.coalesce(logarithm, 0));
  }
  Result<size_t> class_of(const Element& element) {
    const size_t count = classes_.list().size();
    const size_t place = classes_.place(TRY(element.required("value")));
    if (place == count) return element.invalid("BayesOutput has no such class");
    return place;
  }

  Status add_densities(const Element& stats, TermId x) {
    for (const Element& stat : stats.children("TargetValueStat")) {
      const size_t place = TRY(class_of(stat));
      TermId density = TRY(density_of(stat, x));
      // A density cannot fall below the threshold.
      density = f_.of(Code::kMaximum, {density, f_.number(threshold_)});
      add(place, f_.ln(density));
    }
    return {};
  }

  Result<TermId> density_of(const Element& stat, TermId x) {
    if (const Element normal = stat.child("GaussianDistribution")) {
      const double variance = TRY(normal.number("variance"));
      if (!(variance > 0)) return normal.invalid("variance must be above 0");
      const TermId difference = f_.minus(x, f_.number(TRY(normal.number("mean"))));
      const TermId square = f_.times(difference, difference);
      const TermId bell = f_.exp(f_.times(square, -0.5 / variance));
      return f_.take(f_.times(bell, 1 / std::sqrt(2 * std::numbers::pi * variance)));
    }
    if (const Element poisson = stat.child("PoissonDistribution")) {
      const double mean = TRY(poisson.number("mean"));
      if (!(mean > 0)) return poisson.invalid("mean must be above 0");
      return poisson_density(mean, x);
    }
    return stat.unsupported("a distribution of this kind");
  }

  /// mean^k e^-mean / k! of whole numbers, from a table as far as it is above any threshold.
  Result<TermId> poisson_density(double mean, TermId x) {
    constexpr double kMeanMax = 10'000;
    if (mean > kMeanMax) return input_.model.unsupported("a Poisson distribution so wide");
    std::vector<double> table;
    const double end = mean + 40 * std::sqrt(mean) + 200;
    TRY_STATUS(context_.charge(input_.model, 1, static_cast<size_t>(end)));
    for (double k = 0; k < end; ++k) {
      table.push_back(std::exp(k * std::log(mean) - mean - std::lgamma(k + 1)));
    }
    const TermId whole = f_.of(Code::kTruncate, {x});
    const TermId known = f_.pick(whole, std::move(table));
    return f_.take(f_.choose(f_.is_missing(x), f_.missing(), f_.coalesce(known, 0)));
  }

  Status add_counts(const Element& field, Typed value) {
    if (const Element derived = field.child("DerivedField")) {
      const Element expression = expression_of(derived);
      if (!expression.is("Discretize")) return derived.invalid("expected a Discretize");
      value = TRY(compile_expression(input_.scope, expression));
      if (const auto type = derived.attribute("dataType")) {
        value = TRY(cast(context_, derived, value, TRY(parse_type(derived, *type))));
      }
    }
    const std::vector<Element> pairs = field.children("PairCounts");
    if (pairs.empty()) return field.invalid("expected PairCounts or TargetValueStats");
    const size_t classes = classes_.list().size();
    TRY_STATUS(context_.charge(field, classes, pairs.size()));
    std::vector<std::string> values;
    std::vector<std::vector<double>> counts(classes, std::vector<double>(pairs.size(), kAbsent));
    for (size_t i = 0; i < pairs.size(); ++i) {
      values.emplace_back(TRY(pairs[i].required("value")));
      for (const Element& count :
           pairs[i].child("TargetValueCounts").children("TargetValueCount")) {
        counts[TRY(class_of(count))][i] = TRY(count.number("count"));
      }
    }
    const TermId position = TRY(position_in(context_, field, value, values));
    for (size_t place = 0; place < classes; ++place) {
      double sum = 0;
      for (const double count : counts[place]) sum += count == kAbsent ? 0 : count;
      for (double& count : counts[place]) {
        if (count == kAbsent) {
          count = 0;  // does not count: the logarithm of 1
        } else {
          count = std::log(std::fabs(count) < 1e-15 ? threshold_ : count / sum);
        }
      }
      add(place, f_.pick(position, counts[place]));
    }
    return {};
  }

  static constexpr double kAbsent = -1;
  const ModelInput& input_;
  Context& context_;
  Formula f_;
  double threshold_ = 0;
  Labels classes_;
  std::vector<TermId> sums_;
};

}  // namespace

Result<Prediction> lower_naive_bayes(const ModelInput& input) { return NaiveBayes(input).run(); }

}  // namespace slipway::pmml
