#include "tensor/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

namespace slipway {

char* TextStore::take(size_t bytes) {
  while (block_index_ < blocks_.size() && blocks_[block_index_].size - block_used_ < bytes) {
    ++block_index_;
    block_used_ = 0;
  }
  if (block_index_ == blocks_.size()) {
    const size_t size = std::max(kBlockBytes, bytes);
    blocks_.push_back({std::make_unique<char[]>(size), size});
    block_used_ = 0;
  }
  char* place = blocks_[block_index_].bytes.get() + block_used_;
  block_used_ += bytes;
  return place;
}

void TextStore::reset() {
  if (blocks_.size() > 1) blocks_.resize(1);
  block_index_ = 0;
  block_used_ = 0;
}

void InputBuffer::reset(size_t rows, size_t columns, InputMatrices matrices) {
  rows_ = rows;
  columns_ = columns;
  matrices_ = matrices;
  numbers_.assign(rows * columns, std::numeric_limits<double>::quiet_NaN());
  strings_.assign(matrices.strings ? rows * columns : 0, StringCell::absent());
  records_.assign(matrices.records ? rows * columns : 0, Record());
  fields_.clear();
  texts_.reset();
}

void InputBuffer::add_row() {
  ++rows_;
  numbers_.resize(rows_ * columns_, std::numeric_limits<double>::quiet_NaN());
  if (matrices_.strings) strings_.resize(rows_ * columns_, StringCell::absent());
  if (matrices_.records) records_.resize(rows_ * columns_);
}

bool InputBuffer::append_rows(const InputBuffer& other) {
  CHECK(columns_ == other.columns_ && matrices_.strings == other.matrices_.strings &&
        matrices_.records == other.matrices_.records);
  if (other.fields_.size() > kFieldsMax - fields_.size()) return false;
  const auto shift = static_cast<uint32_t>(fields_.size());
  rows_ += other.rows_;
  numbers_.insert(numbers_.end(), other.numbers_.begin(), other.numbers_.end());
  strings_.insert(strings_.end(), other.strings_.begin(), other.strings_.end());
  fields_.insert(fields_.end(), other.fields_.begin(), other.fields_.end());
  for (Record record : other.records_) {
    record.first += shift;
    records_.push_back(record);
  }
  return true;
}

StringCell InputBuffer::store(std::string_view text) {
  if (text.empty()) return StringCell::text("");
  char* place = texts_.take(text.size());
  std::memcpy(place, text.data(), text.size());
  return StringCell::text({place, text.size()});
}

std::string_view InputBuffer::store_key(std::string_view key) {
  // One byte at least, so that no two entries share a place.
  char* place = texts_.take(std::max<size_t>(key.size(), 1));
  if (!key.empty()) std::memcpy(place, key.data(), key.size());
  return {place, key.size()};
}

void InputBuffer::begin_record(size_t row, size_t column) {
  CHECK(matrices_.records && row < rows_ && column < columns_);
  open_record_ = row * columns_ + column;
  Record& record = records_[open_record_];
  // Begun again, after bare NaNs were replaced: what it got the first time is dropped.
  if (record.is_set()) {
    CHECK(record.first + record.count == fields_.size());
    fields_.resize(record.first);
  }
  record = {static_cast<uint32_t>(fields_.size()), 0};
}

Status InputBuffer::add_field(std::string_view stored_key, StringCell value) {
  Record& record = records_[open_record_];
  if (record.count == kRecordFieldsMax) {
    return invalid_argument(fmt::format("a record holds at most {} values", kRecordFieldsMax));
  }
  if (fields_.size() == kFieldsMax) {
    return invalid_argument(
        fmt::format("the records of one request hold at most {} values", kFieldsMax));
  }
  fields_.push_back({stored_key, value});
  ++record.count;
  return {};
}

Status InputBuffer::end_record() {
  const Record& record = records_[open_record_];
  keys_.clear();
  for (const RecordField& field : std::span(fields_).subspan(record.first, record.count)) {
    if (keys_.empty() || keys_.back().data() != field.key.data()) keys_.push_back(field.key);
  }
  std::ranges::sort(keys_);
  const auto twice = std::ranges::adjacent_find(keys_);
  if (twice == keys_.end()) return {};
  constexpr size_t kShownMax = 64;
  if (twice->size() > kShownMax) return invalid_argument("a key is given twice");
  return invalid_argument(fmt::format("the key \"{}\" is given twice", *twice));
}

Batch InputBuffer::batch() const {
  return {rows_, numbers_.data(), matrices_.strings ? strings_.data() : nullptr,
          matrices_.records ? records_.data() : nullptr, fields_.data()};
}

}  // namespace slipway
