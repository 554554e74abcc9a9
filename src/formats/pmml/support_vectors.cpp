// SupportVectorMachineModel: kernel values of all vectors, once, and a product with each machine's
// coefficients.
#include <fmt/format.h>

#include <map>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/labels.h"
#include "formats/pmml/internal/models.h"
#include "graph/ops/linear.h"
#include "graph/ops/pairwise.h"

namespace slipway::pmml {
namespace {

class Machines {
 public:
  explicit Machines(const ModelInput& input)
      : input_(input), context_(input.scope.context()), f_(context_.terms) {}

  Result<Prediction> run() {
    elements_ = input_.model.children("SupportVectorMachine");
    if (elements_.empty()) return input_.model.invalid("expected a SupportVectorMachine");
    TRY_STATUS(read_fields());
    const std::string_view representation = input_.model.attribute_or(
        "representation", input_.model.attribute_or("svmRepresentation", "SupportVectors"));
    ValueId columns = TRY(context_.matrix(fields_, input_.model.place()));
    if (representation == "SupportVectors") {
      columns = TRY(add_kernel(columns));
    } else if (representation != "Coefficients") {
      return input_.model.invalid("representation must be SupportVectors or Coefficients");
    } else if (!input_.model.child("LinearKernelType")) {
      return input_.model.unsupported("coefficients without a linear kernel");
    }
    const std::vector<TermId> values = TRY(add_machines(columns));
    if (input_.model.attribute_or("functionName", "") != "classification") {
      if (values.size() != 1) return input_.model.invalid("expected one SupportVectorMachine");
      Prediction prediction;
      prediction.has_value = true;
      prediction.value = {values[0], DataType::kDouble};
      return prediction;
    }
    const std::string_view method =
        input_.model.attribute_or("classificationMethod", "OneAgainstAll");
    max_wins_ = input_.model.attribute_or("maxWins", "false") == "true";
    if (method == "OneAgainstAll") return one_against_all(values);
    if (method == "OneAgainstOne") return one_against_one(values);
    return input_.model.invalid("classificationMethod must be OneAgainstAll or OneAgainstOne");
  }

 private:
  Status read_fields() {
    const Element fields = input_.model.child("VectorDictionary").child("VectorFields");
    if (!fields) return input_.model.invalid("expected VectorFields");
    for (const Element& field : fields.children()) {
      if (field.is("CategoricalPredictor")) {
        const Typed value = TRY(input_.scope.resolve(field, TRY(field.field_name())));
        const std::string wanted(TRY(field.required("value")));
        fields_.push_back(TRY(is_one_of(context_, field, value, {wanted})));
      } else if (field.is("FieldRef")) {
        const Typed value = TRY(compile_expression(input_.scope, field));
        fields_.push_back(TRY(as_number(context_, field, value)));
      } else {
        return field.invalid("expected a FieldRef or CategoricalPredictor");
      }
    }
    if (fields_.empty()) return fields.invalid("expected a FieldRef");
    return {};
  }

  Result<PairwiseProgram> kernel() const {
    using Function = PairwiseFunction;
    if (input_.model.child("LinearKernelType")) {
      return PairwiseProgram::of(Function::kLinear, 0, 0, 0);
    }
    if (const Element of = input_.model.child("PolynomialKernelType")) {
      return PairwiseProgram::of(Function::kPolynomial, TRY(of.number_or("gamma", 1)),
                                 TRY(of.number_or("coef0", 1)), TRY(of.number_or("degree", 1)));
    }
    if (const Element of = input_.model.child("RadialBasisKernelType")) {
      return PairwiseProgram::of(Function::kRbf, TRY(of.number_or("gamma", 1)), 0, 0);
    }
    if (const Element of = input_.model.child("SigmoidKernelType")) {
      return PairwiseProgram::of(Function::kSigmoid, TRY(of.number_or("gamma", 1)),
                                 TRY(of.number_or("coef0", 1)), 0);
    }
    return input_.model.unsupported("a kernel of this kind");
  }

  Result<ValueId> add_kernel(ValueId columns) {
    std::vector<double> points;
    for (const Element& vector :
         input_.model.child("VectorDictionary").children("VectorInstance")) {
      const std::string id(TRY(vector.required("id")));
      if (!vectors_.try_emplace(id, vectors_.size()).second) {
        return vector.invalid("a vector of that id is there already");
      }
      TRY_STATUS(context_.charge(vector, 1, fields_.size()));
      const std::vector<double> numbers = TRY(numbers_in(vector, fields_.size()));
      points.insert(points.end(), numbers.begin(), numbers.end());
    }
    if (points.empty()) return input_.model.invalid("expected a VectorInstance");
    return context_.graph.add(
        std::make_unique<PairwiseOp>(TRY(kernel()), static_cast<uint32_t>(fields_.size()),
                                     std::move(points)),
        {columns}, input_.model.place());
  }

  /// The machines' values, by what their coefficients stand for: vectors, or fields.
  Result<std::vector<TermId>> add_machines(ValueId columns) {
    const size_t width = vectors_.empty() ? fields_.size() : vectors_.size();
    TRY_STATUS(context_.charge(input_.model, elements_.size(), width));
    std::vector<double> weights(elements_.size() * width, 0);
    std::vector<double> intercepts;
    for (size_t i = 0; i < elements_.size(); ++i) {
      const Element list = elements_[i].child("Coefficients");
      if (!list) return elements_[i].invalid("expected Coefficients");
      intercepts.push_back(TRY(list.number_or("absoluteValue", 0)));
      const std::vector<Element> coefficients = list.children("Coefficient");
      const std::vector<Element> vectors =
          elements_[i].child("SupportVectors").children("SupportVector");
      if (coefficients.size() != (vectors_.empty() ? width : vectors.size())) {
        return list.invalid(fmt::format("expected a Coefficient for each of {}",
                                        vectors_.empty() ? width : vectors.size()));
      }
      for (size_t j = 0; j < coefficients.size(); ++j) {
        size_t place = j;
        if (!vectors_.empty()) {
          const auto found = vectors_.find(TRY(vectors[j].required("vectorId")));
          if (found == vectors_.end()) return vectors[j].invalid("no vector of that id");
          place = found->second;
        }
        weights[i * width + place] += TRY(coefficients[j].number_or("value", 0));
      }
    }
    const ValueId y = TRY(
        context_.graph.add(std::make_unique<LinearOp>(static_cast<uint32_t>(elements_.size()),
                                                      static_cast<uint32_t>(width),
                                                      std::move(weights), std::move(intercepts)),
                           {columns}, input_.model.place()));
    std::vector<TermId> values;
    for (uint32_t i = 0; i < elements_.size(); ++i) {
      values.push_back(context_.terms.column(y, i, ValueKind::kDense));
    }
    return values;
  }

  /// The class whose machine gives the smallest value, or the largest if so asked.
  Result<Prediction> one_against_all(const std::vector<TermId>& values) {
    Prediction prediction;
    prediction.is_classification = true;
    prediction.has_value = true;
    std::vector<TermId> ranked;
    for (size_t i = 0; i < elements_.size(); ++i) {
      prediction.classes.emplace_back(TRY(elements_[i].required("targetCategory")));
      ranked.push_back(TRY(f_.take(max_wins_ ? values[i] : f_.negated(values[i]))));
    }
    const TermId winner = TRY(first_largest(context_, input_.model, ranked));
    prediction.value =
        TRY(label_at(context_, input_.model, input_.target, prediction.classes, winner));
    return prediction;
  }

  /// Votes of pairs: a value below the threshold speaks for the machine's targetCategory, or one
  /// above it if the largest wins.
  Result<Prediction> one_against_one(const std::vector<TermId>& values) {
    const double threshold = TRY(input_.model.number_or("threshold", 0));
    const auto alternate = input_.model.attribute("alternateBinaryTargetCategory");
    Labels classes;
    struct Vote {
      size_t when_true;
      size_t when_false;
      TermId holds;
    };
    std::vector<Vote> votes;
    for (size_t i = 0; i < elements_.size(); ++i) {
      const size_t own = classes.place(TRY(elements_[i].required("targetCategory")));
      const size_t other = classes.place(
          alternate ? *alternate : TRY(elements_[i].required("alternateTargetCategory")));
      const double limit = TRY(elements_[i].number_or("threshold", threshold));
      // With an alternate category the value is a rounded 1 for the machine's own class.
      const TermId holds = alternate   ? f_.less_or_equal(f_.number(0.5), values[i])
                           : max_wins_ ? f_.less(f_.number(limit), values[i])
                                       : f_.less(values[i], f_.number(limit));
      const TermId term = TRY(f_.take(holds));
      votes.push_back({own, other, term});
    }
    std::vector<std::vector<TermId>> parts(classes.list().size());
    std::vector<std::vector<TermId>> places(classes.list().size());  // of the votes for each class
    const auto count = static_cast<double>(votes.size());
    for (size_t i = 0; i < votes.size(); ++i) {
      const TermId place = f_.number(static_cast<double>(i));
      const TermId never = f_.number(count);
      parts[votes[i].when_true].push_back(votes[i].holds);
      parts[votes[i].when_false].push_back(f_.negation(votes[i].holds));
      places[votes[i].when_true].push_back(f_.choose(votes[i].holds, place, never));
      places[votes[i].when_false].push_back(f_.choose(votes[i].holds, never, place));
    }
    Prediction prediction;
    prediction.is_classification = true;
    prediction.has_value = true;
    prediction.classes = classes.list();
    std::vector<TermId> ranks;
    for (size_t i = 0; i < parts.size(); ++i) {
      const TermId sum = f_.sum(parts[i]);
      prediction.probabilities.push_back(f_.over(sum, f_.number(count)));
      // Of equals the class that was voted for first.
      const TermId first = f_.of(Code::kMinimumOf, places[i]);
      ranks.push_back(f_.minus(f_.times(sum, count + 1), first));
    }
    TRY_STATUS(f_.status());
    const TermId winner = TRY(first_largest(context_, input_.model, ranks));
    prediction.value =
        TRY(label_at(context_, input_.model, input_.target, prediction.classes, winner));
    return prediction;
  }

  const ModelInput& input_;
  Context& context_;
  Formula f_;
  bool max_wins_ = false;
  std::vector<Element> elements_;
  std::vector<TermId> fields_;
  std::map<std::string, size_t, std::less<>> vectors_;
};

}  // namespace

Result<Prediction> lower_support_vectors(const ModelInput& input) { return Machines(input).run(); }

}  // namespace slipway::pmml
