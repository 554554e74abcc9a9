// What a CatBoost model file says, faithfully, in CatBoost's own terms and in the file's order; the
// same for .cbm files (cbm_reader.h) and for JSON exports (json_reader.h).
//
// Nothing here is checked beyond its own types: lower.cpp and the ops prove that indices are in
// range before anything is computed.
//
// Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace slipway::catboost {

struct FloatFeature {
  enum class NanTreatment : uint8_t { kAsIs = 0, kAsFalse = 1, kAsTrue = 2 };
  bool has_nans = false;
  NanTreatment nan_treatment = NanTreatment::kAsIs;
  int32_t index = -1;       // among the float features
  int32_t flat_index = -1;  // among all columns
  std::string name;
  std::vector<float> borders;  // none: the trees do not use it

  /// Where NaN lies: above all borders, or below.
  bool nan_above() const { return has_nans && nan_treatment == NanTreatment::kAsTrue; }
};

/// A categorical, text or embedding feature.
struct OtherFeature {
  int32_t index = -1;  // among those of its kind
  int32_t flat_index = -1;
  std::string name;
  bool is_used = true;
};

struct OneHotFeature {
  int32_t category_index = -1;
  std::vector<int32_t> values;  // hashes
};

struct FloatSplit {
  int32_t index = -1;
  float border = 0;
  bool operator==(const FloatSplit&) const = default;
};

struct OneHotSplit {
  int32_t category_index = -1;
  int32_t value = 0;  // a hash
  bool operator==(const OneHotSplit&) const = default;
};

/// A combination of features whose values together are one category.
struct Projection {
  std::vector<int32_t> category_indices;
  std::vector<FloatSplit> float_splits;
  std::vector<OneHotSplit> one_hot_splits;
  bool operator==(const Projection&) const = default;
};

enum class CtrType : uint8_t {
  kBorders = 0,
  kBuckets = 1,
  kBinarizedTargetMeanValue = 2,
  kFloatTargetMeanValue = 3,
  kCounter = 4,
  kFeatureFreq = 5,
};

/// What statistics of one kind are kept by.
struct CtrBase {
  Projection projection;
  CtrType type = CtrType::kBorders;
  int32_t target_classifier = 0;
  bool operator==(const CtrBase&) const = default;
};

struct CtrFeature {
  CtrBase base;
  int32_t target_border = 0;
  float prior_numerator = 0;
  float prior_denominator = 1;
  float shift = 0;
  float scale = 1;
  std::vector<float> borders;
};

/// The statistics of the training.
struct CtrTable {
  struct Bucket {
    uint64_t hash = 0;
    uint32_t row = 0;  // of `counts`, or of `means`
  };
  struct Mean {
    float sum = 0;
    int32_t count = 0;
  };
  CtrBase base;
  std::vector<Bucket> buckets;
  std::vector<int32_t> counts;  // rows of target_classes (1 for kCounter and kFeatureFreq)
  std::vector<Mean> means;      // instead of counts, for the two mean values
  int32_t counter_denominator = 0;
  int32_t target_classes = 0;
};

struct StepNode {
  uint16_t left = 0;  // how far the child lies behind the node; 0: this side is a leaf
  uint16_t right = 0;
};

struct Model {
  std::vector<std::pair<std::string, std::string>> info;

  std::vector<FloatFeature> float_features;
  std::vector<OtherFeature> category_features;
  std::vector<OtherFeature> text_features;
  std::vector<OtherFeature> embedding_features;
  std::vector<OneHotFeature> one_hot_features;
  std::vector<CtrFeature> ctr_features;
  bool has_estimated_features = false;  // what is computed from texts and embeddings
  std::vector<CtrTable> ctr_tables;

  int32_t dimensions = 1;
  double scale = 1;
  std::vector<double> biases;       // empty, or one per dimension
  std::vector<int32_t> tree_sizes;  // splits of each tree, or nodes if not oblivious
  std::vector<int32_t> splits;      // index of a (feature, border) pair, or (feature, value)
  std::vector<double> leaf_values;
  bool is_oblivious = true;
  std::vector<StepNode> step_nodes;  // the rest: not oblivious only, for each node
  std::vector<uint32_t> leaf_starts;

  /// The value of an entry of `info`; empty if there is none.
  const std::string& info_text(const std::string& key) const;
};

}  // namespace slipway::catboost
