#include "graph/ops/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/heap_bytes.h"
#include "text/time_form.h"

namespace slipway {
namespace {

struct Described {
  std::string_view name;
  std::string_view signature;
};

/// In the order of Code.
constexpr std::array kCodes = {
    Described{"number", ">n"},
    Described{"text", ">t"},
    Described{"missing", ">n"},
    Described{"no_text", ">t"},
    Described{"load", ">n"},
    Described{"load_text", ">t"},
    Described{"load_index", ">n"},
    Described{"save", "n>n"},
    Described{"save_text", "t>t"},
    Described{"recall", ">n"},
    Described{"recall_text", ">t"},
    Described{"store", "n>"},
    Described{"store_text", "t>"},
    Described{"add", "nn>n"},
    Described{"subtract", "nn>n"},
    Described{"multiply", "nn>n"},
    Described{"divide", "nn>n"},
    Described{"modulo", "nn>n"},
    Described{"power", "nn>n"},
    Described{"atan2", "nn>n"},
    Described{"hypot", "nn>n"},
    Described{"minimum", "nn>n"},
    Described{"maximum", "nn>n"},
    Described{"negate", "n>n"},
    Described{"absolute", "n>n"},
    Described{"sign", "n>n"},
    Described{"sqrt", "n>n"},
    Described{"exp", "n>n"},
    Described{"expm1", "n>n"},
    Described{"ln", "n>n"},
    Described{"log10", "n>n"},
    Described{"log1p", "n>n"},
    Described{"log2", "n>n"},
    Described{"floor", "n>n"},
    Described{"ceil", "n>n"},
    Described{"truncate", "n>n"},
    Described{"round_half_even", "n>n"},
    Described{"round_half_up", "n>n"},
    Described{"round_half_away", "n>n"},
    Described{"sin", "n>n"},
    Described{"cos", "n>n"},
    Described{"tan", "n>n"},
    Described{"asin", "n>n"},
    Described{"acos", "n>n"},
    Described{"atan", "n>n"},
    Described{"sinh", "n>n"},
    Described{"cosh", "n>n"},
    Described{"tanh", "n>n"},
    Described{"logistic", "n>n"},
    Described{"erf", "n>n"},
    Described{"normal_quantile", "n>n"},
    Described{"to_float32", "n>n"},
    Described{"sum_of", "*>n"},
    Described{"product_of", "*>n"},
    Described{"minimum_of", "*>n"},
    Described{"maximum_of", "*>n"},
    Described{"mean_of", "*>n"},
    Described{"median_of", "*>n"},
    Described{"deviation_of", "*>n"},
    Described{"count_of", "*>n"},
    Described{"equal", "nn>n"},
    Described{"less", "nn>n"},
    Described{"less_or_equal", "nn>n"},
    Described{"text_equal", "tt>n"},
    Described{"text_less", "tt>n"},
    Described{"and", "nn>n"},
    Described{"or", "nn>n"},
    Described{"not", "n>n"},
    Described{"is_missing", "n>n"},
    Described{"is_text_missing", "t>n"},
    Described{"choose", "nnn>n"},
    Described{"choose_text", "ntt>t"},
    Described{"coalesce", "nn>n"},
    Described{"coalesce_text", "tt>t"},
    Described{"require", "nn>n"},
    Described{"require_text", "tn>t"},
    Described{"find_number", "n>n"},
    Described{"find_text", "t>n"},
    Described{"pick_number", "n>n"},
    Described{"pick_text", "n>t"},
    Described{"find_interval", "n>n"},
    Described{"interpolate", "n>n"},
    Described{"upper", "t>t"},
    Described{"lower", "t>t"},
    Described{"trim", "t>t"},
    Described{"substring", "tnn>t"},
    Described{"concat", "tt>t"},
    Described{"length", "t>n"},
    Described{"matches", "t>n"},
    Described{"replace", "tt>t"},
    Described{"spell", "n>t"},
    Described{"parse_number", "t>n"},
    Described{"parse_time", "t>n"},
    Described{"time_part", "n>n"},
    Described{"format_time", "n>t"},
    Described{"format_number", "n>t"},
    Described{"parse_time_form", "t>n"},
};
static_assert(kCodes.size() == static_cast<size_t>(Code::kParseTimeForm) + 1);

const Described& described(Code code) { return kCodes[static_cast<size_t>(code)]; }

bool makes_text(Code code) {
  switch (code) {
    case Code::kUpper:
    case Code::kLower:
    case Code::kConcat:
    case Code::kReplace:
    case Code::kSpell:
    case Code::kFormatTime:
    case Code::kFormatNumber: return true;
    default: return false;
  }
}

/// Follows a program's types from instruction to instruction.
class Walk {
 public:
  Walk(const ExpressionProgram& program, std::span<const ValueType> inputs, uint32_t slots)
      : program_(program), inputs_(inputs), slots_(slots, ' ') {}

  Status step(const Instruction& instruction) {
    TRY_STATUS(check_indices(instruction));
    const std::string_view signature = code_signature(instruction.code);
    const size_t arrow = signature.find('>');
    if (signature[0] == '*') {
      for (uint32_t i = 0; i < instruction.a; ++i) TRY_STATUS(pop('n'));
    } else {
      for (size_t i = arrow; i-- > 0;) TRY_STATUS(pop(signature[i]));
    }
    if (arrow + 1 < signature.size()) stack_.push_back(signature[arrow + 1]);
    if (stack_.size() + slots_.size() > ExpressionOp::kDepthMax) {
      return resource_exhausted(
          fmt::format("an expression needs more than {} places at once", ExpressionOp::kDepthMax));
    }
    return {};
  }
  Status finish() const {
    if (!stack_.empty() || stored_ != program_.outputs) {
      return invalid_argument(
          fmt::format("expected {} columns, the expression gives {}", program_.outputs, stored_));
    }
    return {};
  }

 private:
  Status pop(char type) {
    if (stack_.empty() || stack_.back() != type) {
      return invalid_argument("an expression's argument is missing or of another type");
    }
    stack_.pop_back();
    return {};
  }
  Status check(bool fits) const {
    return fits ? Status() : invalid_argument("an instruction names a constant that is not there");
  }
  Status check_input(const Instruction& in, ValueKind kind) const {
    return check(in.a < inputs_.size() && inputs_[in.a].kind == kind && in.b < inputs_[in.a].width);
  }
  Status check_slot(const Instruction& in, char type, bool saves) {
    TRY_STATUS(check(in.a < slots_.size()));
    if (saves) {
      TRY_STATUS(check(slots_[in.a] == ' '));
      slots_[in.a] = type;
    }
    return check(slots_[in.a] == type);
  }
  Status check_indices(const Instruction& in);

  const ExpressionProgram& program_;
  std::span<const ValueType> inputs_;
  std::string stack_;  // 'n' or 't' each
  std::string slots_;  // likewise; ' ' where nothing was saved
  uint32_t stored_ = 0;
};

Status Walk::check_indices(const Instruction& in) {
  const ExpressionProgram& p = program_;
  switch (in.code) {
    case Code::kNumber: return check(in.a < p.numbers.size());
    case Code::kText:
    case Code::kRequire:
    case Code::kRequireText: return check(in.a < p.texts.size());
    case Code::kLoad: return check_input(in, ValueKind::kDense);
    case Code::kLoadText: return check_input(in, ValueKind::kString);
    case Code::kLoadIndex: return check_input(in, ValueKind::kIndex);
    case Code::kSave: return check_slot(in, 'n', true);
    case Code::kSaveText: return check_slot(in, 't', true);
    case Code::kRecall: return check_slot(in, 'n', false);
    case Code::kRecallText: return check_slot(in, 't', false);
    case Code::kStore:
    case Code::kStoreText:
      ++stored_;
      return check(p.gives_text == (in.code == Code::kStoreText) && stored_ <= p.outputs);
    case Code::kSumOf:
    case Code::kProductOf:
    case Code::kMinimumOf:
    case Code::kMaximumOf:
    case Code::kMeanOf:
    case Code::kMedianOf:
    case Code::kDeviationOf:
    case Code::kCountOf: return check(in.a > 0);
    case Code::kFindNumber:
    case Code::kPickNumber: return check(in.a < p.number_lists.size());
    case Code::kFindText:
    case Code::kPickText: return check(in.a < p.text_lists.size());
    case Code::kFindInterval: return check(in.a < p.intervals.size());
    case Code::kInterpolate: return check(in.a < p.lines.size());
    case Code::kMatches:
    case Code::kReplace: return check(in.a < p.patterns.size());
    case Code::kParseTime: return check(in.a <= static_cast<uint32_t>(TimeKind::kDateTime));
    case Code::kTimePart: return check(in.a <= static_cast<uint32_t>(TimePart::kDayOfYear));
    case Code::kFormatTime:
      TRY_STATUS(check(in.a < p.texts.size()));
      return check_time_format(p.texts[in.a]);
    case Code::kFormatNumber:
      TRY_STATUS(check(in.a < p.texts.size()));
      return parse_number_format(p.texts[in.a]).status();
    case Code::kParseTimeForm: {
      TRY_STATUS(check(in.a < p.texts.size()));
      const std::string wrong = text::time_format_error(p.texts[in.a]);
      return wrong.empty() ? Status() : invalid_argument(wrong);
    }
    default: return {};
  }
}

Status check_line(const PiecewiseLine& line) {
  if (line.x.empty() || line.x.size() != line.y.size()) {
    return invalid_argument("a line needs points, an x and a y each");
  }
  for (size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.x[i]) || !std::isfinite(line.y[i]) ||
        (i > 0 && !(line.x[i] > line.x[i - 1]))) {
      return invalid_argument("the points of a line must be finite and ascend");
    }
  }
  return {};
}

}  // namespace

std::string_view code_signature(Code code) { return described(code).signature; }
std::string_view code_name(Code code) { return described(code).name; }

Status check_time_format(std::string_view format) {
  constexpr size_t kTimeFormatMax = 64;
  if (format.size() > kTimeFormatMax) return invalid_argument("a format of times is too long");
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() ||
        std::string_view("YmdHMSjybBaApIe%").find(format[i]) == std::string_view::npos) {
      return invalid_argument(fmt::format("not a format of times: \"{}\"", format));
    }
  }
  return {};
}

Result<NumberFormat> parse_number_format(std::string_view format) {
  constexpr size_t kPartMax = 64;
  constexpr int kWidthLimit = 64;
  constexpr int kPrecisionLimit = 40;
  const Status bad = invalid_argument(fmt::format("not a format of one number: \"{}\"", format));
  NumberFormat parsed;
  const size_t percent = format.find('%');
  if (percent == std::string_view::npos) return bad;
  size_t at = percent + 1;
  const auto skip = [&](auto accepts) {
    while (at < format.size() && accepts(format[at])) ++at;
  };
  const auto number = [&](int limit) {
    int value = 0;
    while (at < format.size() && format[at] >= '0' && format[at] <= '9' && value <= limit) {
      value = value * 10 + (format[at++] - '0');
    }
    return value;
  };
  skip([](char c) { return c == '-' || c == '+' || c == ' ' || c == '0'; });
  if (at - percent > 5) return bad;
  parsed.flags = format.substr(percent + 1, at - percent - 1);
  parsed.width = number(kWidthLimit);
  if (at < format.size() && format[at] == '.') {
    ++at;
    parsed.precision = number(kPrecisionLimit);
  }
  if (at == format.size() || parsed.width > kWidthLimit || parsed.precision > kPrecisionLimit ||
      std::string_view("dfeg").find(format[at]) == std::string_view::npos) {
    return bad;
  }
  parsed.conversion = format[at];
  parsed.before = format.substr(0, percent);
  parsed.after = format.substr(at + 1);
  if (parsed.before.size() > kPartMax || parsed.after.size() > kPartMax ||
      parsed.after.find('%') != std::string_view::npos) {
    return bad;
  }
  return parsed;
}

ExpressionOp::ExpressionOp(ExpressionProgram made) : program(std::move(made)) {
  // What a run needs; that the program is sound, infer() proves.
  int64_t depth = 0;
  int64_t deepest = 0;
  size_t makers = 0;
  size_t saves = 0;
  for (const Instruction& in : program.code) {
    const std::string_view signature = code_signature(in.code);
    const size_t arrow = signature.find('>');
    depth -= signature[0] == '*' ? int64_t{in.a} : static_cast<int64_t>(arrow);
    depth += static_cast<int64_t>(signature.size() - arrow - 1);
    deepest = std::max(deepest, depth);
    makers += makes_text(in.code) ? 1 : 0;
    saves += in.code == Code::kSave || in.code == Code::kSaveText ? 1 : 0;
  }
  stack_depth_ = static_cast<uint32_t>(std::clamp<int64_t>(deepest, 1, kDepthMax));
  slots_ = static_cast<uint32_t>(std::min<size_t>(saves, kDepthMax));
  text_bytes_ = static_cast<uint32_t>(std::min<size_t>(makers * kTextBytes, kTextBytesMax));
}

Result<ValueType> ExpressionOp::infer(std::span<const ValueType> inputs) const {
  if (program.outputs == 0 || program.outputs > kWidthMax || program.code.size() > kCodeMax) {
    return resource_exhausted(
        fmt::format("an expression gives 1 to {} columns in {} instructions", kWidthMax, kCodeMax));
  }
  for (const PiecewiseLine& line : program.lines) TRY_STATUS(check_line(line));
  Walk walk(program, inputs, slots_);
  for (const Instruction& instruction : program.code) TRY_STATUS(walk.step(instruction));
  TRY_STATUS(walk.finish());
  if (!program.gives_text) return ValueType{ValueKind::kDense, program.outputs};
  return ValueType{ValueKind::kString, program.outputs, 0, text_bytes_};
}

std::string ExpressionOp::describe() const {
  return fmt::format("{} columns, {} instructions", program.outputs, program.code.size());
}

size_t ExpressionOp::size_bytes() const {
  size_t total = heap_bytes(program.code) + heap_bytes(program.numbers) + heap_bytes(program.texts);
  for (const auto& list : program.number_lists) total += heap_bytes(list);
  for (const auto& list : program.text_lists) total += heap_bytes(list);
  for (const auto& list : program.intervals) total += heap_bytes(list);
  for (const PiecewiseLine& line : program.lines) total += heap_bytes(line.x) + heap_bytes(line.y);
  for (const TextPattern& pattern : program.patterns) total += pattern.size_bytes();
  return total;
}

}  // namespace slipway
