// Categories: one column of 0 and 1 for each (OneHotEncoder) or their number (OrdinalEncoder);
// missing ones are a category of their own or the most frequent.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "graph/ops/encode.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {
namespace {

struct Category {
  std::string name;
  uint32_t place = 0;              // of the model's columns
  std::vector<std::string> texts;  // by descending count; those from `frequent` on share a column
  uint32_t frequent = 0;
  bool has_missing = false;    // missing ones have a column of their own
  bool fills_missing = false;  // missing ones are texts[0]
};

class EncodedCategories final : public Part {
 public:
  EncodedCategories(const PreparationPlan& plan, std::vector<Category> categories)
      : plan_(plan), categories_(std::move(categories)) {}

  std::vector<std::string> names() const override;
  Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                         const std::string& path) const override;

 private:
  const PreparationPlan plan_;
  const std::vector<Category> categories_;
};

std::vector<std::string> EncodedCategories::names() const {
  std::vector<std::string> names;
  for (const Category& category : categories_) {
    const std::string& name = category.name;
    if (plan_.encode == PreparationPlan::Encode::kOrdinal) {
      names.push_back(name);
      continue;
    }
    for (uint32_t i = 0; i < category.frequent; ++i) {
      names.push_back(fmt::format("{}={}", name, category.texts[i]));
    }
    if (category.frequent < category.texts.size()) names.push_back(name + " (rare)");
    if (category.has_missing) names.push_back(name + " (missing)");
  }
  return names;
}

Result<ValueId> EncodedCategories::append(GraphBuilder& graph, const PartSource& from,
                                          const std::string& path) const {
  const bool is_one_hot = plan_.encode == PreparationPlan::Encode::kOneHot;
  std::vector<OneHotOp::Column> one_hot;
  std::vector<OrdinalOp::Column> ordinal;
  uint32_t width = 0;
  for (const Category& category : categories_) {
    Categories known;
    known.from = {0, category.place};
    known.column = fmt::format("column '{}'", category.name);
    known.is_text = true;
    known.texts = category.texts;
    const auto rare = static_cast<int32_t>(category.frequent);
    const bool has_rare = category.frequent < category.texts.size();
    const int32_t missing = rare + (has_rare ? 1 : 0);
    std::vector<int32_t> codes;
    for (uint32_t i = 0; i < category.texts.size(); ++i) {
      codes.push_back(std::min(static_cast<int32_t>(i), rare));
    }
    if (category.has_missing || category.fills_missing) {
      known.nan = static_cast<uint32_t>(known.texts.size());
      known.none = *known.nan + 1;
      known.texts.resize(known.texts.size() + 2);
      codes.resize(known.texts.size(), category.fills_missing ? 0 : missing);
    }
    if (is_one_hot) {
      const auto first = static_cast<int32_t>(width);
      OneHotOp::Column column;
      column.categories = std::move(known);
      for (const int32_t code : codes) column.targets.push_back(first + code);
      column.unknown = has_rare ? first + rare : OneHotOp::kNoColumn;
      one_hot.push_back(std::move(column));
      width += static_cast<uint32_t>(missing) + (category.has_missing ? 1U : 0U);
    } else {
      OrdinalOp::Column column;
      column.categories = std::move(known);
      column.codes.assign(codes.begin(), codes.end());
      column.unknown = has_rare ? rare : -1;
      ordinal.push_back(std::move(column));
    }
  }
  if (is_one_hot) {
    return graph.add(std::make_unique<OneHotOp>(width, false, std::move(one_hot)), {from.texts},
                     path + ".encode");
  }
  return graph.add(std::make_unique<OrdinalOp>(std::move(ordinal)), {from.texts}, path + ".encode");
}

Category fitted(const PartColumn& wanted, const PartInput& input) {
  const PreparationPlan& plan = input.plan;
  const data::Column& column = *wanted.column;
  Category category;
  category.name = column.name;
  category.place = wanted.place;
  std::vector<size_t> counts(column.dictionary.size());
  size_t missing = 0;
  for (const uint32_t row : input.all.rows) {
    if (column.codes[row] < 0) {
      ++missing;
    } else {
      ++counts[static_cast<size_t>(column.codes[row])];
    }
  }
  std::vector<std::pair<size_t, std::string>> found;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    found.emplace_back(counts[code], column.dictionary.text(static_cast<int32_t>(code)));
  }
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  category.fills_missing = plan.fill_categories;
  category.has_missing = missing > 0 && !plan.fill_categories;
  category.texts.reserve(found.size());
  for (auto& [count, text] : found) {
    const bool is_frequent =
        count >= plan.category_rows_min && category.frequent < plan.categories_max;
    if (is_frequent) ++category.frequent;
    category.texts.push_back(std::move(text));
  }
  return category;
}

}  // namespace

Result<FittedPart> fit_categories(const PartInput& input) {
  if (input.plan.encode == PreparationPlan::Encode::kTarget) return fit_target_means(input);
  std::vector<Category> categories;
  categories.reserve(input.columns.size());
  for (const PartColumn& column : input.columns) categories.push_back(fitted(column, input));
  return FittedPart{std::make_shared<EncodedCategories>(input.plan, std::move(categories)), {}};
}

}  // namespace slipway::training
