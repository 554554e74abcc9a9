// The old binary form, which XGBoost wrote until 2.x: structs as they lay in memory
// (little-endian), texts and vectors with their lengths in 8 bytes before them. 1.7's
// src/learner.cc, gbm/gbtree_model.h, gbm/gblinear_model.h and tree_model.h say what stands where.
#include <fmt/format.h>

#include <bit>
#include <charconv>

#include "formats/xgboost/internal/booster.h"

namespace slipway::xgboost {
namespace {

constexpr size_t kLearnerBytes = 136;
constexpr size_t kTreesBytes = 160;
constexpr size_t kTreeBytes = 148;
constexpr size_t kNodeBytes = 20;
constexpr size_t kStatisticsBytes = 16;
constexpr size_t kLinearBytes = 136;

class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) : bytes_(bytes) {}

  Result<std::string_view> take(uint64_t size) {
    if (size > bytes_.size() - at_) {
      return data_loss(fmt::format("the XGBoost model ends early (byte {})", bytes_.size()));
    }
    const std::string_view part = bytes_.substr(at_, size);
    at_ += size;
    return part;
  }
  /// `count` elements of so many bytes.
  Result<std::string_view> take_table(uint64_t count, size_t each) {
    if (count > (bytes_.size() - at_) / each) return take(bytes_.size() - at_ + 1);
    return take(count * each);
  }
  Result<uint64_t> length() {
    const std::string_view part = TRY(take(8));
    uint64_t value = 0;
    for (size_t i = 8; i-- > 0;) value = value << 8 | static_cast<uint8_t>(part[i]);
    return value;
  }
  Result<std::string> text() { return std::string(TRY(take(TRY(length())))); }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
};

/// The word at a struct's byte `offset`; the struct is longer.
uint32_t word(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}
int32_t signed_word(std::string_view bytes, size_t offset) {
  return static_cast<int32_t>(word(bytes, offset));
}
float real(std::string_view bytes, size_t offset) {
  return std::bit_cast<float>(word(bytes, offset));
}

std::vector<float> reals(std::string_view bytes) {
  std::vector<float> values;
  values.reserve(bytes.size() / 4);
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) values.push_back(real(bytes, at));
  return values;
}

Result<BoosterTree> read_tree(BinaryReader& in) {
  const std::string_view head = TRY(in.take(kTreeBytes));
  const uint32_t count = word(head, 4);
  if (count == 0) return invalid_argument("a tree has no nodes");
  if (word(head, 20) > 1) return unimplemented("leaves of several numbers in the old binary form");
  const std::string_view nodes = TRY(in.take_table(count, kNodeBytes));
  TRY(in.take_table(count, kStatisticsBytes));
  BoosterTree tree;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view node = nodes.substr(i * kNodeBytes, kNodeBytes);
    constexpr uint32_t kFeature = (1U << 31) - 1;
    const uint32_t split = word(node, 12);
    tree.left.push_back(signed_word(node, 4));
    tree.right.push_back(signed_word(node, 8));
    tree.feature.push_back(split & kFeature);
    tree.default_left.push_back(static_cast<uint8_t>(split >> 31));
    tree.condition.push_back(real(node, 16));
  }
  return tree;
}

Result<uint32_t> read_trees(BinaryReader& in, Booster& booster) {
  const std::string_view head = TRY(in.take(kTreesBytes));
  const uint32_t count = word(head, 0);
  for (uint32_t i = 0; i < count; ++i) booster.trees.push_back(TRY(read_tree(in)));
  const std::string_view outputs = TRY(in.take_table(count, 4));
  for (size_t i = 0; i < count; ++i) booster.tree_outputs.push_back(word(outputs, i * 4));
  if (booster.name == "dart" && count > 0) {
    booster.tree_weights = reals(TRY(in.take_table(TRY(in.length()), 4)));
  }
  // Before 1.0 this place held the number of roots, 0 or 1.
  return std::max(1U, word(head, 4));
}

Status read_attributes(BinaryReader& in, Booster& booster) {
  const uint64_t count = TRY(in.length());
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = TRY(in.text());
    const std::string value = TRY(in.text());
    uint32_t best = 0;
    if (key == "scikit_learn") booster.estimator_type = estimator_type_of(value);
    if (key == "best_iteration" &&
        std::from_chars(value.data(), value.data() + value.size(), best).ec == std::errc()) {
      booster.best_iteration = best;
    }
  }
  return {};
}

}  // namespace

Result<Booster> read_binary(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.memory_bytes_max) {
    return resource_exhausted(
        fmt::format("the model needs over {} bytes of memory", limits.memory_bytes_max));
  }
  if (bytes.starts_with("binf")) bytes.remove_prefix(4);
  BinaryReader in(bytes);
  const std::string_view head = TRY(in.take(kLearnerBytes));
  Booster booster;
  booster.container = "binary";
  booster.base_score = {real(head, 0)};
  booster.features = word(head, 4);
  booster.classes = word(head, 8);
  booster.version = {word(head, 20), word(head, 24), 0};
  booster.targets = std::max(1U, word(head, 28));
  constexpr uint32_t kOutputsMax = 1U << 20;
  if (booster.outputs() > kOutputsMax) {
    return invalid_argument("not an XGBoost model: its number of outputs is absurd");
  }
  booster.objective = TRY(in.text());
  booster.name = TRY(in.text());
  if (booster.version[0] == 0) {
    return unimplemented(
        "models of XGBoost before 1.0 in the old binary form: load it with "
        "XGBoost 1.0 to 1.7 and save it as JSON");
  }
  uint32_t parallel_trees = 1;
  if (booster.name == "gblinear") {
    TRY(in.take(kLinearBytes));
    booster.linear_weights = reals(TRY(in.take_table(TRY(in.length()), 4)));
  } else if (booster.name == "gbtree" || booster.name == "dart") {
    parallel_trees = TRY(read_trees(in, booster));
  } else {
    return invalid_argument("not an XGBoost model: it names no booster of XGBoost");
  }
  if (word(head, 12) != 0) TRY_STATUS(read_attributes(in, booster));
  TRY_STATUS(check_booster(booster, parallel_trees));
  return booster;
}

}  // namespace slipway::xgboost
