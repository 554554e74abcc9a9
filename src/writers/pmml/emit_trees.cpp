// Ensembles of trees: each column of the sum becomes a segment, a MiningModel of TreeModels.
//
// A node says where its missing values go (defaultChild). A set of categories becomes a field of 0
// (in the set) and 1 before the trees, one for each set that is asked for.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "graph/ops/oblivious_ensemble.h"
#include "graph/ops/tree_leaves.h"
#include "writers/pmml/internal/emission.h"
#include "writers/tree_layout.h"

namespace slipway::writers::pmml {
namespace {

constexpr size_t kBytesMax = size_t{1} << 30;  // of the segments
constexpr size_t kSetsMax = 4096;

/// The largest float32 number that is not above this one: for numbers of float32, the same limit.
double as_float_limit(double limit) {
  auto narrow = static_cast<float>(limit);
  if (double{narrow} > limit) {
    narrow = std::nextafter(narrow, -std::numeric_limits<float>::infinity());
  }
  return double{narrow};
}

class TreeWriter {
 public:
  TreeWriter(Emission& e, const TreeEnsemble& ensemble, bool is_float, const Columns& x)
      : e_(e), ensemble_(ensemble), is_float_(is_float), x_(x) {}

  /// Fields for what the trees look at; UNIMPLEMENTED if those are constants.
  Status prepare();
  /// The segment's result: the sum of a column over the trees.
  Result<Expression> write(uint32_t output);
  /// The number of the leaf that a row ends in.
  Result<Expression> write_leaf(size_t tree);

 private:
  Result<std::string> set_field(const TreeNode& node);
  bool counts(size_t tree, uint32_t output) const {
    const uint32_t first = ensemble_.columns[tree];
    return output >= first && output < first + ensemble_.leaf_width;
  }
  double leaf_value(size_t tree, const TreeNode& leaf, uint32_t output) const {
    if (wants_leaves_) return leaf.child;
    if (ensemble_.leaf_width == 1) return leaf.threshold;
    return ensemble_
        .leaf_values[size_t{leaf.child} * ensemble_.leaf_width + output - ensemble_.columns[tree]];
  }
  Result<Expression> write_trees(std::span<const size_t> trees, uint32_t output);
  void write_tree(std::string& out, size_t tree, uint32_t output) const;
  const std::string& field_of(const TreeNode& node) const {
    return node.is_categorical() ? sets_.at({node.feature(), static_cast<size_t>(node.threshold)})
                                 : names_[node.feature()];
  }

  Emission& e_;
  const TreeEnsemble& ensemble_;
  const bool is_float_;
  const Columns& x_;
  bool wants_leaves_ = false;       // their numbers rather than their values
  std::vector<std::string> names_;  // of the features' fields
  std::map<std::pair<uint32_t, size_t>, std::string> sets_;
};

Status TreeWriter::prepare() {
  names_.resize(x_.size());
  for (const TreeNode& node : ensemble_.nodes) {
    if (node.is_leaf()) continue;
    std::string& name = names_[node.feature()];
    if (name.empty()) {
      const std::vector<std::string> fields = fields_in(x_[node.feature()]);
      if (fields.size() != 1) return unimplemented("a feature of its trees is a constant");
      name = fields[0];
    }
    if (node.is_categorical()) TRY_STATUS(set_field(node).status());
  }
  return {};
}

Result<std::string> TreeWriter::set_field(const TreeNode& node) {
  const auto set = static_cast<size_t>(node.threshold);
  std::string& name = sets_[{node.feature(), set}];
  if (!name.empty()) return name;
  if (sets_.size() > kSetsMax) return unimplemented("trees of more than 4096 sets of categories");
  const bool wide = ensemble_.category_sets.empty();
  if (ensemble_.negative_categories) {
    return unimplemented("categories that are taken modulo 256 are not written to PMML");
  }
  std::span<const uint32_t> words;
  if (wide) {
    const WideCategorySets& sets = ensemble_.wide_category_sets;
    words =
        std::span(sets.words).subspan(sets.offsets[set], sets.offsets[set + 1] - sets.offsets[set]);
  } else {
    words = ensemble_.category_sets[set];
  }
  const Expression& x = x_[node.feature()];
  // Toward zero; what lies below 0 otherwise is not asked for.
  const Expression below = call("lessThan", {x, number(0)});
  const Expression category =
      e_.fields.define(choose(below, number(0), whole_number(e_.fields, "floor", x)));
  Columns members = {category};
  for (size_t i = 0; i < words.size() * 32; ++i) {
    if ((words[i / 32] >> (i % 32) & 1U) != 0) members.push_back(number(static_cast<double>(i)));
  }
  Expression outside =
      members.size() == 1 ? number(1) : choose(call("isIn", members), number(0), number(1));
  // Below 0 is missing where sets are narrow; else it is in none.
  outside = wide ? choose(call("lessOrEqual", {x, number(-1)}), number(1), outside)
                 : choose(below, missing_number(), outside);
  name = fields_in(e_.fields.define(choose(is_missing(x), missing_number(), outside)))[0];
  return name;
}

void TreeWriter::write_tree(std::string& out, size_t tree, uint32_t output) const {
  const uint32_t begin = ensemble_.roots[tree];
  struct Step {
    uint32_t node;
    std::string predicate;
    bool closes;
  };
  std::vector<Step> steps = {{begin, "<True/>", false}};
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    if (step.closes) {
      out += "</Node>\n";
      continue;
    }
    const TreeNode& node = ensemble_.nodes[step.node];
    const uint32_t id = step.node - begin;
    if (node.is_leaf()) {
      out += fmt::format("<Node id=\"{}\" score=\"{}\">{}</Node>\n", id,
                         spelled(leaf_value(tree, node, output)), step.predicate);
      continue;
    }
    const uint32_t missing = node.child + (node.missing_left() ? 0 : 1) - begin;
    out += fmt::format("<Node id=\"{}\" defaultChild=\"{}\">{}\n", id, missing, step.predicate);
    const double threshold = node.is_categorical() ? 0.5
                             : is_float_           ? as_float_limit(node.threshold)
                                                   : node.threshold;
    const auto predicate = [&](const char* comparison) {
      return fmt::format("<SimplePredicate field=\"{}\" operator=\"{}\" value=\"{}\"/>",
                         field_of(node), comparison, spelled(threshold));
    };
    steps.push_back({step.node, "", true});
    steps.push_back({node.child + 1, predicate("greaterThan"), false});
    steps.push_back({node.child, predicate("lessOrEqual"), false});
  }
}

Result<Expression> TreeWriter::write(uint32_t output) {
  std::vector<size_t> trees;
  for (size_t tree = 0; tree < ensemble_.roots.size(); ++tree) {
    if (counts(tree, output)) trees.push_back(tree);
  }
  return write_trees(trees, output);
}

Result<Expression> TreeWriter::write_leaf(size_t tree) {
  wants_leaves_ = true;
  return write_trees(std::span(&tree, 1), 0);
}

Result<Expression> TreeWriter::write_trees(std::span<const size_t> trees, uint32_t output) {
  Segment segment;
  for (const size_t tree : trees) {
    for (uint32_t at = ensemble_.roots[tree]; at < ensemble_.tree_end(tree); ++at) {
      if (ensemble_.nodes[at].is_leaf()) continue;
      segment.inputs.push_back(field_of(ensemble_.nodes[at]));
    }
  }
  std::ranges::sort(segment.inputs);
  const auto repeated = std::ranges::unique(segment.inputs);
  segment.inputs.erase(repeated.begin(), repeated.end());
  if (segment.inputs.empty()) {  // leaves only: a number
    double sum = 0;
    for (const size_t tree : trees) {
      sum += leaf_value(tree, ensemble_.nodes[ensemble_.roots[tree]], output);
    }
    return number(sum);
  }
  std::string schema = "<MiningSchema>";
  for (const std::string& name : segment.inputs) {
    schema += fmt::format("<MiningField name=\"{}\"/>", name);
  }
  schema += "</MiningSchema>\n";
  segment.result = e_.fields.fresh("trees");
  std::string& out = segment.model;
  out = fmt::format(
      "<Output><OutputField name=\"{}\" optype=\"continuous\" dataType=\"double\" "
      "feature=\"predictedValue\" isFinalResult=\"false\"/></Output>\n",
      segment.result);
  out += "<Segmentation multipleModelMethod=\"sum\">\n";
  for (const size_t tree : trees) {
    out += fmt::format("<Segment id=\"{}\"><True/>\n", tree + 1);
    out +=
        "<TreeModel functionName=\"regression\" splitCharacteristic=\"binarySplit\" "
        "missingValueStrategy=\"defaultChild\" noTrueChildStrategy=\"returnLastPrediction\">\n";
    out += schema;
    write_tree(out, tree, output);
    out += "</TreeModel></Segment>\n";
    if (out.size() > kBytesMax) return resource_exhausted("its trees are too large for PMML");
  }
  out += "</Segmentation>\n";
  e_.fields.add_result(segment.result);
  const Expression result = field(segment.result);
  e_.segments.push_back(std::move(segment));
  return result;
}

Result<Columns> sums(Emission& e, const TreeEnsemble& ensemble, bool is_float, const Columns& x) {
  TreeWriter writer(e, ensemble, is_float, x);
  TRY_STATUS(writer.prepare());
  Columns out;
  for (uint32_t k = 0; k < ensemble.outputs; ++k) out.push_back(TRY(writer.write(k)));
  return out;
}

Result<Columns> tree_ensemble(Emission& e) {
  const TreeEnsemble& ensemble = e.op<TreeEnsembleOp>().ensemble;
  const bool is_float = e.graph.type(e.node.inputs[0]).kind == ValueKind::kDense32;
  Columns out = TRY(sums(e, ensemble, is_float, e.input()));
  for (uint32_t k = 0; k < ensemble.outputs; ++k) {
    if (e.node.inputs.size() > 1) {
      out[k] = add(e.input(1)[k], out[k]);
    } else if (ensemble.base[k] != 0) {
      out[k] = add(number(ensemble.base[k]), out[k]);
    }
    if (ensemble.divisor != 1) out[k] = divide(out[k], number(ensemble.divisor));
  }
  return e.keep(std::move(out));
}

Result<Columns> oblivious_ensemble(Emission& e) {
  const TreeEnsemble ensemble = TRY(expand(e.op<ObliviousEnsembleOp>().ensemble));
  const Columns x = e.keep(e.input(), FieldType::kFloat);
  return sums(e, ensemble, true, x);
}

Result<Columns> tree_leaves(Emission& e) {
  const TreeEnsemble& ensemble = e.op<TreeLeavesOp>().ensemble;
  const bool is_float = e.graph.type(e.node.inputs[0]).kind == ValueKind::kDense32;
  TreeWriter writer(e, ensemble, is_float, e.input());
  TRY_STATUS(writer.prepare());
  Columns out;
  for (size_t tree = 0; tree < ensemble.roots.size(); ++tree) {
    out.push_back(TRY(writer.write_leaf(tree)));
  }
  return out;
}

}  // namespace

std::span<const Emitter> tree_emitters() {
  static constexpr std::array kTable = {
      Emitter{"tree_ensemble", tree_ensemble},
      Emitter{"oblivious_ensemble", oblivious_ensemble},
      Emitter{"tree_leaves", tree_leaves},
  };
  return kTable;
}

}  // namespace slipway::writers::pmml
