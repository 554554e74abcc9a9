// A tree of cluster centres: each row goes to the nearer of two children until it reaches a leaf.
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// Dense rows to the leaf's label, an index.
class ClusterTreeOp final : public Op {
 public:
  struct Node {
    uint32_t left = 0;   // 0: a leaf; else the left child, behind its parent; the right one follows
    uint32_t label = 0;  // of a leaf
  };
  struct Tables {
    uint32_t features = 0;
    std::vector<Node> nodes;      // the root first
    std::vector<double> centers;  // nodes x features
  };
  explicit ClusterTreeOp(Tables tables) : tables(std::move(tables)) {}
  std::string_view name() const override { return "cluster_tree"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override {
    return heap_bytes(tables.nodes) + heap_bytes(tables.centers);
  }

  const Tables tables;
};

}  // namespace slipway
