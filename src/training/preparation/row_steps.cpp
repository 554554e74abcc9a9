// Rows that are left out before preparation.
#include "training/preparation/row_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <unordered_set>
#include <utility>

#include "training/preparation/internal/cleaning.h"
#include "training/preparation/internal/number_statistics.h"

namespace slipway::training {
namespace {

/// The features' columns as cleaning rules leave them.
struct Columns {
  std::vector<const data::Column*> all;
  std::deque<data::Column> cleaned;  // those with rules, which `all` points to
};

Result<Columns> columns_of(const PreparationInput& input, const data::CleaningRules* rules) {
  Columns columns;
  for (const std::string& name : input.columns) {
    const data::Column* column = input.frame->find(name);
    if (column == nullptr) continue;  // what fit() has an error for
    if (rules != nullptr && rules->contains(name)) {
      columns.cleaned.push_back(TRY(clean_column(*column, rules->find(name)->second)));
      column = &columns.cleaned.back();
    }
    columns.all.push_back(column);
  }
  return columns;
}

/// What a row holds, as bytes that are equal where the cells are.
void append_bits(double number, std::string& bytes) {
  if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
  if (number == 0) number = 0;  // -0
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string row_key(const PreparationInput& input, std::span<const data::Column* const> columns,
                    uint32_t row) {
  std::string bytes;
  bytes.reserve((columns.size() + 1) * sizeof(double));
  for (const data::Column* column : columns) {
    append_bits(column->is_text() ? column->codes[row] : column->numbers[row], bytes);
  }
  const bool is_classes = !input.target.classes.empty();
  if (is_classes) append_bits(input.target.classes[row], bytes);
  if (!is_classes && !input.target.values.empty()) append_bits(input.target.values[row], bytes);
  return bytes;
}

/// Leaves out rows; says how many, and why.
template <typename Predicate>
void drop(KeptRows& kept, std::string_view reason, const Predicate& is_dropped) {
  const size_t before = kept.rows.size();
  std::erase_if(kept.rows, is_dropped);
  if (kept.rows.size() == before) return;
  kept.notes.push_back(fmt::format("{} of {} rows to learn from are left out: {}",
                                   before - kept.rows.size(), before, reason));
}

void drop_outliers(const PreparationPlan& plan, std::span<const data::Column* const> columns,
                   KeptRows& kept) {
  struct Fenced {
    const data::Column* column;
    Fences fences;
  };
  std::vector<Fenced> fenced;
  for (const data::Column* column : columns) {
    if (column->kind != data::ColumnKind::kNumber) continue;
    std::vector<double> numbers = present_numbers(*column, kept.rows);
    if (numbers.empty()) continue;
    std::ranges::sort(numbers);
    fenced.push_back({column, fences_of(plan, numbers)});
  }
  drop(kept, "they hold outliers", [&](uint32_t row) {
    return std::ranges::any_of(fenced, [&](const Fenced& entry) {
      const double x = entry.column->numbers[row];
      return x < entry.fences.low || x > entry.fences.high;
    });
  });
}

Status check_left(const PreparationInput& input, const KeptRows& kept) {
  const auto why = [&] { return fmt::to_string(fmt::join(kept.notes, "; ")); };
  if (kept.rows.empty()) {
    return invalid_argument(fmt::format("no row is left to learn from: {}", why()));
  }
  const auto classes_among = [&](std::span<const uint32_t> rows) {
    std::vector<bool> found(input.target.class_count);
    for (const uint32_t row : rows) found[static_cast<size_t>(input.target.classes[row])] = true;
    return std::ranges::count(found, true);
  };
  if (input.target.class_count == 0) return {};
  if (classes_among(kept.rows) == classes_among(input.rows)) return {};
  return invalid_argument(fmt::format("a class has no row any more to learn from: {}", why()));
}

}  // namespace

Result<KeptRows> keep_rows(const PreparationInput& input, const PreparationPlan& plan) {
  KeptRows kept;
  kept.rows.assign(input.rows.begin(), input.rows.end());
  const bool drops_outliers = plan.outliers == PreparationPlan::Outliers::kDropIqr ||
                              plan.outliers == PreparationPlan::Outliers::kDropZ;
  if (!plan.drop_missing && !plan.drop_duplicates && !drops_outliers) return kept;
  const Columns resolved = TRY(columns_of(input, plan.rules.get()));
  const std::span<const data::Column* const> columns = resolved.all;
  if (plan.drop_missing) {
    drop(kept, "they are incomplete", [&](uint32_t row) {
      return std::ranges::any_of(
          columns, [&](const data::Column* column) { return column->is_missing(row); });
    });
  }
  if (plan.drop_duplicates) {
    std::unordered_set<std::string> seen;
    drop(kept, "they are equal to others",
         [&](uint32_t row) { return !seen.insert(row_key(input, columns, row)).second; });
  }
  if (drops_outliers) drop_outliers(plan, columns, kept);
  TRY_STATUS(check_left(input, kept));
  return kept;
}

}  // namespace slipway::training
