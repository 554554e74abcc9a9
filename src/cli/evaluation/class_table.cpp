#include "cli/evaluation/class_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/cell_text.h"

namespace slipway::cli {

std::string label_text(double value) { return data::number_text(value == 0 ? 0 : value); }

ClassTable::ClassTable(const LabelTable& labels)
    : are_numbers_(labels.dtype != DType::kString), are_booleans_(labels.dtype == DType::kBool) {
  texts_.reserve(labels.size());
  if (labels.dtype == DType::kString) {
    texts_ = labels.strings;
  } else if (labels.dtype == DType::kFloat64) {
    for (const double value : labels.floats) texts_.push_back(label_text(value));
  } else {
    for (const int64_t value : labels.ints) texts_.push_back(fmt::format("{}", value));
  }
  index();
}

ClassTable::ClassTable(std::vector<std::string> texts, bool are_numbers)
    : texts_(std::move(texts)), are_numbers_(are_numbers) {
  index();
}

void ClassTable::index() {
  for (size_t i = 0; i < texts_.size(); ++i) {
    by_text_.emplace(texts_[i], static_cast<int32_t>(i));
  }
  if (!are_booleans_) return;
  for (std::string& text : texts_) text = text == "0" ? "false" : "true";
}

std::optional<int32_t> ClassTable::find(std::string_view text) const {
  if (are_booleans_) {
    if (const std::optional<bool> value = data::parse_boolean(text)) return find(*value ? 1.0 : 0);
  }
  if (are_numbers_) {
    const data::NumberText number = data::parse_number(text);
    if (number.form == data::NumberForm::kNumber) return find(number.value);
  }
  const auto found = by_text_.find(std::string(text));
  return found == by_text_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int32_t> ClassTable::find(double value) const {
  const auto found = by_text_.find(label_text(value));
  return found == by_text_.end() ? std::nullopt : std::optional(found->second);
}

std::string ClassTable::list() const {
  constexpr size_t kShownMax = 20;
  const auto shown = texts_.begin() + static_cast<ptrdiff_t>(std::min(texts_.size(), kShownMax));
  std::string text = fmt::format("{}", fmt::join(texts_.begin(), shown, ", "));
  return texts_.size() > kShownMax ? text + ", ..." : text;
}

}  // namespace slipway::cli
