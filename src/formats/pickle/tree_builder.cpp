#include "formats/pickle/internal/tree_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::pickle {
namespace {

// A node is 24 bytes, a slot 4 (8 while its container moves), and vectors double as they grow.
constexpr uint64_t kBytesPerUnit = 56;
constexpr uint64_t kUnitsPerObject = 3;
// Recoded text is no longer than its source in any file that a pickler wrote; the constant lets
// single characters, which are shared, be decoded more than once.
constexpr uint64_t kOwnedBytesFree = 64 << 10;
constexpr size_t kRefusedMax = 1000;
constexpr size_t kGlobalsMax = 100'000;

}  // namespace

TreeBuilder::TreeBuilder(Tree::Impl& tree, uint64_t further_bytes)
    : tree_(tree),
      units_max_(std::min({tree.limits.objects_max, tree.limits.memory_bytes_max / kBytesPerUnit,
                           uint64_t{kNoNode} - 1})),
      owned_bytes_max_(std::min(tree.limits.memory_bytes_max,
                                2 * (tree.bytes.size() + further_bytes) + kOwnedBytesFree)) {}

Status TreeBuilder::count(uint64_t units) {
  if (units > units_max_ - units_) {
    return resource_exhausted(fmt::format(
        "The pickle holds more objects than the limit allows: objects_max {}", units_max_));
  }
  units_ += units;
  return {};
}

Result<uint32_t> TreeBuilder::add(Kind kind, uint64_t offset) {
  TRY_STATUS(count(1));
  Node node{};
  node.offset = offset;
  node.kind_bits = static_cast<uint8_t>(kind);
  tree_.nodes.push_back(node);
  return static_cast<uint32_t>(tree_.nodes.size() - 1);
}

Result<uint32_t> TreeBuilder::add_bool(bool value, uint64_t offset) {
  const uint32_t id = TRY(add(Kind::kBool, offset));
  node(id).payload.boolean = value;
  return id;
}

Result<uint32_t> TreeBuilder::add_int(int64_t value, uint64_t offset) {
  const uint32_t id = TRY(add(Kind::kInt, offset));
  node(id).payload.integer = value;
  return id;
}

Result<uint32_t> TreeBuilder::add_float(double value, uint64_t offset) {
  const uint32_t id = TRY(add(Kind::kFloat, offset));
  node(id).payload.number = value;
  return id;
}

Result<uint32_t> TreeBuilder::add_text(Kind kind, std::string_view slice, uint64_t offset) {
  const uint32_t id = TRY(add(kind, offset));
  node(id).payload.text = slice.data();
  node(id).extent.size_bytes = slice.size();
  return id;
}

Result<std::string_view> TreeBuilder::own_text(std::string text) {
  if (text.size() > owned_bytes_max_ - owned_bytes_) {
    return resource_exhausted(
        fmt::format("The pickle decodes to more text than its size explains: more than {} bytes",
                    owned_bytes_max_));
  }
  owned_bytes_ += text.size();
  tree_.owned_text.push_back(std::move(text));
  return std::string_view(tree_.owned_text.back());
}

Result<uint32_t> TreeBuilder::add_owned_text(Kind kind, std::string text, uint64_t offset) {
  return add_text(kind, TRY(own_text(std::move(text))), offset);
}

Result<uint32_t> TreeBuilder::add_container(Kind kind, std::span<const uint32_t> children,
                                            uint64_t offset) {
  const uint32_t id = TRY(add(kind, offset));
  if (!children.empty()) TRY_STATUS(extend(id, children));
  return id;
}

Result<uint32_t> TreeBuilder::add_global(std::string_view module, std::string_view name,
                                         uint64_t offset) {
  module = canonical_module(module);
  std::string key;
  key.reserve(module.size() + name.size() + 1);
  key.append(module).push_back('\n');
  key.append(name);
  const auto [found, is_new] =
      global_index_.try_emplace(std::move(key), static_cast<uint32_t>(tree_.globals.size()));
  const uint32_t index = found->second;
  if (is_new) {
    // The key is a copy of the names, so repeated long names cost nothing more, new ones do.
    TRY_STATUS(count(4 + (module.size() + name.size()) / kBytesPerUnit));
    if (tree_.globals.size() == kGlobalsMax) {
      return resource_exhausted(fmt::format(
          "The pickle names more classes and functions than any model: {}", kGlobalsMax));
    }
    const GlobalClass known = classify_global(module, name);
    tree_.globals.push_back({module, name, known.trust, known.role});
    if (known.trust == Trust::kRefused) refuse(module, name, offset);
  }
  const uint32_t id = TRY(add(Kind::kGlobal, offset));
  node(id).payload.index = index;
  return id;
}

void TreeBuilder::refuse(std::string_view module, std::string_view name, uint64_t offset) {
  if (tree_.refused.size() < kRefusedMax) {
    constexpr size_t kNameMax = 200;  // enough to name any real one
    tree_.refused.push_back(
        {std::string(module.substr(0, kNameMax)), std::string(name.substr(0, kNameMax)), offset});
  }
}

Result<uint32_t> TreeBuilder::add_object(uint32_t global, uint32_t args, uint64_t offset) {
  TRY_STATUS(count(kUnitsPerObject));
  const uint32_t id = TRY(add(Kind::kObject, offset));
  node(id).payload.index = static_cast<uint32_t>(tree_.objects.size());
  Object object{};
  object.global = node(global).payload.index;
  object.args = args;
  tree_.objects.push_back(object);
  return id;
}

Status TreeBuilder::grow(Range& range, std::span<const uint32_t> added) {
  TRY_STATUS(count(added.size()));
  std::vector<uint32_t>& slots = tree_.children;
  const uint64_t needed = uint64_t{range.count} + added.size();  // count() bounds it to 32 bits
  const bool at_end = range.begin + range.capacity == slots.size();
  if (needed > range.capacity) {
    if (range.count != 0 && !at_end) {
      const uint64_t begin = slots.size();
      const uint64_t capacity = std::max<uint64_t>(needed, 2ULL * range.count);
      slots.resize(begin + capacity);
      std::copy_n(slots.begin() + static_cast<ptrdiff_t>(range.begin), range.count,
                  slots.begin() + static_cast<ptrdiff_t>(begin));
      range.begin = begin;
      range.capacity = static_cast<uint32_t>(capacity);
    } else {
      if (range.count == 0) range.begin = slots.size();
      slots.resize(range.begin + needed);
      range.capacity = static_cast<uint32_t>(needed);
    }
  }
  std::copy(added.begin(), added.end(),
            slots.begin() + static_cast<ptrdiff_t>(range.begin + range.count));
  range.count = static_cast<uint32_t>(needed);
  return {};
}

Status TreeBuilder::extend(uint32_t container, std::span<const uint32_t> added) {
  Node& target = node(container);
  Range range{target.payload.begin, target.extent.span.count, target.extent.span.capacity};
  TRY_STATUS(grow(range, added));
  target.payload.begin = range.begin;
  target.extent.span = {range.count, range.capacity};
  return {};
}

Status TreeBuilder::extend_object(Range Object::*range, uint32_t object_id,
                                  std::span<const uint32_t> added) {
  return grow(object(object_id).*range, added);
}

const Global& TreeBuilder::global_of(uint32_t id) const {
  const Node& node = tree_.nodes[id];
  const uint32_t index =
      node.kind() == Kind::kObject ? tree_.objects[node.payload.index].global : node.payload.index;
  return tree_.globals[index];
}

ObjectExtra& TreeBuilder::extra(uint32_t object_id) {
  Object& owner = object(object_id);
  if (owner.extra == kNoNode) {
    owner.extra = static_cast<uint32_t>(tree_.extras.size());
    tree_.extras.emplace_back();
  }
  return tree_.extras[owner.extra];
}

std::string_view TreeBuilder::text(uint32_t id) const {
  const Node& node = tree_.nodes[id];
  return {node.payload.text, node.extent.size_bytes};
}

std::span<const uint32_t> TreeBuilder::children(uint32_t id) const {
  const Node& node = tree_.nodes[id];
  if (node.extent.span.count == 0) return {};
  return std::span(tree_.children).subspan(node.payload.begin, node.extent.span.count);
}

}  // namespace slipway::pickle
