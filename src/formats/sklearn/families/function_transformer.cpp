// FunctionTransformer: identity, and numpy's functions of one array by their names. A pickle names
// a function by the module that numpy's version kept it in; any module of numpy or scipy.special
// will do. inverse_func plays no part in a prediction, except behind TransformedTargetRegressor.
#include "formats/sklearn/families/numpy_function.h"

#include <fmt/format.h>

#include <array>
#include <cfloat>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/defined.h"
#include "graph/ops/elementwise.h"

namespace slipway::sklearn {
namespace {

using Function = ElementwiseOp::Function;
using Parameters = ElementwiseOp::Parameters;

struct NamedFunction {
  std::string_view name;
  Function function;
};

constexpr std::array kFunctions = {
    NamedFunction{"abs", Function::kAbsolute},
    NamedFunction{"absolute", Function::kAbsolute},
    NamedFunction{"fabs", Function::kAbsolute},
    NamedFunction{"arccos", Function::kArccos},
    NamedFunction{"acos", Function::kArccos},
    NamedFunction{"arccosh", Function::kArccosh},
    NamedFunction{"acosh", Function::kArccosh},
    NamedFunction{"arcsin", Function::kArcsin},
    NamedFunction{"asin", Function::kArcsin},
    NamedFunction{"arcsinh", Function::kArcsinh},
    NamedFunction{"asinh", Function::kArcsinh},
    NamedFunction{"arctan", Function::kArctan},
    NamedFunction{"atan", Function::kArctan},
    NamedFunction{"arctanh", Function::kArctanh},
    NamedFunction{"atanh", Function::kArctanh},
    NamedFunction{"cbrt", Function::kCbrt},
    NamedFunction{"ceil", Function::kCeil},
    NamedFunction{"clip", Function::kClip},
    NamedFunction{"cos", Function::kCos},
    NamedFunction{"cosh", Function::kCosh},
    NamedFunction{"degrees", Function::kDegrees},
    NamedFunction{"rad2deg", Function::kDegrees},
    NamedFunction{"exp", Function::kExp},
    NamedFunction{"exp2", Function::kExp2},
    NamedFunction{"expit", Function::kExpit},
    NamedFunction{"expm1", Function::kExpm1},
    NamedFunction{"floor", Function::kFloor},
    NamedFunction{"isfinite", Function::kIsFinite},
    NamedFunction{"isinf", Function::kIsInfinite},
    NamedFunction{"isnan", Function::kIsNan},
    NamedFunction{"log", Function::kLog},
    NamedFunction{"log10", Function::kLog10},
    NamedFunction{"log1p", Function::kLog1p},
    NamedFunction{"log2", Function::kLog2},
    NamedFunction{"logical_not", Function::kLogicalNot},
    NamedFunction{"logit", Function::kLogit},
    NamedFunction{"nan_to_num", Function::kNanToNum},
    NamedFunction{"negative", Function::kNegative},
    NamedFunction{"positive", Function::kPositive},
    NamedFunction{"array", Function::kPositive},  // those that only say: an array of numbers
    NamedFunction{"asarray", Function::kPositive},
    NamedFunction{"real", Function::kPositive},
    NamedFunction{"conjugate", Function::kPositive},
    NamedFunction{"radians", Function::kRadians},
    NamedFunction{"deg2rad", Function::kRadians},
    NamedFunction{"reciprocal", Function::kReciprocal},
    NamedFunction{"rint", Function::kRint},
    NamedFunction{"round", Function::kRound},
    NamedFunction{"round_", Function::kRound},
    NamedFunction{"around", Function::kRound},
    NamedFunction{"sign", Function::kSign},
    NamedFunction{"signbit", Function::kSignBit},
    NamedFunction{"sin", Function::kSin},
    NamedFunction{"sinh", Function::kSinh},
    NamedFunction{"sqrt", Function::kSqrt},
    NamedFunction{"square", Function::kSquare},
    NamedFunction{"tan", Function::kTan},
    NamedFunction{"tanh", Function::kTanh},
    NamedFunction{"trunc", Function::kTrunc},
    NamedFunction{"fix", Function::kTrunc},
};

/// Module and name of a function, however it was pickled.
Result<std::pair<std::string, std::string>> function_name(pickle::Value func) {
  // numpy before 1.20 pickled a ufunc as a call that looks it up.
  if (func.kind() == pickle::Kind::kObject && func.is("numpy", "_ufunc_reconstruct") &&
      func.args().size() == 2) {
    const std::string_view module = TRY(func.args().at(0).as_string());
    return std::pair(std::string(module), std::string(TRY(func.args().at(1).as_string())));
  }
  if (func.kind() != pickle::Kind::kGlobal) {
    return unimplemented(fmt::format(
        "FunctionTransformer.func: expected a function of numpy, got {}", func.type_name()));
  }
  return std::pair(std::string(func.module()), std::string(func.name()));
}

/// Takes keyword arguments out one by one, so that what is left over can be refused.
class KeywordArguments {
 public:
  static Result<KeywordArguments> of(pickle::Value self, std::string_view name) {
    KeywordArguments made;
    const auto attr = self.find_attr(name);
    if (!attr.has_value() || attr->is_none()) return made;
    for (size_t i = 0; i < attr->size() && i < kMax; ++i) {
      const pickle::Value::Entry entry = attr->entry(i);
      made.entries_.emplace_back(std::string(TRY(entry.key.as_string())), entry.value);
    }
    if (attr->size() > kMax) return invalid_argument("too many keyword arguments");
    return made;
  }

  /// The number of this name; the fallback where it is absent or None.
  Result<double> take(std::string_view name, double fallback) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].first != name) continue;
      const pickle::Value value = entries_[i].second;
      entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(i));
      if (value.is_none()) return fallback;
      return value.as_double();
    }
    return fallback;
  }

  Status expect_empty(std::string_view function) const {
    if (entries_.empty()) return {};
    return unimplemented(
        fmt::format("the argument '{}' of {} is not supported", entries_[0].first, function));
  }

 private:
  static constexpr size_t kMax = 20;
  std::vector<std::pair<std::string, pickle::Value>> entries_;
};

Result<Parameters> read_parameters(Function function, KeywordArguments& arguments) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (function) {
    case Function::kRound: return Parameters{TRY(arguments.take("decimals", 0)), 0, 0};
    case Function::kClip: {
      // Called a_min, a_max; numpy 2.1 added min and max.
      const double low = TRY(arguments.take("a_min", TRY(arguments.take("min", -kInfinity))));
      const double high = TRY(arguments.take("a_max", TRY(arguments.take("max", kInfinity))));
      return Parameters{low, high, 0};
    }
    case Function::kNanToNum: {
      TRY(arguments.take("copy", 1));
      const double nan = TRY(arguments.take("nan", 0));
      const double above = TRY(arguments.take("posinf", DBL_MAX));
      const double below = TRY(arguments.take("neginf", -DBL_MAX));
      return Parameters{nan, above, below};
    }
    default: return Parameters{0, 0, 0};
  }
}

/// The function, or nullopt for identity.
Result<std::optional<Function>> read_function(pickle::Value self, std::string_view attribute) {
  const auto func = self.find_attr(attribute);
  if (!func.has_value() || func->is_none()) return std::optional<Function>();
  const auto [module, name] = TRY(function_name(*func));
  if (module.starts_with("sklearn.") && name == "_identity") return std::optional<Function>();
  const bool known =
      module == "numpy" || module.starts_with("numpy.") || module.starts_with("scipy.special");
  for (const NamedFunction& entry : kFunctions) {
    if (known && entry.name == name) return std::optional<Function>(entry.function);
  }
  return unimplemented(
      fmt::format("FunctionTransformer calls {}.{}, which is not supported", module, name));
}

Result<Step> lower_function(Lowering& lowering, pickle::Value self, const Features& input) {
  if (const formats::Definition* definition =
          definition_of_function(lowering.definitions(), self)) {
    lowering.set_defined(definition->name);
    Features checked = input;
    if (TRY(bool_attr_or(self, "validate", false))) {
      const ValueId x = TRY(lowering.finite(self, input));
      checked = all_columns(x, lowering.type(x).width, input.names);
    }
    auto arguments = self.find_attr("kw_args");
    if (arguments.has_value() && arguments->is_none()) arguments.reset();
    return lower_defined(lowering, *definition, self, arguments, checked);
  }
  const std::optional<Function> function = TRY(read_function(self, "func"));
  const bool validate = TRY(bool_attr_or(self, "validate", false));
  if (!function.has_value() && !validate) {
    Step step;
    step.transform = input;
    return step;
  }
  // Without validation it takes any number of columns, whatever it was fitted on.
  const ValueId x = TRY(validate ? lowering.finite(self, input) : lowering.dense(input));
  const uint32_t width = lowering.type(x).width;
  if (!function.has_value()) return transformed(x, width, input.names);
  const std::optional<ValueId> y =
      TRY(apply_numpy_function(lowering, self, {"func", "kw_args"}, x));
  return transformed(y.value_or(x), width, input.names);
}

}  // namespace

Result<std::optional<ValueId>> apply_numpy_function(Lowering& lowering, pickle::Value self,
                                                    FunctionAttributes attributes, ValueId x) {
  const std::optional<Function> function = TRY(read_function(self, attributes.function));
  if (!function.has_value()) return std::optional<ValueId>();
  KeywordArguments arguments = TRY(KeywordArguments::of(self, attributes.arguments));
  const Parameters parameters = TRY(read_parameters(*function, arguments));
  TRY_STATUS(arguments.expect_empty(elementwise_name(*function)));
  return std::optional(
      TRY(lowering.add(std::make_unique<ElementwiseOp>(*function, parameters), {x})));
}

std::span<const EstimatorEntry> function_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"FunctionTransformer", lower_function},
  };
  return kTable;
}

}  // namespace slipway::sklearn
