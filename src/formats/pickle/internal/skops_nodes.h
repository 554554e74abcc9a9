// What each kind of object in a skops schema becomes in the parse tree.
//
// A JSON object of the schema names its loader (how skops would rebuild it), a class and its parts.
// skops.cpp walks them; this file says which parts a loader has and what node it makes of them. The
// nodes are those that the machine makes of the same object's pickle, so that all that reads a Tree
// reads these.
//
// Thread rule: single-sequence; one for each file.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "formats/file_set.h"
#include "formats/pickle/internal/npy.h"
#include "formats/pickle/internal/tree_builder.h"

namespace slipway::pickle {

class SkopsNodes {
 public:
  using Json = simdjson::dom::element;
  using JsonObject = simdjson::dom::object;
  using Parts = std::vector<uint32_t>;

  /// `schema_bytes`: the size of schema.json; `offset` of it in the file, which all nodes get.
  SkopsNodes(Tree::Impl& storage, const formats::FileSet& files, uint64_t schema_bytes,
             uint64_t offset);

  /// The parts that are objects of the schema themselves, in the order that make() takes them.
  Status list_parts(JsonObject object, std::vector<Json>& parts);
  Result<uint32_t> make(JsonObject object, const Parts& parts);

  TreeBuilder& builder() { return builder_; }

 private:
  Result<uint32_t> make_json(JsonObject object);
  Result<uint32_t> make_dict(JsonObject object, const Parts& parts);
  Result<uint32_t> make_default_dict(const Parts& parts);
  Result<uint32_t> make_sequence(JsonObject object, Kind made, const Parts& parts);
  Result<uint32_t> make_function(JsonObject object);
  Result<uint32_t> make_method(JsonObject object, const Parts& parts);
  Result<uint32_t> make_partial(const Parts& parts);
  Result<uint32_t> make_object(JsonObject object, const Parts& parts);
  Result<uint32_t> make_call(JsonObject object, const Parts& parts);
  Result<uint32_t> make_array(JsonObject object, const Parts& parts);
  Result<uint32_t> make_object_array(const Parts& parts);
  Result<uint32_t> make_dtype(const Parts& parts);
  Result<uint32_t> make_sparse(JsonObject object);
  Result<uint32_t> make_bytes(JsonObject object);

  Result<std::string_view> text_of(JsonObject object, const char* key);
  Result<Json> content_of(JsonObject object);
  bool is_class(JsonObject object, std::string_view module, std::string_view name);
  Result<std::string_view> kept(std::string_view text);
  Result<uint32_t> add_string(std::string_view text);
  Result<uint32_t> add_key(std::string_view key, uint32_t type);
  Result<uint32_t> add_global(std::string_view module, std::string_view name);
  Result<uint32_t> class_of(JsonObject object);
  Result<uint32_t> add_call(uint32_t type, const Parts& args);
  Result<uint32_t> add_call(std::string_view module, std::string_view name, const Parts& args);
  Result<uint32_t> add_state_entry(Parts& state, std::string_view key, uint32_t value);
  Result<std::string_view> file_of(JsonObject object);
  Result<std::string_view> hold(const formats::FileSet& files, size_t place);

  Kind kind(uint32_t id) { return builder_.node(id).kind(); }
  /// A copy: the arena moves as nodes are added.
  Parts children(uint32_t id);

  Tree::Impl& storage_;
  const formats::FileSet& files_;
  TreeBuilder builder_;
  const uint64_t offset_;
  std::unordered_map<std::string_view, size_t> places_;    // files by name
  std::unordered_map<size_t, std::string_view> unpacked_;  // files that were read
  std::set<std::string_view> texts_;                       // that the tree keeps
};

}  // namespace slipway::pickle
