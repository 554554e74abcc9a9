// The parse tree of a pickle: what the file says, faithfully, with nothing executed.
//
//   bytes --vm--> Tree (this file) --formats/sklearn--> graph
//
// A pickle is a program that builds objects. Slipway's virtual machine follows it only so far as to
// note which object would be built from which parts: a call of a class or function becomes a
// kObject node that records the callable's name, its arguments, and the state, items and entries
// that were given to it afterwards. Because a pickle's memo can make one object part of many, or of
// itself, the "tree" is a graph: never walk it without a bound. Nesting is at most
// Limits::depth_max where there is no cycle, so a walk that counts its depth is bounded.
//
// Ownership: Tree owns the bytes and all nodes; Value is a small handle that is valid while its
// Tree lives. Thread rule: a built Tree is immutable, so every method is safe to call concurrently.
//
//   pickle::Tree tree = TRY(pickle::parse(std::move(bytes), limits));
//   pickle::Value model = tree.root();
//   if (model.is_object("sklearn.", "LogisticRegression"))
//     pickle::Value coef = TRY(model.attr("coef_"));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/limits.h"
#include "base/status.h"

namespace slipway::pickle {

enum class Kind : uint8_t {
  kNone,
  kBool,
  kInt,     // fits int64
  kBigInt,  // any other int; text() gives its little-endian two's complement bytes
  kFloat,
  kString,  // text() is UTF-8 (lone surrogates kept as WTF-8)
  kBytes,   // text() gives the bytes (bytes, bytearray)
  kTuple,
  kList,
  kDict,
  kSet,     // set and frozenset
  kGlobal,  // a class or function that is only named
  kObject,  // a call: NEWOBJ, REDUCE, INST, OBJ, ... and what was done to its result
};

/// How far a global is trusted; global_table.cpp holds the one table.
enum class Trust : uint8_t {
  kUnderstood,  // its parts are read as data
  kInert,       // kept, opaque; an error only if a prediction depends on it
  kRefused,     // the file is refused; parse() goes on only to list every refused name
};

struct Node;
class Tree;

/// A handle to one node. Cheap to copy.
class Value {
 public:
  Value(const Tree* tree, uint32_t id) : tree_(tree), id_(id) {}

  Kind kind() const;
  /// Byte offset, in the decompressed file, of the opcode that made this node.
  uint64_t offset() const;
  /// Identity: two Values with the same id are the same Python object.
  uint32_t id() const { return id_; }

  bool is_none() const { return kind() == Kind::kNone; }
  bool is_string() const { return kind() == Kind::kString; }

  // Scalars. INVALID_ARGUMENT names what was expected, what came and the offset. numpy scalars
  // (numpy.float64(1.5), numpy.bool_(True), numpy.str_, 0-d arrays) count as the Python values.
  Result<bool> as_bool() const;
  Result<int64_t> as_int() const;    // bool and integral float too
  Result<double> as_double() const;  // int and bool too
  Result<std::string_view> as_string() const;
  /// The bytes of kString, kBytes, kBigInt; empty otherwise.
  std::string_view text() const;

  // Sequences: tuple, list, set; of a kDict the number of entries.
  size_t size() const;
  /// i < size().
  Value at(size_t i) const;

  // Dicts (of a kObject that is a dict subclass, such as OrderedDict, Bunch or defaultdict: its
  // items).
  struct Entry;
  Entry entry(size_t i) const;
  /// The last entry whose key is this string.
  std::optional<Value> find(std::string_view key) const;

  // Globals and objects. For kObject the callable's names.
  std::string_view module() const;
  std::string_view name() const;
  /// "sklearn.tree._classes.DecisionTreeClassifier"; for other kinds the Python type ("int",
  /// "dict").
  std::string type_name() const;
  Trust trust() const;
  /// True for a kObject (or kGlobal) of this name whose module begins with the prefix.
  bool is(std::string_view module_prefix, std::string_view name) const;

  /// kObject: the arguments of the call, always a kTuple. copyreg._reconstructor(C, object, None),
  /// copyreg.__newobj__, NEWOBJ and scikit-learn's newObj(C) are normalised: module() and name()
  /// are C's and args() are what C got. So is a Cython unpickler, __pyx_unpickle_X(C, checksum,
  /// state): its args() stay all three, state() is the third unless a BUILD replaced it.
  Value args() const;
  /// kObject: the keyword arguments of NEWOBJ_EX, a kDict; nullopt when there were none.
  std::optional<Value> kwargs() const;
  /// kObject: what BUILD set, as it stands (dict, tuple, ...); nullopt when there was none.
  std::optional<Value> state() const;
  /// kObject: an entry of the state dict (a (dict, slots) pair is looked up in both).
  std::optional<Value> find_attr(std::string_view attribute) const;
  /// As find_attr; INVALID_ARGUMENT names class, attribute and offset if it is missing.
  Result<Value> attr(std::string_view attribute) const;
  /// kObject: items appended to it (list subclass) / entries set on it (dict subclass).
  size_t appended_size() const;
  Value appended(size_t i) const;

  const Tree& tree() const { return *tree_; }

 private:
  const Tree* tree_;
  uint32_t id_;
};

struct Value::Entry {
  Value key;
  Value value;
};

/// A refused global.
struct RefusedGlobal {
  std::string module;
  std::string name;
  uint64_t offset;
};

class Tree {
 public:
  Tree();
  ~Tree();
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;
  struct Impl;
  explicit Tree(std::unique_ptr<Impl> impl);

  Value root() const;
  /// Every refused global in file order. A caller that is about to use the tree must treat a
  /// non-empty list as an error (refused_status()).
  const std::vector<RefusedGlobal>& refused() const;
  /// OK, or PERMISSION_DENIED naming every refused global with its offset.
  Status refused_status() const;
  /// "pickle", "joblib" or "skops"; "gzip", "zlib", ... or "" for the compression around it.
  std::string_view container() const;
  std::string_view compression() const;
  uint64_t file_bytes() const;
  size_t node_count() const;
  /// The memory that what is made of this file may take: Limits::memory_bytes_max, or less if the
  /// file is small.
  uint64_t memory_bytes_max() const;

 private:
  friend class TreeStorage;
  std::unique_ptr<Impl> impl_;
};

/// Parses a pickle (protocols 0 to 5) or joblib file, plain or inside zlib, gzip, bz2, lzma, xz,
/// lz4 or zstd, found out from its content. Errors: INVALID_ARGUMENT (not a pickle), DATA_LOSS
/// (truncated or malformed, with the byte offset), RESOURCE_EXHAUSTED (which limit). Never executes
/// anything; never recurses over the input.
Result<Tree> parse(FileBytes bytes, const Limits& limits);

/// True if the bytes look like something parse() reads (by magic, not by name).
bool looks_like_pickle(std::string_view bytes);
/// False if a file that starts with these bytes (64 are enough) is none, whatever follows.
bool may_begin_pickle(std::string_view start);

}  // namespace slipway::pickle
