// A depth-first walk with its own stack. Each node's height (the longest chain below it) is
// remembered, so shared parts are walked once and the whole costs one step per edge.
#include "formats/pickle/internal/depth_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace slipway::pickle {
namespace {

constexpr uint32_t kUnseen = 0xFFFFFFFF;
constexpr uint32_t kOpen = 0xFFFFFFFE;  // on the walk's stack

struct Step {
  uint32_t node;
  uint32_t height = 0;  // of the children done so far
  uint64_t next = 0;    // the edge to follow next
};

/// The edges of a node: up to four single nodes, then up to two ranges of slots.
struct Edges {
  std::array<uint32_t, 4> single = {kNoNode, kNoNode, kNoNode, kNoNode};
  Range first;
  Range second;
};

Edges edges_of(const Tree::Impl& tree, uint32_t id) {
  const Node& node = tree.nodes[id];
  Edges edges;
  if (node.kind() == Kind::kObject) {
    const Object& object = tree.objects[node.payload.index];
    edges.single = {object.args, object.kwargs, object.state, kNoNode};
    if (object.extra != kNoNode) edges.single[3] = tree.extras[object.extra].payload_pickle;
    edges.first = object.appended;
    edges.second = object.entries;
  } else {
    edges.first = {node.payload.begin, node.extent.span.count, 0};
  }
  return edges;
}

/// The node at the end of the i-th edge; kNoNode for an absent one. False past the last.
bool edge(const Tree::Impl& tree, const Edges& edges, uint64_t i, uint32_t& to) {
  if (i < edges.single.size()) {
    to = edges.single[i];
    return true;
  }
  i -= edges.single.size();
  if (i < edges.first.count) {
    to = tree.children[edges.first.begin + i];
    return true;
  }
  i -= edges.first.count;
  if (i >= edges.second.count) return false;
  to = tree.children[edges.second.begin + i];
  return true;
}

bool is_nesting(const Tree::Impl& tree, uint32_t id) {
  const Kind kind = tree.nodes[id].kind();
  return kind == Kind::kObject || (kind >= Kind::kTuple && kind <= Kind::kSet);
}

}  // namespace

Status check_depth(const Tree::Impl& tree) {
  if (!is_nesting(tree, tree.root)) return {};
  std::vector<uint32_t> heights(tree.nodes.size(), kUnseen);
  std::vector<Step> path = {{tree.root}};
  heights[tree.root] = kOpen;
  while (!path.empty()) {
    Step& step = path.back();
    const Edges edges = edges_of(tree, step.node);
    uint32_t child = kNoNode;
    bool went_down = false;
    while (!went_down && edge(tree, edges, step.next, child)) {
      ++step.next;
      if (child == kNoNode || !is_nesting(tree, child) || heights[child] == kOpen) continue;
      const uint64_t below = heights[child] == kUnseen ? 1 : heights[child];
      if (path.size() + below > tree.limits.depth_max) {
        return resource_exhausted(
            fmt::format("The pickle nests deeper than the limit allows at byte {}: depth_max {}",
                        uint64_t{tree.nodes[child].offset}, tree.limits.depth_max));
      }
      if (heights[child] == kUnseen) {
        heights[child] = kOpen;
        path.push_back({child});
        went_down = true;
      } else {
        step.height = std::max(step.height, heights[child]);
      }
    }
    if (went_down) continue;
    const uint32_t height = step.height + 1;
    heights[step.node] = height;
    path.pop_back();
    if (!path.empty()) path.back().height = std::max(path.back().height, height);
  }
  return {};
}

}  // namespace slipway::pickle
