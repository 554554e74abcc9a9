// Names and calls: what GLOBAL, REDUCE, NEWOBJ, INST, OBJ and BUILD would make, as data.
#include <fmt/format.h>

#include <algorithm>

#include "formats/pickle/internal/joblib_array.h"
#include "formats/pickle/internal/literal.h"
#include "formats/pickle/internal/machine.h"

namespace slipway::pickle {
namespace {

constexpr size_t kNameBytesMax = 4096;

}  // namespace

Result<uint32_t> Machine::add_global_at(std::string_view module, std::string_view name) {
  // One long string can be used as a name over and over, and each use costs its length.
  if (module.size() > kNameBytesMax || name.size() > kNameBytesMax) {
    return malformed(fmt::format("a class name of {} bytes", module.size() + name.size()));
  }
  const uint32_t made = TRY(builder_.add_global(module, name, opcode_offset_));
  const GlobalRole role = builder_.global_of(made).role;
  if (role == GlobalRole::kOldJoblibArray) {
    return unimplemented(fmt::format(
        "The file was written by joblib older than 0.10, which keeps arrays in separate files "
        "(byte {}); load it with that joblib and save it again with a newer one",
        opcode_offset_));
  }
  if (role == GlobalRole::kJoblibArray) storage_.joblib = true;
  return made;
}

Status Machine::op_global() {
  const std::string_view module = TRY(take_line());
  const std::string_view name = TRY(take_line());
  if (!is_wtf8(module) || !is_wtf8(name)) return malformed("a class name that is not UTF-8");
  return push(add_global_at(module, name));
}

Status Machine::op_stack_global() {
  const uint32_t name = TRY(pop());
  const uint32_t module = TRY(pop());
  if (kind(name) != Kind::kString || kind(module) != Kind::kString) {
    return malformed("a class name that is no string");
  }
  return push(add_global_at(builder_.text(module), builder_.text(name)));
}

Status Machine::op_reduce() {
  const uint32_t args = TRY(pop());
  const uint32_t callable = TRY(pop());
  if (kind(args) != Kind::kTuple) return malformed("a call whose arguments are no tuple");
  return push(call(callable, args));
}

Status Machine::op_newobj() {
  const uint32_t args = TRY(pop());
  const uint32_t type = TRY(pop());
  if (kind(args) != Kind::kTuple) return malformed("a call whose arguments are no tuple");
  return push(instantiate(type, args));
}

Status Machine::op_newobj_ex() {
  const uint32_t keywords = TRY(pop());
  const uint32_t args = TRY(pop());
  const uint32_t type = TRY(pop());
  if (kind(args) != Kind::kTuple || kind(keywords) != Kind::kDict) {
    return malformed("a call whose arguments are no tuple and dict");
  }
  const uint32_t made = TRY(instantiate(type, args));
  builder_.object(made).kwargs = keywords;
  return push(made);
}

Status Machine::op_inst() {
  const std::string_view module = TRY(take_line());
  const std::string_view name = TRY(take_line());
  if (!is_wtf8(module) || !is_wtf8(name)) return malformed("a class name that is not UTF-8");
  const size_t position = TRY(pop_mark());
  const uint32_t args =
      TRY(builder_.add_container(Kind::kTuple, items_above(position), opcode_offset_));
  cut(position);
  const uint32_t type = TRY(add_global_at(module, name));
  return push(call(type, args));
}

Status Machine::op_obj() {
  const size_t position = TRY(pop_mark());
  const std::span<const uint32_t> items = items_above(position);
  if (items.empty()) return malformed("a call without a class");
  const uint32_t type = items[0];
  const uint32_t args = TRY(builder_.add_container(Kind::kTuple, items.subspan(1), opcode_offset_));
  cut(position);
  return push(call(type, args));
}

Status Machine::op_build() {
  const uint32_t state = TRY(pop());
  const uint32_t object = TRY(top());
  if (kind(object) != Kind::kObject) return malformed("a state is set on what is no object");
  builder_.object(object).state = state;
  if (builder_.global_of(object).role == GlobalRole::kJoblibArray) {
    return begin_joblib_array(object);
  }
  return {};
}

Result<uint32_t> Machine::instantiate(uint32_t callable, uint32_t args) {
  if (kind(callable) == Kind::kGlobal) return builder_.add_object(callable, args, opcode_offset_);
  if (kind(callable) != Kind::kObject) return malformed("a call of what is no class or function");
  if (const std::optional<uint32_t> function = partial_function(callable)) {
    return builder_.add_object(*function, args, opcode_offset_);
  }
  if (!is_time_zone_loader(callable)) {
    // No model needs the result of a call to be called; an exploit does.
    const Global& inner = builder_.global_of(callable);
    builder_.refuse(inner.module, fmt::format("{}(...)", inner.name), opcode_offset_);
  }
  const uint32_t named = TRY(builder_.add_global(
      builder_.global_of(callable).module, builder_.global_of(callable).name, opcode_offset_));
  return builder_.add_object(named, args, opcode_offset_);
}

/// The function of functools.partial(function), which pandas 1.2 and 1.3 call to make their blocks.
std::optional<uint32_t> Machine::partial_function(uint32_t callable) {
  const Global& outer = builder_.global_of(callable);
  if (outer.module != "functools" || outer.name != "partial") return std::nullopt;
  const std::span<const uint32_t> parts = builder_.children(builder_.object(callable).args);
  if (parts.empty() || kind(parts[0]) != Kind::kGlobal) return std::nullopt;
  const Global& function = builder_.global_of(parts[0]);
  const bool is_opaque = function.trust == Trust::kInert && function.role == GlobalRole::kNone;
  return is_opaque ? std::optional(parts[0]) : std::nullopt;
}

/// getattr(zoneinfo.ZoneInfo, '_unpickle'), which a time zone's pickle calls with its name.
bool Machine::is_time_zone_loader(uint32_t callable) {
  if (builder_.global_of(callable).role != GlobalRole::kGetattr) return false;
  const std::span<const uint32_t> parts = builder_.children(builder_.object(callable).args);
  return parts.size() == 2 && kind(parts[0]) == Kind::kGlobal && kind(parts[1]) == Kind::kString &&
         builder_.global_of(parts[0]).module == "zoneinfo" &&
         builder_.global_of(parts[0]).name == "ZoneInfo" && builder_.text(parts[1]) == "_unpickle";
}

Result<uint32_t> Machine::call(uint32_t callable, uint32_t args) {
  if (kind(callable) != Kind::kGlobal) return instantiate(callable, args);
  const GlobalRole role = builder_.global_of(callable).role;
  return call_with_role(role, callable, args);
}

// Arguments that do not fit a role's pattern leave the call as the plain object it is.
Result<uint32_t> Machine::call_with_role(GlobalRole role, uint32_t callable, uint32_t args) {
  switch (role) {
    case GlobalRole::kReconstructor: return call_reconstructor(callable, args);
    case GlobalRole::kNewObject:
    case GlobalRole::kNewEmptyObject: return call_new_object(callable, args, /*keywords=*/false);
    case GlobalRole::kNewObjectKeywords: return call_new_object(callable, args, /*keywords=*/true);
    case GlobalRole::kCythonUnpickler: return call_cython_unpickler(callable, args);
    case GlobalRole::kCodecsEncode: return call_encode(callable, args);
    case GlobalRole::kBytes: return call_bytes(callable, args);
    case GlobalRole::kSet: return call_set(callable, args);
    case GlobalRole::kGetattr: return call_getattr(callable, args);
    case GlobalRole::kDillArray: return call_dill_array(callable, args);
    case GlobalRole::kNone:
    case GlobalRole::kJoblibArray:
    case GlobalRole::kOldJoblibArray:
    case GlobalRole::kNumpyScalar:
    case GlobalRole::kNumpyArray: break;
  }
  return instantiate(callable, args);
}

Result<uint32_t> Machine::call_reconstructor(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  if (parts.size() != 3 || kind(parts[0]) != Kind::kGlobal) return instantiate(callable, args);
  const uint32_t type = parts[0];
  const uint32_t state = parts[2];
  // The base is `object`, with None, or a builtin type with the value to make it from. A subclass
  // of dict or list gets what that holds, as the later protocols would have set it.
  std::span<const uint32_t> given;
  if (kind(state) != Kind::kNone) given = std::span(&state, 1);
  const uint32_t given_args = TRY(builder_.add_container(Kind::kTuple, given, opcode_offset_));
  const uint32_t made = TRY(instantiate(type, given_args));
  if (kind(state) == Kind::kDict || kind(state) == Kind::kList) {
    const std::span<const uint32_t> items = builder_.children(state);
    const std::vector<uint32_t> copy(items.begin(), items.end());  // the arena may move
    const bool is_dict = kind(state) == Kind::kDict;
    TRY_STATUS(builder_.extend_object(is_dict ? &Object::entries : &Object::appended, made, copy));
  }
  return made;
}

Result<uint32_t> Machine::call_new_object(uint32_t callable, uint32_t args, bool keywords) {
  const std::span<const uint32_t> parts = builder_.children(args);
  if (parts.empty() || kind(parts[0]) != Kind::kGlobal) return instantiate(callable, args);
  if (!keywords) {
    const std::vector<uint32_t> rest(parts.begin() + 1, parts.end());
    const uint32_t type = parts[0];
    return instantiate(type, TRY(builder_.add_container(Kind::kTuple, rest, opcode_offset_)));
  }
  if (parts.size() != 3 || kind(parts[1]) != Kind::kTuple || kind(parts[2]) != Kind::kDict) {
    return instantiate(callable, args);
  }
  const uint32_t given = parts[2];
  const uint32_t made = TRY(instantiate(parts[0], parts[1]));
  builder_.object(made).kwargs = given;
  return made;
}

Result<uint32_t> Machine::call_cython_unpickler(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  if (parts.size() != 3 || kind(parts[0]) != Kind::kGlobal) return instantiate(callable, args);
  const uint32_t state = parts[2];
  const uint32_t made = TRY(instantiate(parts[0], args));
  if (kind(state) != Kind::kNone) builder_.object(made).state = state;
  return made;
}

Result<uint32_t> Machine::call_encode(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  const bool fits = parts.size() == 2 && kind(parts[0]) == Kind::kString &&
                    kind(parts[1]) == Kind::kString &&
                    (builder_.text(parts[1]) == "latin1" || builder_.text(parts[1]) == "latin-1");
  if (!fits) return instantiate(callable, args);
  // One text out of the memo can be encoded over and over: it is looked at once.
  const uint32_t source = parts[0];
  if (const auto found = encoded_.find(source); found != encoded_.end()) {
    return builder_.add_text(Kind::kBytes, found->second, opcode_offset_);
  }
  std::string_view bytes = builder_.text(source);
  if (!is_ascii(bytes)) {
    std::optional<std::string> recoded = utf8_to_latin1(bytes);
    if (!recoded) return malformed("bytes that are not written in Latin-1");
    bytes = TRY(builder_.own_text(std::move(*recoded)));
  }
  encoded_.emplace(source, bytes);
  return builder_.add_text(Kind::kBytes, bytes, opcode_offset_);
}

Result<uint32_t> Machine::call_bytes(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  if (parts.empty()) return builder_.add_text(Kind::kBytes, "", opcode_offset_);
  if (parts.size() == 1 && kind(parts[0]) == Kind::kBytes) {
    return builder_.add_text(Kind::kBytes, builder_.text(parts[0]), opcode_offset_);
  }
  if (parts.size() == 2) return call_encode(callable, args);  // bytearray(text, 'latin-1')
  return instantiate(callable, args);
}

Result<uint32_t> Machine::call_set(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  if (parts.empty()) return builder_.add(Kind::kSet, opcode_offset_);
  const Kind from = kind(parts[0]);
  const bool fits =
      parts.size() == 1 && (from == Kind::kList || from == Kind::kTuple || from == Kind::kSet);
  if (!fits) return instantiate(callable, args);
  const std::span<const uint32_t> items = builder_.children(parts[0]);
  if (items.size() > storage_.limits.objects_max) return malformed("a set beyond objects_max");
  const std::vector<uint32_t> copy(items.begin(), items.end());  // the arena may move
  return builder_.add_container(Kind::kSet, copy, opcode_offset_);
}

Result<uint32_t> Machine::call_getattr(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  bool fits = parts.size() == 2 && kind(parts[1]) == Kind::kString &&
              (kind(parts[0]) == Kind::kGlobal || kind(parts[0]) == Kind::kObject);
  if (fits) {
    // Whose attribute it is decides; a refused owner is already on the list by its own name.
    const std::string_view name = builder_.text(parts[1]);
    fits = !name.starts_with("__") && name.find('.') == std::string_view::npos;
  }
  if (!fits) builder_.refuse("builtins", "getattr", opcode_offset_);
  return instantiate(callable, args);
}

Result<uint32_t> Machine::call_dill_array(uint32_t callable, uint32_t args) {
  const std::span<const uint32_t> parts = builder_.children(args);
  const bool fits = parts.size() >= 3 && parts.size() <= 4 && kind(parts[0]) == Kind::kGlobal &&
                    kind(parts[1]) == Kind::kTuple &&
                    builder_.global_of(parts[0]).role == GlobalRole::kNumpyArray;
  if (!fits) return instantiate(callable, args);
  const uint32_t state = parts[2];
  const uint32_t made = TRY(instantiate(parts[0], parts[1]));
  builder_.object(made).state = state;
  return made;
}

Status Machine::begin_joblib_array(uint32_t object) {
  if (frames_.size() > 1) {
    // joblib writes an array of objects with plain pickle, which puts arrays into itself.
    return malformed("a joblib array record inside the pickle of an array of objects");
  }
  const JoblibRecord record = TRY(read_joblib_record(Value(&tree_, object)));
  if (record.holds_objects) {
    frames_.emplace_back();
    frames_.back().owner = object;
    return {};
  }
  if (record.is_padded) {
    const uint64_t padding = TRY(take_unsigned(1));
    TRY_STATUS(take(padding).status());
  }
  const std::string_view payload = TRY(take(record.size_bytes));
  builder_.extra(object).payload = payload;
  return {};
}

}  // namespace slipway::pickle
