// Adds nodes to a Tree's storage and counts what they cost against the limits.
//
// The virtual machine calls it; each method checks its own limit before it grows anything. Slices
// that are passed in must point into Tree::Impl's own bytes, owned_text excepted.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/status.h"
#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {

class TreeBuilder {
 public:
  /// `further_bytes`: text that the file holds beside Tree::Impl's own bytes, packed.
  explicit TreeBuilder(Tree::Impl& tree, uint64_t further_bytes = 0);

  /// A node with no payload yet; offset is its opcode's.
  Result<uint32_t> add(Kind kind, uint64_t offset);
  Result<uint32_t> add_bool(bool value, uint64_t offset);
  Result<uint32_t> add_int(int64_t value, uint64_t offset);
  Result<uint32_t> add_float(double value, uint64_t offset);
  /// kString, kBytes or kBigInt over a slice of the file.
  Result<uint32_t> add_text(Kind kind, std::string_view slice, uint64_t offset);
  /// As add_text, for text that the file holds in another form.
  Result<uint32_t> add_owned_text(Kind kind, std::string text, uint64_t offset);
  /// Keeps the text for the tree's life; counts it.
  Result<std::string_view> own_text(std::string text);
  /// A container with these children.
  Result<uint32_t> add_container(Kind kind, std::span<const uint32_t> children, uint64_t offset);
  /// A kGlobal; a refused one is recorded.
  Result<uint32_t> add_global(std::string_view module, std::string_view name, uint64_t offset);
  /// Records a refusal that is not of a global's bare name.
  void refuse(std::string_view module, std::string_view name, uint64_t offset);
  /// A kObject of a kGlobal's class; args is a kTuple.
  Result<uint32_t> add_object(uint32_t global, uint32_t args, uint64_t offset);

  /// Appends to a container or to one of an object's ranges.
  Status extend(uint32_t container, std::span<const uint32_t> children);
  Status extend_object(Range Object::*range, uint32_t object, std::span<const uint32_t> children);

  Node& node(uint32_t id) { return tree_.nodes[id]; }
  Object& object(uint32_t id) { return tree_.objects[node(id).payload.index]; }
  const Global& global_of(uint32_t id) const;
  ObjectExtra& extra(uint32_t object_id);
  std::string_view text(uint32_t id) const;
  std::span<const uint32_t> children(uint32_t id) const;

 private:
  Status count(uint64_t units);
  Status grow(Range& range, std::span<const uint32_t> children);

  Tree::Impl& tree_;
  uint64_t units_ = 0;  // nodes, slots and what objects cost, in units of about a node
  uint64_t units_max_;
  uint64_t owned_bytes_ = 0;
  uint64_t owned_bytes_max_;
  std::unordered_map<std::string, uint32_t> global_index_;
};

}  // namespace slipway::pickle
