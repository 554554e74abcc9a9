#include "cli/expression_trace.h"

#include <algorithm>

#include "text/time_form.h"

namespace slipway::cli {
namespace {

/// What is known of a place of the stack.
struct Term {
  std::optional<ColumnPick> from = std::nullopt;
  std::optional<double> number = std::nullopt;
  std::optional<std::string> text = std::nullopt;
};

bool hands_on(Code code) {
  switch (code) {
    case Code::kRequire:
    case Code::kRequireText:
    case Code::kCoalesce:
    case Code::kCoalesceText:
    case Code::kChoose:
    case Code::kChooseText:
    case Code::kMinimum:
    case Code::kMaximum:
    case Code::kToFloat32:
    case Code::kUpper:
    case Code::kLower:
    case Code::kTrim: return true;
    default: return false;
  }
}

/// What a pattern of an exact text finds; nothing if it is more.
std::optional<std::string> literal(const std::string& pattern) {
  std::string found;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      if (pattern[++i] == 'A' || pattern[i] == 'z') continue;
    } else if (std::string_view("\\^$.|?*+()[]{}").find(pattern[i]) != std::string_view::npos) {
      return std::nullopt;
    }
    found += pattern[i];
  }
  return found;
}

class Walk {
 public:
  Walk(const ExpressionProgram& program, ExpressionTrace& trace)
      : program_(program), trace_(trace) {}

  void run() {
    for (const Instruction& in : program_.code) {
      if (in.code <= Code::kStoreText) {
        move(in);
      } else {
        apply(in);
      }
    }
  }

 private:
  void move(const Instruction& in) {
    switch (in.code) {
      case Code::kNumber: stack_.push_back({.number = program_.numbers[in.a]}); break;
      case Code::kText: stack_.push_back({.text = program_.texts[in.a]}); break;
      case Code::kMissing:
      case Code::kNoText: stack_.emplace_back(); break;
      case Code::kLoad:
      case Code::kLoadText:
      case Code::kLoadIndex: stack_.push_back({.from = ColumnPick{in.a, in.b}}); break;
      case Code::kSave:
      case Code::kSaveText:
        slots_.resize(std::max<size_t>(slots_.size(), in.a + size_t{1}));
        slots_[in.a] = stack_.back();
        break;
      case Code::kRecall:
      case Code::kRecallText: stack_.push_back(slots_[in.a]); break;
      default: trace_.outputs.push_back(stack_.back().from); stack_.pop_back();
    }
  }

  void apply(const Instruction& in) {
    const std::string_view signature = code_signature(in.code);
    const size_t count = signature[0] == '*' ? in.a : signature.find('>');
    const std::span<const Term> args(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
    if (in.code <= Code::kTextLess && args.size() == 2) {
      note_pair(args[0], args[1]);
      note_pair(args[1], args[0]);
    }
    if (args.size() == 1 && args[0].from.has_value()) note_table(in, *args[0].from);
    Term result;
    if (hands_on(in.code)) {
      for (const Term& one : args) {
        if (!result.from.has_value()) result.from = one.from;
      }
    }
    stack_.resize(stack_.size() - count);
    stack_.push_back(std::move(result));
  }

  void note_pair(const Term& term, const Term& constant) {
    if (!term.from.has_value()) return;
    if (constant.number.has_value()) trace_.numbers.emplace_back(*term.from, *constant.number);
    if (constant.text.has_value()) trace_.texts.emplace_back(*term.from, *constant.text);
  }

  void note_table(const Instruction& in, ColumnPick from) {
    const auto number = [&](double value) { trace_.numbers.emplace_back(from, value); };
    const auto text = [&](const std::string& value) { trace_.texts.emplace_back(from, value); };
    switch (in.code) {
      case Code::kFindNumber: std::ranges::for_each(program_.number_lists[in.a], number); break;
      case Code::kFindText: std::ranges::for_each(program_.text_lists[in.a], text); break;
      case Code::kFindInterval:
        for (const Interval& one : program_.intervals[in.a]) {
          number(one.low);
          number(one.high);
        }
        break;
      case Code::kInterpolate: std::ranges::for_each(program_.lines[in.a].x, number); break;
      case Code::kMatches:
        if (const auto found = literal(program_.patterns[in.a].text())) text(*found);
        break;
      case Code::kParseNumber: text("2.5"); break;
      case Code::kParseTimeForm:
        if (program_.texts[in.a] == text::kIsoForm) text("2024-02-29T23:59:58Z");
        break;
      case Code::kParseTime: {
        const auto kind = static_cast<TimeKind>(in.a);
        if (kind != TimeKind::kTime) text("2024-02-29");
        if (kind == TimeKind::kTime) text("23:59:58");
        if (kind == TimeKind::kDateTime) text("1969-12-31T23:59:58");
        break;
      }
      default: break;
    }
  }

  const ExpressionProgram& program_;
  ExpressionTrace& trace_;
  std::vector<Term> stack_;
  std::vector<Term> slots_;
};

}  // namespace

ExpressionTrace::ExpressionTrace(const ExpressionProgram& program) { Walk(program, *this).run(); }

}  // namespace slipway::cli
