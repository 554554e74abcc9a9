#include "formats/onnx/internal/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/ops/basic.h"

namespace slipway::onnx {
namespace {

constexpr int64_t kSamplesMax = 256;  // of a tensor of fixed shape

}  // namespace

Result<Value> Call::input(size_t i) const {
  if (!has_input(i)) return invalid_argument(fmt::format("its input {} is missing", i));
  if (inputs_[i]->is_record) return unimplemented(fmt::format("its input {} is a map", i));
  return lower.plain(*inputs_[i]);
}

Result<std::optional<std::vector<double>>> Call::constant_input(size_t i) const {
  if (!has_input(i)) return std::optional<std::vector<double>>();
  const Value& value = *inputs_[i];
  if (value.constant == nullptr || value.is_text()) {
    return unimplemented(fmt::format(
        "its input {} comes with the rows; Slipway needs it when it reads the model", i));
  }
  return std::optional(value.constant->numbers);
}

const AttributeProto* Call::find(std::string_view name) const {
  const auto found = std::ranges::find(node.attributes, name, &AttributeProto::name);
  return found == node.attributes.end() ? nullptr : &*found;
}

int64_t Call::integer(std::string_view name, int64_t otherwise) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? otherwise : found->integer;
}

double Call::real(std::string_view name, double otherwise) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? otherwise : static_cast<double>(found->real);
}

std::string_view Call::text(std::string_view name, std::string_view otherwise) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? otherwise : found->text;
}

std::vector<int64_t> Call::integers(std::string_view name) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? std::vector<int64_t>() : found->integers;
}

std::vector<double> Call::reals(std::string_view name) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? std::vector<double>()
                          : std::vector<double>(found->reals.begin(), found->reals.end());
}

std::vector<std::string> Call::texts(std::string_view name) const {
  const AttributeProto* found = find(name);
  return found == nullptr ? std::vector<std::string>()
                          : std::vector<std::string>(found->texts.begin(), found->texts.end());
}

Result<std::optional<Value>> Call::tensor(std::string_view name) const {
  const AttributeProto* found = find(name);
  if (found == nullptr || found->tensors.empty()) return std::optional<Value>();
  const Value value = TRY(decode_tensor(found->tensors[0]));
  TRY_STATUS(lower.charge(value.constant->numbers.size() + value.constant->texts.size()));
  return std::optional(value);
}

Result<std::vector<double>> Call::numbers(std::string_view name) const {
  const auto value = TRY(tensor(fmt::format("{}_as_tensor", name)));
  if (value.has_value()) return value->constant->numbers;
  return reals(name);
}

Result<size_t> Call::axis(int64_t value, size_t rank) const {
  const int64_t size = static_cast<int64_t>(rank);
  if (value < -size || value >= size) {
    return invalid_argument(fmt::format("axis {} lies outside of {} axes", value, rank));
  }
  return static_cast<size_t>(value < 0 ? value + size : value);
}

Result<std::optional<std::vector<size_t>>> Call::axes(size_t input_place, size_t rank) const {
  std::vector<int64_t> given = integers("axes");
  if (given.empty()) {
    const auto constant = TRY(constant_input(input_place));
    if (constant.has_value()) {
      for (const double x : *constant) given.push_back(static_cast<int64_t>(x));
    }
  }
  if (given.empty()) return std::optional<std::vector<size_t>>();
  std::vector<size_t> result;
  result.reserve(given.size());
  for (const int64_t value : given) result.push_back(TRY(axis(value, rank)));
  std::ranges::sort(result);
  if (std::ranges::adjacent_find(result) != result.end()) {
    return invalid_argument("an axis is named twice");
  }
  return std::optional(std::move(result));
}

Result<Values> one(Result<Value> value) {
  if (!value.ok()) return std::move(value).status();
  Values values;
  values.push_back(std::move(value).value());
  return values;
}

Result<Values> per_sample(Call& call, const Value& x,
                          const std::function<Result<Values>(ValueId x, uint32_t width)>& compute) {
  const size_t rank = x.dims.size();
  if (rank == 0 || rank > 2 || x.is_text() || is_batch(x.dims.back())) {
    return unimplemented(
        fmt::format("expected rows of numbers, got the shape {}", to_string(x.dims)));
  }
  const auto width = static_cast<uint32_t>(x.dims.back());
  const int64_t samples = rank == 1 ? 1 : x.dims[0];
  const int64_t count = is_batch(samples) ? -samples : samples;  // that come with one row
  if (count == 0 || count > kSamplesMax || width == 0) {
    return unimplemented(
        fmt::format("a tensor of shape {} holds too many samples or none", to_string(x.dims)));
  }
  if (count == 1) {
    Values results;
    for (Value& value : TRY(compute(TRY(call.lower.id_of(x)), width))) {
      value.dims.insert(value.dims.begin(), samples);
      results.push_back(std::move(value));
    }
    return results;
  }
  Value whole = x;
  whole.dims[0] = count;
  std::vector<Values> parts;  // by output
  for (int64_t i = 0; i < count; ++i) {
    const Value sample = TRY(call.lower.slice(whole, 0, i, 1, 1));
    Values results = TRY(compute(TRY(call.lower.id_of(sample)), width));
    parts.resize(results.size());
    for (size_t k = 0; k < results.size(); ++k) {
      Value part = TRY(call.lower.plain(results[k]));
      part.dims.insert(part.dims.begin(), 1);
      parts[k].push_back(std::move(part));
    }
  }
  Values together;
  for (const Values& values : parts) {
    together.push_back(TRY(call.lower.concat(values, 0)));
    together.back().dims[0] = samples;
  }
  return together;
}

}  // namespace slipway::onnx
