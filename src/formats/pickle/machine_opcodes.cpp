// The opcodes that push, group and remember data; and the table of all opcodes.
#include <fmt/format.h>

#include <bit>

#include "formats/pickle/internal/literal.h"
#include "formats/pickle/internal/machine.h"

namespace slipway::pickle {

// Scalars.

Status Machine::op_none() { return push(builder_.add(Kind::kNone, opcode_offset_)); }

template <bool value>
Status Machine::op_bool() {
  return push(builder_.add_bool(value, opcode_offset_));
}

template <int size>
Status Machine::op_unsigned() {
  return push(builder_.add_int(static_cast<int64_t>(TRY(take_unsigned(size))), opcode_offset_));
}

Status Machine::op_binint() {
  const auto value = static_cast<int32_t>(TRY(take_unsigned(4)));
  return push(builder_.add_int(value, opcode_offset_));
}

template <int length_size>
Status Machine::op_long() {
  const uint64_t size =
      length_size == 4 ? TRY(take_signed_length()) : TRY(take_unsigned(length_size));
  return push_integer_bytes(TRY(take(size)));
}

Status Machine::push_integer_bytes(std::string_view bytes) {
  if (const std::optional<int64_t> value = bytes_to_int(bytes)) {
    return push(builder_.add_int(*value, opcode_offset_));
  }
  return push(builder_.add_text(Kind::kBigInt, bytes, opcode_offset_));
}

Status Machine::push_integer_text(std::string_view digits) {
  if (const std::optional<int64_t> value = decimal_to_int(digits)) {
    return push(builder_.add_int(*value, opcode_offset_));
  }
  std::optional<std::string> bytes = decimal_to_bytes(digits);
  if (!bytes) return malformed("not an integer");
  const std::string_view kept = TRY(builder_.own_text(std::move(*bytes)));
  return push_integer_bytes(kept);
}

Status Machine::op_binfloat() {
  const std::string_view bytes = TRY(take(8));
  uint64_t bits = 0;
  for (const char byte : bytes) bits = bits << 8 | static_cast<uint8_t>(byte);  // big-endian
  return push(builder_.add_float(std::bit_cast<double>(bits), opcode_offset_));
}

Status Machine::op_int_text() {
  const std::string_view line = TRY(take_line());
  if (line == "00" || line == "01") return push(builder_.add_bool(line == "01", opcode_offset_));
  return push_integer_text(line);
}

Status Machine::op_long_text() {
  std::string_view line = TRY(take_line());
  if (line.ends_with('L')) line.remove_suffix(1);
  return push_integer_text(line);
}

Status Machine::op_float_text() {
  const std::optional<double> value = text_to_double(TRY(take_line()));
  if (!value) return malformed("not a number");
  return push(builder_.add_float(*value, opcode_offset_));
}

// Text and bytes.

template <int length_size>
Status Machine::op_unicode() {
  const uint64_t size = TRY(take_unsigned(length_size));
  const std::string_view text = TRY(take(size));
  if (!is_wtf8(text)) return malformed("a string that is not UTF-8");
  return push(builder_.add_text(Kind::kString, text, opcode_offset_));
}

template <int length_size>
Status Machine::op_bytes() {
  const uint64_t size = TRY(take_unsigned(length_size));
  const std::string_view text = TRY(take(size));
  return push(builder_.add_text(Kind::kBytes, text, opcode_offset_));
}

template <int length_size>
Status Machine::op_python2_string() {
  const uint64_t size =
      length_size == 4 ? TRY(take_signed_length()) : TRY(take_unsigned(length_size));
  const std::string_view text = TRY(take(size));
  const Kind kind = is_ascii(text) ? Kind::kString : Kind::kBytes;
  return push(builder_.add_text(kind, text, opcode_offset_));
}

Status Machine::op_unicode_text() {
  const std::string_view line = TRY(take_line());
  if (is_ascii(line) && line.find('\\') == std::string_view::npos) {
    return push(builder_.add_text(Kind::kString, line, opcode_offset_));
  }
  std::optional<std::string> text = decode_raw_unicode_escape(line);
  if (!text) return malformed("a broken escape in a string");
  return push(builder_.add_owned_text(Kind::kString, std::move(*text), opcode_offset_));
}

Status Machine::op_string_text() {
  std::optional<std::string> text = decode_quoted(TRY(take_line()));
  if (!text) return malformed("a string without its quotes or with a broken escape");
  const Kind kind = is_ascii(*text) ? Kind::kString : Kind::kBytes;
  return push(builder_.add_owned_text(kind, std::move(*text), opcode_offset_));
}

// Containers.

template <Kind kind>
Status Machine::op_empty() {
  return push(builder_.add(kind, opcode_offset_));
}

template <Kind kind>
Status Machine::op_from_mark() {
  const size_t position = TRY(pop_mark());
  const std::span<const uint32_t> items = items_above(position);
  if (kind == Kind::kDict && items.size() % 2 != 0) return malformed("a dict key without a value");
  const uint32_t made = TRY(builder_.add_container(kind, items, opcode_offset_));
  cut(position);
  return push(made);
}

template <int size>
Status Machine::op_small_tuple() {
  std::array<uint32_t, size> items;
  for (int i = size; i-- > 0;) items[static_cast<size_t>(i)] = TRY(pop());
  return push(builder_.add_container(Kind::kTuple, items, opcode_offset_));
}

Status Machine::append_to(uint32_t target, std::span<const uint32_t> items) {
  if (kind(target) == Kind::kList) return builder_.extend(target, items);
  if (kind(target) == Kind::kObject) {
    return builder_.extend_object(&Object::appended, target, items);
  }
  return malformed("items are appended to what is no list");
}

Status Machine::set_items_of(uint32_t target, std::span<const uint32_t> items) {
  if (items.size() % 2 != 0) return malformed("a dict key without a value");
  if (kind(target) == Kind::kDict) return builder_.extend(target, items);
  if (kind(target) == Kind::kObject) {
    return builder_.extend_object(&Object::entries, target, items);
  }
  return malformed("entries are set on what is no dict");
}

Status Machine::op_append() {
  const std::array<uint32_t, 1> item = {TRY(pop())};
  return append_to(TRY(top()), item);
}

Status Machine::op_appends() {
  const size_t position = TRY(pop_mark());
  const std::vector<uint32_t>& stack = frame().stack;
  const std::span<const uint32_t> items = items_above(position);
  const size_t floor = frame().marks.empty() ? 0 : frame().marks.back();
  if (position <= floor) return malformed("nothing on the stack to append to");
  TRY_STATUS(append_to(stack[position - 1], items));
  cut(position);
  return {};
}

Status Machine::op_setitem() {
  const uint32_t value = TRY(pop());
  const uint32_t key = TRY(pop());
  return set_items_of(TRY(top()), std::array{key, value});
}

Status Machine::op_setitems() {
  const size_t position = TRY(pop_mark());
  const size_t floor = frame().marks.empty() ? 0 : frame().marks.back();
  if (position <= floor) return malformed("nothing on the stack to set entries on");
  TRY_STATUS(set_items_of(frame().stack[position - 1], items_above(position)));
  cut(position);
  return {};
}

Status Machine::op_additems() {
  const size_t position = TRY(pop_mark());
  const size_t floor = frame().marks.empty() ? 0 : frame().marks.back();
  if (position <= floor) return malformed("nothing on the stack to add items to");
  const uint32_t target = frame().stack[position - 1];
  if (kind(target) != Kind::kSet) return malformed("items are added to what is no set");
  TRY_STATUS(builder_.extend(target, items_above(position)));
  cut(position);
  return {};
}

// Memo.

Status Machine::push_memo(uint64_t number) {
  const uint32_t node = frame().memo.get(number);
  if (node == kNoNode) return malformed(fmt::format("nothing is stored as number {}", number));
  return push(node);
}

Status Machine::memoize(uint64_t number) {
  const uint32_t node = TRY(top());
  if (frame().memo.size() >= storage_.limits.memo_max) {
    return resource_exhausted(
        fmt::format("The pickle's memo exceeds the limit: memo_max {}", storage_.limits.memo_max));
  }
  frame().memo.put(number, node);
  return {};
}

template <int size>
Status Machine::op_get() {
  return push_memo(TRY(take_unsigned(size)));
}

template <int size>
Status Machine::op_put() {
  return memoize(TRY(take_unsigned(size)));
}

Status Machine::op_get_text() {
  const std::optional<int64_t> number = decimal_to_int(TRY(take_line()));
  if (!number || *number < 0) return malformed("not a memo number");
  return push_memo(static_cast<uint64_t>(*number));
}

Status Machine::op_put_text() {
  const std::optional<int64_t> number = decimal_to_int(TRY(take_line()));
  if (!number || *number < 0) return malformed("not a memo number");
  return memoize(static_cast<uint64_t>(*number));
}

Status Machine::op_memoize() { return memoize(frame().memo.size()); }

// The opcodes of protocols 0 and 1 are characters, later ones numbers.
constexpr void Machine::set_text_handlers(Handlers& set) {
  set['('] = &Machine::op_mark;
  set['.'] = &Machine::op_stop;
  set['0'] = &Machine::op_pop;
  set['1'] = &Machine::op_pop_mark;
  set['2'] = &Machine::op_dup;
  set['F'] = &Machine::op_float_text;
  set['I'] = &Machine::op_int_text;
  set['J'] = &Machine::op_binint;
  set['K'] = &Machine::op_unsigned<1>;
  set['L'] = &Machine::op_long_text;
  set['M'] = &Machine::op_unsigned<2>;
  set['N'] = &Machine::op_none;
  set['P'] = &Machine::op_refused_feature;
  set['Q'] = &Machine::op_refused_feature;
  set['R'] = &Machine::op_reduce;
  set['S'] = &Machine::op_string_text;
  set['T'] = &Machine::op_python2_string<4>;
  set['U'] = &Machine::op_python2_string<1>;
  set['V'] = &Machine::op_unicode_text;
  set['X'] = &Machine::op_unicode<4>;
  set['a'] = &Machine::op_append;
  set['b'] = &Machine::op_build;
  set['c'] = &Machine::op_global;
  set['d'] = &Machine::op_from_mark<Kind::kDict>;
  set['}'] = &Machine::op_empty<Kind::kDict>;
  set['e'] = &Machine::op_appends;
  set['g'] = &Machine::op_get_text;
  set['h'] = &Machine::op_get<1>;
  set['i'] = &Machine::op_inst;
  set['j'] = &Machine::op_get<4>;
  set['l'] = &Machine::op_from_mark<Kind::kList>;
  set[']'] = &Machine::op_empty<Kind::kList>;
  set['o'] = &Machine::op_obj;
  set['p'] = &Machine::op_put_text;
  set['q'] = &Machine::op_put<1>;
  set['r'] = &Machine::op_put<4>;
  set['s'] = &Machine::op_setitem;
  set['t'] = &Machine::op_from_mark<Kind::kTuple>;
  set[')'] = &Machine::op_empty<Kind::kTuple>;
  set['u'] = &Machine::op_setitems;
  set['G'] = &Machine::op_binfloat;
  // Of protocol 3.
  set['B'] = &Machine::op_bytes<4>;
  set['C'] = &Machine::op_bytes<1>;
}

constexpr void Machine::set_binary_handlers(Handlers& set) {
  // Protocol 2.
  set[0x80] = &Machine::op_proto;
  set[0x81] = &Machine::op_newobj;
  set[0x82] = &Machine::op_refused_feature;
  set[0x83] = &Machine::op_refused_feature;
  set[0x84] = &Machine::op_refused_feature;
  set[0x85] = &Machine::op_small_tuple<1>;
  set[0x86] = &Machine::op_small_tuple<2>;
  set[0x87] = &Machine::op_small_tuple<3>;
  set[0x88] = &Machine::op_bool<true>;
  set[0x89] = &Machine::op_bool<false>;
  set[0x8a] = &Machine::op_long<1>;
  set[0x8b] = &Machine::op_long<4>;
  // Protocol 4.
  set[0x8c] = &Machine::op_unicode<1>;
  set[0x8d] = &Machine::op_unicode<8>;
  set[0x8e] = &Machine::op_bytes<8>;
  set[0x8f] = &Machine::op_empty<Kind::kSet>;
  set[0x90] = &Machine::op_additems;
  set[0x91] = &Machine::op_from_mark<Kind::kSet>;
  set[0x92] = &Machine::op_newobj_ex;
  set[0x93] = &Machine::op_stack_global;
  set[0x94] = &Machine::op_memoize;
  set[0x95] = &Machine::op_frame;
  // Protocol 5.
  set[0x96] = &Machine::op_bytes<8>;
  set[0x97] = &Machine::op_refused_feature;
  set[0x98] = &Machine::op_refused_feature;
}

constexpr Machine::Handlers Machine::make_handlers() {
  Handlers handlers{};
  set_text_handlers(handlers);
  set_binary_handlers(handlers);
  return handlers;
}

constinit const Machine::Handlers Machine::kHandlers = Machine::make_handlers();

}  // namespace slipway::pickle
