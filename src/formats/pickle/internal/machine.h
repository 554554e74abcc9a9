// The virtual machine: follows a pickle's opcodes (protocols 0 to 5) and notes what they would
// build. It knows no Python: a call becomes a node (machine_call.cpp), nothing is imported.
//
// Opcode numbers, operands and stack effects are those of CPython's Lib/pickletools.py. Works in
// one pass over the bytes with an explicit stack; a nested pickle (joblib writes one for each array
// of objects) is a further Frame, never a recursion.
//
// Used once, by one thread:  TRY_STATUS(Machine(tree, storage).run());
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "formats/pickle/internal/memo.h"
#include "formats/pickle/internal/nodes.h"
#include "formats/pickle/internal/tree_builder.h"

namespace slipway::pickle {

class Machine {
 public:
  /// `storage` is `tree`'s own, with its bytes and limits set.
  Machine(const Tree& tree, Tree::Impl& storage);
  Status run();

 private:
  using Handler = Status (Machine::*)();
  /// By opcode; nullptr where there is none.
  using Handlers = std::array<Handler, 256>;
  static constexpr void set_text_handlers(Handlers& set);
  static constexpr void set_binary_handlers(Handlers& set);
  static constexpr Handlers make_handlers();

  struct Frame {
    std::vector<uint32_t> stack;
    std::vector<size_t> marks;
    Memo memo;
    uint32_t owner = kNoNode;  // the joblib array that a nested pickle belongs to
  };

  /// So that as_string() of a numpy.str_ can hand out a slice.

  // Errors, with the offset of the opcode at hand.
  Status malformed(std::string_view what) const;

  // The bytes (machine.cpp).
  uint64_t remaining() const { return bytes_.size() - position_; }
  Result<std::string_view> take(uint64_t size);
  Result<std::string_view> take_line();
  Result<uint64_t> take_unsigned(int size);
  Result<uint64_t> take_signed_length();

  // The stack.
  Frame& frame() { return frames_.back(); }
  Status push(uint32_t node);
  Status push(Result<uint32_t> node);
  Result<uint32_t> pop();
  Result<uint32_t> top();
  /// Position of the topmost mark, which is removed; the items above it are still there.
  Result<size_t> pop_mark();
  std::span<const uint32_t> items_above(size_t position);
  void cut(size_t position) { frame().stack.resize(position); }
  Kind kind(uint32_t node) { return builder_.node(node).kind(); }

  // Opcode handlers, by family.
  Status op_proto();
  Status op_frame();
  Status op_stop();
  Status op_mark();
  Status op_pop();
  Status op_pop_mark();
  Status op_dup();
  Status op_refused_feature();

  Status op_none();
  template <bool value>
  Status op_bool();
  template <int size>
  Status op_unsigned();
  Status op_binint();
  template <int length_size>
  Status op_long();
  Status op_binfloat();
  Status op_int_text();
  Status op_long_text();
  Status op_float_text();
  Status push_integer_bytes(std::string_view bytes);
  Status push_integer_text(std::string_view digits);

  template <int length_size>
  Status op_unicode();
  template <int length_size>
  Status op_bytes();
  template <int length_size>
  Status op_python2_string();
  Status op_unicode_text();
  Status op_string_text();

  template <Kind kind>
  Status op_empty();
  template <Kind kind>
  Status op_from_mark();
  template <int size>
  Status op_small_tuple();
  Status op_append();
  Status op_appends();
  Status op_setitem();
  Status op_setitems();
  Status op_additems();
  Status append_to(uint32_t target, std::span<const uint32_t> items);
  Status set_items_of(uint32_t target, std::span<const uint32_t> items);

  template <int size>
  Status op_get();
  template <int size>
  Status op_put();
  Status op_get_text();
  Status op_put_text();
  Status op_memoize();
  Status push_memo(uint64_t number);
  Status memoize(uint64_t number);

  // Names and calls (machine_call.cpp).
  Status op_global();
  Status op_stack_global();
  Status op_reduce();
  Status op_newobj();
  Status op_newobj_ex();
  Status op_inst();
  Status op_obj();
  Status op_build();
  Result<uint32_t> add_global_at(std::string_view module, std::string_view name);
  Result<uint32_t> call(uint32_t callable, uint32_t args);
  Result<uint32_t> call_with_role(GlobalRole role, uint32_t callable, uint32_t args);
  Result<uint32_t> instantiate(uint32_t callable, uint32_t args);
  Result<uint32_t> call_reconstructor(uint32_t callable, uint32_t args);
  Result<uint32_t> call_new_object(uint32_t callable, uint32_t args, bool keywords);
  Result<uint32_t> call_cython_unpickler(uint32_t callable, uint32_t args);
  Result<uint32_t> call_encode(uint32_t callable, uint32_t args);
  Result<uint32_t> call_bytes(uint32_t callable, uint32_t args);
  Result<uint32_t> call_set(uint32_t callable, uint32_t args);
  Result<uint32_t> call_getattr(uint32_t callable, uint32_t args);
  Result<uint32_t> call_dill_array(uint32_t callable, uint32_t args);
  bool is_time_zone_loader(uint32_t callable);
  std::optional<uint32_t> partial_function(uint32_t callable);
  Status begin_joblib_array(uint32_t object);

  static const Handlers kHandlers;

  const Tree& tree_;
  Tree::Impl& storage_;
  std::string_view bytes_;
  TreeBuilder builder_;
  std::vector<Frame> frames_;
  std::unordered_map<uint32_t, std::string_view> encoded_;  // texts, as bytes in Latin-1
  uint64_t position_ = 0;
  uint64_t opcode_offset_ = 0;
  uint8_t opcode_ = 0;
  bool stopped_ = false;
};

}  // namespace slipway::pickle
