#include "formats/sklearn/families/pandas_frame.h"

#include <fmt/format.h>

namespace slipway::sklearn {
namespace {

constexpr size_t kCellsMax = size_t{1} << 24;  // numbers in one table

Status broken() { return invalid_argument("a pandas table whose parts do not fit each other"); }

/// A Series is a manager whose state begins with its axes and its blocks' values.
Result<Frame> read_series(pickle::Value manager) {
  const auto state = manager.state();
  if (!state.has_value() || state->kind() != pickle::Kind::kTuple || state->size() < 2 ||
      state->at(0).size() != 1 || state->at(1).size() != 1) {
    return broken();
  }
  Frame frame;
  frame.index = TRY(pickle::to_cells(state->at(0).at(0))).values;
  frame.columns.push_back(TRY(pickle::to_f64(state->at(1).at(0))).values);
  if (frame.columns[0].size() != frame.rows()) return broken();
  return frame;
}

/// Which columns of the frame a block holds: a slice, or an array of places.
Result<std::vector<int64_t>> block_places(pickle::Value placement, size_t count) {
  std::vector<int64_t> places;
  if (!placement.is("builtins", "slice")) return std::move(TRY(pickle::to_i64(placement)).values);
  const pickle::Value arguments = placement.args();
  if (arguments.size() != 3) return broken();
  const int64_t first = TRY(arguments.at(0).as_int());
  const pickle::Value step_value = arguments.at(2);
  const int64_t step = step_value.is_none() ? 1 : TRY(step_value.as_int());
  if (first < 0 || first > int64_t{1} << 32 || step < 1 || step > int64_t{1} << 20) return broken();
  for (size_t i = 0; i < count; ++i) places.push_back(first + static_cast<int64_t>(i) * step);
  return places;
}

/// A block's values are columns x rows.
Status read_block(pickle::Value block, Frame& frame) {
  if (block.kind() != pickle::Kind::kObject || block.args().size() < 2) return broken();
  const pickle::Array<double> values = TRY(pickle::to_f64(block.args().at(0)));
  const size_t count = values.shape.size() == 2 ? values.shape[0] : 1;
  if (values.values.size() != count * frame.rows()) return broken();
  const std::vector<int64_t> places = TRY(block_places(block.args().at(1), count));
  if (places.size() != count) return broken();
  for (size_t i = 0; i < count; ++i) {
    if (places[i] < 0 || places[i] >= static_cast<int64_t>(frame.columns.size())) return broken();
    const auto begin = values.values.begin() + static_cast<ptrdiff_t>(i * frame.rows());
    frame.columns[static_cast<size_t>(places[i])].assign(
        begin, begin + static_cast<ptrdiff_t>(frame.rows()));
  }
  return {};
}

/// A DataFrame is a manager made from (blocks, (column names, labels)).
Result<Frame> read_blocks(pickle::Value manager) {
  if (manager.args().size() != 2 || manager.args().at(1).size() != 2) return broken();
  const pickle::Value blocks = manager.args().at(0);
  const pickle::Value axes = manager.args().at(1);
  Frame frame;
  frame.index = TRY(pickle::to_cells(axes.at(1))).values;
  for (const pickle::Cell& cell : TRY(pickle::to_cells(axes.at(0))).values) {
    frame.names.push_back(cell.text);
  }
  if (frame.names.size() * std::max<size_t>(frame.rows(), 1) > kCellsMax) {
    return resource_exhausted("a pandas table that is too large");
  }
  frame.columns.resize(frame.names.size());
  for (size_t i = 0; i < blocks.size(); ++i) TRY_STATUS(read_block(blocks.at(i), frame));
  for (const std::vector<double>& column : frame.columns) {
    if (column.size() != frame.rows()) return broken();
  }
  return frame;
}

}  // namespace

Result<Frame> read_frame(pickle::Value value) {
  const bool series = value.is("pandas", "Series");
  if (!series && !value.is("pandas", "DataFrame")) {
    return invalid_argument(fmt::format("expected a pandas table, got {}", value.type_name()));
  }
  const pickle::Value manager = TRY(value.attr("_mgr"));
  if (manager.kind() != pickle::Kind::kObject) return broken();
  return series ? read_series(manager) : read_blocks(manager);
}

}  // namespace slipway::sklearn
