// Fields: what PMML's names stand for while a file is lowered, as typed terms of expressions.
//
//   DataDictionary + MiningSchema --> Scope (root) --> Scope of a segment's model --> ...
//
// A field that is derived from others is compiled when something first asks for it, those that it
// needs before it; a cycle is an error. Ownership: Scopes point into the Document and the Context,
// and a Scope into its parent. Thread rule: single-sequence.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pmml/internal/element.h"
#include "graph/ops/expression_builder.h"

namespace slipway::pmml {

enum class DataType : uint8_t {
  kString,
  kInteger,
  kFloat,
  kDouble,
  kBoolean,  // 1 or 0
  kDate,     // seconds since 1970, as the two below
  kTime,
  kDateTime,
};

/// UNIMPLEMENTED for the types that count days or seconds since a year.
Result<DataType> parse_type(const Element& element, std::string_view text);

struct Typed {
  TermId term;
  DataType type = DataType::kDouble;
};

/// What everything that is lowered shares.
struct Context {
  /// Elements of expressions that may be compiled, functions' bodies counted at each use.
  static constexpr size_t kExpressionsMax = 2'000'000;

  GraphBuilder& graph;
  ExpressionBuilder terms;
  std::map<std::string, Element, std::less<>> functions;  // DefineFunction by name
  size_t expressions = 0;
  /// What dense tables (weights, points, scores of nodes) may still hold: by the file's size, as
  /// a sparse file may stand for a vast table.
  size_t numbers_left = 0;

  /// Texts that functions which count terms are asked for, by text_index.cpp; read on first use.
  std::optional<std::map<std::string, std::vector<std::string>, std::less<>>> term_lists;
  /// Columns of counts by what is counted where.
  std::map<std::string, TermId, std::less<>> term_counts;
  Element root;

  /// Takes `rows` times `columns` numbers of those left; RESOURCE_EXHAUSTED if there are less.
  Status charge(const Element& at, size_t rows, size_t columns);
  bool is_text(const Typed& value) const { return terms.is_text(value.term); }
  /// The term as a column that is computed once, if that pays.
  Result<Typed> keep(Typed value, size_t terms_before, const std::string& path);
  /// Terms side by side as one dense value.
  Result<ValueId> matrix(std::span<const TermId> columns, const std::string& path);
};

Result<TermId> literal(Context& context, const Element& at, std::string_view text, DataType type);
Result<Typed> cast(Context& context, const Element& at, const Typed& value, DataType type);
/// Both of one kind, a constant text read as the other's type.
Status match_types(Context& context, const Element& at, Typed& a, Typed& b);
/// As numbers (a number is missing as NaN).
Result<TermId> as_number(Context& context, const Element& at, const Typed& value);
/// Whether the value is one of the texts, read as its type: 1, 0 or missing.
Result<TermId> is_one_of(Context& context, const Element& at, const Typed& value,
                         const std::vector<std::string>& texts);
/// Its position among the texts, -1 if it is none of them.
Result<TermId> position_in(Context& context, const Element& at, const Typed& value,
                           const std::vector<std::string>& texts);

class Scope {
 public:
  Scope(Context& made_for, Scope* outer) : context_(made_for), outer_(outer) {}

  /// The field's value. NOT_FOUND is INVALID_ARGUMENT here: a name that the file does not define.
  Result<Typed> resolve(const Element& at, std::string_view name);
  void define(std::string_view name, Typed value) {
    known_.insert_or_assign(std::string(name), value);
  }
  /// A DerivedField, compiled on demand.
  Status derive(const Element& derived_field);
  /// A MiningField of a model inside another: the outer value, treated.
  void inherit(std::string_view name, const Element& mining_field, const Element& data_field);
  Context& context() const { return context_; }

 private:
  struct Pending {
    Element field;       // DerivedField or MiningField
    Element data_field;  // of a MiningField; may be empty
    bool is_open = false;
  };
  Result<Typed> compile(const Pending& pending, std::string_view name);
  Status compile_all(std::string_view name);

  Context& context_;
  Scope* outer_;
  std::map<std::string, Typed, std::less<>> known_;
  std::map<std::string, Pending, std::less<>> pending_;
};

/// An expression element (Constant, FieldRef, Apply, ...) as a term.
Result<Typed> compile_expression(Scope& scope, const Element& expression);
/// The first child that is an expression; empty if there is none.
Element expression_of(const Element& container);
/// How often the words of `term` are in `text`, as a TextIndex says. `origin` is the outermost use
/// of a function that has led to it; empty if none has.
Result<Typed> count_term(Context& context, const Element& text_index, const Element& origin,
                         const Typed& text, std::string_view term);
/// A pattern in Java's syntax in that of graph/ops/text_pattern.h.
Result<std::string> from_java_pattern(const Element& at, std::string_view pattern);
/// A predicate (SimplePredicate, CompoundPredicate, True, ...) as a truth value.
Result<TermId> compile_predicate(Scope& scope, const Element& predicate);
Element predicate_of(const Element& container);

/// A value with its MiningField's and DataField's treatment of missing, invalid and outlying
/// values.
Result<Typed> treat(Context& context, const Element& mining_field, const Element& data_field,
                    Typed value);

/// A built-in function applied to its arguments. NOT_FOUND if there is none of that name.
Result<Typed> apply_function(Context& context, const Element& at, std::string_view name,
                             std::vector<Typed> arguments);

}  // namespace slipway::pmml
