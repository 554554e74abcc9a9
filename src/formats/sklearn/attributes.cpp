#include "formats/sklearn/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace slipway::sklearn {
namespace {

Status in_attribute(Status status, pickle::Value self, std::string_view name) {
  return std::move(status).with_context(fmt::format("{}.{}", self.name(), name));
}

/// Depth-first search of an estimator and what it holds, so that the first step of a pipeline
/// counts before the next; bounded, as the tree may have cycles. match(estimator) ends it by giving
/// a value.
template <typename Match>
std::optional<pickle::Value> search_nested(pickle::Value estimator, const Match& match) {
  constexpr size_t kVisitsMax = 2000;
  constexpr size_t kAttributesMax = 10'000;  // each look-up passes them all
  static constexpr std::string_view kInside[] = {
      "steps",         "best_estimator_",  "estimator_",
      "transformers_", "transformer_list", "estimators_",
      "estimator",     "base_estimator_",  "calibrated_classifiers_",
      "regressor_"};
  std::vector<pickle::Value> stack{estimator};
  for (size_t visits = 0; !stack.empty() && visits < kVisitsMax; ++visits) {
    const pickle::Value value = stack.back();
    stack.pop_back();
    if (value.kind() == pickle::Kind::kObject) {
      const auto state = value.state();
      if (!state.has_value() || state->size() > kAttributesMax) continue;
      if (const std::optional<pickle::Value> found = match(value)) return found;
      // A ColumnTransformer's parts see only some of its columns.
      if (value.name() == "ColumnTransformer") continue;
      for (size_t i = std::size(kInside); i-- > 0;) {  // the first one is to come off first
        if (const auto part = value.find_attr(kInside[i]); part.has_value()) {
          stack.push_back(*part);
        }
      }
    } else if (value.kind() == pickle::Kind::kList || value.kind() == pickle::Kind::kTuple) {
      for (size_t i = std::min<size_t>(value.size(), 100); i-- > 0;) stack.push_back(value.at(i));
    }
  }
  return std::nullopt;
}

std::optional<pickle::Value> find_nested(pickle::Value estimator, std::string_view name) {
  return search_nested(estimator, [name](pickle::Value value) {
    const auto found = value.find_attr(name);
    return found.has_value() && !found->is_none() ? found : std::nullopt;
  });
}

bool is_of_records(pickle::Value value) {
  return value.is("sklearn.", "DictVectorizer") || value.is("sklearn.", "FeatureHasher");
}

bool is_of_texts(pickle::Value value) {
  return value.is("sklearn.", "CountVectorizer") || value.is("sklearn.", "TfidfVectorizer") ||
         value.is("sklearn.", "HashingVectorizer");
}

/// True if the first estimator that either is one of these or says how many columns it takes is
/// one of these.
bool comes_first(pickle::Value estimator, bool (*matches)(pickle::Value)) {
  const auto first = search_nested(estimator, [matches](pickle::Value value) {
    return matches(value) ? value : value.find_attr("n_features_in_");
  });
  return first.has_value() && first->kind() == pickle::Kind::kObject && matches(*first);
}

}  // namespace

Result<pickle::Array<double>> f64_attr(pickle::Value self, std::string_view name) {
  const pickle::Value value = TRY(self.attr(name));
  Result<pickle::Array<double>> array = pickle::to_f64(value);
  if (!array.ok()) return in_attribute(std::move(array).status(), self, name);
  return array;
}

Result<pickle::Array<double>> matrix_attr(pickle::Value self, std::string_view name) {
  pickle::Array<double> array = TRY(f64_attr(self, name));
  if (array.shape.size() > 2) {
    return invalid_argument(fmt::format("{}.{}: expected at most 2 dimensions, got {}", self.name(),
                                        name, array.shape.size()));
  }
  while (array.shape.size() < 2) array.shape.insert(array.shape.begin(), 1);
  return array;
}

Result<pickle::Array<int64_t>> i64_attr(pickle::Value self, std::string_view name) {
  const pickle::Value value = TRY(self.attr(name));
  Result<pickle::Array<int64_t>> array = pickle::to_i64(value);
  if (!array.ok()) return in_attribute(std::move(array).status(), self, name);
  return array;
}

Result<double> double_attr_or(pickle::Value self, std::string_view name, double fallback) {
  const auto value = self.find_attr(name);
  if (!value.has_value() || value->is_none()) return fallback;
  Result<double> number = value->as_double();
  if (!number.ok()) return in_attribute(std::move(number).status(), self, name);
  return number;
}

Result<int64_t> int_attr_or(pickle::Value self, std::string_view name, int64_t fallback) {
  const auto value = self.find_attr(name);
  if (!value.has_value() || value->is_none()) return fallback;
  Result<int64_t> number = value->as_int();
  if (!number.ok()) return in_attribute(std::move(number).status(), self, name);
  return number;
}

Result<bool> bool_attr_or(pickle::Value self, std::string_view name, bool fallback) {
  const auto value = self.find_attr(name);
  if (!value.has_value() || value->is_none()) return fallback;
  Result<bool> flag = value->as_bool();
  if (!flag.ok()) return in_attribute(std::move(flag).status(), self, name);
  return flag;
}

std::string string_attr_or(pickle::Value self, std::string_view name, std::string_view fallback) {
  const auto value = self.find_attr(name);
  if (value.has_value()) {
    if (const auto text = value->as_string(); text.ok()) return std::string(*text);
  }
  return std::string(fallback);
}

bool written_since(pickle::Value self, int64_t major, int64_t minor) {
  const std::string version = string_attr_or(self, "_sklearn_version", "");
  int64_t parts[2] = {0, 0};
  const char* place = version.data();
  const char* end = place + version.size();
  for (int64_t& part : parts) {
    const auto [rest, error] = std::from_chars(place, end, part);
    if (error != std::errc()) return true;
    place = rest == end ? end : rest + 1;
  }
  return parts[0] != major ? parts[0] > major : parts[1] >= minor;
}

Result<LabelTable> label_table(pickle::Value classes) {
  using Kind = pickle::Cell::Kind;
  const pickle::Array<pickle::Cell> cells = TRY(pickle::to_cells(classes));
  LabelTable table;
  if (cells.values.empty()) return invalid_argument("a classifier without classes");
  const Kind kind = cells.values[0].kind;
  for (const pickle::Cell& cell : cells.values) {
    if (cell.kind != kind) return unimplemented("class labels of several types");
    switch (kind) {
      case Kind::kString: table.strings.push_back(cell.text); break;
      case Kind::kFloat: table.floats.push_back(cell.number); break;
      case Kind::kInt:
      case Kind::kBool: table.ints.push_back(cell.integer); break;
      case Kind::kMissing: return unimplemented("a missing value as class label");
    }
  }
  table.dtype = kind == Kind::kString  ? DType::kString
                : kind == Kind::kFloat ? DType::kFloat64
                : kind == Kind::kBool  ? DType::kBool
                                       : DType::kInt64;
  return table;
}

std::vector<std::string> label_names(const LabelTable& labels) {
  if (labels.dtype == DType::kString) return labels.strings;
  std::vector<std::string> names;
  names.reserve(labels.floats.size() + labels.ints.size());
  for (const double label : labels.floats) names.push_back(fmt::format("{}", label));
  for (const int64_t label : labels.ints) {
    names.push_back(labels.dtype == DType::kBool ? (label != 0 ? "true" : "false")
                                                 : fmt::format("{}", label));
  }
  return names;
}

std::optional<uint32_t> feature_count(pickle::Value estimator) {
  if (estimator.is("sklearn.", "LabelEncoder") || estimator.is("sklearn.", "LabelBinarizer")) {
    return 1;  // labels
  }
  for (const std::string_view name : {"n_features_in_", "n_features_", "_n_features"}) {
    if (const auto found = find_nested(estimator, name); found.has_value()) {
      const Result<int64_t> count = found->as_int();
      if (count.ok() && *count >= 0 && *count <= int64_t{kColumnsMax}) {
        return static_cast<uint32_t>(*count);
      }
    }
  }
  if (const auto found = find_nested(estimator, "categories_"); found.has_value()) {
    if (found->kind() == pickle::Kind::kList && found->size() <= kColumnsMax) {
      return static_cast<uint32_t>(found->size());  // encoders before 1.0
    }
  }
  if (find_nested(estimator, "X_thresholds_").has_value()) return 1;  // IsotonicRegression
  // Before 0.24 only the shape of the coefficients told.
  for (const std::string_view name : {"coef_", "theta_", "mean_", "scale_"}) {
    if (const auto found = find_nested(estimator, name); found.has_value()) {
      const Result<pickle::ArrayInfo> info = pickle::array_info(*found);
      if (info.ok() && !info->shape.empty() && info->shape.back() <= kColumnsMax) {
        return static_cast<uint32_t>(info->shape.back());
      }
    }
  }
  return std::nullopt;
}

std::optional<pickle::Value> first_of_library(pickle::Value estimator,
                                              std::string_view module_prefix) {
  const auto is_of_library = [module_prefix](pickle::Value value) {
    return value.kind() == pickle::Kind::kObject && value.module().starts_with(module_prefix);
  };
  const auto first = search_nested(estimator, [&](pickle::Value value) {
    return is_of_library(value) ? value : value.find_attr("n_features_in_");
  });
  return first.has_value() && is_of_library(*first) ? first : std::nullopt;
}

bool takes_records(pickle::Value estimator) { return comes_first(estimator, is_of_records); }

bool takes_texts(pickle::Value estimator) { return comes_first(estimator, is_of_texts); }

std::vector<std::string> feature_names(pickle::Value estimator) {
  const auto found = find_nested(estimator, "feature_names_in_");
  if (!found.has_value()) return {};
  constexpr size_t kBytesMax = 1U << 28;
  Result<pickle::Array<std::string>> names = pickle::to_strings(*found);
  if (!names.ok() || names->values.size() > kColumnsMax) return {};
  size_t bytes = 0;
  for (const std::string& name : names->values) bytes += name.size();
  return bytes <= kBytesMax ? std::move(names->values) : std::vector<std::string>{};
}

}  // namespace slipway::sklearn
