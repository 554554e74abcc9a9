// Missing values: replaced by constants, or shown as columns of 0 and 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// Which number counts as missing: NaN, a number, or (nullopt) none at all.
using MissingNumber = std::optional<double>;

/// Which cells of a text column count as missing, and whether NaN is refused.
struct MissingText {
  bool none = false;
  bool nan = false;
  std::optional<std::string> text;
  bool refuse_nan = false;
};

/// Some columns of a dense matrix, each with its own fill for missing elements.
class ImputeOp final : public Op {
 public:
  ImputeOp(MissingNumber missing, std::vector<uint32_t> columns, std::vector<double> fills)
      : missing(missing), columns(std::move(columns)), fills(std::move(fills)) {}
  std::string_view name() const override { return "impute"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return columns.size() * 12; }

  const MissingNumber missing;
  const std::vector<uint32_t> columns;  // of the input
  const std::vector<double> fills;      // one per column
};

/// The same for text.
class ImputeStringsOp final : public Op {
 public:
  ImputeStringsOp(MissingText missing, std::string estimator, std::vector<uint32_t> columns,
                  std::vector<std::string> fills)
      : missing(std::move(missing)),
        estimator(std::move(estimator)),
        columns(std::move(columns)),
        fills(std::move(fills)) {}
  std::string_view name() const override { return "impute_strings"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const MissingText missing;
  const std::string estimator;  // for the message when NaN is refused
  const std::vector<uint32_t> columns;
  const std::vector<std::string> fills;
};

/// 1 where an element of the chosen columns is missing, else 0; of a dense matrix.
class MissingIndicatorOp final : public Op {
 public:
  MissingIndicatorOp(MissingNumber missing, std::vector<uint32_t> columns)
      : missing(missing), columns(std::move(columns)) {}
  std::string_view name() const override { return "missing_indicator"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return columns.size() * sizeof(uint32_t); }

  const MissingNumber missing;
  const std::vector<uint32_t> columns;
};

/// The same of a string matrix; gives numbers.
class MissingStringsIndicatorOp final : public Op {
 public:
  MissingStringsIndicatorOp(MissingText missing, std::vector<uint32_t> columns)
      : missing(std::move(missing)), columns(std::move(columns)) {}
  std::string_view name() const override { return "missing_strings_indicator"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return columns.size() * sizeof(uint32_t); }

  const MissingText missing;
  const std::vector<uint32_t> columns;
};

}  // namespace slipway
