// Dicts to columns: DictVectorizer (one column for each entry of the vocabulary), FeatureHasher.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/json_escape.h"
#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/vocabulary.h"
#include "graph/ops/records.h"

namespace slipway::sklearn {
namespace {

using Numbers = VectorizeRecordsOp::Numbers;

constexpr uint32_t kSparseFrom = 65;  // narrower output is dense even if it was sparse

struct NamedType {
  std::string_view name;
  Numbers numbers;
};

template <typename T>
constexpr Numbers whole() {
  constexpr double kMax = sizeof(T) < 8         ? double(std::numeric_limits<T>::max())
                          : std::is_signed_v<T> ? 9223372036854774784.0    // the last double below
                                                : 18446744073709549568.0;  // 2^63 and 2^64
  return {Numbers::Rounding::kWhole, double(std::numeric_limits<T>::min()), kMax, false};
}

constexpr Numbers kFloat64{Numbers::Rounding::kNone, 0, 0, true};
constexpr Numbers kFloat32{Numbers::Rounding::kFloat32, 0, 0, true};
constexpr Numbers kPythonFloat{Numbers::Rounding::kNone, 0, 0, false};  // float(None) is an error

constexpr std::array kNumpyTypes = {
    NamedType{"float64", kFloat64},         NamedType{"float32", kFloat32},
    NamedType{"int64", whole<int64_t>()},   NamedType{"int32", whole<int32_t>()},
    NamedType{"int16", whole<int16_t>()},   NamedType{"int8", whole<int8_t>()},
    NamedType{"uint64", whole<uint64_t>()}, NamedType{"uint32", whole<uint32_t>()},
    NamedType{"uint16", whole<uint16_t>()}, NamedType{"uint8", whole<uint8_t>()},
};

/// The vectorizer calls its dtype with each number: a type of numpy, or Python's float or int.
Result<Numbers> read_dtype(pickle::Value self) {
  const auto dtype = self.find_attr("dtype");
  if (!dtype.has_value()) return kFloat64;
  if (dtype->kind() == pickle::Kind::kGlobal) {
    const std::string_view module = dtype->module();
    const std::string_view name = dtype->name();
    if (module == "numpy") {
      for (const NamedType& type : kNumpyTypes) {
        if (type.name == name) return type.numbers;
      }
    }
    if (module == "builtins" || module == "__builtin__") {
      if (name == "float") return kPythonFloat;
      if (name == "int" || name == "long") return whole<int64_t>();
    }
  }
  return unimplemented(
      fmt::format("the dtype of DictVectorizer: expected a float or int type, "
                  "got {}",
                  dtype->type_name()));
}

/// A JSON object of the first few keys, for pages: {"city": "London", "temperature": 1.0}.
std::string example_of(const std::vector<std::string>& entries, const std::string& separator) {
  constexpr size_t kKeysMax = 4;
  constexpr size_t kEntriesMax = 1000;
  constexpr size_t kBytesMax = 60;
  std::vector<std::string_view> keys;
  std::string out = "{";
  for (size_t i = 0; i < entries.size() && i < kEntriesMax && keys.size() < kKeysMax; ++i) {
    const std::string_view entry = entries[i];
    const size_t cut = separator.empty() ? std::string_view::npos : entry.find(separator);
    const std::string_view key = entry.substr(0, cut);
    if (entry.size() > kBytesMax || std::ranges::find(keys, key) != keys.end()) continue;
    keys.push_back(key);
    if (keys.size() > 1) out += ", ";
    append_json_string(out, key);
    out += ": ";
    if (cut == std::string_view::npos) {
      out += "1.0";
    } else {
      append_json_string(out, entry.substr(cut + separator.size()));
    }
  }
  return out + "}";
}

Result<Step> lower_dict_vectorizer(Lowering& lowering, pickle::Value self, const Features& input) {
  VectorizeRecordsOp::Options options;
  options.numbers = TRY(read_dtype(self));
  options.separator = string_attr_or(self, "separator", "=");
  std::vector<std::string> entries = TRY(read_vocabulary(lowering, self, "vocabulary_"));
  options.sparse = TRY(bool_attr_or(self, "sparse", true)) && entries.size() >= kSparseFrom;
  options.column = TRY(lowering.record(input, example_of(entries, options.separator)));
  std::vector<std::string> names = entries;
  const auto width = static_cast<uint32_t>(names.size());
  const ValueId y =
      TRY(lowering.add(std::make_unique<VectorizeRecordsOp>(std::move(entries), std::move(options)),
                       {kRecordsInput}));
  return transformed(y, width, std::move(names));
}

Result<Step> lower_feature_hasher(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string type = string_attr_or(self, "input_type", "dict");
  if (type == "string") {
    return unimplemented("FeatureHasher.input_type 'string': a row that is a list of texts");
  }
  const int64_t width = TRY(int_attr_or(self, "n_features", 1 << 20));
  if (width < 1 || width > int64_t{kWidthMax}) {
    return unimplemented(
        fmt::format("FeatureHasher.n_features: expected 1 to {}, got {}", kWidthMax, width));
  }
  HashRecordsOp::Options options;
  options.width = static_cast<uint32_t>(width);
  options.sparse = options.width >= kSparseFrom;
  options.alternate_sign = TRY(bool_attr_or(self, "alternate_sign", true));
  options.column = TRY(lowering.record(input, R"({"city": "London", "temperature": 1.0})"));
  TRY_STATUS(lowering.spend(options.width));
  const ValueId y = TRY(lowering.add(std::make_unique<HashRecordsOp>(options), {kRecordsInput}));
  return transformed(y, options.width);
}

}  // namespace

std::span<const EstimatorEntry> records_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"DictVectorizer", lower_dict_vectorizer},
      EstimatorEntry{"FeatureHasher", lower_feature_hasher},
  };
  return kTable;
}

}  // namespace slipway::sklearn
