// Formula: terms of arithmetic without a check after each step. The first error sticks, what
// follows is skipped, and take() tells it.
//
//   Formula f(context.terms);
//   const TermId y = TRY(f.take(f.exp(f.minus(x, f.number(1)))));
//
// Thread rule: single-sequence.
#pragma once

#include <span>
#include <vector>

#include "graph/ops/expression_builder.h"

namespace slipway::pmml {

class Formula {
 public:
  explicit Formula(ExpressionBuilder& terms) : terms_(terms) {}

  TermId number(double value) { return terms_.number(value); }
  TermId missing() { return terms_.missing_number(); }
  TermId of(Code code, std::initializer_list<TermId> arguments, uint32_t a = 0) {
    return of(code, std::span(arguments.begin(), arguments.size()), a);
  }
  TermId of(Code code, std::span<const TermId> arguments, uint32_t a = 0) {
    if (!status_.ok()) return {};
    Result<TermId> made = terms_.apply(code, arguments, a);
    if (made.ok()) return *made;
    status_ = std::move(made).status();
    return {};
  }
  TermId plus(TermId x, TermId y) { return of(Code::kAdd, {x, y}); }
  TermId minus(TermId x, TermId y) { return of(Code::kSubtract, {x, y}); }
  TermId times(TermId x, TermId y) { return of(Code::kMultiply, {x, y}); }
  TermId times(TermId x, double y) { return y == 1 ? x : times(x, number(y)); }
  TermId over(TermId x, TermId y) { return of(Code::kDivide, {x, y}); }
  TermId negated(TermId x) { return of(Code::kNegate, {x}); }
  TermId exp(TermId x) { return of(Code::kExp, {x}); }
  TermId ln(TermId x) { return of(Code::kLn, {x}); }
  TermId power(TermId x, double y) { return of(Code::kPower, {x, number(y)}); }
  TermId choose(TermId condition, TermId yes, TermId no) {
    return of(Code::kChoose, {condition, yes, no});
  }
  TermId choose_text(TermId condition, TermId yes, TermId no) {
    return of(Code::kChooseText, {condition, yes, no});
  }
  /// `otherwise` where x is missing.
  TermId coalesce(TermId x, double otherwise) {
    return of(Code::kCoalesce, {x, number(otherwise)});
  }
  TermId is_missing(TermId x) { return of(Code::kIsMissing, {x}); }
  TermId negation(TermId x) { return of(Code::kNot, {x}); }
  TermId both(TermId x, TermId y) { return of(Code::kAnd, {x, y}); }
  TermId either(TermId x, TermId y) { return of(Code::kOr, {x, y}); }
  TermId less(TermId x, TermId y) { return of(Code::kLess, {x, y}); }
  TermId less_or_equal(TermId x, TermId y) { return of(Code::kLessOrEqual, {x, y}); }
  TermId equal(TermId x, TermId y) { return of(Code::kEqual, {x, y}); }
  /// In order from the first; missing if one is. 0 of none.
  TermId sum(std::span<const TermId> parts) {
    if (parts.empty()) return number(0);
    TermId total = parts[0];
    for (const TermId part : parts.subspan(1)) total = plus(total, part);
    return total;
  }
  TermId pick(TermId position, std::vector<double> list) {
    return keep(terms_.pick(position, std::move(list)));
  }
  TermId pick(TermId position, std::vector<std::string> list) {
    return keep(terms_.pick(position, std::move(list)));
  }
  /// A term made elsewhere.
  TermId keep(Result<TermId> made) {
    if (!status_.ok()) return {};
    if (made.ok()) return *made;
    status_ = std::move(made).status();
    return {};
  }

  Result<TermId> take(TermId term) {
    TRY_STATUS(status());
    return term;
  }
  Status status() const { return status_; }

 private:
  ExpressionBuilder& terms_;
  Status status_;
};

}  // namespace slipway::pmml
