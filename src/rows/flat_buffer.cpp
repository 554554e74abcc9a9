#include "rows/flat_buffer.h"

#include <algorithm>

namespace slipway::rows {

/// A table begins with the way back to its vtable: sizes, then each field's place in the table.
size_t FlatReader::field_place(size_t table, uint16_t field) {
  const int64_t back = at<int32_t>(table);
  const int64_t vtable = static_cast<int64_t>(table) - back;
  if (vtable < 0) ok_ = false;
  if (!ok_) return 0;
  const auto start = static_cast<size_t>(vtable);
  const size_t entry = 4 + size_t{2} * field;
  if (entry + 2 > at<uint16_t>(start)) return 0;
  const uint16_t offset = at<uint16_t>(start + entry);
  return offset == 0 ? 0 : table + offset;
}

size_t FlatReader::follow(size_t place) { return place == 0 ? 0 : place + at<uint32_t>(place); }

size_t FlatReader::table(size_t table, uint16_t field) { return follow(field_place(table, field)); }

FlatReader::Vector FlatReader::vector(size_t table, uint16_t field, size_t element_size) {
  const size_t place = follow(field_place(table, field));
  if (place == 0) return {};
  const size_t count = at<uint32_t>(place);
  const size_t first = place + 4;
  if (!ok_ || count > (bytes_.size() - first) / element_size) {
    ok_ = false;
    return {};
  }
  return {first, count};
}

size_t FlatReader::element(const Vector& vector, size_t index) {
  return follow(vector.first + index * 4);
}

std::string_view FlatReader::text(size_t table, uint16_t field) {
  const Vector letters = vector(table, field, 1);
  if (letters.first == 0) return "";
  if (at<char>(letters.first + letters.count) != '\0') ok_ = false;
  const std::string_view text = ok_ ? bytes_.substr(letters.first, letters.count) : "";
  if (text.find('\0') != std::string_view::npos) ok_ = false;
  return text;
}

size_t FlatWriter::table(std::initializer_list<uint16_t> fields) {
  const auto count = static_cast<size_t>(*(fields.end() - 1)) + 1;
  const size_t vtable = size();
  const size_t vtable_size = 4 + 2 * count;
  // The table begins four bytes before a multiple of eight: its fields lie behind these four.
  const size_t table = (vtable + vtable_size + 3) / 8 * 8 + 4;
  const size_t table_size = 4 + 8 * count;
  out_.append(table + table_size - vtable, '\0');
  set(vtable, static_cast<uint16_t>(vtable_size));
  set(vtable + 2, static_cast<uint16_t>(table_size));
  for (const uint16_t each : fields) {
    set(vtable + 4 + size_t{2} * each, static_cast<uint16_t>(field(0, each)));
  }
  set(table, static_cast<int32_t>(table - vtable));
  return table;
}

size_t FlatWriter::vector(size_t count, size_t element_size) {
  const size_t place = (size() + 3) / 8 * 8 + 4;
  // Behind it the next object may begin, at an even place.
  out_.append(place + 4 + (count * element_size + 3) / 4 * 4 - size(), '\0');
  set(place, static_cast<uint32_t>(count));
  return place;
}

size_t FlatWriter::text(std::string_view text) {
  const size_t place = vector(text.size() + 1, 1);
  set(place, static_cast<uint32_t>(text.size()));
  text.copy(out_.data() + begin_ + place + 4, text.size());
  return place;
}

}  // namespace slipway::rows
