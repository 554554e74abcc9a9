// Categories to numbers, and missing values. A missing text is the empty text.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "graph/ops/encode.h"
#include "graph/ops/impute.h"
#include "graph/ops/impute_model.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

/// A text column's category to codes[position], or `unknown`; [rows, 1] of int64.
Name code_of_text(Model& m, const Name& x, const Categories& categories,
                  std::span<const int64_t> codes, int64_t unknown) {
  std::vector<std::string> keys;
  std::vector<int64_t> numbers;
  std::set<std::string> known;
  for (uint32_t i = 0; i < categories.texts.size(); ++i) {
    if (categories.none == i || categories.nan == i) continue;
    if (!known.insert(categories.texts[i]).second) continue;  // of equal ones the first counts
    keys.push_back(categories.texts[i]);
    numbers.push_back(codes[i]);
  }
  const auto missing = categories.nan.has_value() ? categories.nan : categories.none;
  if (missing.has_value() && !known.contains("")) {
    keys.emplace_back();
    numbers.push_back(codes[*missing]);
  }
  if (keys.empty()) {  // an encoder needs a key
    keys.emplace_back();
    numbers.push_back(unknown);
  }
  return label_encoder(m, x, keys, numbers, unknown);
}

/// The same for a number.
Name code_of_number(Model& m, const Name& x, const Categories& categories,
                    std::span<const int64_t> codes, int64_t unknown) {
  if (categories.numbers.empty()) {
    const Name none = m.is_nan(x);
    return m.where(none, m.integer(unknown), m.integer(unknown));
  }
  const Dims row = {1, size_of(categories.numbers)};
  std::vector<double> finite = categories.numbers;
  std::vector<double> is_nan(finite.size(), 0.0);
  for (size_t i = 0; i < finite.size(); ++i) is_nan[i] = std::isnan(finite[i]) ? 1 : 0;
  Name same = m.equal(x, m.numbers(row, finite));
  if (std::ranges::count(is_nan, 1.0) > 0) {
    const Name wants_nan = m.greater(m.numbers(row, is_nan), m.number(0));
    same = m.either(same, m.both(m.is_nan(x), wants_nan));
  }
  const Name flags = m.cast(same, Element::kInt64);
  const Name found = m.greater(m.reduce("ReduceMax", flags), m.integer(0));
  const Name code = m.look_up(m.integers({size_of(codes)}, codes), m.argmax(flags));
  return m.where(found, code, m.integer(unknown));
}

Name code_of(Emission& e, const Categories& categories, std::span<const int64_t> codes,
             int64_t unknown) {
  const Name x = e.column(categories.from);
  return categories.is_text ? code_of_text(e.m, x, categories, codes, unknown)
                            : code_of_number(e.m, x, categories, codes, unknown);
}

/// A column's block: one 0 or 1 for each output column that it may set. What the source refuses
/// sets none.
Result<Name> one_hot(Emission& e) {
  const auto& op = e.op<OneHotOp>();
  Model& m = e.m;
  std::vector<Name> blocks;
  std::vector<int64_t> targets;  // of the blocks' columns
  for (const OneHotOp::Column& column : op.columns) {
    std::set<int32_t> used(column.targets.begin(), column.targets.end());
    used.insert(column.unknown);
    std::erase_if(used, [](int32_t target) { return target < 0; });
    if (used.empty()) continue;
    const std::vector<int32_t> sorted(used.begin(), used.end());
    const auto local = [&](int32_t target) -> int64_t {
      if (target < 0) return -1;
      return std::ranges::lower_bound(sorted, target) - sorted.begin();
    };
    std::vector<int64_t> codes;
    codes.reserve(column.targets.size());
    for (const int32_t target : column.targets) codes.push_back(local(target));
    const Name code = code_of(e, column.categories, codes, local(column.unknown));
    std::vector<int64_t> places;
    for (int64_t i = 0; i < size_of(sorted); ++i) places.push_back(i);
    blocks.push_back(m.to_number(m.equal(code, m.integers({1, size_of(places)}, places))));
    targets.insert(targets.end(), sorted.begin(), sorted.end());
  }
  // Output columns in their order; those that no block sets are 0.
  std::vector<int64_t> sources(op.width, size_of(targets));
  bool in_order = size_of(targets) == int64_t{op.width};
  for (int64_t i = 0; i < size_of(targets); ++i) {
    in_order = in_order && targets[static_cast<size_t>(i)] == i;
    sources[static_cast<size_t>(targets[static_cast<size_t>(i)])] = i;
  }
  if (in_order) return m.concat(blocks);
  blocks.push_back(e.values.zeros());
  return m.gather(m.concat(blocks), sources);
}

Result<Name> ordinal(Emission& e) {
  const auto& op = e.op<OrdinalOp>();
  std::vector<Name> parts;
  for (const OrdinalOp::Column& column : op.columns) {
    std::vector<int64_t> places;
    for (int64_t i = 0; i < size_of(column.codes); ++i) places.push_back(i);
    std::vector<double> table = column.codes;
    table.push_back(column.unknown.value_or(std::numeric_limits<double>::quiet_NaN()));
    const Name place = code_of(e, column.categories, places, size_of(column.codes));
    parts.push_back(e.m.look_up(e.m.numbers({size_of(table)}, table), place));
  }
  return e.m.concat(parts);
}

/// Columns of the only input.
Name chosen(Emission& e, std::span<const uint32_t> columns) {
  std::vector<ColumnPick> picks;
  for (const uint32_t column : columns) picks.push_back({0, column});
  return e.values.columns(e.node.inputs, picks);
}

/// Nullopt if nothing counts as missing.
std::optional<Name> is_missing(Model& m, const Name& x, MissingNumber missing) {
  if (!missing.has_value()) return std::nullopt;
  return std::isnan(*missing) ? m.is_nan(x) : m.equal(x, m.number(*missing));
}

std::optional<Name> is_missing(Model& m, const Name& x, const MissingText& missing) {
  std::vector<std::string> keys;
  if (missing.none || missing.nan) keys.emplace_back();
  if (missing.text.has_value() && (keys.empty() || !missing.text->empty())) {
    keys.push_back(*missing.text);
  }
  if (keys.empty()) return std::nullopt;
  const std::vector<int64_t> ones(keys.size(), 1);
  return m.equal(label_encoder(m, x, keys, ones, 0), m.integer(1));
}

Result<Name> impute(Emission& e) {
  const auto& op = e.op<ImputeOp>();
  const Name x = chosen(e, op.columns);
  const auto missing = is_missing(e.m, x, op.missing);
  return missing.has_value() ? e.m.where(*missing, e.m.row(op.fills), x) : x;
}

Result<Name> impute_strings(Emission& e) {
  const auto& op = e.op<ImputeStringsOp>();
  const Name x = chosen(e, op.columns);
  const auto missing = is_missing(e.m, x, op.missing);
  if (!missing.has_value()) return x;
  return e.m.where(*missing, e.m.texts({1, size_of(op.fills)}, op.fills), x);
}

template <typename T>
Result<Name> indicator(Emission& e) {
  const auto& op = e.op<T>();
  const auto missing = is_missing(e.m, chosen(e, op.columns), op.missing);
  if (missing.has_value()) return e.m.to_number(*missing);
  return e.values.repeated(std::vector<double>(op.columns.size(), 0.0));
}

Result<Name> fill_predicted(Emission& e) {
  const auto& op = e.op<FillPredictedOp>();
  Model& m = e.m;
  std::vector<Name> columns;
  for (uint32_t i = 0; i < 3; ++i) {
    columns.push_back(e.node.inputs.size() == 3 ? e.input(i) : e.column({0, i}));
  }
  const auto missing = is_missing(m, columns[0], op.missing);
  if (!missing.has_value()) return columns[1];
  return m.where(*missing, m.clip(columns[2], op.low, op.high), columns[1]);
}

}  // namespace

Name label_encoder(Model& m, const Name& x, std::span<const std::string> keys,
                   std::span<const int64_t> numbers, int64_t otherwise) {
  return m.call(
      "LabelEncoder", {x},
      {Attribute::texts("keys_strings", keys), Attribute::integers("values_int64s", numbers),
       Attribute::integer("default_int64", otherwise)},
      "ai.onnx.ml");
}

std::span<const Emitter> encode_emitters() {
  static constexpr std::array kTable = {
      Emitter{"one_hot", one_hot},
      Emitter{"ordinal", ordinal},
      Emitter{"impute", impute},
      Emitter{"impute_strings", impute_strings},
      Emitter{"missing_indicator", indicator<MissingIndicatorOp>},
      Emitter{"missing_strings_indicator", indicator<MissingStringsIndicatorOp>},
      Emitter{"fill_predicted", fill_predicted},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
