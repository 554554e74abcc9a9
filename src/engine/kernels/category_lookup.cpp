#include "engine/kernels/category_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway::engine {
namespace {

int64_t position_or_unknown(const std::optional<uint32_t>& position) {
  return position.has_value() ? int64_t{*position} : CategoryLookup::kUnknown;
}

}  // namespace

CategoryLookup::CategoryLookup(const Categories& categories) : categories_(&categories) {
  if (!categories.is_text) {
    for (uint32_t i = 0; i < categories.numbers.size(); ++i) {
      if (!std::isnan(categories.numbers[i])) {
        sorted_.emplace_back(categories.numbers[i], i);
      } else if (nan_position_ == kUnknown) {
        nan_position_ = i;
      }
    }
    std::sort(sorted_.begin(), sorted_.end());
    return;
  }
  texts_ = TextTable(categories.texts,
                     [&](uint32_t i) { return categories.none != i && categories.nan != i; });
}

int64_t CategoryLookup::find_text(const StringCell& cell) const {
  if (cell.kind == StringCell::Kind::kNone) return position_or_unknown(categories_->none);
  if (cell.kind == StringCell::Kind::kNan) return position_or_unknown(categories_->nan);
  if (cell.kind == StringCell::Kind::kAbsent) {
    return position_or_unknown(categories_->nan.has_value() ? categories_->nan : categories_->none);
  }
  // A number is no text, not even where a text spells it.
  return cell.is_text() ? texts_.find(cell.view()) : kUnknown;
}

int64_t CategoryLookup::find_number(double number) const {
  if (std::isnan(number)) return nan_position_;
  const auto found =
      std::lower_bound(sorted_.begin(), sorted_.end(), number,
                       [](const auto& entry, double wanted) { return entry.first < wanted; });
  return found == sorted_.end() || found->first != number ? kUnknown : int64_t{found->second};
}

Status CategoryLookup::unknown_error(const KernelArgs& args, size_t row) const {
  constexpr size_t kShownMax = 100;
  const ValueBuffer& input = args.input(categories_->from.input);
  std::string value;
  if (categories_->is_text) {
    const StringCell& cell = input.strings(row)[categories_->from.column];
    value = cell.kind == StringCell::Kind::kNone ? "None"
            : cell.is_number()                   ? fmt::format("{}", cell.real)
            : cell.missing()                     ? "nan"
                             : fmt::format("'{}'", cell.view().substr(0, kShownMax));
  } else {
    value = fmt::format("{}", input.dense(row)[categories_->from.column]);
  }
  return invalid_argument(fmt::format("Found unknown categories [{}] in {}, row {}", value,
                                      categories_->column, args.first_row + row));
}

}  // namespace slipway::engine
