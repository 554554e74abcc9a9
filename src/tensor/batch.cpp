#include "tensor/batch.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace slipway {

void InputBuffer::reset(size_t rows, size_t columns, bool has_strings) {
  rows_ = rows;
  columns_ = columns;
  has_strings_ = has_strings;
  numbers_.assign(rows * columns, std::numeric_limits<double>::quiet_NaN());
  strings_.assign(has_strings ? rows * columns : 0, StringCell::absent());
  if (blocks_.size() > 1) blocks_.resize(1);
  block_index_ = 0;
  block_used_ = 0;
}

void InputBuffer::add_row() {
  ++rows_;
  numbers_.resize(rows_ * columns_, std::numeric_limits<double>::quiet_NaN());
  if (has_strings_) strings_.resize(rows_ * columns_, StringCell::absent());
}

StringCell InputBuffer::store(std::string_view text) {
  if (text.empty()) return StringCell::text("");
  while (block_index_ < blocks_.size() && blocks_[block_index_].size - block_used_ < text.size()) {
    ++block_index_;
    block_used_ = 0;
  }
  if (block_index_ == blocks_.size()) {
    const size_t size = std::max(kBlockBytes, text.size());
    blocks_.push_back({std::make_unique<char[]>(size), size});
    block_used_ = 0;
  }
  char* place = blocks_[block_index_].bytes.get() + block_used_;
  std::memcpy(place, text.data(), text.size());
  block_used_ += text.size();
  return StringCell::text({place, text.size()});
}

Batch InputBuffer::batch() const {
  return {rows_, numbers_.data(), has_strings_ ? strings_.data() : nullptr};
}

}  // namespace slipway
