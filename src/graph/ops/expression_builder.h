// ExpressionBuilder: formulas as terms that may share parts, and the programs made of them.
//
//   reader --terms--> ExpressionBuilder --build()--> ExpressionOp (graph/ops/expression.h)
//
// A term is a number or text for each row: a constant, a column of one of the graph's values, or a
// function of other terms. Terms live as long as their builder, and many programs may be built of
// them; a term used twice in one program is computed once. Thread rule: single-sequence.
//
//   ExpressionBuilder terms;
//   TermId x = terms.column(kNumbersInput, 0, ValueKind::kDense);
//   TermId y = TRY(terms.apply(Code::kLn, {TRY(terms.apply(Code::kAdd, {x, terms.number(1)}))}));
//   ValueId value = TRY(terms.add_to(graph, {y}, "derived.y"));
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/expression.h"

namespace slipway {

/// Index of a term in its builder.
struct TermId {
  uint32_t index = 0;
  bool operator==(const TermId&) const = default;
};

class ExpressionBuilder {
 public:
  static constexpr size_t kTermsMax = size_t{1} << 23;
  /// Instructions and constants of all programs together: terms may be built into many.
  static constexpr size_t kBuiltMax = size_t{1} << 25;

  TermId number(double value);
  TermId text(std::string_view value);
  TermId missing_number();
  TermId missing_text();
  /// `kind` is that of the value: dense or index (a number) or string (a text).
  TermId column(ValueId value, uint32_t column, ValueKind kind);
  /// A function of terms; `a` is the instruction's, without indices of constants: those have their
  /// own functions below. INVALID_ARGUMENT where types or number of arguments do not fit.
  Result<TermId> apply(Code code, std::span<const TermId> arguments, uint32_t a = 0);
  Result<TermId> apply(Code code, std::initializer_list<TermId> arguments, uint32_t a = 0) {
    return apply(code, std::span(arguments.begin(), arguments.size()), a);
  }

  Result<TermId> find(TermId x, std::vector<double> list);
  Result<TermId> find(TermId x, std::vector<std::string> list);
  Result<TermId> pick(TermId position, std::vector<double> list);
  Result<TermId> pick(TermId position, std::vector<std::string> list);
  Result<TermId> find_interval(TermId x, std::vector<Interval> list);
  Result<TermId> interpolate(TermId x, PiecewiseLine line);
  Result<TermId> matches(TermId x, std::string_view pattern);
  Result<TermId> replace(TermId x, std::string_view pattern, TermId by);
  /// kFormatTime, kFormatNumber, kParseTimeForm, kRequire and kRequireText with their text.
  Result<TermId> apply_with_text(Code code, std::initializer_list<TermId> arguments,
                                 std::string_view text);

  /// Of all terms so far.
  size_t size() const { return terms_.size(); }
  bool is_text(TermId term) const;
  /// The constant, if it is one.
  std::optional<double> constant_number(TermId term) const;
  std::optional<std::string_view> constant_text(TermId term) const;
  /// Whether it is a column or constant: nothing is saved by computing it once.
  bool is_leaf(TermId term) const;
  /// The argument of a function of one, if the term is that function of it.
  std::optional<TermId> argument_of(Code code, TermId term) const;
  /// The column, if it is one.
  struct Place {
    ValueId value;
    uint32_t column;
    ValueKind kind;
  };
  std::optional<Place> place(TermId term) const;

  struct Built {
    std::unique_ptr<const ExpressionOp> op;
    std::vector<ValueId> inputs;
  };
  /// A program of one output for each term; all numbers or all texts.
  Result<Built> build(std::span<const TermId> outputs);
  /// The same, as a node of the graph.
  Result<ValueId> add_to(GraphBuilder& graph, std::span<const TermId> outputs,
                         const std::string& path);

 private:
  struct Term {
    Code code = Code::kNumber;
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t first = 0;  // of arguments_
    uint32_t count = 0;
    bool is_text = false;
  };
  class Emitter;

  Result<TermId> add(Term term, std::span<const TermId> arguments);
  TermId add_leaf(Term term);

  std::vector<Term> terms_;
  std::vector<TermId> arguments_;
  std::map<std::pair<ValueId, uint32_t>, TermId> columns_;
  /// The constants of all terms; a program gets those that it names.
  ExpressionProgram constants_;
  size_t built_ = 0;  // of kBuiltMax
};

}  // namespace slipway
