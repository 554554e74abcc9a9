#include "data/internal/column_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/cell_text.h"

namespace slipway::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Texts are categories if they are few, or come twice on average.
constexpr size_t kFewCategories = 20;

}  // namespace

CellRules::CellRules(std::vector<std::string> missing, bool allows_decimal_comma)
    : missing_(std::move(missing)), allows_decimal_comma_(allows_decimal_comma) {
  for (const std::string& marker : missing_) {
    if (marker.empty()) {
      empty_is_missing_ = true;
    } else {
      begins_.at(static_cast<unsigned char>(marker[0])) = true;
    }
    size_max_ = std::max(size_max_, marker.size());
  }
}

bool CellRules::is_missing(std::string_view text) const {
  if (text.empty()) return empty_is_missing_;
  if (text.size() > size_max_ || !begins_[static_cast<unsigned char>(text[0])]) return false;
  return std::find(missing_.begin(), missing_.end(), text) != missing_.end();
}

ColumnBuilder::ColumnBuilder(std::string name, const ColumnSchema* schema, const CellRules& rules)
    : name_(std::move(name)), schema_(schema), rules_(rules) {
  if (schema_ == nullptr) return;
  time_format_ = schema_->time_format;
  if (schema_->kind.has_value()) settle(*schema_->kind);
}

void ColumnBuilder::expect(ColumnKind kind) {
  if (!is_forced_) settle(kind);
}

void ColumnBuilder::settle(ColumnKind kind) {
  is_forced_ = true;
  switch (kind) {
    case ColumnKind::kNumber: state_ = State::kNumber; break;
    case ColumnKind::kBoolean: state_ = State::kBoolean; break;
    case ColumnKind::kTime: state_ = State::kTime; break;
    case ColumnKind::kCategory:
    case ColumnKind::kText: state_ = State::kText; break;
  }
}

bool ColumnBuilder::push_number(size_t row, double value) {
  if (numbers_.size() < row) numbers_.resize(row, kNan);
  numbers_.push_back(value);
  value_count_ += std::isnan(value) ? 0 : 1;
  return true;
}

bool ColumnBuilder::push_text(size_t row, std::string_view text) {
  if (codes_.size() < row) codes_.resize(row, -1);
  codes_.push_back(dictionary_.add(text));
  ++value_count_;
  return true;
}

bool ColumnBuilder::misfit() {
  if (is_forced_) return false;
  state_ = State::kText;
  is_late_ = true;
  is_skipping_ = true;
  return true;
}

bool ColumnBuilder::decide_time(std::string_view text) {
  const std::string_view format = find_time_format(text);
  if (format.empty()) return false;
  time_format_ = format;
  return true;
}

void ColumnBuilder::decide(std::string_view text) {
  const bool has_comma = text.find(',') != std::string_view::npos;
  const char decimal = has_comma && rules_.allows_decimal_comma() ? ',' : '.';
  if (parse_number(text, decimal).form == NumberForm::kNumber) {
    state_ = State::kNumber;
  } else if (parse_boolean(text).has_value()) {
    state_ = State::kBoolean;
  } else {
    state_ = decide_time(text) ? State::kTime : State::kText;
  }
}

bool ColumnBuilder::add(size_t row, std::string_view text) {
  if (is_skipping_ || rules_.is_missing(text)) return true;
  if (state_ == State::kUndecided) decide(text);
  switch (state_) {
    case State::kNumber: return add_parsed_number(row, text);
    case State::kBoolean: return add_parsed_boolean(row, text);
    case State::kTime: return add_parsed_time(row, text);
    default: return push_text(row, text);
  }
}

bool ColumnBuilder::add_parsed_number(size_t row, std::string_view text) {
  if (decimal_ == 0 && rules_.allows_decimal_comma()) {
    const size_t mark = text.find_first_of(".,");
    if (mark != std::string_view::npos) decimal_ = text[mark];
  }
  const NumberText number = parse_number(text, decimal_ == 0 ? '.' : decimal_);
  if (number.form == NumberForm::kNumber) return push_number(row, number.value);
  if (!is_forced_) return misfit();
  if (number.form == NumberForm::kIdentifier) return push_number(row, number.value);
  const std::optional<bool> truth = parse_boolean(text);
  return truth.has_value() && push_number(row, *truth ? 1 : 0);
}

bool ColumnBuilder::add_parsed_boolean(size_t row, std::string_view text) {
  const std::optional<bool> truth = parse_boolean(text);
  if (truth.has_value()) return push_number(row, *truth ? 1 : 0);
  if (!is_forced_) return misfit();
  return (text == "0" || text == "1") && push_number(row, text == "1" ? 1 : 0);
}

bool ColumnBuilder::add_parsed_time(size_t row, std::string_view text) {
  if (time_format_.empty() && !decide_time(text)) return misfit();
  const std::optional<double> seconds = parse_time(text, time_format_);
  return seconds.has_value() ? push_number(row, *seconds) : misfit();
}

bool ColumnBuilder::add_text(size_t row, std::string_view text) {
  if (is_skipping_ || rules_.is_missing(text)) return true;
  if (is_forced_) return add(row, text);
  if (state_ == State::kUndecided) state_ = decide_time(text) ? State::kTime : State::kText;
  if (state_ == State::kTime) return add_parsed_time(row, text);
  return state_ == State::kText ? push_text(row, text) : misfit();
}

bool ColumnBuilder::add_number(size_t row, double value) {
  if (is_skipping_ || std::isnan(value)) return true;
  if (state_ == State::kUndecided) state_ = State::kNumber;
  switch (state_) {
    case State::kNumber: return push_number(row, value);
    case State::kText: return push_text(row, number_text(value));
    case State::kBoolean:
      if (is_forced_) return (value == 0 || value == 1) && push_number(row, value);
      return misfit();
    default: return misfit();
  }
}

bool ColumnBuilder::add_typed_text(size_t row, std::string_view text) {
  return state_ == State::kText ? push_text(row, text) : add(row, text);
}

bool ColumnBuilder::add_time(size_t row, double seconds) {
  switch (state_) {
    case State::kTime:
    case State::kNumber: return push_number(row, seconds);
    case State::kText: return push_text(row, time_text(seconds));
    default: return misfit();
  }
}

bool ColumnBuilder::add_boolean(size_t row, bool value) {
  if (is_skipping_) return true;
  if (state_ == State::kUndecided) state_ = State::kBoolean;
  switch (state_) {
    case State::kBoolean: return push_number(row, value ? 1 : 0);
    case State::kText: return push_text(row, value ? "true" : "false");
    case State::kNumber: return is_forced_ ? push_number(row, value ? 1 : 0) : misfit();
    default: return misfit();
  }
}

std::string ColumnBuilder::expected() const {
  switch (state_) {
    case State::kNumber: return "a number";
    case State::kBoolean: return "true or false";
    case State::kTime:
      return time_format_.empty() ? "a time" : fmt::format("a time of the form {}", time_format_);
    default: return "a text";
  }
}

void ColumnBuilder::begin_second_pass() {
  is_skipping_ = !is_late_;
  if (!is_late_) return;
  is_late_ = false;
  value_count_ = 0;
  time_format_.clear();
  numbers_ = {};
}

size_t ColumnBuilder::size_bytes() const {
  return numbers_.capacity() * sizeof(double) + codes_.capacity() * sizeof(int32_t) +
         dictionary_.size_bytes();
}

Column ColumnBuilder::finish(size_t rows) {
  Column column;
  column.name = std::move(name_);
  column.missing_count = rows - value_count_;
  if (schema_ != nullptr) column.unit = schema_->unit;
  if (state_ == State::kText) {
    codes_.resize(rows, -1);
    const bool is_category =
        dictionary_.size() <= kFewCategories || dictionary_.size() * 2 <= value_count_;
    column.kind = is_category ? ColumnKind::kCategory : ColumnKind::kText;
    column.codes = std::move(codes_);
    column.dictionary = std::move(dictionary_);
  } else {
    numbers_.resize(rows, kNan);
    column.kind = state_ == State::kTime      ? ColumnKind::kTime
                  : state_ == State::kBoolean ? ColumnKind::kBoolean
                                              : ColumnKind::kNumber;
    // The floor of an infinity is itself.
    column.is_whole = column.kind == ColumnKind::kNumber && value_count_ > 0 &&
                      std::all_of(numbers_.begin(), numbers_.end(), [](double value) {
                        return std::isnan(value) || std::floor(value) == value;
                      });
    if (column.kind == ColumnKind::kTime) column.time_format = std::move(time_format_);
    column.numbers = std::move(numbers_);
  }
  if (schema_ != nullptr && schema_->kind.has_value()) column.kind = *schema_->kind;
  return column;
}

}  // namespace slipway::data
