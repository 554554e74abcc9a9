// Trees: a TreeModel's nodes as one tree of graph/ops/tree_ensemble.h.
//
// A child's predicate becomes a split: one that compares a number with a constant is a split of
// that column, any other is computed as a truth value in a column of its own. Children are asked
// one after the other, as PMML says; what is unknown goes where missingValueStrategy sends it.
// Thread rule: single-sequence.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/pmml/internal/models.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::pmml {

/// Columns that splits look at, shared by the trees of an ensemble.
class SplitColumns {
 public:
  uint32_t feature(TermId term);
  const std::vector<TermId>& terms() const { return terms_; }

 private:
  std::vector<TermId> terms_;
  std::map<uint32_t, uint32_t> places_;
};

/// A tree whose leaves name nodes of the file.
struct CompiledTree {
  static constexpr int64_t kNoPrediction = -1;
  struct Children {
    size_t first = 0;
    size_t count = 0;
  };
  std::vector<Element> nodes;      // of the file, level by level
  std::vector<Children> children;  // per node
  std::vector<SourceTreeNode> source;
  std::vector<int64_t> selected;  // per source node: index into nodes, for leaves
};

/// The nodes alone.
Result<CompiledTree> collect_tree(const Element& model);
Result<CompiledTree> compile_tree(Scope& scope, const Element& model, SplitColumns& columns);

/// What the file's nodes predict, by their index.
struct NodeScores {
  std::vector<double> numbers;                     // regression; NaN: none
  std::vector<std::string> classes;                // classification
  std::vector<std::vector<double>> probabilities;  // per node one per class, NaN where none
  std::vector<std::vector<double>> confidences;    // per node one per class, or all empty
  std::vector<std::string> labels;                 // per node; empty: none
};
Result<NodeScores> regression_scores(const CompiledTree& tree);
/// Of these classes and those that are new.
Result<NodeScores> classification_scores(Context& context, const CompiledTree& tree,
                                         const std::vector<std::string>& classes);

/// How often a missing value, or a surrogate for one, has decided on the way to the node whose
/// number `node` gives: what missingValuePenalty is raised to.
Result<TermId> missing_levels(Scope& scope, const Element& model, const CompiledTree& tree,
                              TermId node);
/// A tree by weightedConfidence or aggregateNodes.
Result<Prediction> lower_shared_tree(const ModelInput& input, std::string_view strategy);

}  // namespace slipway::pmml
