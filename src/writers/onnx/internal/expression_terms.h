// Terms: what an expression's instructions leave on their stack, as names of ONNX tensors.
//
// Numbers are float64 [rows, 1] (or [] where they are the same in every row), missing as NaN;
// texts likewise, missing as the empty text. A truth value stays a tensor of bool until a number
// is asked for. Thread rule: single-sequence.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "graph/ops/expression.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {

struct Term {
  Name name;                        // a number's or text's; empty where there is only the truth
  Name truth;                       // a number of 1 and 0, never missing, as bool
  std::optional<std::string> text;  // of a constant
  bool is_constant = false;
  bool may_miss = true;
};

class Terms {
 public:
  explicit Terms(Emission& emission) : e(emission), m(emission.m) {}

  Emission& e;
  Model& m;

  Name number(const Term& term) { return term.name.empty() ? m.to_number(term.truth) : term.name; }
  /// [rows, 1] whatever it is.
  Name column(const Term& term);
  Name text_column(const Term& term);
  Name nan() { return m.number(missing_); }

  /// Where any of these numbers is missing; nullopt where none ever is.
  std::optional<Name> missing(std::span<const Term> numbers);
  std::optional<Name> text_missing(const Term& text);
  /// A number computed from others, which is missing by itself where they are.
  Term made(Name name, std::span<const Term> from) const;
  /// `truth`, missing where one of `from` is.
  Term judged(const Name& truth, std::span<const Term> from);
  /// The same, missing at `where`.
  Term judged_but(const Name& truth, const std::optional<Name>& where, bool is_constant);
  /// Whether a number is one, and not 0; a missing one may be either.
  Name is_true(const Term& term);

 private:
  static constexpr double missing_ = __builtin_nan("");
};

/// What takes or gives texts; the first of `arguments` is the lowest of the stack.
Result<Term> apply_text(Terms& terms, const ExpressionProgram& program, const Instruction& in,
                        std::span<const Term> arguments);

}  // namespace slipway::writers::onnx
