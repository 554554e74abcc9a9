// Kernel of graph/ops/expression.h.
//
// A program runs over blocks of rows: each place of the stack and each slot holds a block's values,
// so that the cost of finding out what to do is paid once for a block and the loops over numbers
// become vector instructions. Places are of one size, a block of cells, whatever they hold.
#include "graph/ops/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernel_table.h"
#include "engine/kernels/calendar.h"
#include "engine/kernels/expression_math.h"
#include "engine/kernels/expression_text.h"
#include "engine/kernels/text_table.h"
#include "text/time_form.h"

namespace slipway::engine {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kPlaceBytes = kBlock * sizeof(StringCell);
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// From a number to its position in a list.
class NumberTable {
 public:
  explicit NumberTable(const std::vector<double>& list) {
    for (uint32_t i = 0; i < list.size(); ++i) {
      if (!std::isnan(list[i])) sorted_.push_back({list[i], i});
    }
    std::ranges::stable_sort(sorted_, {}, &Entry::value);
  }
  /// The first of equal ones; -1 if there is none.
  double find(double value) const {
    const auto place = std::ranges::lower_bound(sorted_, value, {}, &Entry::value);
    return place == sorted_.end() || place->value != value ? -1.0
                                                           : static_cast<double>(place->position);
  }
  size_t size_bytes() const { return heap_bytes(sorted_); }

 private:
  struct Entry {
    double value;
    uint32_t position;
  };
  std::vector<Entry> sorted_;
};

bool holds(const Interval& interval, double x) {
  return (interval.low_open ? x > interval.low : x >= interval.low) &&
         (interval.high_open ? x < interval.high : x <= interval.high);
}

double find_interval(const std::vector<Interval>& intervals, double x) {
  if (std::isnan(x)) return kMissing;
  for (size_t i = 0; i < intervals.size(); ++i) {
    if (holds(intervals[i], x)) return static_cast<double>(i);
  }
  return -1;
}

double interpolate(const PiecewiseLine& line, double x) {
  if (std::isnan(x)) return kMissing;
  const bool beyond = x < line.x.front() || x > line.x.back();
  if (beyond && line.beyond == PiecewiseLine::Beyond::kMissing) return kMissing;
  if (beyond && line.beyond == PiecewiseLine::Beyond::kClamp) {
    return x < line.x.front() ? line.y.front() : line.y.back();
  }
  if (line.x.size() == 1) return line.y[0];
  const auto after = std::ranges::upper_bound(line.x, x);
  const auto i = static_cast<size_t>(
      std::clamp<ptrdiff_t>(after - line.x.begin(), 1, static_cast<ptrdiff_t>(line.x.size()) - 1));
  return line.y[i - 1] +
         (x - line.x[i - 1]) / (line.x[i] - line.x[i - 1]) * (line.y[i] - line.y[i - 1]);
}

/// The state of one block of rows.
struct Block {
  const KernelArgs& args;
  TextPattern::Matcher* matcher;
  size_t first;  // row of the chunk
  size_t rows;
  std::byte* slots;
  std::byte* top;    // behind the stack's last place
  double* gathered;  // one row's arguments of a function of any number of them
  uint32_t stored;
  std::array<TextRoom, kBlock> rooms;

  double* numbers(size_t below) const {
    return reinterpret_cast<double*>(top - (below + 1) * kPlaceBytes);
  }
  StringCell* texts(size_t below) const {
    return reinterpret_cast<StringCell*>(top - (below + 1) * kPlaceBytes);
  }
  std::byte* push() {
    std::byte* place = top;
    top += kPlaceBytes;
    return place;
  }
  double* push_numbers() { return reinterpret_cast<double*>(push()); }
  StringCell* push_texts() { return reinterpret_cast<StringCell*>(push()); }
  void drop(size_t places) { top -= places * kPlaceBytes; }
  Status fail(size_t row, std::string_view what) const {
    return invalid_argument(fmt::format("row {}: {}", args.first_row + first + row, what));
  }
};

class ExpressionKernel final : public Kernel {
 public:
  explicit ExpressionKernel(const ExpressionOp& op) : op_(op), program_(op.program) {
    for (const auto& list : program_.number_lists) number_tables_.emplace_back(list);
    for (const auto& list : program_.text_lists) {
      text_tables_.emplace_back(list, [](uint32_t) { return true; });
    }
    for (const Instruction& in : program_.code) {
      if (code_signature(in.code)[0] == '*')
        arguments_max_ = std::max<size_t>(arguments_max_, in.a);
      if (in.code != Code::kFormatNumber) continue;
      formats_.resize(program_.texts.size());
      formats_[in.a] = parse_number_format(program_.texts[in.a]).value();
    }
  }

  size_t workspace_bytes(size_t rows) const override {
    static_cast<void>(rows);
    // Texts that an output of numbers makes on its way are forgotten after each block.
    return room_offset() + (program_.gives_text ? 0 : kBlock * size_t{op_.text_bytes()});
  }
  size_t size_bytes() const override {
    size_t total = heap_bytes(number_tables_) + heap_bytes(text_tables_) + heap_bytes(formats_);
    for (const NumberTable& table : number_tables_) total += table.size_bytes();
    for (const TextTable& table : text_tables_) total += table.size_bytes();
    return total;
  }

  Status run(const KernelArgs& args) const override {
    std::unique_ptr<TextPattern::Matcher> matcher;
    if (!program_.patterns.empty()) matcher = std::make_unique<TextPattern::Matcher>();
    for (size_t first = 0; first < args.rows; first += kBlock) {
      Block block{args,    matcher.get(), first,   std::min(kBlock, args.rows - first),
                  nullptr, nullptr,       nullptr, 0,
                  {}};
      block.slots = args.workspace;
      block.top = args.workspace + op_.slots() * kPlaceBytes;
      block.gathered = reinterpret_cast<double*>(args.workspace + places() * kPlaceBytes);
      give_rooms(block);
      for (const Instruction& in : program_.code) TRY_STATUS(step(in, block));
    }
    return {};
  }

 private:
  size_t places() const { return size_t{op_.stack_depth()} + op_.slots(); }
  /// Where the workspace's room for texts begins.
  size_t room_offset() const { return places() * kPlaceBytes + arguments_max_ * sizeof(double); }

  void give_rooms(Block& block) const {
    if (op_.text_bytes() == 0) return;
    char* room =
        program_.gives_text
            ? reinterpret_cast<char*>(block.args.output.columns) + block.first * op_.text_bytes()
            : reinterpret_cast<char*>(block.args.workspace + room_offset());
    for (size_t row = 0; row < block.rows; ++row) {
      block.rooms[row] = {room + row * op_.text_bytes(), op_.text_bytes()};
    }
  }

  Status step(const Instruction& in, Block& block) const {
    if (in.code <= Code::kStoreText) {
      move(in, block);
      return {};
    }
    const std::string_view signature = code_signature(in.code);
    if (signature == "nn>n" &&
        apply_binary(in.code, block.numbers(1), block.numbers(0), block.rows)) {
      block.drop(1);
      return {};
    }
    if (signature == "n>n" && apply_unary(in.code, block.numbers(0), block.rows)) return {};
    if (signature == "*>n") {
      gather(in, block);
      return {};
    }
    return apply(in, block);
  }

  void move(const Instruction& in, Block& block) const;
  void load(const Instruction& in, Block& block) const;
  void gather(const Instruction& in, Block& block) const;
  Status apply(const Instruction& in, Block& block) const;
  Status require(const Instruction& in, Block& block) const;
  void choose(const Instruction& in, Block& block) const;
  void look_up(const Instruction& in, Block& block) const;
  void ask_text(const Instruction& in, Block& block) const;
  Status make_text(const Instruction& in, Block& block) const;
  MadeText made(const Instruction& in, Block& block, size_t row) const;

  const ExpressionOp& op_;
  const ExpressionProgram& program_;
  std::vector<NumberTable> number_tables_;
  std::vector<TextTable> text_tables_;
  std::vector<NumberFormat> formats_;  // by index of the text
  size_t arguments_max_ = 0;           // of functions of any number
};

void ExpressionKernel::load(const Instruction& in, Block& block) const {
  const ValueBuffer& input = block.args.input(in.a);
  if (in.code == Code::kLoadText) {
    StringCell* to = block.push_texts();
    for (size_t row = 0; row < block.rows; ++row) to[row] = input.strings(block.first + row)[in.b];
    return;
  }
  double* to = block.push_numbers();
  for (size_t row = 0; row < block.rows; ++row) {
    to[row] = in.code == Code::kLoad ? input.dense(block.first + row)[in.b]
                                     : input.index(block.first + row)[in.b];
  }
}

void ExpressionKernel::move(const Instruction& in, Block& block) const {
  const ValueBuffer& output = block.args.output;
  switch (in.code) {
    case Code::kNumber:
      std::fill_n(block.push_numbers(), block.rows, program_.numbers[in.a]);
      break;
    case Code::kMissing: std::fill_n(block.push_numbers(), block.rows, kMissing); break;
    case Code::kText:
      std::fill_n(block.push_texts(), block.rows, StringCell::text(program_.texts[in.a]));
      break;
    case Code::kNoText: std::fill_n(block.push_texts(), block.rows, StringCell::none()); break;
    case Code::kSave:
    case Code::kSaveText: {
      const size_t cell = in.code == Code::kSave ? sizeof(double) : sizeof(StringCell);
      std::memcpy(block.slots + in.a * kPlaceBytes, block.top - kPlaceBytes, block.rows * cell);
      break;
    }
    case Code::kRecall:
    case Code::kRecallText: {
      const size_t cell = in.code == Code::kRecall ? sizeof(double) : sizeof(StringCell);
      std::memcpy(block.push(), block.slots + in.a * kPlaceBytes, block.rows * cell);
      break;
    }
    case Code::kStore:
      for (size_t row = 0; row < block.rows; ++row) {
        output.dense(block.first + row)[block.stored] = block.numbers(0)[row];
      }
      ++block.stored;
      block.drop(1);
      break;
    case Code::kStoreText:
      for (size_t row = 0; row < block.rows; ++row) {
        output.strings(block.first + row)[block.stored] = block.texts(0)[row];
      }
      ++block.stored;
      block.drop(1);
      break;
    default: load(in, block);
  }
}

void ExpressionKernel::gather(const Instruction& in, Block& block) const {
  double* result = block.numbers(in.a - 1);
  for (size_t row = 0; row < block.rows; ++row) {
    size_t present = 0;
    for (size_t i = in.a; i-- > 0;) {
      const double value = block.numbers(i)[row];
      if (!std::isnan(value)) block.gathered[present++] = value;
    }
    result[row] = aggregate(in.code, block.gathered, present);
  }
  block.drop(in.a - 1);
}

Status ExpressionKernel::require(const Instruction& in, Block& block) const {
  const double* condition = block.numbers(0);
  for (size_t row = 0; row < block.rows; ++row) {
    if (!(condition[row] == 1)) return block.fail(row, program_.texts[in.a]);
  }
  block.drop(1);
  return {};
}

void ExpressionKernel::choose(const Instruction& in, Block& block) const {
  const double* condition = block.numbers(2);
  for (size_t row = 0; row < block.rows; ++row) {
    const size_t from = condition[row] != 0 ? 1 : 0;
    const bool missing = std::isnan(condition[row]);
    if (in.code == Code::kChoose) {
      block.numbers(2)[row] = missing ? kMissing : block.numbers(from)[row];
    } else {
      // The condition's place becomes the result's: a cell is larger than a number.
      block.texts(1)[row] = missing ? StringCell::none() : block.texts(from)[row];
    }
  }
  if (in.code == Code::kChooseText) {
    std::memcpy(block.texts(2), block.texts(1), block.rows * sizeof(StringCell));
  }
  block.drop(2);
}

void ExpressionKernel::look_up(const Instruction& in, Block& block) const {
  double* x = block.numbers(0);
  const auto each = [&](auto function) { std::transform(x, x + block.rows, x, function); };
  const auto position = [](double value, size_t size) -> std::optional<size_t> {
    if (!(value >= 0) || !(value < static_cast<double>(size))) return std::nullopt;
    return static_cast<size_t>(value);
  };
  switch (in.code) {
    case Code::kFindNumber:
      each([&](double v) { return std::isnan(v) ? kMissing : number_tables_[in.a].find(v); });
      break;
    case Code::kPickNumber:
      each([&](double v) {
        const auto& list = program_.number_lists[in.a];
        const auto place = position(v, list.size());
        return place ? list[*place] : kMissing;
      });
      break;
    case Code::kPickText: {
      const auto& list = program_.text_lists[in.a];
      // From the last row on: a cell is larger than a number.
      for (size_t row = block.rows; row-- > 0;) {
        const auto place = position(x[row], list.size());
        block.texts(0)[row] = place ? StringCell::text(list[*place]) : StringCell::none();
      }
      break;
    }
    case Code::kFindInterval:
      each([&](double v) { return find_interval(program_.intervals[in.a], v); });
      break;
    case Code::kTimePart:
      each([&](double v) { return time_part(static_cast<TimePart>(in.a), v); });
      break;
    default: each([&](double v) { return interpolate(program_.lines[in.a], v); });
  }
}

/// Texts to numbers, in place: a row's number lies before the cells of later rows.
void ExpressionKernel::ask_text(const Instruction& in, Block& block) const {
  const bool pair = in.code == Code::kTextEqual || in.code == Code::kTextLess;
  const StringCell* cells = block.texts(pair ? 1 : 0);
  double* out = block.numbers(pair ? 1 : 0);
  for (size_t row = 0; row < block.rows; ++row) {
    const StringCell cell = cells[row];
    const std::string_view text = cell.view();
    if (in.code == Code::kIsTextMissing) {
      out[row] = cell.is_text() ? 0 : 1;
      continue;
    }
    const StringCell other = pair ? block.texts(0)[row] : cell;
    if (!cell.is_text() || !other.is_text()) {
      out[row] = kMissing;
      continue;
    }
    switch (in.code) {
      case Code::kTextEqual: out[row] = text == other.view() ? 1 : 0; break;
      case Code::kTextLess: out[row] = text < other.view() ? 1 : 0; break;
      case Code::kFindText: out[row] = static_cast<double>(text_tables_[in.a].find(text)); break;
      case Code::kLength: out[row] = length_of_text(text); break;
      case Code::kMatches:
        out[row] = block.matcher->find(program_.patterns[in.a], text, 0) ? 1 : 0;
        break;
      case Code::kParseTime:
        out[row] = parse_time(static_cast<TimeKind>(in.a), text).value_or(kMissing);
        break;
      case Code::kParseTimeForm:
        out[row] = text::parse_time(text, program_.texts[in.a]).value_or(kMissing);
        break;
      default: out[row] = parse_number(text);
    }
  }
  if (pair) block.drop(1);
}

MadeText ExpressionKernel::made(const Instruction& in, Block& block, size_t row) const {
  TextRoom& room = block.rooms[row];
  const bool pair = in.code == Code::kConcat || in.code == Code::kReplace;
  const bool of_number =
      in.code == Code::kSpell || in.code == Code::kFormatTime || in.code == Code::kFormatNumber;
  if (of_number) {
    const double value = block.numbers(0)[row];
    if (std::isnan(value)) return StringCell::none();
    if (in.code == Code::kSpell) return spell_number(value, room);
    if (in.code == Code::kFormatNumber) return format_number(formats_[in.a], value, room);
    const auto bytes = format_time(program_.texts[in.a], value, room.free());
    return bytes ? MadeText(room.take(*bytes)) : StringCell::none();
  }
  const StringCell cell = block.texts(pair ? 1 : 0)[row];
  const StringCell other = pair ? block.texts(0)[row] : cell;
  if (!cell.is_text() || !other.is_text()) return StringCell::none();
  switch (in.code) {
    case Code::kUpper: return upper_text(cell.view(), room);
    case Code::kLower: return lower_text(cell.view(), room);
    case Code::kConcat: return concat_texts(cell.view(), other.view(), room);
    case Code::kReplace:
      return replace_text(program_.patterns[in.a], *block.matcher, cell.view(), other.view(), room);
    default: return StringCell::text(trim_text(cell.view()));
  }
}

Status ExpressionKernel::make_text(const Instruction& in, Block& block) const {
  const bool pair = in.code == Code::kConcat || in.code == Code::kReplace;
  StringCell* out = block.texts(pair ? 1 : 0);
  // From the last row on: where numbers lie in this place, the cells written are larger than they.
  for (size_t row = block.rows; row-- > 0;) {
    const MadeText cell = made(in, block, row);
    if (!cell) {
      return block.fail(row, fmt::format("{} makes texts of over {} bytes in all",
                                         code_name(in.code), op_.text_bytes()));
    }
    out[row] = *cell;
  }
  if (pair) block.drop(1);
  return {};
}

Status ExpressionKernel::apply(const Instruction& in, Block& block) const {
  switch (in.code) {
    case Code::kRequire:
    case Code::kRequireText: return require(in, block);
    case Code::kChoose:
    case Code::kChooseText: choose(in, block); return {};
    case Code::kCoalesceText: {
      StringCell* first = block.texts(1);
      for (size_t row = 0; row < block.rows; ++row) {
        if (!first[row].is_text()) first[row] = block.texts(0)[row];
      }
      block.drop(1);
      return {};
    }
    case Code::kSubstring: {
      StringCell* cells = block.texts(2);
      for (size_t row = 0; row < block.rows; ++row) {
        const double from = block.numbers(1)[row];
        const double count = block.numbers(0)[row];
        const bool missing = !cells[row].is_text() || std::isnan(from) || std::isnan(count);
        cells[row] = missing ? StringCell::none()
                             : StringCell::text(substring_text(cells[row].view(), from, count));
      }
      block.drop(2);
      return {};
    }
    case Code::kFindNumber:
    case Code::kPickNumber:
    case Code::kPickText:
    case Code::kFindInterval:
    case Code::kInterpolate:
    case Code::kTimePart: look_up(in, block); return {};
    case Code::kTextEqual:
    case Code::kTextLess:
    case Code::kIsTextMissing:
    case Code::kFindText:
    case Code::kLength:
    case Code::kMatches:
    case Code::kParseNumber:
    case Code::kParseTime:
    case Code::kParseTimeForm: ask_text(in, block); return {};
    default: return make_text(in, block);
  }
}

}  // namespace

std::span<const KernelEntry> expression_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"expression", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ExpressionKernel>(static_cast<const ExpressionOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
