// Convolutions and pools: the elements under each place of the window are gathered side by side,
// and then multiplied, added up or compared as rows of a matrix.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

using B = BinaryFunction;
using R = TensorReduceOp::Function;

constexpr uint32_t kOutside = std::numeric_limits<uint32_t>::max();

/// Where a window of some axes lies over [rows, channels, axes...].
struct Windows {
  std::vector<int64_t> input;   // sizes of the axes
  std::vector<int64_t> kernel;  // of the window
  std::vector<int64_t> strides;
  std::vector<int64_t> dilations;
  std::vector<int64_t> before;  // elements of padding
  std::vector<int64_t> output;  // how many places it has
  /// For each place, the element of its channel under each part of the window; kOutside in padding.
  std::vector<uint32_t> places;

  uint32_t place_count() const { return product(output); }
  uint32_t kernel_count() const { return product(kernel); }
  uint32_t input_count() const { return product(input); }
  static uint32_t product(const std::vector<int64_t>& sizes) {
    int64_t all = 1;
    for (const int64_t size : sizes) all *= size;
    return static_cast<uint32_t>(all);
  }
};

Result<std::vector<int64_t>> per_axis(Call& call, std::string_view name, size_t rank) {
  std::vector<int64_t> values = call.integers(name);
  if (values.empty()) values.assign(rank, 1);
  const bool fits = values.size() == rank && std::ranges::all_of(values, [](int64_t value) {
                      return value >= 1 && value <= int64_t{kWidthMax};
                    });
  if (!fits) return invalid_argument(fmt::format("its {} do not fit its input", name));
  return values;
}

Status find_output(Call& call, Windows& windows) {
  const size_t rank = windows.input.size();
  std::vector<int64_t> pads = call.integers("pads");
  if (pads.empty()) pads.assign(2 * rank, 0);
  const auto bounded = [](int64_t pad) { return pad >= 0 && pad <= int64_t{kWidthMax}; };
  if (pads.size() != 2 * rank || !std::ranges::all_of(pads, bounded)) {
    return invalid_argument("its pads do not fit its input");
  }
  const std::string_view automatic = call.text("auto_pad", "NOTSET");
  const bool ceil = call.integer("ceil_mode", 0) != 0;
  uint64_t cells = 1;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t reach = (windows.kernel[i] - 1) * windows.dilations[i] + 1;
    int64_t before = pads[i];
    int64_t after = pads[rank + i];
    if (automatic == "VALID") before = after = 0;
    if (automatic.starts_with("SAME")) {
      const int64_t count = (windows.input[i] + windows.strides[i] - 1) / windows.strides[i];
      const int64_t all =
          std::max<int64_t>(0, (count - 1) * windows.strides[i] + reach - windows.input[i]);
      before = automatic == "SAME_LOWER" ? all - all / 2 : all / 2;
      after = all - before;
    }
    const int64_t room = windows.input[i] + before + after - reach;
    if (room < 0) return invalid_argument("its window is larger than its input");
    int64_t count = room / windows.strides[i] + 1;
    if (ceil && room % windows.strides[i] != 0 &&
        count * windows.strides[i] < windows.input[i] + before) {
      ++count;  // a last window that begins in the input
    }
    windows.before.push_back(before);
    windows.output.push_back(count);
    cells *= static_cast<uint64_t>(count) * static_cast<uint64_t>(windows.kernel[i]);
    if (cells > kWidthMax) return resource_exhausted("its window has too many places");
  }
  return call.lower.charge(cells);
}

/// Number `index` of sizes as a place on each axis.
std::vector<int64_t> unravel(uint32_t index, const std::vector<int64_t>& sizes) {
  std::vector<int64_t> at(sizes.size());
  int64_t rest = index;
  for (size_t i = sizes.size(); i-- > 0;) {
    at[i] = rest % sizes[i];
    rest /= sizes[i];
  }
  return at;
}

Result<Windows> find_windows(Call& call, const Value& x, std::vector<int64_t> kernel) {
  if (x.dims.size() < 3 || !is_batch(x.dims[0]) || x.is_text()) {
    return unimplemented("expected a tensor of rows, channels and one axis or more");
  }
  Windows windows;
  windows.input.assign(x.dims.begin() + 2, x.dims.end());
  const size_t rank = windows.input.size();
  const bool known = std::ranges::all_of(windows.input, [](int64_t size) { return size > 0; });
  if (!known || kernel.size() != rank) {
    return invalid_argument("the axes of its window are not those of its input");
  }
  windows.kernel = std::move(kernel);
  windows.strides = TRY(per_axis(call, "strides", rank));
  windows.dilations = TRY(per_axis(call, "dilations", rank));
  TRY_STATUS(find_output(call, windows));
  for (uint32_t place = 0; place < windows.place_count(); ++place) {
    const std::vector<int64_t> start = unravel(place, windows.output);
    for (uint32_t part = 0; part < windows.kernel_count(); ++part) {
      const std::vector<int64_t> offset = unravel(part, windows.kernel);
      int64_t element = 0;
      bool inside = true;
      for (size_t i = 0; i < rank; ++i) {
        const int64_t at =
            start[i] * windows.strides[i] + offset[i] * windows.dilations[i] - windows.before[i];
        inside = inside && at >= 0 && at < windows.input[i];
        element = element * windows.input[i] + at;
      }
      windows.places.push_back(inside ? static_cast<uint32_t>(element) : kOutside);
    }
  }
  return windows;
}

/// [rows, places, channels x window] of some channels of x, with `fill` in the padding.
Result<Value> gather_windows(Call& call, const Value& x, const Windows& windows, uint32_t first,
                             uint32_t channels, double fill) {
  Lowering& lower = call.lower;
  const uint32_t all = TRY(element_count(Dims(x.dims.begin() + 1, x.dims.end())));
  const Value flat = TRY(lower.reshape(x, {kBatch, int64_t{all}}));
  const Value constant = TRY(lower.constant(x.type, {1, 1}, {fill}));
  const Value edge = TRY(lower.expand(constant, {kBatch, 1}));
  const std::array parts = {flat, edge};
  const Value padded = TRY(lower.concat(parts, 1));
  const uint64_t cells = uint64_t{windows.place_count()} * channels * windows.kernel_count();
  if (cells > kWidthMax) return resource_exhausted("its window has too many places");
  TRY_STATUS(lower.charge(cells));
  std::vector<uint32_t> map;
  map.reserve(cells);
  for (uint32_t place = 0; place < windows.place_count(); ++place) {
    for (uint32_t channel = first; channel < first + channels; ++channel) {
      for (uint32_t part = 0; part < windows.kernel_count(); ++part) {
        const uint32_t at = windows.places[place * windows.kernel_count() + part];
        map.push_back(at == kOutside ? all : channel * windows.input_count() + at);
      }
    }
  }
  return lower.select(
      padded,
      {kBatch, int64_t{windows.place_count()}, int64_t{channels} * int64_t{windows.kernel_count()}},
      map);
}

Dims output_dims(int64_t channels, const Windows& windows) {
  Dims dims = {kBatch, channels};
  dims.insert(dims.end(), windows.output.begin(), windows.output.end());
  return dims;
}

Result<Values> conv(Call& call) {
  Lowering& lower = call.lower;
  const Value x = TRY(call.input(0));
  const Value w = TRY(call.input(1));
  if (w.constant == nullptr || w.dims.size() != x.dims.size() || w.dims.size() < 3) {
    return unimplemented("its weights are not constant, or not of its input's axes");
  }
  const Windows windows =
      TRY(find_windows(call, x, std::vector<int64_t>(w.dims.begin() + 2, w.dims.end())));
  const int64_t groups = call.integer("group", 1);
  const int64_t outputs = w.dims[0];
  const int64_t channels = w.dims[1];
  if (groups < 1 || outputs < groups || outputs % groups != 0 || channels < 1 ||
      groups > int64_t{kWidthMax} || x.dims[1] != channels * groups) {
    return invalid_argument("its groups of channels do not fit its weights");
  }
  const int64_t width = channels * int64_t{windows.kernel_count()};
  const Value table = TRY(lower.reshape(w, {outputs, width}));
  Values parts;
  for (int64_t group = 0; group < groups; ++group) {
    const Value seen = TRY(gather_windows(call, x, windows, static_cast<uint32_t>(group * channels),
                                          static_cast<uint32_t>(channels), 0));
    const Value rows = TRY(lower.slice(table, 0, group * (outputs / groups), 1, outputs / groups));
    const Value factors = TRY(lower.transpose(rows, {1, 0}));
    const Value sums = TRY(lower.matmul(seen, factors, DType::kFloat64));
    parts.push_back(TRY(lower.transpose(sums, {0, 2, 1})));
  }
  Value sum = TRY(lower.concat(parts, 1));
  if (call.has_input(2)) {
    const Value bias = TRY(lower.reshape(TRY(call.input(2)), {outputs, 1}));
    sum = TRY(lower.binary(B::kAdd, DType::kFloat64, sum, bias));
  }
  const Value rounded = TRY(lower.cast(sum, x.type));
  return one(lower.reshape(rounded, output_dims(outputs, windows)));
}

/// [rows, channels, places, window]
Result<Value> pool_windows(Call& call, const Value& x, const Windows& windows, double fill) {
  const Value seen =
      TRY(gather_windows(call, x, windows, 0, static_cast<uint32_t>(x.dims[1]), fill));
  const Value apart = TRY(call.lower.reshape(
      seen, {kBatch, int64_t{windows.place_count()}, x.dims[1], int64_t{windows.kernel_count()}}));
  return call.lower.transpose(apart, {0, 2, 1, 3});
}

Result<Values> max_pool(Call& call) {
  if (call.node.outputs.size() > 1 && !call.node.outputs[1].empty()) {
    return unimplemented("it also gives the places of the largest");
  }
  const Value x = TRY(call.input(0));
  const Windows windows = TRY(find_windows(call, x, call.integers("kernel_shape")));
  const Value seen = TRY(pool_windows(call, x, windows, -std::numeric_limits<double>::infinity()));
  const Value largest = TRY(call.lower.reduce(R::kMax, seen, {3}, false, x.type));
  return one(call.lower.reshape(largest, output_dims(x.dims[1], windows)));
}

Result<Values> average_pool(Call& call) {
  const Value x = TRY(call.input(0));
  const Windows windows = TRY(find_windows(call, x, call.integers("kernel_shape")));
  const Value seen = TRY(pool_windows(call, x, windows, 0));
  const bool padding_counts = call.integer("count_include_pad", 0) != 0;
  if (padding_counts && call.integer("ceil_mode", 0) != 0) {
    return unimplemented("it counts the padding and has windows beyond it");
  }
  std::vector<double> counts;
  const uint32_t kernel = windows.kernel_count();
  for (uint32_t place = 0; place < windows.place_count(); ++place) {
    const auto first = windows.places.begin() + place * kernel;
    const auto outside = std::count(first, first + kernel, kOutside);
    counts.push_back(static_cast<double>(kernel) -
                     (padding_counts ? 0.0 : static_cast<double>(outside)));
  }
  const Value sums = TRY(call.lower.reduce(R::kSum, seen, {3}, false, DType::kFloat64));
  const Value divisors = TRY(
      call.lower.constant(DType::kFloat64, {int64_t{windows.place_count()}}, std::move(counts)));
  const Value means = TRY(call.lower.binary(B::kDiv, DType::kFloat64, sums, divisors));
  const Value rounded = TRY(call.lower.cast(means, x.type));
  return one(call.lower.reshape(rounded, output_dims(x.dims[1], windows)));
}

template <R kFunction>
Result<Values> global_pool(Call& call) {
  const Value x = TRY(call.input(0));
  if (x.dims.size() < 3) return invalid_argument("expected rows, channels and one axis or more");
  std::vector<size_t> axes;
  for (size_t i = 2; i < x.dims.size(); ++i) axes.push_back(i);
  return one(call.lower.reduce(kFunction, x, axes, true, x.type));
}

}  // namespace

std::span<const Operator> convolution_operators() {
  static constexpr std::array kTable = {
      Operator{"", "Conv", 1, 99, conv},
      Operator{"", "MaxPool", 1, 99, max_pool},
      Operator{"", "AveragePool", 1, 99, average_pool},
      Operator{"", "GlobalAveragePool", 1, 99, global_pool<R::kMean>},
      Operator{"", "GlobalMaxPool", 1, 99, global_pool<R::kMax>},
  };
  return kTable;
}

}  // namespace slipway::onnx
