#include "formats/sklearn/families/column_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "formats/pickle/numpy.h"

namespace slipway::sklearn {
namespace {

using Kind = pickle::Cell::Kind;

class Resolver {
 public:
  Resolver(const std::vector<std::string>& names, uint32_t width) : width_(width) {
    for (uint32_t i = 0; i < names.size(); ++i) by_name_.try_emplace(names[i], i);
  }

  Result<uint32_t> by_name(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || found->second >= width_) {
      return invalid_argument(fmt::format("it selects column '{}', which is not there", name));
    }
    return found->second;
  }

  Result<uint32_t> by_index(int64_t index) const {
    const int64_t counted = index < 0 ? index + int64_t{width_} : index;
    if (counted < 0 || counted >= int64_t{width_}) {
      return invalid_argument(fmt::format("it selects column {} of {}", index, width_));
    }
    return static_cast<uint32_t>(counted);
  }

  Result<std::vector<uint32_t>> list(const std::vector<pickle::Cell>& cells) const {
    std::vector<uint32_t> picked;
    const bool mask =
        !cells.empty() && std::all_of(cells.begin(), cells.end(), [](const pickle::Cell& cell) {
          return cell.kind == Kind::kBool;
        });
    if (mask) {
      if (cells.size() != width_) {
        return invalid_argument(
            fmt::format("its column mask has {} entries for {} columns", cells.size(), width_));
      }
      for (uint32_t i = 0; i < width_; ++i) {
        if (cells[i].integer != 0) picked.push_back(i);
      }
      return picked;
    }
    for (const pickle::Cell& cell : cells) {
      if (cell.kind == Kind::kString) {
        picked.push_back(TRY(by_name(cell.text)));
      } else if (cell.kind == Kind::kInt) {
        picked.push_back(TRY(by_index(cell.integer)));
      } else {
        return unimplemented("a column selection that is neither names, indices nor a mask");
      }
    }
    return picked;
  }

  /// slice(start, stop, step) as Python resolves it; a stop by name is included.
  Result<std::vector<uint32_t>> slice(pickle::Value args) const {
    if (args.size() != 3) return invalid_argument("a slice of columns without three parts");
    const int64_t step = args.at(2).is_none() ? 1 : TRY(args.at(2).as_int());
    if (step == 0 || step < -int64_t{width_} - 1 || step > int64_t{width_} + 1) {
      return unimplemented(fmt::format("a slice of columns with step {}", step));
    }
    const int64_t last = int64_t{width_};
    const int64_t low = step > 0 ? 0 : -1;
    const int64_t high = step > 0 ? last : last - 1;
    const auto bound = [&](pickle::Value value, int64_t fallback,
                           int64_t behind) -> Result<int64_t> {
      if (value.is_none()) return fallback;
      if (const auto name = value.as_string(); name.ok()) {
        return int64_t{TRY(by_name(std::string(*name)))} + behind;
      }
      const int64_t index = TRY(value.as_int());
      if (index < -last) return low;
      return std::clamp(index < 0 ? index + last : index, low, high);
    };
    const int64_t start = TRY(bound(args.at(0), step > 0 ? low : high, 0));
    const int64_t stop = TRY(bound(args.at(1), step > 0 ? high : low, 1));
    std::vector<uint32_t> picked;
    for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
      picked.push_back(static_cast<uint32_t>(i));
    }
    return picked;
  }

 private:
  const uint32_t width_;
  std::unordered_map<std::string, uint32_t> by_name_;
};

}  // namespace

Result<std::vector<uint32_t>> resolve_columns(pickle::Value columns,
                                              const std::vector<std::string>& names,
                                              uint32_t width) {
  const Resolver resolver(names, width);
  if (columns.is_none()) return std::vector<uint32_t>{};
  if (const auto name = columns.as_string(); name.ok()) {
    return std::vector<uint32_t>{TRY(resolver.by_name(std::string(*name)))};
  }
  if (columns.kind() == pickle::Kind::kInt) {
    return std::vector<uint32_t>{TRY(resolver.by_index(TRY(columns.as_int())))};
  }
  if (columns.kind() == pickle::Kind::kObject && columns.name() == "slice") {
    return resolver.slice(columns.args());
  }
  // _RemainderColsList (1.5 to 1.8) is a UserList: its items are in `data`.
  if (columns.kind() == pickle::Kind::kObject && columns.name() == "_RemainderColsList") {
    return resolver.list(TRY(pickle::to_cells(TRY(columns.attr("data")))).values);
  }
  if (columns.kind() == pickle::Kind::kGlobal) {
    return unimplemented("a callable selects its columns and no fitted result is in the file");
  }
  const pickle::Array<pickle::Cell> cells = TRY(pickle::to_cells(columns));
  if (cells.shape.empty() && cells.values.size() == 1 && cells.values[0].kind == Kind::kInt) {
    return std::vector<uint32_t>{TRY(resolver.by_index(cells.values[0].integer))};  // numpy int
  }
  return resolver.list(cells.values);
}

}  // namespace slipway::sklearn
