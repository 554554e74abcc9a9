#include "formats/catboost/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/column_limit.h"

namespace slipway::catboost {
namespace {

class Columns {
 public:
  explicit Columns(size_t columns_max) : columns_max_(columns_max) {}

  /// The column becomes this feature's.
  Status claim(int32_t flat_index, const std::string& name, ColumnType type, bool is_used) {
    if (flat_index < 0 || static_cast<size_t>(flat_index) >= columns_max_) {
      return data_loss(
          fmt::format("a feature reads column {}: in a file of this size expected 0 to {}",
                      flat_index, columns_max_ - 1));
    }
    const auto place = static_cast<size_t>(flat_index);
    if (columns_.size() <= place) columns_.resize(place + 1, InputColumn{"", {}, false, ""});
    if (claimed_.size() <= place) claimed_.resize(place + 1, false);
    if (claimed_[place]) {
      return data_loss(fmt::format("two features read column {}", flat_index));
    }
    claimed_[place] = true;
    columns_[place] = {name, type, is_used, "", type == ColumnType::kText};
    return {};
  }

  /// Names are kept only if they are ones: all given, none twice.
  bool finish(std::vector<InputColumn>& columns) && {
    std::vector<std::string> names;
    names.reserve(columns_.size());
    for (const InputColumn& column : columns_) names.push_back(column.name);
    std::sort(names.begin(), names.end());
    const bool named = !names.empty() && !names.front().empty() &&
                       std::adjacent_find(names.begin(), names.end()) == names.end();
    for (size_t i = 0; i < columns_.size() && !named; ++i) columns_[i].name = fmt::format("x{}", i);
    columns = std::move(columns_);
    return named;
  }

 private:
  const size_t columns_max_;
  std::vector<InputColumn> columns_;
  std::vector<bool> claimed_;
};

Status refuse_used(const std::vector<OtherFeature>& features, std::string_view kind) {
  for (const OtherFeature& feature : features) {
    if (!feature.is_used) continue;
    return unimplemented(fmt::format(
        "feature {}{} is {}: of CatBoost's features, numbers and categories are computed",
        feature.flat_index, feature.name.empty() ? "" : fmt::format(" ('{}')", feature.name),
        kind));
  }
  return {};
}

}  // namespace

Status check_features(const Model& model) {
  TRY_STATUS(refuse_used(model.text_features, "a text"));
  TRY_STATUS(refuse_used(model.embedding_features, "an embedding"));
  if (!model.has_estimated_features) return {};
  return unimplemented("the trees use what was computed from texts or embeddings");
}

Result<Layout> lay_out(const Model& model, size_t file_bytes) {
  Layout layout;
  Columns columns(formats::columns_max(file_bytes));  // all up to the last that is read
  for (const FloatFeature& feature : model.float_features) {
    TRY_STATUS(columns.claim(feature.flat_index, feature.name, ColumnType::kNumber,
                             !feature.borders.empty()));
  }
  for (const OtherFeature& feature : model.category_features) {
    TRY_STATUS(columns.claim(feature.flat_index, feature.name, ColumnType::kText, feature.is_used));
  }
  for (const OtherFeature& feature : model.text_features) {
    TRY_STATUS(columns.claim(feature.flat_index, feature.name, ColumnType::kText, false));
  }
  for (const OtherFeature& feature : model.embedding_features) {
    TRY_STATUS(columns.claim(feature.flat_index, feature.name, ColumnType::kNumber, false));
  }
  layout.columns_named = std::move(columns).finish(layout.columns);
  if (layout.columns.empty()) return data_loss("the model has no features");

  std::vector<uint32_t> places;  // of each column in the matrix of its type
  uint32_t numbers = 0;
  for (const InputColumn& column : layout.columns) {
    places.push_back(column.is_text() ? static_cast<uint32_t>(layout.text_names.size()) : numbers);
    if (column.is_text()) layout.text_names.push_back(column.name);
    numbers += column.is_text() ? 0 : 1;
  }
  const auto place = [&](int32_t flat_index) { return places[static_cast<size_t>(flat_index)]; };
  for (const FloatFeature& feature : model.float_features) {
    layout.numbers[feature.index] = {&feature, place(feature.flat_index)};
  }
  for (const OtherFeature& feature : model.category_features) {
    layout.texts[feature.index] = place(feature.flat_index);
  }
  return layout;
}

}  // namespace slipway::catboost
