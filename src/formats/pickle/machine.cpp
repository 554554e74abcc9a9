#include "formats/pickle/internal/machine.h"

#include <fmt/format.h>

#include "formats/pickle/internal/depth_check.h"
#include "formats/pickle/internal/scalar.h"

namespace slipway::pickle {
namespace {

constexpr uint8_t kProtocolMax = 5;
// Marks that may be open for each level of nesting: a container, its tuple of arguments, a call.
constexpr uint64_t kMarksPerDepth = 8;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

Machine::Machine(const Tree& tree, Tree::Impl& storage)
    : tree_(tree), storage_(storage), bytes_(storage.bytes), builder_(storage) {
  frames_.emplace_back();
}

Status Machine::run() {
  while (!stopped_) {
    opcode_offset_ = position_;
    opcode_ = static_cast<uint8_t>(TRY(take(1))[0]);
    const Handler handler = kHandlers[opcode_];
    if (handler == nullptr) return malformed(fmt::format("unknown opcode 0x{:02x}", opcode_));
    TRY_STATUS((this->*handler)());
  }
  TRY_STATUS(check_depth(storage_));
  return decode_numpy_texts(tree_, storage_, builder_);
}

Status Machine::malformed(std::string_view what) const {
  return data_loss(fmt::format("The pickle is malformed at byte {}: {}", opcode_offset_, what));
}

Result<std::string_view> Machine::take(uint64_t size) {
  if (size > remaining()) {
    return data_loss(
        fmt::format("The pickle ends too early: {} bytes expected at byte {}, {} are there", size,
                    position_, remaining()));
  }
  const std::string_view slice = bytes_.substr(position_, size);
  position_ += size;
  return slice;
}

Result<std::string_view> Machine::take_line() {
  const size_t end = bytes_.find('\n', position_);
  if (end == std::string_view::npos) {
    return data_loss(
        fmt::format("The pickle ends too early: no end of line after byte {}", position_));
  }
  std::string_view line = bytes_.substr(position_, end - position_);
  position_ = end + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<uint64_t> Machine::take_unsigned(int size) {
  return little_endian(TRY(take(static_cast<uint64_t>(size))));
}

Result<uint64_t> Machine::take_signed_length() {
  const auto length = static_cast<int32_t>(TRY(take_unsigned(4)));
  if (length < 0) return malformed(fmt::format("a negative length, {}", length));
  return static_cast<uint64_t>(length);
}

Status Machine::push(uint32_t node) {
  if (frame().stack.size() >= storage_.limits.objects_max) {
    return resource_exhausted(fmt::format("The pickle's stack exceeds the limit: objects_max {}",
                                          storage_.limits.objects_max));
  }
  frame().stack.push_back(node);
  return {};
}

Status Machine::push(Result<uint32_t> node) {
  if (!node.ok()) return std::move(node).status();
  return push(*node);
}

Result<uint32_t> Machine::top() {
  Frame& current = frame();
  const size_t floor = current.marks.empty() ? 0 : current.marks.back();
  if (current.stack.size() <= floor) return malformed("nothing on the stack to work on");
  return current.stack.back();
}

Result<uint32_t> Machine::pop() {
  const uint32_t node = TRY(top());
  frame().stack.pop_back();
  return node;
}

Result<size_t> Machine::pop_mark() {
  if (frame().marks.empty()) return malformed("no mark on the stack");
  const size_t position = frame().marks.back();
  frame().marks.pop_back();
  return position;
}

std::span<const uint32_t> Machine::items_above(size_t position) {
  return std::span(frame().stack).subspan(position);
}

// Control.

Status Machine::op_proto() {
  const uint64_t protocol = TRY(take_unsigned(1));
  if (protocol > kProtocolMax) {
    return unimplemented(
        fmt::format("Pickle protocol not supported: {} (0 to {} are)", protocol, kProtocolMax));
  }
  return {};
}

Status Machine::op_frame() {
  const uint64_t size = TRY(take_unsigned(8));
  if (size > remaining()) {
    return data_loss(
        fmt::format("The pickle ends too early: a frame of {} bytes at byte {}, {} are there", size,
                    opcode_offset_, remaining()));
  }
  return {};
}

Status Machine::op_stop() {
  const uint32_t result = TRY(pop());
  const uint32_t owner = frame().owner;
  if (frames_.size() == 1) {
    storage_.root = result;
    stopped_ = true;
    return {};
  }
  frames_.pop_back();
  builder_.extra(owner).payload_pickle = result;
  return {};
}

Status Machine::op_mark() {
  const uint64_t marks_max = kMarksPerDepth * (uint64_t{storage_.limits.depth_max} + 1);
  if (frame().marks.size() >= marks_max) {
    return resource_exhausted(
        fmt::format("The pickle nests deeper than the limit allows at byte {}: depth_max {}",
                    opcode_offset_, storage_.limits.depth_max));
  }
  frame().marks.push_back(frame().stack.size());
  return {};
}

Status Machine::op_pop() {
  Frame& current = frame();
  if (!current.marks.empty() && current.marks.back() == current.stack.size()) {
    current.marks.pop_back();
    return {};
  }
  const Result<uint32_t> dropped = pop();
  return dropped.status();
}

Status Machine::op_pop_mark() {
  cut(TRY(pop_mark()));
  return {};
}

Status Machine::op_dup() { return push(top()); }

Status Machine::op_refused_feature() {
  switch (opcode_) {
    case 'P':
    case 'Q':
      return invalid_argument(
          fmt::format("The pickle refers to an object outside the file (a persistent id) at byte "
                      "{}; save the model in one file with joblib.dump or pickle.dump",
                      opcode_offset_));
    case 0x97:
    case 0x98:
      return invalid_argument(
          fmt::format("The pickle keeps its arrays outside the file (out-of-band buffers) at byte "
                      "{}; save it without a buffer_callback",
                      opcode_offset_));
    default:
      return invalid_argument(fmt::format(
          "The pickle uses the extension registry, which no file can explain, at byte {}",
          opcode_offset_));
  }
}

}  // namespace slipway::pickle
