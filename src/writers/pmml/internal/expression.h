// Expressions of PMML, as the text of their elements.
//
//   Fields fields(names);
//   const Expression scaled = fields.define(divide(subtract(x, number(mean)), number(scale)));
//
// Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::writers::pmml {

/// XML text of one expression element.
using Expression = std::string;

/// With &, <, > and quotes as entities. Control characters that XML has no place for become U+FFFD.
std::string escaped(std::string_view text);
/// The shortest decimal that reads back as the same double; "NaN", "INF", "-INF" as XML Schema.
std::string spelled(double value);

Expression number(double value);
Expression text(std::string_view value);
Expression field(std::string_view name);
Expression missing_number();
Expression call(std::string_view function, std::span<const Expression> arguments);
Expression call(std::string_view function, std::initializer_list<Expression> arguments);

inline Expression add(const Expression& a, const Expression& b) { return call("+", {a, b}); }
inline Expression subtract(const Expression& a, const Expression& b) { return call("-", {a, b}); }
inline Expression multiply(const Expression& a, const Expression& b) { return call("*", {a, b}); }
inline Expression divide(const Expression& a, const Expression& b) { return call("/", {a, b}); }
inline Expression choose(const Expression& condition, const Expression& yes, const Expression& no) {
  return call("if", {condition, yes, no});
}
inline Expression is_missing(const Expression& field) { return call("isMissing", {field}); }
/// A sum in pairs of pairs: no deeper than the logarithm of its length. Of nothing: 0.
Expression sum_of(std::span<const Expression> terms);
/// sum of weight * x + constant; weights of 0 count too, for what is missing.
Expression linear(std::span<const Expression> x, std::span<const double> weights, double constant);
/// 1 / (1 + exp(-x))
Expression logistic(const Expression& x);
/// Into low..high.
Expression clip(const Expression& x, double low, double high);

/// What a derived field holds.
enum class FieldType : uint8_t { kDouble, kFloat, kString };

/// Derived fields, in the order of their definition.
class Fields {
 public:
  explicit Fields(std::set<std::string> taken) : taken_(std::move(taken)) {}

  /// A reference to a new field with this value.
  Expression define(const Expression& value, FieldType type = FieldType::kDouble);
  /// A name that no other field has.
  std::string fresh(std::string_view stem);
  /// A field that a segment gives; what is derived from it is `later`.
  void add_result(const std::string& name) { results_.insert(name); }
  const std::set<std::string>& results() const { return results_; }

  struct Field {
    std::string name;
    std::string xml;
    std::vector<std::string> uses;  // names of the fields that it refers to
    bool is_later = false;          // depends on a segment's result
  };
  std::span<const Field> all() const { return fields_; }
  size_t bytes() const { return bytes_; }

 private:
  std::set<std::string> taken_;
  std::set<std::string> results_;
  std::set<std::string> later_;
  std::vector<Field> fields_;
  uint64_t next_ = 0;
  size_t bytes_ = 0;
};

/// "floor" or "ceil" of a field, also beyond int32, where JPMML-Evaluator's own overflow.
Expression whole_number(Fields& fields, std::string_view function, const Expression& x);

/// The names in field="..." of an expression.
std::vector<std::string> fields_in(std::string_view xml);

}  // namespace slipway::writers::pmml
