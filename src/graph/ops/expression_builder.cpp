#include "graph/ops/expression_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway {
namespace {

/// Which table of the program an instruction's `a` is an index of.
enum class Table {
  kNone,
  kNumbers,
  kTexts,
  kNumberLists,
  kTextLists,
  kIntervals,
  kLines,
  kPatterns
};

Table table_of(Code code) {
  switch (code) {
    case Code::kNumber: return Table::kNumbers;
    case Code::kText:
    case Code::kRequire:
    case Code::kRequireText:
    case Code::kFormatTime:
    case Code::kFormatNumber:
    case Code::kParseTimeForm: return Table::kTexts;
    case Code::kFindNumber:
    case Code::kPickNumber: return Table::kNumberLists;
    case Code::kFindText:
    case Code::kPickText: return Table::kTextLists;
    case Code::kFindInterval: return Table::kIntervals;
    case Code::kInterpolate: return Table::kLines;
    case Code::kMatches:
    case Code::kReplace: return Table::kPatterns;
    default: return Table::kNone;
  }
}

template <typename T>
uint32_t append(std::vector<T>& list, T item) {
  list.push_back(std::move(item));
  return static_cast<uint32_t>(list.size() - 1);
}

}  // namespace

TermId ExpressionBuilder::add_leaf(Term term) {
  terms_.push_back(term);
  return {static_cast<uint32_t>(terms_.size() - 1)};
}

Result<TermId> ExpressionBuilder::add(Term term, std::span<const TermId> arguments) {
  const std::string_view signature = code_signature(term.code);
  const size_t arrow = signature.find('>');
  const bool any_number = signature[0] == '*';
  if (arguments.empty() || arrow + 1 == signature.size() ||
      (!any_number && arguments.size() != arrow)) {
    return invalid_argument(
        fmt::format("{} does not take {} arguments", code_name(term.code), arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const char expected = any_number ? 'n' : signature[i];
    if ((expected == 't') != is_text(arguments[i])) {
      return invalid_argument(fmt::format("argument {} of {} must be a {}", i + 1,
                                          code_name(term.code),
                                          expected == 't' ? "text" : "number"));
    }
  }
  if (terms_.size() + arguments_.size() > kTermsMax) {
    return resource_exhausted(fmt::format("a model's formulas have over {} parts", kTermsMax));
  }
  term.is_text = signature.back() == 't';
  term.first = static_cast<uint32_t>(arguments_.size());
  term.count = static_cast<uint32_t>(arguments.size());
  arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());
  return add_leaf(term);
}

TermId ExpressionBuilder::number(double value) {
  return add_leaf({.code = Code::kNumber, .a = append(constants_.numbers, value)});
}

TermId ExpressionBuilder::text(std::string_view value) {
  return add_leaf(
      {.code = Code::kText, .a = append(constants_.texts, std::string(value)), .is_text = true});
}

TermId ExpressionBuilder::missing_number() { return add_leaf({.code = Code::kMissing}); }

TermId ExpressionBuilder::missing_text() {
  return add_leaf({.code = Code::kNoText, .is_text = true});
}

TermId ExpressionBuilder::column(ValueId value, uint32_t column, ValueKind kind) {
  const auto [place, added] = columns_.try_emplace({value, column});
  if (added) {
    const Code code = kind == ValueKind::kString  ? Code::kLoadText
                      : kind == ValueKind::kIndex ? Code::kLoadIndex
                                                  : Code::kLoad;
    place->second =
        add_leaf({.code = code, .a = value, .b = column, .is_text = kind == ValueKind::kString});
  }
  return place->second;
}

Result<TermId> ExpressionBuilder::apply(Code code, std::span<const TermId> arguments, uint32_t a) {
  CHECK(table_of(code) == Table::kNone);
  const uint32_t count =
      code_signature(code)[0] == '*' ? static_cast<uint32_t>(arguments.size()) : a;
  return add({.code = code, .a = count}, arguments);
}

Result<TermId> ExpressionBuilder::find(TermId x, std::vector<double> list) {
  return add({.code = Code::kFindNumber, .a = append(constants_.number_lists, std::move(list))},
             {{x}});
}

Result<TermId> ExpressionBuilder::find(TermId x, std::vector<std::string> list) {
  return add({.code = Code::kFindText, .a = append(constants_.text_lists, std::move(list))}, {{x}});
}

Result<TermId> ExpressionBuilder::pick(TermId position, std::vector<double> list) {
  return add({.code = Code::kPickNumber, .a = append(constants_.number_lists, std::move(list))},
             {{position}});
}

Result<TermId> ExpressionBuilder::pick(TermId position, std::vector<std::string> list) {
  return add({.code = Code::kPickText, .a = append(constants_.text_lists, std::move(list))},
             {{position}});
}

Result<TermId> ExpressionBuilder::find_interval(TermId x, std::vector<Interval> list) {
  return add({.code = Code::kFindInterval, .a = append(constants_.intervals, std::move(list))},
             {{x}});
}

Result<TermId> ExpressionBuilder::interpolate(TermId x, PiecewiseLine line) {
  return add({.code = Code::kInterpolate, .a = append(constants_.lines, std::move(line))}, {{x}});
}

Result<TermId> ExpressionBuilder::matches(TermId x, std::string_view pattern) {
  const uint32_t index = append(constants_.patterns, TRY(TextPattern::compile(pattern)));
  return add({.code = Code::kMatches, .a = index}, {{x}});
}

Result<TermId> ExpressionBuilder::replace(TermId x, std::string_view pattern, TermId by) {
  const uint32_t index = append(constants_.patterns, TRY(TextPattern::compile(pattern)));
  return add({.code = Code::kReplace, .a = index}, {{x, by}});
}

Result<TermId> ExpressionBuilder::apply_with_text(Code code,
                                                  std::initializer_list<TermId> arguments,
                                                  std::string_view text) {
  CHECK(table_of(code) == Table::kTexts);
  return add({.code = code, .a = append(constants_.texts, std::string(text))},
             std::span(arguments.begin(), arguments.size()));
}

bool ExpressionBuilder::is_text(TermId term) const { return terms_[term.index].is_text; }

std::optional<double> ExpressionBuilder::constant_number(TermId term) const {
  const Term& found = terms_[term.index];
  if (found.code != Code::kNumber) return std::nullopt;
  return constants_.numbers[found.a];
}

std::optional<std::string_view> ExpressionBuilder::constant_text(TermId term) const {
  const Term& found = terms_[term.index];
  if (found.code != Code::kText) return std::nullopt;
  return constants_.texts[found.a];
}

bool ExpressionBuilder::is_leaf(TermId term) const { return terms_[term.index].count == 0; }

std::optional<TermId> ExpressionBuilder::argument_of(Code code, TermId term) const {
  const Term& of = terms_[term.index];
  if (of.code != code || of.count != 1) return std::nullopt;
  return arguments_[of.first];
}

std::optional<ExpressionBuilder::Place> ExpressionBuilder::place(TermId term) const {
  const Term& found = terms_[term.index];
  switch (found.code) {
    case Code::kLoad: return Place{found.a, found.b, ValueKind::kDense};
    case Code::kLoadText: return Place{found.a, found.b, ValueKind::kString};
    case Code::kLoadIndex: return Place{found.a, found.b, ValueKind::kIndex};
    default: return std::nullopt;
  }
}

/// Writes the terms that the outputs need in postfix order, without recursion.
class ExpressionBuilder::Emitter {
 public:
  explicit Emitter(const ExpressionBuilder& from) : from_(from), left_(kBuiltMax - from.built_) {}

  /// Instructions and constants that were put into the program.
  size_t size() const { return program_.code.size() + constants_; }

  Result<Built> emit(std::span<const TermId> outputs, size_t& built) {
    program_.gives_text = from_.is_text(outputs[0]);
    program_.outputs = static_cast<uint32_t>(outputs.size());
    count_uses(outputs);
    for (const TermId output : outputs) {
      TRY_STATUS(emit_output(output));
      put(program_.gives_text ? Code::kStoreText : Code::kStore, 0, 0);
    }
    built += size();
    return Built{std::make_unique<const ExpressionOp>(std::move(program_)), std::move(inputs_)};
  }

 private:
  struct Frame {
    uint32_t term;
    uint32_t next;
  };

  void count_uses(std::span<const TermId> outputs) {
    std::vector<uint32_t> open;
    for (const TermId output : outputs) open.push_back(output.index);
    while (!open.empty()) {
      const uint32_t at = open.back();
      open.pop_back();
      if (uses_[at]++ > 0) continue;
      const Term& term = from_.terms_[at];
      for (uint32_t i = 0; i < term.count; ++i) {
        open.push_back(from_.arguments_[term.first + i].index);
      }
    }
  }
  void put(Code code, uint32_t a, uint32_t b) { program_.code.push_back({code, a, b}); }
  /// True if the term was computed before: its slot is recalled.
  bool recall(uint32_t term) {
    const auto slot = slots_.find(term);
    if (slot == slots_.end()) return false;
    put(from_.terms_[term].is_text ? Code::kRecallText : Code::kRecall, slot->second, 0);
    return true;
  }
  Status emit_output(TermId output) {
    if (recall(output.index)) return {};
    std::vector<Frame> open{{output.index, 0}};
    while (!open.empty()) {
      Frame& frame = open.back();
      const Term& term = from_.terms_[frame.term];
      if (frame.next < term.count) {
        const uint32_t argument = from_.arguments_[term.first + frame.next++].index;
        if (!recall(argument)) open.push_back({argument, 0});
        continue;
      }
      if (program_.code.size() > ExpressionOp::kCodeMax) {
        return resource_exhausted(
            fmt::format("an expression has over {} instructions", ExpressionOp::kCodeMax));
      }
      if (size() + constant_size(term) > left_) {
        return resource_exhausted(
            fmt::format("a model's programs have over {} parts together", kBuiltMax));
      }
      finish_term(frame.term);
      open.pop_back();
    }
    return {};
  }
  /// Of the table that a term would add to the program.
  size_t constant_size(const Term& term) const {
    const ExpressionProgram& all = from_.constants_;
    switch (table_of(term.code)) {
      case Table::kNumberLists: return all.number_lists[term.a].size();
      case Table::kTextLists: return all.text_lists[term.a].size();
      case Table::kIntervals: return all.intervals[term.a].size();
      case Table::kLines: return all.lines[term.a].x.size();
      default: return 0;
    }
  }
  void finish_term(uint32_t index) {
    const Term& term = from_.terms_[index];
    const bool loads =
        term.code == Code::kLoad || term.code == Code::kLoadText || term.code == Code::kLoadIndex;
    put(term.code, loads ? input_of(term.a) : constant_of(term), term.b);
    if (term.count == 0 || uses_[index] < 2) return;
    const auto slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace(index, slot);
    put(term.is_text ? Code::kSaveText : Code::kSave, slot, 0);
  }
  uint32_t input_of(ValueId value) {
    const auto [place, added] =
        input_places_.try_emplace(value, static_cast<uint32_t>(inputs_.size()));
    if (added) inputs_.push_back(value);
    return place->second;
  }
  uint32_t constant_of(const Term& term) {
    const Table table = table_of(term.code);
    if (table == Table::kNone) return term.a;
    const auto [place, added] = constant_places_.try_emplace({table, term.a});
    if (!added) return place->second;
    constants_ += constant_size(term);
    const ExpressionProgram& all = from_.constants_;
    switch (table) {
      case Table::kNone: break;
      case Table::kNumbers: place->second = append(program_.numbers, all.numbers[term.a]); break;
      case Table::kTexts: place->second = append(program_.texts, all.texts[term.a]); break;
      case Table::kNumberLists:
        place->second = append(program_.number_lists, all.number_lists[term.a]);
        break;
      case Table::kTextLists:
        place->second = append(program_.text_lists, all.text_lists[term.a]);
        break;
      case Table::kIntervals:
        place->second = append(program_.intervals, all.intervals[term.a]);
        break;
      case Table::kLines: place->second = append(program_.lines, all.lines[term.a]); break;
      case Table::kPatterns: place->second = append(program_.patterns, all.patterns[term.a]); break;
    }
    return place->second;
  }

  const ExpressionBuilder& from_;
  const size_t left_;
  size_t constants_ = 0;
  ExpressionProgram program_;
  std::vector<ValueId> inputs_;
  std::map<ValueId, uint32_t> input_places_;
  std::map<std::pair<Table, uint32_t>, uint32_t> constant_places_;
  std::map<uint32_t, uint32_t> uses_;
  std::map<uint32_t, uint32_t> slots_;
};

Result<ExpressionBuilder::Built> ExpressionBuilder::build(std::span<const TermId> outputs) {
  CHECK(!outputs.empty());
  for (const TermId output : outputs) {
    if (is_text(output) != is_text(outputs[0])) {
      return internal_error("one expression gives numbers and texts");
    }
  }
  return Emitter(*this).emit(outputs, built_);
}

Result<ValueId> ExpressionBuilder::add_to(GraphBuilder& graph, std::span<const TermId> outputs,
                                          const std::string& path) {
  Built built = TRY(build(outputs));
  return graph.add(std::move(built.op), std::move(built.inputs), path);
}

}  // namespace slipway
