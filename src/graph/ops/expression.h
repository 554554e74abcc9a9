// Expressions: small typed programs that compute columns from columns, row by row.
//
//   reader --ExpressionBuilder--> ExpressionProgram --ExpressionOp--> kernel
//
// A program is a list of postfix instructions without jumps: both branches of a choice are computed
// and one is taken, so that it ends, whatever the rows hold. Every instruction is total: where a
// function has no result, the result is missing. A number is missing as NaN; a truth value is 1, 0
// or missing (unknown), and `and`, `or`, `not` follow Kleene's logic; a text is missing as a cell
// that is no text. Unless the table below says otherwise, a missing argument gives a missing
// result. infer() proves types, stack depth and every index. Two things can fail on a row, with
// INVALID_ARGUMENT: kRequire, and texts that need more than text_bytes of room.
//
// Used by readers of formats with formulas of their own; graph/ops/expression_builder.h makes them.
// Thread rule: immutable.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/text_pattern.h"

namespace slipway {

/// n stands for a number, t for a text; what is above the stack's top afterwards is after the >.
enum class Code : uint8_t {
  // The stack: leaves, results.
  kNumber,      // >n  numbers[a]
  kText,        // >t  texts[a]
  kMissing,     // >n
  kNoText,      // >t  the missing text
  kLoad,        // >n  column b of input a (dense)
  kLoadText,    // >t  column b of input a (strings)
  kLoadIndex,   // >n  column b of input a (index)
  kSave,        // n>n  into slot a; the value stays
  kSaveText,    // t>t
  kRecall,      // >n  slot a
  kRecallText,  // >t
  kStore,       // n>  the next output column
  kStoreText,   // t>

  // Arithmetic.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,  // x - floor(x / y) * y
  kPower,
  kAtan2,
  kHypot,
  kMinimum,
  kMaximum,
  kNegate,
  kAbsolute,
  kSign,
  kSquareRoot,
  kExp,
  kExpm1,
  kLn,
  kLog10,
  kLog1p,
  kLog2,
  kFloor,
  kCeil,
  kTruncate,
  kRoundHalfEven,
  kRoundHalfUp,  // floor(x + 0.5)
  kRoundHalfAway,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kLogistic,  // 1 / (1 + exp(-x))
  kErf,
  kNormalQuantile,
  kToFloat32,  // rounded to float32

  // Of `a` numbers, the missing ones left out; missing if all are.
  kSumOf,
  kProductOf,
  kMinimumOf,
  kMaximumOf,
  kMeanOf,
  kMedianOf,
  kDeviationOf,  // sample standard deviation
  kCountOf,      // how many are there; never missing

  // Truth.
  kEqual,
  kLess,
  kLessOrEqual,
  kTextEqual,
  kTextLess,  // by code point
  kAnd,
  kOr,
  kNot,
  kIsMissing,      // never missing
  kIsTextMissing,  // never missing
  kChoose,         // (condition, yes, no): missing where the condition is
  kChooseText,
  kCoalesce,  // the first unless it is missing
  kCoalesceText,
  kRequire,  // (value, condition): the value; a row without the condition fails with texts[a]
  kRequireText,

  // Tables.
  kFindNumber,    // position in number_lists[a], -1 if it is not there
  kFindText,      // position in text_lists[a], likewise
  kPickNumber,    // number_lists[a] at a position; missing beyond it
  kPickText,      // text_lists[a] at a position
  kFindInterval,  // position of the first of intervals[a] that holds it, -1 if none does
  kInterpolate,   // through the points of lines[a]

  // Texts.
  kUpper,
  kLower,
  kTrim,
  kSubstring,  // (text, first, count), in code points from 1 on
  kConcat,
  kLength,   // in code points
  kMatches,  // whether patterns[a] is found in it
  kReplace,  // (text, replacement): every match of patterns[a]
  kSpell,    // a number as text: whole numbers without a point, others as short as they go
  kParseNumber,

  // Time: numbers of seconds since 1970-01-01T00:00:00, of a time since midnight.
  kParseTime,      // a: TimeKind
  kTimePart,       // a: TimePart
  kFormatTime,     // with texts[a]: %Y %m %d %H %M %S %j %y %b %B %a %A %p %I %e %%
  kFormatNumber,   // with texts[a]: text and one %[-+ 0][width][.precision](d|f|e|g)
  kParseTimeForm,  // with texts[a]: the form (text/time_form.h)
};

enum class TimeKind : uint32_t { kDate, kTime, kDateTime };
enum class TimePart : uint32_t {
  kYear,
  kMonth,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kDayOfWeek,  // Monday: 0
  kDayOfYear,  // from 1 on
};

struct Instruction {
  Code code = Code::kNumber;
  uint32_t a = 0;
  uint32_t b = 0;
};

struct Interval {
  double low = 0;
  double high = 0;
  bool low_open = false;
  bool high_open = false;
};

/// A line through points, x ascending.
struct PiecewiseLine {
  enum class Beyond : uint8_t { kExtend, kMissing, kClamp };
  std::vector<double> x;
  std::vector<double> y;
  Beyond beyond = Beyond::kExtend;
};

struct ExpressionProgram {
  bool gives_text = false;
  uint32_t outputs = 0;
  std::vector<Instruction> code;
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::vector<std::vector<double>> number_lists;
  std::vector<std::vector<std::string>> text_lists;
  std::vector<std::vector<Interval>> intervals;
  std::vector<PiecewiseLine> lines;
  std::vector<TextPattern> patterns;
};

/// What an instruction takes and gives: "nn>n". A '*' before the '>': as many n as its `a` says.
std::string_view code_signature(Code code);
std::string_view code_name(Code code);

/// A format of kFormatNumber, taken apart.
struct NumberFormat {
  std::string before;
  std::string after;
  std::string flags;
  int width = 0;
  int precision = -1;
  char conversion = 'f';
};
Result<NumberFormat> parse_number_format(std::string_view format);
/// INVALID_ARGUMENT if kFormatTime does not take it.
Status check_time_format(std::string_view format);

/// Dense or string columns from dense, string and index inputs.
class ExpressionOp final : public Op {
 public:
  static constexpr size_t kCodeMax = size_t{1} << 22;
  /// Stack and slots together.
  static constexpr uint32_t kDepthMax = 8192;
  /// Room for the texts that one instruction makes in a row.
  static constexpr uint32_t kTextBytes = 1024;
  static constexpr uint32_t kTextBytesMax = 16 * kTextBytes;

  explicit ExpressionOp(ExpressionProgram program);
  std::string_view name() const override { return "expression"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  /// Valid where infer() succeeds.
  uint32_t stack_depth() const { return stack_depth_; }
  uint32_t slots() const { return slots_; }
  /// Of all texts that a row makes.
  uint32_t text_bytes() const { return text_bytes_; }

  const ExpressionProgram program;

 private:
  uint32_t stack_depth_ = 0;
  uint32_t slots_ = 0;
  uint32_t text_bytes_ = 0;
};

}  // namespace slipway
