#include "formats/catboost/cbm_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/catboost/flat_table.h"

namespace slipway::catboost {
namespace {

constexpr std::string_view kCoreFormat = "FlabuffersModel_v1";  // CatBoost's own spelling
constexpr std::string_view kStatisticsPart = "static_provider_v1";

// The numbers of the fields, in the order of CatBoost's schema.
namespace core {
enum : uint32_t { kFormat, kTrees, kInfo, kParts };
}
namespace trees {
enum : uint32_t {
  kDimensions,
  kSplits,
  kSizes,
  kStartOffsets,
  kCategoryFeatures,
  kFloatFeatures,
  kOneHotFeatures,
  kCtrFeatures,
  kLeafValues,
  kLeafWeights,
  kStepNodes,
  kLeafStarts,
  kTextFeatures,
  kEstimatedFeatures,
  kScale,
  kBias,
  kBiases,
  kRepackedBins,
  kEmbeddingFeatures,
};
}

/// The parts of a file, one after the other.
class Parts {
 public:
  explicit Parts(std::string_view bytes) : rest_(bytes) {}

  Result<std::string_view> take(uint64_t size) {
    if (size > rest_.size()) {
      return data_loss(
          fmt::format("the file is cut short: {} bytes are missing", size - rest_.size()));
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  /// A size is 4 bytes, or 12 if they are all ones.
  Result<uint64_t> take_size() {
    const auto small = number<uint32_t>(TRY(take(sizeof(uint32_t))));
    if (small != UINT32_MAX) return uint64_t{small};
    return number<uint64_t>(TRY(take(sizeof(uint64_t))));
  }
  /// Bytes behind their size.
  Result<std::string_view> take_sized() {
    const uint64_t size = TRY(take_size());
    return take(size);
  }
  size_t left() const { return rest_.size(); }

 private:
  template <typename T>
  static T number(std::string_view bytes) {
    T value = 0;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  std::string_view rest_;
};

Result<FloatFeature> read_float_feature(const FlatTable& table) {
  FloatFeature feature;
  feature.has_nans = TRY(table.scalar<uint8_t>(0, 0)) != 0;
  feature.index = TRY(table.scalar<int32_t>(1, -1));
  feature.flat_index = TRY(table.scalar<int32_t>(2, -1));
  feature.borders = TRY(table.vector<float>(3));
  feature.name = TRY(table.text(4));
  const auto treatment = TRY(table.scalar<uint8_t>(5, 0));
  if (treatment > static_cast<uint8_t>(FloatFeature::NanTreatment::kAsTrue)) {
    return unimplemented(fmt::format("treatment {} of missing values is not known", treatment));
  }
  feature.nan_treatment = static_cast<FloatFeature::NanTreatment>(treatment);
  return feature;
}

Result<std::vector<OtherFeature>> read_others(const FlatTable& table, uint32_t field,
                                              uint32_t field_of_use) {
  std::vector<OtherFeature> features;
  for (const FlatTable& item : TRY(table.tables(field))) {
    OtherFeature feature;
    feature.index = TRY(item.scalar<int32_t>(0, -1));
    feature.flat_index = TRY(item.scalar<int32_t>(1, -1));
    feature.name = TRY(item.text(2));
    feature.is_used = TRY(item.scalar<uint8_t>(field_of_use, 1)) != 0;
    features.push_back(std::move(feature));
  }
  return features;
}

Result<FlatTable> required(std::optional<FlatTable> table, std::string_view what) {
  if (table.has_value()) return *table;
  return data_loss(fmt::format("the file is damaged: {} is missing", what));
}

Result<CtrBase> read_ctr_base(const FlatTable& table) {
  CtrBase base;
  const FlatTable combination = TRY(required(TRY(table.table(0)), "the features of a statistic"));
  base.projection.category_indices = TRY(combination.vector<int32_t>(0));
  base.projection.float_splits = TRY(combination.vector<FloatSplit>(1));
  base.projection.one_hot_splits = TRY(combination.vector<OneHotSplit>(2));
  const auto type = TRY(table.scalar<uint8_t>(1, 0));
  if (type > static_cast<uint8_t>(CtrType::kFeatureFreq)) {
    return unimplemented(fmt::format("statistics (CTR) of type {} are not known", type));
  }
  base.type = static_cast<CtrType>(type);
  base.target_classifier = TRY(table.scalar<int32_t>(2, 0));
  return base;
}

Result<CtrFeature> read_ctr_feature(const FlatTable& table) {
  CtrFeature feature;
  const FlatTable ctr = TRY(required(TRY(table.table(0)), "the statistic of a feature"));
  feature.base = TRY(read_ctr_base(TRY(required(TRY(ctr.table(0)), "the kind of a statistic"))));
  feature.target_border = TRY(ctr.scalar<int32_t>(1, 0));
  feature.prior_numerator = TRY(ctr.scalar<float>(2, 0));
  feature.prior_denominator = TRY(ctr.scalar<float>(3, 1));
  feature.shift = TRY(ctr.scalar<float>(4, 0));
  feature.scale = TRY(ctr.scalar<float>(5, 1));
  feature.borders = TRY(table.vector<float>(1));
  return feature;
}

Status read_features(const FlatTable& table, Model& model) {
  for (const FlatTable& item : TRY(table.tables(trees::kFloatFeatures))) {
    model.float_features.push_back(TRY(read_float_feature(item)));
  }
  model.category_features = TRY(read_others(table, trees::kCategoryFeatures, 3));
  model.text_features = TRY(read_others(table, trees::kTextFeatures, 3));
  model.embedding_features = TRY(read_others(table, trees::kEmbeddingFeatures, 4));
  model.has_estimated_features = !TRY(table.tables(trees::kEstimatedFeatures)).empty();
  for (const FlatTable& item : TRY(table.tables(trees::kOneHotFeatures))) {
    OneHotFeature feature;
    feature.category_index = TRY(item.scalar<int32_t>(0, -1));
    feature.values = TRY(item.vector<int32_t>(1));
    model.one_hot_features.push_back(std::move(feature));
  }
  for (const FlatTable& item : TRY(table.tables(trees::kCtrFeatures))) {
    model.ctr_features.push_back(TRY(read_ctr_feature(item)));
  }
  return {};
}

Status read_trees(const FlatTable& table, Model& model) {
  model.dimensions = TRY(table.scalar<int32_t>(trees::kDimensions, 0));
  model.splits = TRY(table.vector<int32_t>(trees::kSplits));
  model.tree_sizes = TRY(table.vector<int32_t>(trees::kSizes));
  model.leaf_values = TRY(table.vector<double>(trees::kLeafValues));
  model.step_nodes = TRY(table.vector<StepNode>(trees::kStepNodes));
  model.leaf_starts = TRY(table.vector<uint32_t>(trees::kLeafStarts));
  model.is_oblivious = model.step_nodes.empty();
  model.scale = TRY(table.scalar<double>(trees::kScale, 1));
  model.biases = TRY(table.vector<double>(trees::kBiases));
  const double bias = TRY(table.scalar<double>(trees::kBias, 0));
  if (model.biases.empty() && bias != 0) model.biases = {bias};
  return read_features(table, model);
}

/// Buckets are 12 bytes: the hash and the row. All ones as the hash mean an empty bucket.
Status read_buckets(std::string_view bytes, CtrTable& table) {
  constexpr size_t kBucketBytes = 12;
  if (bytes.size() % kBucketBytes != 0) {
    return data_loss("the file is damaged: a table of statistics ends within a bucket");
  }
  for (size_t at = 0; at < bytes.size(); at += kBucketBytes) {
    CtrTable::Bucket bucket;
    std::memcpy(&bucket.hash, bytes.data() + at, sizeof(bucket.hash));
    std::memcpy(&bucket.row, bytes.data() + at + sizeof(bucket.hash), sizeof(bucket.row));
    if (bucket.hash != UINT64_MAX) table.buckets.push_back(bucket);
  }
  return {};
}

template <typename T>
Status read_rows(std::string_view bytes, std::vector<T>& rows) {
  if (bytes.size() % sizeof(T) != 0) {
    return data_loss("the file is damaged: a table of statistics ends within a row");
  }
  rows.resize(bytes.size() / sizeof(T));
  if (!rows.empty()) std::memcpy(rows.data(), bytes.data(), bytes.size());
  return {};
}

Result<CtrTable> read_ctr_table(const FlatTable& from) {
  CtrTable table;
  table.base = TRY(read_ctr_base(TRY(required(TRY(from.table(0)), "the kind of a statistic"))));
  TRY_STATUS(read_buckets(TRY(from.bytes(1)), table));
  const std::string_view rows = TRY(from.bytes(2));
  const bool is_mean = table.base.type == CtrType::kBinarizedTargetMeanValue ||
                       table.base.type == CtrType::kFloatTargetMeanValue;
  TRY_STATUS(is_mean ? read_rows(rows, table.means) : read_rows(rows, table.counts));
  table.counter_denominator = TRY(from.scalar<int32_t>(3, 0));
  table.target_classes = TRY(from.scalar<int32_t>(4, 0));
  return table;
}

Status read_statistics(Parts& parts, FlatBudget& budget, Model& model) {
  const uint64_t count = TRY(parts.take_size());
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view bytes = TRY(parts.take_sized());
    model.ctr_tables.push_back(TRY(read_ctr_table(TRY(FlatTable::root(bytes, budget)))));
  }
  return {};
}

}  // namespace

Result<Model> read_cbm(std::string_view bytes, const Limits& limits) {
  Parts parts(bytes);
  if (!bytes.starts_with(kCbmMagic)) return invalid_argument("not a .cbm file of CatBoost");
  TRY(parts.take(kCbmMagic.size()));
  FlatBudget budget(limits, bytes.size());
  const FlatTable root = TRY(FlatTable::root(TRY(parts.take_sized()), budget));
  const std::string format = TRY(root.text(core::kFormat));
  if (format != kCoreFormat) {
    return unimplemented(fmt::format("a model in format '{}', expected '{}'", format, kCoreFormat));
  }
  Model model;
  for (const FlatTable& entry : TRY(root.tables(core::kInfo))) {
    std::string key = TRY(entry.text(0));
    model.info.emplace_back(std::move(key), TRY(entry.text(1)));
  }
  TRY_STATUS(read_trees(TRY(required(TRY(root.table(core::kTrees)), "the list of trees")), model));
  for (const std::string& part : TRY(root.texts(core::kParts))) {
    // What else there is (dictionaries of texts, embeddings) lies behind the statistics.
    if (part != kStatisticsPart) break;
    TRY_STATUS(read_statistics(parts, budget, model));
  }
  return model;
}

}  // namespace slipway::catboost
