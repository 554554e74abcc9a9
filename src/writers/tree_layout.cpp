#include "writers/tree_layout.h"

#include <algorithm>

namespace slipway::writers {
namespace {

/// Inner node i has the children 2i + 1 and 2i + 2; the root asks the last split, which gives the
/// leaf's highest bit.
SourceTreeNode split_node(const ObliviousEnsemble& oblivious, const ObliviousEnsemble::Split& split,
                          size_t place) {
  const ObliviousEnsemble::Feature& feature = oblivious.features[split.feature];
  SourceTreeNode node;
  node.feature = feature.column;
  node.threshold = double{oblivious.borders[feature.first_border + split.bin - 1]};
  node.missing_left = !feature.nan_above;
  node.left = static_cast<int64_t>(2 * place + 1);
  node.right = static_cast<int64_t>(2 * place + 2);
  return node;
}

}  // namespace

Result<TreeEnsemble> expand(const ObliviousEnsemble& oblivious) {
  TreeEnsemble shape;
  shape.features = oblivious.columns;
  shape.outputs = oblivious.outputs;
  shape.leaf_width = oblivious.outputs;
  shape.base.assign(oblivious.outputs, 0.0);
  TreeEnsembleBuilder builder(std::move(shape));
  const ObliviousEnsemble::Split* splits = oblivious.splits.data();
  const double* leaves = oblivious.leaf_values.data();
  for (const uint8_t depth : oblivious.depths) {
    const size_t leaf_count = size_t{1} << depth;
    std::vector<SourceTreeNode> nodes;
    std::vector<double> values((2 * leaf_count - 1) * oblivious.outputs, 0.0);
    for (uint8_t level = 0; level < depth; ++level) {
      for (size_t i = 0; i < size_t{1} << level; ++i) {
        nodes.push_back(split_node(oblivious, splits[depth - 1 - level], nodes.size()));
      }
    }
    for (size_t leaf = 0; leaf < leaf_count; ++leaf) {
      std::copy_n(leaves + leaf * oblivious.outputs, oblivious.outputs,
                  values.data() + nodes.size() * oblivious.outputs);
      SourceTreeNode node;
      node.is_leaf = true;
      node.leaf = static_cast<uint32_t>(leaf);
      nodes.push_back(node);
    }
    TRY_STATUS(builder.add_tree(nodes, values, 0));
    splits += depth;
    leaves += leaf_count * oblivious.outputs;
  }
  return std::move(builder).finish();
}

}  // namespace slipway::writers
