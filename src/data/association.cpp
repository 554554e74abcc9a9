#include "data/internal/association.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace slipway::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Fewer rows on which a column is tried tell nothing.
constexpr size_t kTriedRowsMin = 20;
/// A target of more classes is none that a column alone would tell.
constexpr size_t kTargetClassesMax = 1000;

/// A column as classes, or as numbers.
struct Side {
  const double* numbers = nullptr;  // null: classes
  std::vector<int32_t> codes;       // -1 where it is missing
  size_t classes = 0;

  bool is_missing(size_t row) const {
    return numbers != nullptr ? std::isnan(numbers[row]) : codes[row] < 0;
  }
};

Side classes_of(const Column& column) {
  Side side;
  if (column.is_text()) {
    side.codes = column.codes;
    side.classes = column.dictionary.size();
    return side;
  }
  std::vector<double> values;
  for (const double value : column.numbers) {
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  side.classes = values.size();
  side.codes.reserve(column.numbers.size());
  for (const double value : column.numbers) {
    const auto place = std::lower_bound(values.begin(), values.end(), value) - values.begin();
    side.codes.push_back(std::isnan(value) ? -1 : static_cast<int32_t>(place));
  }
  return side;
}

Side side_of(const Column& column, bool as_classes) {
  if (as_classes) return classes_of(column);
  Side side;
  side.numbers = column.numbers.data();
  return side;
}

double pearson_of_pairs(const double* a, const double* b, size_t rows) {
  long double sum_a = 0;
  long double sum_b = 0;
  size_t count = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    sum_a += a[i];
    sum_b += b[i];
    ++count;
  }
  const long double mean_a = sum_a / static_cast<long double>(count);
  const long double mean_b = sum_b / static_cast<long double>(count);
  long double squares_a = 0;
  long double squares_b = 0;
  long double products = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    const long double from_a = a[i] - mean_a;
    const long double from_b = b[i] - mean_b;
    squares_a += from_a * from_a;
    squares_b += from_b * from_b;
    products += from_a * from_b;
  }
  const long double scale = std::sqrt(squares_a) * std::sqrt(squares_b);
  if (!(scale > 0)) return kNan;
  return static_cast<double>(std::clamp<long double>(products / scale, -1, 1));
}

/// A complete column, centred and of length 1: products of two are their correlation. Empty if it
/// is constant or has an infinite value.
std::vector<double> direction_of(const std::vector<double>& values) {
  long double sum = 0;
  for (const double value : values) sum += value;
  const long double mean = sum / static_cast<long double>(values.size());
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const long double norm = std::sqrt(squares);
  if (!(norm > 0) || std::isinf(norm)) return {};
  std::vector<double> direction;
  direction.reserve(values.size());
  for (const double value : values) {
    direction.push_back(static_cast<double>((value - mean) / norm));
  }
  return direction;
}

/// In lanes, which the compiler may compute at once.
double product(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  double sum = 0;
  for (const double lane : sums) sum += lane;
  for (; i < a.size(); ++i) sum += a[i] * b[i];
  return std::clamp(sum, -1.0, 1.0);
}

/// eta of a number within classes, over the rows that have both.
double correlation_ratio(const Side& number, const Side& classes, size_t rows) {
  std::vector<long double> sums(classes.classes, 0);
  std::vector<size_t> counts(classes.classes, 0);
  long double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (number.is_missing(i) || classes.is_missing(i)) continue;
    const auto code = static_cast<size_t>(classes.codes[i]);
    sums[code] += number.numbers[i];
    ++counts[code];
    sum += number.numbers[i];
    ++count;
  }
  const long double mean = sum / static_cast<long double>(count);
  long double between = 0;
  long double all = 0;
  for (size_t code = 0; code < sums.size(); ++code) {
    if (counts[code] == 0) continue;
    const auto weight = static_cast<long double>(counts[code]);
    const long double from = sums[code] / weight - mean;
    between += weight * from * from;
  }
  for (size_t i = 0; i < rows; ++i) {
    if (number.is_missing(i) || classes.is_missing(i)) continue;
    all += (number.numbers[i] - mean) * (number.numbers[i] - mean);
  }
  if (!(all > 0) || std::isinf(all)) return kNan;
  return static_cast<double>(std::sqrt(std::min<long double>(between / all, 1)));
}

/// Cramer's V and mutual information, from the pairs that do occur: the table of all pairs may have
/// more cells than there is memory.
void associate_classes(const Side& a, const Side& b, size_t rows, Association& association) {
  std::vector<uint64_t> pairs;
  std::vector<size_t> counts_a(a.classes, 0);
  std::vector<size_t> counts_b(b.classes, 0);
  pairs.reserve(rows);
  for (size_t i = 0; i < rows; ++i) {
    if (a.is_missing(i) || b.is_missing(i)) continue;
    const auto code_a = static_cast<size_t>(a.codes[i]);
    const auto code_b = static_cast<size_t>(b.codes[i]);
    ++counts_a[code_a];
    ++counts_b[code_b];
    pairs.push_back(static_cast<uint64_t>(code_a) << 32U | code_b);
  }
  std::sort(pairs.begin(), pairs.end());
  const auto count = static_cast<long double>(pairs.size());
  long double squares = 0;
  long double information = 0;
  for (size_t begin = 0; begin < pairs.size();) {
    size_t end = begin + 1;
    while (end < pairs.size() && pairs[end] == pairs[begin]) ++end;
    const auto together = static_cast<long double>(end - begin);
    const auto expected = static_cast<long double>(counts_a[pairs[begin] >> 32U]) *
                          static_cast<long double>(counts_b[pairs[begin] & UINT32_MAX]);
    squares += together * together / expected;
    information += together / count * std::log(count * together / expected);
    begin = end;
  }
  const auto used = [](const std::vector<size_t>& counts) {
    return static_cast<size_t>(
        std::count_if(counts.begin(), counts.end(), [](size_t one) { return one > 0; }));
  };
  const size_t freedom = std::min(used(counts_a), used(counts_b));
  if (freedom < 2) {
    association.value = kNan;
    association.mutual_information = 0;
    return;
  }
  const long double phi_squared = std::max<long double>(squares - 1, 0);
  association.value =
      static_cast<double>(std::sqrt(phi_squared / static_cast<long double>(freedom - 1)));
  association.mutual_information = static_cast<double>(std::max<long double>(information, 0));
}

/// What the target is among some rows: the commonest class, or the mean.
class Guess {
 public:
  void add(const Side& target, size_t row) {
    ++count_;
    if (target.numbers != nullptr) {
      sum_ += target.numbers[row];
      return;
    }
    const int32_t code = target.codes[row];
    const auto found = std::find_if(classes_.begin(), classes_.end(),
                                    [&](const auto& entry) { return entry.first == code; });
    const size_t now = found == classes_.end() ? 1 : ++found->second;
    if (found == classes_.end()) classes_.emplace_back(code, 1);
    if (now > most_) {
      most_ = now;
      class_ = code;
    }
  }
  bool is_empty() const { return count_ == 0; }
  double mean() const { return sum_ / static_cast<double>(count_); }
  int32_t commonest() const { return class_; }

 private:
  size_t count_ = 0;
  double sum_ = 0;
  std::vector<std::pair<int32_t, size_t>> classes_;
  size_t most_ = 0;
  int32_t class_ = -1;
};

/// Which half of the rows one is in; without any pattern that the file's order may have.
bool in_second_half(size_t row) {
  uint64_t value = row * 0x9e3779b97f4a7c15ULL + 0x2545f4914f6cdd1dULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  return ((value ^ (value >> 27U)) * 0x94d049bb133111ebULL >> 63U) != 0;
}

/// Learns the target for each value of a column on the other half of the rows than the one that is
/// tried: a value there is taken for the nearest that is known, a class for itself. A missing value
/// is a value too.
class LoneColumn {
 public:
  LoneColumn(const Side& side, const Side& target, size_t rows, bool tries_second_half)
      : side_(side), target_(target), tries_second_half_(tries_second_half) {
    if (side.numbers != nullptr) {
      for (size_t row = 0; row < rows; ++row) {
        if (is_learnt(row) && !side.is_missing(row)) values_.push_back(side.numbers[row]);
      }
      std::sort(values_.begin(), values_.end());
      values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    }
    guesses_.resize((side.numbers != nullptr ? values_.size() : side.classes) + 1);
    for (size_t row = 0; row < rows; ++row) {
      if (!is_learnt(row)) continue;
      guesses_[place_of(row)].add(target, row);
      all_.add(target, row);
    }
  }

  const Guess& guess(size_t row) const {
    const Guess& known = guesses_[place_of(row)];
    return known.is_empty() ? all_ : known;
  }
  /// Without the column.
  const Guess& blind() const { return all_; }

 private:
  bool is_learnt(size_t row) const { return !is_tried(row) && !target_.is_missing(row); }
  bool is_tried(size_t row) const { return in_second_half(row) == tries_second_half_; }

  size_t place_of(size_t row) const {
    if (side_.is_missing(row)) return guesses_.size() - 1;
    if (side_.numbers == nullptr) return static_cast<size_t>(side_.codes[row]);
    const double value = side_.numbers[row];
    const auto above = static_cast<size_t>(std::lower_bound(values_.begin(), values_.end(), value) -
                                           values_.begin());
    if (values_.empty()) return 0;
    if (above == 0) return 0;
    if (above == values_.size()) return above - 1;
    return values_[above] - value < value - values_[above - 1] ? above : above - 1;
  }

  const Side& side_;
  const Side& target_;
  const bool tries_second_half_;
  std::vector<double> values_;  // of a column of numbers: those that are known
  std::vector<Guess> guesses_;  // by value or class; the last one for missing values
  Guess all_;
};

/// Over both halves, each by what the other one taught.
struct LoneScore {
  size_t tried = 0;
  size_t right = 0;
  double squares = 0;
  double blind_squares = 0;

  void add(const Side& target, size_t row, const LoneColumn& column) {
    ++tried;
    if (target.numbers == nullptr) {
      right += column.guess(row).commonest() == target.codes[row] ? 1 : 0;
      return;
    }
    const double off = target.numbers[row] - column.guess(row).mean();
    const double blind = target.numbers[row] - column.blind().mean();
    squares += off * off;
    blind_squares += blind * blind;
  }
};

double score_alone(const Side& side, const Side& target, size_t rows) {
  if (target.classes > kTargetClassesMax) return kNan;
  LoneScore score;
  for (const bool second_half : {false, true}) {
    const LoneColumn column(side, target, rows, second_half);
    if (column.blind().is_empty()) return kNan;
    for (size_t row = 0; row < rows; ++row) {
      if (in_second_half(row) != second_half || target.is_missing(row)) continue;
      score.add(target, row, column);
    }
  }
  if (score.tried < kTriedRowsMin) return kNan;
  if (target.numbers == nullptr) {
    return static_cast<double>(score.right) / static_cast<double>(score.tried);
  }
  return score.blind_squares > 0 ? 1 - score.squares / score.blind_squares : kNan;
}

bool is_class_column(const Column& column) {
  return column.is_text() || column.kind == ColumnKind::kBoolean;
}

Association associate_column(const Column& column, const Side& target, size_t rows) {
  Association association;
  association.column = column.name;
  const Side side = side_of(column, is_class_column(column));
  const bool is_number = side.numbers != nullptr;
  if (is_number && target.numbers != nullptr) {
    association.measure = Association::Measure::kPearson;
    association.value = pearson_of_pairs(side.numbers, target.numbers, rows);
  } else if (!is_number && target.numbers == nullptr) {
    association.measure = Association::Measure::kCramersV;
    associate_classes(side, target, rows, association);
  } else {
    association.measure = Association::Measure::kCorrelationRatio;
    association.value =
        is_number ? correlation_ratio(side, target, rows) : correlation_ratio(target, side, rows);
  }
  association.alone = score_alone(side, target, rows);
  return association;
}

}  // namespace

Correlations correlate(const Frame& frame) {
  Correlations result;
  std::vector<const Column*> columns;
  std::vector<std::vector<double>> directions;  // of complete columns
  for (const Column& column : frame.columns) {
    const bool is_number =
        column.kind == ColumnKind::kNumber || column.kind == ColumnKind::kBoolean;
    if (!is_number || columns.size() == kCorrelatedMax) continue;
    columns.push_back(&column);
    result.names.push_back(column.name);
    directions.push_back(column.missing_count == 0 ? direction_of(column.numbers)
                                                   : std::vector<double>());
  }
  const size_t width = columns.size();
  result.values.assign(width * width, kNan);
  for (size_t a = 0; a < width; ++a) {
    for (size_t b = a; b < width; ++b) {
      const bool are_complete = !directions[a].empty() && !directions[b].empty();
      const double value = are_complete ? product(directions[a], directions[b])
                                        : pearson_of_pairs(columns[a]->numbers.data(),
                                                           columns[b]->numbers.data(), frame.rows);
      result.values[a * width + b] = value;
      result.values[b * width + a] = value;
    }
  }
  return result;
}

std::vector<Association> associate(const Frame& frame, const Column& target) {
  const Side side = side_of(target, has_classes(target));
  std::vector<Association> associations;
  associations.reserve(frame.columns.size());
  for (const Column& column : frame.columns) {
    if (&column == &target || column.missing_count == frame.rows) continue;
    associations.push_back(associate_column(column, side, frame.rows));
  }
  const auto strength = [](const Association& one) {
    return std::isnan(one.value) ? -1 : std::fabs(one.value);
  };
  std::stable_sort(
      associations.begin(), associations.end(),
      [&](const Association& a, const Association& b) { return strength(a) > strength(b); });
  return associations;
}

}  // namespace slipway::data
