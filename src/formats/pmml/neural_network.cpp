// NeuralNetwork: layer by layer a product with the weights and an activation of each neuron.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numbers>

#include "formats/pmml/internal/formula.h"
#include "formats/pmml/internal/models.h"
#include "graph/ops/linear.h"

namespace slipway::pmml {
namespace {

class Network {
 public:
  explicit Network(const ModelInput& input)
      : input_(input), context_(input.scope.context()), terms_(context_.terms), f_(terms_) {}

  Result<Prediction> run() {
    for (const Element& element : input_.model.child("NeuralInputs").children("NeuralInput")) {
      const Element derived = element.child("DerivedField");
      if (!derived) return element.invalid("expected a DerivedField");
      const Element expression = expression_of(derived);
      if (!expression) return derived.invalid("expected an expression");
      Typed value = TRY(compile_expression(input_.scope, expression));
      if (const auto type = derived.attribute("dataType")) {
        value = TRY(cast(context_, derived, value, TRY(parse_type(derived, *type))));
      }
      TRY_STATUS(define(element, TRY(as_number(context_, derived, value))));
    }
    const std::vector<Element> layers = input_.model.children("NeuralLayer");
    if (layers.empty()) return input_.model.invalid("expected a NeuralLayer");
    for (const Element& layer : layers) TRY_STATUS(add_layer(layer));
    return outputs();
  }

 private:
  struct Settings {
    std::string_view activation;
    std::string_view normalization;
    double threshold = 0;
    double altitude = 1;
    std::optional<double> width;
    std::optional<double> leakage;
  };

  Status define(const Element& element, TermId value) {
    const std::string id(TRY(element.required("id")));
    if (!neurons_.try_emplace(id, value).second) {
      return element.invalid(fmt::format("a neuron \"{}\" is there already", id.substr(0, 64)));
    }
    return {};
  }
  Result<TermId> neuron(const Element& at, const char* attribute) {
    const std::string_view id = TRY(at.required(attribute));
    const auto found = neurons_.find(id);
    if (found == neurons_.end()) {
      return at.invalid(fmt::format("no neuron \"{}\" before this one", id.substr(0, 64)));
    }
    return found->second;
  }

  Result<Settings> settings_of(const Element& layer) const {
    const auto text = [&](const char* name, std::string_view otherwise) {
      return layer.attribute_or(name, input_.model.attribute_or(name, otherwise));
    };
    const auto number = [&](const char* name) -> Result<std::optional<double>> {
      if (const auto own = TRY(layer.optional_number(name))) return std::optional(own);
      return input_.model.optional_number(name);
    };
    Settings settings;
    settings.activation = text("activationFunction", "");
    settings.normalization = text("normalizationMethod", "none");
    settings.threshold = TRY(number("threshold")).value_or(0);
    settings.altitude = TRY(number("altitude")).value_or(1);
    settings.width = TRY(number("width"));
    settings.leakage = TRY(number("leakage"));
    return settings;
  }

  Status add_layer(const Element& layer) {
    const Settings settings = TRY(settings_of(layer));
    const std::vector<Element> neurons = layer.children("Neuron");
    if (neurons.empty()) return layer.invalid("expected a Neuron");
    std::vector<TermId> values = settings.activation == "radialBasis"
                                     ? TRY(radial_values(settings, neurons))
                                     : TRY(linear_values(layer, neurons));
    if (settings.activation != "radialBasis") {
      for (TermId& value : values) value = TRY(activated(layer, settings, value));
    }
    // What the next layers need is computed once.
    const ValueId kept = TRY(context_.matrix(values, layer.place()));
    for (uint32_t i = 0; i < values.size(); ++i) {
      values[i] = terms_.column(kept, i, ValueKind::kDense);
    }
    if (settings.normalization == "softmax") {
      values = TRY(softmax(context_, std::move(values)));
    } else if (settings.normalization == "simplemax") {
      values = TRY(normalized(context_, std::move(values)));
    } else if (settings.normalization != "none") {
      return layer.unsupported(
          fmt::format("normalizationMethod {}", settings.normalization.substr(0, 64)));
    }
    for (size_t i = 0; i < neurons.size(); ++i) TRY_STATUS(define(neurons[i], values[i]));
    return {};
  }

  Result<std::vector<TermId>> linear_values(const Element& layer,
                                            const std::vector<Element>& neurons) {
    std::map<uint32_t, uint32_t> places;  // of terms among the columns
    std::vector<TermId> columns;
    std::vector<std::vector<std::pair<uint32_t, double>>> connections(neurons.size());
    std::vector<double> biases;
    for (size_t i = 0; i < neurons.size(); ++i) {
      biases.push_back(TRY(neurons[i].number_or("bias", 0)));
      for (const Element& connection : neurons[i].children("Con")) {
        const TermId from = TRY(neuron(connection, "from"));
        const auto [place, added] =
            places.try_emplace(from.index, static_cast<uint32_t>(columns.size()));
        if (added) columns.push_back(from);
        connections[i].emplace_back(place->second, TRY(connection.number("weight")));
      }
    }
    if (columns.empty()) return layer.invalid("expected neurons with a Con");
    TRY_STATUS(context_.charge(layer, neurons.size(), columns.size()));
    std::vector<double> weights(neurons.size() * columns.size(), 0);
    for (size_t i = 0; i < neurons.size(); ++i) {
      for (const auto& [column, weight] : connections[i]) {
        weights[i * columns.size() + column] += weight;
      }
    }
    const ValueId x = TRY(context_.matrix(columns, layer.place()));
    const ValueId y =
        TRY(context_.graph.add(std::make_unique<LinearOp>(static_cast<uint32_t>(neurons.size()),
                                                          static_cast<uint32_t>(columns.size()),
                                                          std::move(weights), std::move(biases)),
                               {x}, layer.place()));
    std::vector<TermId> values;
    for (uint32_t i = 0; i < neurons.size(); ++i) {
      values.push_back(terms_.column(y, i, ValueKind::kDense));
    }
    return values;
  }

  /// exp(fan-in * ln(altitude) - squared distance / (2 width^2)).
  Result<std::vector<TermId>> radial_values(const Settings& settings,
                                            const std::vector<Element>& neurons) {
    std::vector<TermId> values;
    for (const Element& element : neurons) {
      std::vector<TermId> parts;
      for (const Element& connection : element.children("Con")) {
        const TermId difference =
            f_.minus(TRY(neuron(connection, "from")), f_.number(TRY(connection.number("weight"))));
        parts.push_back(f_.times(difference, difference));
      }
      const auto own = TRY(element.optional_number("width"));
      const auto width = own ? own : settings.width;
      if (!width) return element.invalid("the attribute width is missing");
      TermId exponent = f_.over(f_.sum(parts), f_.number(-2 * *width * *width));
      if (settings.altitude != 1) {
        const TermId raised =
            f_.times(f_.ln(f_.number(settings.altitude)), static_cast<double>(parts.size()));
        exponent = f_.plus(exponent, raised);
      }
      values.push_back(TRY(f_.take(f_.exp(exponent))));
    }
    return values;
  }

  Result<TermId> activated(const Element& layer, const Settings& settings, TermId x) {
    const std::string_view name = settings.activation;
    const TermId one = f_.number(1);
    if (name == "identity") return x;
    if (name == "logistic") return f_.take(f_.of(Code::kLogistic, {x}));
    if (name == "tanh") return f_.take(f_.of(Code::kTanh, {x}));
    if (name == "rectifier") return f_.take(rectified(settings, x));
    if (name == "threshold") return f_.take(f_.less(f_.number(settings.threshold), x));
    if (name == "exponential") return f_.take(f_.exp(x));
    if (name == "reciprocal") return f_.take(f_.over(one, x));
    if (name == "square") return f_.take(f_.times(x, x));
    if (name == "Gauss") return f_.take(f_.exp(f_.negated(f_.times(x, x))));
    if (name == "sine") return f_.take(f_.of(Code::kSin, {x}));
    if (name == "cosine") return f_.take(f_.of(Code::kCos, {x}));
    if (name == "Elliott") {
      return f_.take(f_.over(x, f_.plus(one, f_.of(Code::kAbsolute, {x}))));
    }
    if (name == "arctan") {
      return f_.take(f_.times(f_.of(Code::kAtan, {x}), 2 / std::numbers::pi));
    }
    return layer.unsupported(fmt::format("activationFunction {}", name.substr(0, 64)));
  }
  TermId rectified(const Settings& settings, TermId x) {
    if (!settings.leakage) return f_.of(Code::kMaximum, {x, f_.number(0)});
    return f_.choose(f_.less(f_.number(0), x), x, f_.times(x, *settings.leakage));
  }

  /// A NeuralOutput's expression, where it names a derived field that field's.
  Result<Element> output_expression(const Element& output) const {
    const Element derived = output.child("DerivedField");
    if (!derived) return output.invalid("expected a DerivedField");
    const Element expression = expression_of(derived);
    if (!expression) return derived.invalid("expected an expression");
    if (!expression.is("FieldRef")) return expression;
    const std::string_view name = TRY(expression.required("field"));
    for (const Element& of :
         {input_.model.child("LocalTransformations"), input_.file.transformation_dictionary}) {
      if (!of) continue;
      for (const Element& field : of.children("DerivedField")) {
        if (field.attribute_or("name", "") != name) continue;
        const Element inner = expression_of(field);
        if (inner) return inner;
      }
    }
    return expression;
  }

  Result<Prediction> outputs() {
    const std::vector<Element> elements =
        input_.model.child("NeuralOutputs").children("NeuralOutput");
    if (elements.empty()) return input_.model.invalid("expected a NeuralOutput");
    Prediction prediction;
    if (input_.model.attribute_or("functionName", "") == "classification") {
      prediction.is_classification = true;
      for (const Element& element : elements) {
        const Element expression = TRY(output_expression(element));
        if (!expression.is("NormDiscrete")) return expression.invalid("expected a NormDiscrete");
        prediction.classes.emplace_back(TRY(expression.required("value")));
        prediction.probabilities.push_back(TRY(neuron(element, "outputNeuron")));
        prediction.entities.emplace_back(TRY(element.required("outputNeuron")));
      }
      const TermId winner = TRY(first_largest(context_, input_.model, prediction.probabilities));
      prediction.entity = TRY(terms_.pick(winner, prediction.entities));
      return prediction;
    }
    if (elements.size() != 1) return input_.model.unsupported("a network of several outputs");
    const Element expression = TRY(output_expression(elements[0]));
    TermId value = TRY(neuron(elements[0], "outputNeuron"));
    if (expression.is("NormContinuous")) {
      value = TRY(denormalized(expression, value));
    } else if (!expression.is("FieldRef")) {
      return expression.unsupported("an output of this kind");
    }
    prediction.has_value = true;
    prediction.value = {value, DataType::kDouble};
    return prediction;
  }

  Result<TermId> denormalized(const Element& expression, TermId value) {
    PiecewiseLine line;
    for (const Element& norm : expression.children("LinearNorm")) {
      line.x.push_back(TRY(norm.number("norm")));
      line.y.push_back(TRY(norm.number("orig")));
    }
    if (line.x.size() < 2) return expression.invalid("expected two LinearNorms or more");
    if (line.x.front() > line.x.back()) {
      std::ranges::reverse(line.x);
      std::ranges::reverse(line.y);
    }
    return terms_.interpolate(value, std::move(line));
  }

  const ModelInput& input_;
  Context& context_;
  ExpressionBuilder& terms_;
  Formula f_;
  std::map<std::string, TermId, std::less<>> neurons_;
};

}  // namespace

Result<Prediction> lower_neural_network(const ModelInput& input) { return Network(input).run(); }

}  // namespace slipway::pmml
