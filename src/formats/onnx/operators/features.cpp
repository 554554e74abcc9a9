// Operators of ai.onnx.ml that prepare features.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "formats/onnx/internal/call.h"
#include "graph/ops/encode.h"
#include "graph/ops/records.h"

namespace slipway::onnx {
namespace {

using B = BinaryFunction;
using R = TensorReduceOp::Function;

constexpr std::string_view kMl = "ai.onnx.ml";

Result<Value> float_input(Call& call, size_t i) {
  return call.lower.cast(TRY(call.input(i)), DType::kFloat32);
}

/// An attribute of one number for all or one for each feature.
Result<Value> per_feature(Call& call, std::string_view name, double otherwise) {
  std::vector<double> numbers = call.reals(name);
  if (numbers.empty()) numbers = {otherwise};
  const Dims dims = {static_cast<int64_t>(numbers.size())};
  return call.lower.constant(DType::kFloat32, dims, std::move(numbers));
}

Result<Values> scaler(Call& call) {
  const Value x = TRY(float_input(call, 0));
  const Value offset = TRY(per_feature(call, "offset", 0));
  const Value scale = TRY(per_feature(call, "scale", 1));
  const Value moved = TRY(call.lower.binary(B::kSub, DType::kFloat32, x, offset));
  return one(call.lower.binary(B::kMul, DType::kFloat32, moved, scale));
}

Result<Values> binarizer(Call& call) {
  const Value x = TRY(call.input(0));
  return one(
      call.lower.unary(UnaryFunction::kGreaterThan, {call.real("threshold", 0), 0}, x.type, x));
}

Result<Values> normalizer(Call& call) {
  const Value x = TRY(float_input(call, 0));
  const std::string_view norm = call.text("norm", "MAX");
  if (x.dims.empty()) return invalid_argument("expected rows of numbers");
  const size_t last = x.dims.size() - 1;
  Lowering& lower = call.lower;
  const R function = norm == "L1" ? R::kL1 : norm == "L2" ? R::kL2 : R::kMax;
  const Value length = TRY(lower.reduce(function, x, {last}, true, DType::kFloat32));
  const Value is_zero = TRY(lower.with_number(B::kEqual, DType::kFloat32, length, 0));
  const Value divisor =
      TRY(lower.where(is_zero, TRY(lower.constant(DType::kFloat32, {}, {1})), length));
  return one(lower.binary(B::kDiv, DType::kFloat32, x, divisor));
}

Result<Values> imputer(Call& call) {
  const Value x = TRY(call.input(0));
  Lowering& lower = call.lower;
  const bool whole = is_whole(x.type);
  std::vector<double> fill = call.reals("imputed_value_floats");
  if (whole) {
    fill.clear();
    for (const int64_t v : call.integers("imputed_value_int64s")) {
      fill.push_back(static_cast<double>(v));
    }
  }
  if (fill.empty()) return invalid_argument("it has no values to fill in");
  const double replaced = whole ? static_cast<double>(call.integer("replaced_value_int64", 0))
                                : call.real("replaced_value_float", 0);
  const Value missing = std::isnan(replaced)
                            ? TRY(lower.unary(UnaryFunction::kIsNan, {}, DType::kBool, x))
                            : TRY(lower.with_number(B::kEqual, x.type, x, replaced));
  const Dims dims = {static_cast<int64_t>(fill.size())};
  const Value values = TRY(lower.constant(x.type, dims, std::move(fill)));
  return one(lower.where(missing, values, x));
}

Result<Values> feature_vectorizer(Call& call) {
  Values parts;
  for (size_t i = 0; i < call.input_count(); ++i) {
    Value part = TRY(float_input(call, i));
    if (part.dims.size() == 1) {
      const bool rows = is_batch(part.dims[0]);
      part = TRY(call.lower.reshape(part, rows ? Dims{part.dims[0], 1} : Dims{1, part.dims[0]}));
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty() || parts[0].dims.size() != 2)
    return invalid_argument("expected rows of numbers");
  return one(call.lower.concat(parts, 1));
}

Result<Values> array_feature_extractor(Call& call) {
  const Value x = TRY(call.input(0));
  const Value places = TRY(call.input(1));
  if (x.dims.empty() || is_batch(x.dims.back()) || places.is_text()) {
    return unimplemented("some of the rows are chosen");
  }
  const uint32_t count = TRY(element_count(places.dims));
  const auto extent = static_cast<uint32_t>(x.dims.back());
  const uint32_t outer = TRY(element_count(x.dims)) / std::max(extent, 1U);
  Dims dims(x.dims.begin(), x.dims.end() - 1);
  if (dims.empty()) dims.push_back(1);
  dims.push_back(places.has_batch() ? -int64_t{count} : int64_t{count});
  if (std::ranges::count_if(dims, is_batch) > 1) {
    return unimplemented("each row is combined with every other row");
  }
  if (uint64_t{outer} * count > kWidthMax) return resource_exhausted("too many elements");
  TRY_STATUS(call.lower.charge(uint64_t{outer} * count));
  TensorGatherOp::Map map;
  map.extent = extent;
  for (uint32_t i = 0; i < outer; ++i) {
    for (uint32_t k = 0; k < count; ++k) {
      map.offsets.push_back(i * extent);
      map.places.push_back(k);
    }
  }
  if (places.constant == nullptr) return one(call.lower.gather(x, places, std::move(map), dims));
  for (size_t i = 0; i < map.offsets.size(); ++i) {
    const double place = places.constant->numbers[map.places[i]];
    if (!(place >= 0 && place < extent))
      return invalid_argument("a place lies outside of the tensor");
    map.offsets[i] += static_cast<uint32_t>(place);
  }
  return one(call.lower.select(x, dims, map.offsets));
}

/// Every element becomes one number per category.
Result<Values> one_hot_encoder(Call& call) {
  const Value x = TRY(call.input(0));
  std::vector<std::string> texts = call.texts("cats_strings");
  std::vector<double> numbers;
  for (const int64_t v : call.integers("cats_int64s")) numbers.push_back(static_cast<double>(v));
  const size_t categories = x.is_text() ? texts.size() : numbers.size();
  if (categories == 0 || categories > kWidthMax) {
    return invalid_argument("it has no categories of its input's type");
  }
  const bool zeros = call.integer("zeros", 1) != 0;
  // Numbers are categories by their whole part.
  const Value cells = x.is_text() ? x : TRY(call.lower.cast(x, DType::kInt64));
  const uint32_t count = TRY(element_count(x.dims));
  if (uint64_t{count} * categories > kWidthMax) return resource_exhausted("too many categories");
  uint64_t bytes = categories * sizeof(double);
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  TRY_STATUS(call.lower.charge_bytes(bytes * std::max(count, 1U)));
  std::vector<OneHotOp::Column> columns(count);
  for (uint32_t i = 0; i < count; ++i) {
    Categories& known = columns[i].categories;
    known.from = {0, i};
    known.column = "an element";
    known.is_text = x.is_text();
    known.texts = x.is_text() ? texts : std::vector<std::string>();
    known.numbers = x.is_text() ? std::vector<double>() : numbers;
    columns[i].unknown = zeros ? OneHotOp::kNoColumn : OneHotOp::kRefuse;
    for (uint32_t k = 0; k < categories; ++k) {
      columns[i].targets.push_back(static_cast<int32_t>(i * categories + k));
    }
  }
  Dims dims = x.dims;
  dims.push_back(static_cast<int64_t>(categories));
  const ValueId source = TRY(call.lower.id_of(cells));
  const auto width = static_cast<uint32_t>(count * categories);
  const ValueId id =
      TRY(call.lower.add(std::make_unique<OneHotOp>(width, false, std::move(columns)), {source}));
  return one(call.lower.wrap(id, DType::kFloat32, std::move(dims)));
}

Result<Values> vectorize(Call& call, std::vector<std::string> vocabulary) {
  const Value* x = call.raw_input(0);
  if (x == nullptr || !x->is_record)
    return unimplemented("its input is no map that comes with a row");
  if (vocabulary.empty()) return invalid_argument("it has no vocabulary");
  VectorizeRecordsOp::Options options;
  options.column = x->record_column;
  const auto width = static_cast<int64_t>(vocabulary.size());
  options.numbers.rounding = VectorizeRecordsOp::Numbers::Rounding::kFloat32;
  const ValueId id = TRY(call.lower.add(
      std::make_unique<VectorizeRecordsOp>(std::move(vocabulary), std::move(options)),
      {kRecordsInput}));
  return one(call.lower.wrap(id, DType::kFloat32, {1, width}));
}

Result<Values> dict_vectorizer(Call& call) {
  std::vector<std::string> vocabulary = call.texts("string_vocabulary");
  for (const int64_t key : call.integers("int64_vocabulary")) {
    vocabulary.push_back(std::to_string(key));
  }
  return vectorize(call, std::move(vocabulary));
}

/// Keys are places in the row, 0 to max_map - 1 where the map is sparse.
Result<Values> cast_map(Call& call) {
  if (call.text("map_form", "DENSE") != "SPARSE") {
    return unimplemented("its map is dense: which keys there are depends on the row");
  }
  if (call.text("cast_to", "TO_FLOAT") == "TO_STRING") return unimplemented("numbers become texts");
  const int64_t size = call.integer("max_map", 1);
  if (size < 1 || size > 65536) return unimplemented("its map has no size that is possible");
  std::vector<std::string> keys;
  keys.reserve(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) keys.push_back(std::to_string(i));
  return vectorize(call, std::move(keys));
}

}  // namespace

std::span<const Operator> feature_operators() {
  static constexpr std::array kTable = {
      Operator{kMl, "Scaler", 1, 5, scaler},
      Operator{kMl, "Binarizer", 1, 5, binarizer},
      Operator{kMl, "Normalizer", 1, 5, normalizer},
      Operator{kMl, "Imputer", 1, 5, imputer},
      Operator{kMl, "FeatureVectorizer", 1, 5, feature_vectorizer},
      Operator{kMl, "ArrayFeatureExtractor", 1, 5, array_feature_extractor},
      Operator{kMl, "OneHotEncoder", 1, 5, one_hot_encoder},
      Operator{kMl, "DictVectorizer", 1, 5, dict_vectorizer},
      Operator{kMl, "CastMap", 1, 5, cast_map},
  };
  return kTable;
}

}  // namespace slipway::onnx
