// The bytes that a connection has received and not yet consumed: one contiguous block, so that a
// request can be parsed and handed to its handler in place.
//
//   [ consumed | unread ........ | free ]
//              begin             end
//
// Ownership: one per connection. Pointers into it move whenever make_room() or shrink() is called.
// Thread rule: single-sequence. Growth beyond kInitialBytes is charged to a MemoryBudget.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "transport/internal/memory_budget.h"

namespace slipway::transport {

class InputBuffer {
 public:
  static constexpr size_t kInitialBytes = 8 * 1024;

  explicit InputBuffer(MemoryBudget& budget) : budget_(budget) {}
  ~InputBuffer() { reset_block(nullptr, 0); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  char* unread_data() { return block_.get() + begin_; }
  const char* unread_data() const { return block_.get() + begin_; }
  size_t unread_size() const { return end_ - begin_; }
  std::string_view unread() const { return {unread_data(), unread_size()}; }
  size_t capacity() const { return capacity_; }

  std::span<char> free_space() { return {block_.get() + end_, capacity_ - end_}; }
  /// `bytes` of the free space have been filled.
  void commit(size_t bytes);
  /// Drops bytes from the front of the unread ones.
  void consume(size_t bytes);
  /// Removes unread[offset, offset + bytes), moving what follows down.
  void erase(size_t offset, size_t bytes);
  /// At least `bytes` of free space, by moving the unread bytes to the front or by growing. False
  /// if the budget does not allow it; nothing has changed then.
  bool make_room(size_t bytes);
  /// Gives memory back: all of it if nothing is unread, else what is beyond the unread bytes.
  void shrink();

 private:
  void reset_block(std::unique_ptr<char[]> block, size_t capacity);
  static size_t charged(size_t capacity) {
    return capacity > kInitialBytes ? capacity - kInitialBytes : 0;
  }

  MemoryBudget& budget_;
  std::unique_ptr<char[]> block_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace slipway::transport
