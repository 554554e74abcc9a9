// The storage behind a pickle::Tree: flat arrays of small records, children as ids.
//
// vm.cpp fills it, tree.cpp reads it. Nothing here owns another node, so that destroying a tree of
// any depth is freeing a few vectors. Text is a slice of `bytes` wherever the file holds it as it
// is; only text that had to be unescaped or recoded lives in `owned_text`.
//
// A container's children lie contiguous in `children` from `begin`; a dict's are key, value, key,
// value. A container that grows after others were added behind it moves to the end with doubled
// room, so appending stays linear in total.
//
// Ownership: Tree::Impl owns all. Thread rule: filled by one thread, then immutable.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "formats/pickle/global_table.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {

inline constexpr uint32_t kNoNode = 0xFFFFFFFF;

struct Range {
  uint64_t begin = 0;
  uint32_t count = 0;
  uint32_t capacity = 0;
};

struct Node {
  uint64_t offset : 56;
  uint64_t kind_bits : 8;
  union Payload {
    bool boolean;
    int64_t integer;
    double number;
    const char* text;  // kString, kBytes, kBigInt, with extent.size_bytes
    uint64_t begin;    // containers, with extent.range
    uint32_t index;    // kGlobal: into globals; kObject: into objects
  } payload;
  union Extent {
    uint64_t size_bytes;
    struct Span {
      uint32_t count;
      uint32_t capacity;
    } span;
  } extent;

  Kind kind() const { return static_cast<Kind>(kind_bits); }
};
static_assert(sizeof(Node) == 24);

/// A (module, name) pair; each occurs once.
struct Global {
  std::string_view module;
  std::string_view name;
  Trust trust;
  GlobalRole role;
};

struct Object {
  uint32_t global;
  uint32_t args = kNoNode;    // a kTuple
  uint32_t kwargs = kNoNode;  // a kDict, of NEWOBJ_EX
  uint32_t state = kNoNode;
  uint32_t extra = kNoNode;  // index into extras
  Range appended;
  Range entries;  // count is in slots: two for each entry
};

/// What few objects have.
struct ObjectExtra {
  std::string_view payload;           // joblib: the array's bytes
  uint32_t payload_pickle = kNoNode;  // joblib: the root of an object array's own pickle
  std::string_view text;              // numpy.str_ and 0-d <U arrays: UTF-8
};

struct Tree::Impl {
  FileBytes bytes;
  std::deque<std::string> owned_text;
  std::vector<Node> nodes;
  std::vector<uint32_t> children;
  std::vector<Global> globals;
  std::vector<Object> objects;
  std::vector<ObjectExtra> extras;
  std::vector<RefusedGlobal> refused;
  Limits limits;
  uint32_t root = kNoNode;
  uint64_t file_bytes = 0;
  bool joblib = false;
  bool skops = false;
  std::string_view compression;
};

/// Reads of a Tree's storage by this module's own files.
class TreeStorage {
 public:
  static const Tree::Impl& of(const Tree& tree);
  static const Tree::Impl& of(Value value) { return of(value.tree()); }
  static const Node& node(Value value) { return of(value).nodes[value.id()]; }
  /// Of a kObject.
  static const Object& object(Value value) { return of(value).objects[node(value).payload.index]; }
  static const Global& global(Value value);
  /// nullptr if it has none, or is no kObject.
  static const ObjectExtra* extra(Value value);
  /// The i-th slot of a range, as a Value.
  static Value child(Value value, uint64_t slot) {
    return {&value.tree(), of(value).children[slot]};
  }
};

}  // namespace slipway::pickle
