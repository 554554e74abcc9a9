// Categories to numbers: one-hot columns or ordinal codes.
//
// Both ops find a cell's position in its column's category table and then look up what the position
// stands for, so that dropped, infrequent and missing categories are all plain table entries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/basic.h"

namespace slipway {

/// The categories of one column of one of the op's inputs (text: kString, else kDense).
struct Categories {
  ColumnPick from;
  std::string column;  // for messages: "column 2 ('sex')"
  bool is_text = false;
  std::vector<std::string> texts;  // is_text: by position; entries at none and nan do not count
  std::optional<uint32_t> none;    // is_text: the position of None
  std::optional<uint32_t> nan;     // is_text: the position of NaN
  std::vector<double> numbers;     // else: by position; NaN may be one of them

  size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

/// One-hot columns, dense or sparse.
class OneHotOp final : public Op {
 public:
  static constexpr int32_t kNoColumn = -1;  // all zeros
  static constexpr int32_t kRefuse = -2;    // INVALID_ARGUMENT; for `unknown` only
  struct Column {
    Categories categories;
    std::vector<int32_t> targets;  // by position: output column or kNoColumn
    int32_t unknown = kRefuse;     // output column, kNoColumn or kRefuse
  };
  OneHotOp(uint32_t width, bool sparse, std::vector<Column> columns)
      : width(width), sparse(sparse), columns(std::move(columns)) {}
  std::string_view name() const override { return "one_hot"; }
  /// Sparse: also proves that each column's targets lie behind those of the column before it.
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const uint32_t width;
  const bool sparse;
  const std::vector<Column> columns;
};

/// One number per column.
class OrdinalOp final : public Op {
 public:
  struct Column {
    Categories categories;
    std::vector<double> codes;      // by position
    std::optional<double> unknown;  // nullopt: INVALID_ARGUMENT
  };
  explicit OrdinalOp(std::vector<Column> columns) : columns(std::move(columns)) {}
  std::string_view name() const override { return "ordinal"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::vector<Column> columns;
};

}  // namespace slipway
