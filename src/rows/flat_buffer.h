// FlatBuffers, as far as the metadata of Arrow's IPC format needs them (flatbuffers.dev,
// "FlatBuffer Internals"; arrow.apache.org/docs/format/Columnar.html, "Serialization and IPC").
//
//   bytes --FlatReader--> tables, vectors, scalars;  tables, vectors, scalars --FlatWriter--> bytes
//
// A table, vector or text is named by its place: the bytes from the buffer's begin; 0 is none. All
// numbers are little-endian, as this machine's are. Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace slipway::rows {

/// Reads hostile bytes: each access proves its bounds. What lies outside reads as zero, and ok()
/// is false from then on, so that callers ask once, at the end. Follows no more than it is asked.
class FlatReader {
 public:
  struct Vector {
    size_t first = 0;  // place of the first element
    size_t count = 0;  // proven: count elements lie in the buffer
  };

  explicit FlatReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t root() { return at<uint32_t>(0); }

  /// The number at a place.
  template <typename T>
  T at(size_t place) {
    T value{};
    if (place > bytes_.size() || bytes_.size() - place < sizeof(T)) {
      ok_ = false;
    } else {
      std::memcpy(&value, bytes_.data() + place, sizeof(T));
    }
    return value;
  }
  /// A table's field of a number; `otherwise` if the table leaves it out.
  template <typename T>
  T number(size_t table, uint16_t field, T otherwise) {
    const size_t place = field_place(table, field);
    return place == 0 ? otherwise : at<T>(place);
  }
  /// The table that a field points to.
  size_t table(size_t table, uint16_t field);
  Vector vector(size_t table, uint16_t field, size_t element_size);
  /// The table that an element of a vector of tables (4 bytes each) points to.
  size_t element(const Vector& vector, size_t index);
  /// A text without a zero in it, which ends with one; "" if the table leaves it out.
  std::string_view text(size_t table, uint16_t field);

 private:
  size_t field_place(size_t table, uint16_t field);
  size_t follow(size_t place);

  std::string_view bytes_;
  bool ok_ = true;
};

/// Appends a buffer to a text, front to back: what points comes before what it points to. Each
/// field of a table takes eight bytes, so that every number is aligned.
class FlatWriter {
 public:
  explicit FlatWriter(std::string& out) : out_(out), begin_(out.size()) { out_.append(4, '\0'); }

  size_t size() const { return out_.size() - begin_; }
  /// Zeros up to a multiple of eight bytes.
  void pad() { out_.append((8 - size() % 8) % 8, '\0'); }

  /// A table with these fields, in rising order, all zero.
  size_t table(std::initializer_list<uint16_t> fields);
  /// A vector whose elements, all zero, are aligned to eight bytes.
  size_t vector(size_t count, size_t element_size);
  size_t text(std::string_view text);

  template <typename T>
  void set(size_t place, T value) {
    std::memcpy(out_.data() + begin_ + place, &value, sizeof(T));
  }
  static size_t field(size_t table, uint16_t field) { return table + 4 + size_t{8} * field; }
  static size_t element(size_t vector, size_t index, size_t element_size) {
    return vector + 4 + index * element_size;
  }
  /// Writes at a place where the target, which lies behind it, is.
  void point(size_t place, size_t target) { set(place, static_cast<uint32_t>(target - place)); }

 private:
  std::string& out_;
  const size_t begin_;
};

}  // namespace slipway::rows
