#include "engine/kernels/category_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

namespace slipway::engine {
namespace {

uint64_t process_seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return (uint64_t{device()} << 32 | device()) | 1;
  }();
  return seed;
}

/// The high and low half of a 128-bit product, folded.
uint64_t fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t hash_text(std::string_view text) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const uint64_t seed = process_seed();
  uint64_t hash = seed ^ text.size();
  while (text.size() > 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = fold(hash ^ word, kOdd ^ seed);
    text.remove_prefix(8);
  }
  uint64_t word = 0;
  // An empty view may have no data, which memcpy does not take.
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return fold(fold(hash ^ word, kOdd ^ seed), kOdd);
}

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
  slots_.resize(std::bit_ceil(categories.texts.size() * 2 + 1));
  const size_t mask = slots_.size() - 1;
  for (uint32_t i = 0; i < categories.texts.size(); ++i) {
    if (categories.none == i || categories.nan == i) continue;
    size_t slot = hash_text(categories.texts[i]) & mask;
    while (slots_[slot] != 0 && categories.texts[slots_[slot] - 1] != categories.texts[i]) {
      slot = (slot + 1) & mask;
    }
    if (slots_[slot] == 0) slots_[slot] = i + 1;
  }
}

int64_t CategoryLookup::find_text(const StringCell& cell) const {
  if (cell.kind == StringCell::Kind::kNone) return position_or_unknown(categories_->none);
  if (cell.kind == StringCell::Kind::kNan) return position_or_unknown(categories_->nan);
  if (cell.kind == StringCell::Kind::kAbsent) {
    return position_or_unknown(categories_->nan.has_value() ? categories_->nan : categories_->none);
  }
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_text(cell.view()) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (categories_->texts[slots_[slot] - 1] == cell.view()) return int64_t{slots_[slot]} - 1;
  }
  return kUnknown;
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
            : cell.missing()                     ? "nan"

                             : fmt::format("'{}'", cell.view().substr(0, kShownMax));
  } else {
    value = fmt::format("{}", input.dense(row)[categories_->from.column]);
  }
  return invalid_argument(fmt::format("Found unknown categories [{}] in {}, row {}", value,
                                      categories_->column, args.first_row + row));
}

}  // namespace slipway::engine
