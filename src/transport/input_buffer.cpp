#include "transport/internal/input_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace slipway::transport {

void InputBuffer::commit(size_t bytes) {
  CHECK(bytes <= capacity_ - end_);
  end_ += bytes;
}

void InputBuffer::consume(size_t bytes) {
  CHECK(bytes <= unread_size());
  begin_ += bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

void InputBuffer::erase(size_t offset, size_t bytes) {
  CHECK(offset <= unread_size() && bytes <= unread_size() - offset);
  if (bytes == 0) return;
  char* const hole = unread_data() + offset;
  std::memmove(hole, hole + bytes, unread_size() - offset - bytes);
  end_ -= bytes;
}

bool InputBuffer::make_room(size_t bytes) {
  if (bytes <= capacity_ - end_) return true;
  const size_t size = unread_size();
  if (bytes <= capacity_ - size) {
    std::memmove(block_.get(), unread_data(), size);
    begin_ = 0;
    end_ = size;
    return true;
  }
  const size_t capacity = std::max({kInitialBytes, size + bytes, capacity_ + capacity_ / 2});
  const size_t growth = charged(capacity) - charged(capacity_);
  if (growth > 0 && !budget_.reserve(growth)) return false;
  auto block = std::make_unique_for_overwrite<char[]>(capacity);
  if (size > 0) std::memcpy(block.get(), unread_data(), size);
  block_ = std::move(block);
  capacity_ = capacity;
  begin_ = 0;
  end_ = size;
  return true;
}

void InputBuffer::shrink() {
  const size_t size = unread_size();
  if (size == 0) {
    reset_block(nullptr, 0);
    return;
  }
  const size_t capacity = std::max(size, kInitialBytes);
  if (capacity >= capacity_) return;
  auto block = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(block.get(), unread_data(), size);
  reset_block(std::move(block), capacity);
  end_ = size;
}

void InputBuffer::reset_block(std::unique_ptr<char[]> block, size_t capacity) {
  budget_.release(charged(capacity_) - charged(capacity));
  block_ = std::move(block);
  capacity_ = capacity;
  begin_ = end_ = 0;
}

}  // namespace slipway::transport
