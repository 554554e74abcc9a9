#include "formats/catboost/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <string>

namespace slipway::catboost {
namespace {

// Numbers in all tables together.
constexpr uint64_t kValuesMax = 1ULL << 28;

template <typename T>
void append_bytes(std::string& key, const std::vector<T>& values) {
  const uint64_t size = values.size();
  key.append(reinterpret_cast<const char*>(&size), sizeof(size));
  if (size > 0) key.append(reinterpret_cast<const char*>(values.data()), size * sizeof(T));
}

std::string key_of(const Projection& projection) {
  std::string key;
  append_bytes(key, projection.category_indices);
  append_bytes(key, projection.float_splits);
  append_bytes(key, projection.one_hot_splits);
  return key;
}

std::string key_of(const CtrBase& base) {
  std::string key = key_of(base.projection);
  append_bytes(key, std::vector<int32_t>{static_cast<int32_t>(base.type), base.target_classifier});
  return key;
}

bool is_mean(CtrType type) {
  return type == CtrType::kBinarizedTargetMeanValue || type == CtrType::kFloatTargetMeanValue;
}
bool is_counter(CtrType type) { return type == CtrType::kCounter || type == CtrType::kFeatureFreq; }

/// All in float32, as CatBoost.
float statistic(const CtrFeature& feature, float good, float total) {
  const float ratio = (good + feature.prior_numerator) / (total + feature.prior_denominator);
  return (ratio + feature.shift) * feature.scale;
}

float count_statistic(const CtrFeature& feature, std::span<const int32_t> counts) {
  int64_t good = 0;
  int64_t total = 0;
  const auto border = static_cast<size_t>(feature.target_border);
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const bool is_good = feature.base.type == CtrType::kBuckets ? i == border : i > border;
    if (is_good) good += counts[i];
  }
  return statistic(feature, static_cast<float>(good), static_cast<float>(total));
}

float value_at(const CtrFeature& feature, const CtrTable& table, uint32_t row) {
  if (is_mean(table.base.type)) {
    const CtrTable::Mean& mean = table.means[row];
    return statistic(feature, mean.sum, static_cast<float>(mean.count));
  }
  if (is_counter(table.base.type)) {
    return statistic(feature, static_cast<float>(table.counts[row]),
                     static_cast<float>(table.counter_denominator));
  }
  const auto classes = static_cast<size_t>(table.target_classes);
  return count_statistic(feature, std::span(table.counts).subspan(row * classes, classes));
}

float value_of_unseen(const CtrFeature& feature, const CtrTable& table) {
  const bool counter = is_counter(table.base.type);
  return statistic(feature, 0, counter ? static_cast<float>(table.counter_denominator) : 0);
}

Status check_table(const CtrTable& table) {
  size_t rows = table.counts.size();
  if (is_mean(table.base.type)) {
    rows = table.means.size();
  } else if (!is_counter(table.base.type)) {
    if (table.target_classes < 1) return data_loss("a table of statistics has no classes");
    rows /= static_cast<size_t>(table.target_classes);
  }
  for (const CtrTable::Bucket& bucket : table.buckets) {
    if (bucket.row >= rows) {
      return data_loss(
          fmt::format("a bucket names row {} of {} of its table of statistics", bucket.row, rows));
    }
  }
  return {};
}

/// With two classes or fewer CatBoost does not look at the border.
Result<CtrFeature> with_border(CtrFeature feature, const CtrTable& table) {
  const CtrType type = table.base.type;
  if (is_mean(type) || is_counter(type)) return feature;
  if (type == CtrType::kBorders && table.target_classes <= 2) feature.target_border = 0;
  if (feature.target_border < 0 || feature.target_border >= table.target_classes) {
    return data_loss(fmt::format("a statistic counts from class {} of {}", feature.target_border,
                                 table.target_classes));
  }
  return feature;
}

class Builder {
 public:
  Builder(const Model& model, const Layout& layout, const Limits& limits)
      : model_(model),
        layout_(layout),
        values_left_(std::min(kValuesMax, limits.memory_bytes_max / sizeof(float) / 4)) {}

  Result<Statistics> build() && {
    built_.constants.columns = layout_.text_names;
    TRY_STATUS(add_one_hot());
    TRY_STATUS(group_features());
    auto column = static_cast<uint32_t>(built_.constants.indicators.size());
    built_.ctr_columns.resize(model_.ctr_features.size());
    for (const auto& [table, features] : groups_) {
      TRY_STATUS(add_table(*table, features));
      for (const size_t feature : features) built_.ctr_columns[feature] = column++;
    }
    return std::move(built_);
  }

 private:
  Result<uint32_t> text_column(int32_t category_index) const {
    const auto found = layout_.texts.find(category_index);
    if (found != layout_.texts.end()) return found->second;
    return data_loss(fmt::format("categorical feature {} does not exist", category_index));
  }

  Status add_one_hot() {
    auto& indicators = built_.constants.indicators;
    for (const OneHotFeature& feature : model_.one_hot_features) {
      const uint32_t column = TRY(text_column(feature.category_index));
      built_.one_hot_columns.push_back(static_cast<uint32_t>(indicators.size()));
      for (const int32_t value : feature.values) {
        indicators.push_back({column, static_cast<uint32_t>(value)});
      }
      if (indicators.size() > kWidthMax) return resource_exhausted("too many one-hot values");
    }
    return {};
  }

  /// Finds each feature's table; features of one table become columns of one.
  Status group_features() {
    std::map<std::string, const CtrTable*> tables;
    for (const CtrTable& table : model_.ctr_tables) tables[key_of(table.base)] = &table;
    std::map<const CtrTable*, size_t> places;
    for (size_t i = 0; i < model_.ctr_features.size(); ++i) {
      const auto found = tables.find(key_of(model_.ctr_features[i].base));
      if (found == tables.end()) {
        return data_loss(fmt::format("the table of statistics of CTR feature {} is missing", i));
      }
      const auto [place, is_new] = places.emplace(found->second, groups_.size());
      if (is_new) groups_.push_back({found->second, {}});
      groups_[place->second].second.push_back(i);
    }
    return {};
  }

  Result<uint32_t> add_combination(const Projection& projection) {
    const auto [place, is_new] =
        combinations_.emplace(key_of(projection), built_.constants.combinations.size());
    if (!is_new) return static_cast<uint32_t>(place->second);
    CategoryStatistics::Combination combination;
    for (const int32_t category : projection.category_indices) {
      combination.columns.push_back(TRY(text_column(category)));
    }
    for (const FloatSplit& split : projection.float_splits) {
      const auto found = layout_.numbers.find(split.index);
      if (found == layout_.numbers.end()) {
        return data_loss(fmt::format("float feature {} does not exist", split.index));
      }
      const Layout::Number& number = found->second;
      combination.thresholds.push_back({number.place, split.border, number.feature->nan_above()});
      built_.needs_numbers = true;
    }
    for (const OneHotSplit& split : projection.one_hot_splits) {
      combination.indicators.push_back(
          {TRY(text_column(split.category_index)), static_cast<uint32_t>(split.value)});
    }
    built_.constants.combinations.push_back(std::move(combination));
    return static_cast<uint32_t>(place->second);
  }

  Status add_table(const CtrTable& from, const std::vector<size_t>& features) {
    TRY_STATUS(check_table(from));
    const uint64_t values = (from.buckets.size() + 1) * features.size();
    if (values > values_left_) {
      return resource_exhausted("the statistics of categories are too many");
    }
    values_left_ -= values;
    std::vector<CtrTable::Bucket> buckets = from.buckets;
    std::sort(buckets.begin(), buckets.end(),
              [](const auto& a, const auto& b) { return a.hash < b.hash; });
    CategoryStatistics::Table table;
    table.combination = TRY(add_combination(from.base.projection));
    std::vector<CtrFeature> columns;
    for (const size_t feature : features) {
      columns.push_back(TRY(with_border(model_.ctr_features[feature], from)));
      table.fallback.push_back(value_of_unseen(columns.back(), from));
    }
    for (const CtrTable::Bucket& bucket : buckets) {
      if (!table.keys.empty() && table.keys.back() == bucket.hash) {
        return data_loss("a table of statistics has one hash twice");
      }
      table.keys.push_back(bucket.hash);
      for (const CtrFeature& column : columns) {
        table.values.push_back(value_at(column, from, bucket.row));
      }
    }
    built_.constants.tables.push_back(std::move(table));
    return {};
  }

  const Model& model_;
  const Layout& layout_;
  uint64_t values_left_;
  Statistics built_;
  std::vector<std::pair<const CtrTable*, std::vector<size_t>>> groups_;
  std::map<std::string, size_t> combinations_;
};

}  // namespace

Result<Statistics> build_statistics(const Model& model, const Layout& layout,
                                    const Limits& limits) {
  return Builder(model, layout, limits).build();
}

}  // namespace slipway::catboost
