#include "data/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "data/cell_text.h"

namespace slipway::data {
namespace {

struct KindName {
  std::string_view name;
  ColumnKind kind;
};
constexpr KindName kKinds[] = {{"number", ColumnKind::kNumber},
                               {"boolean", ColumnKind::kBoolean},
                               {"category", ColumnKind::kCategory},
                               {"text", ColumnKind::kText},
                               {"time", ColumnKind::kTime}};

uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

}  // namespace

std::string_view column_kind_name(ColumnKind kind) {
  for (const KindName& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "";
}

std::optional<ColumnKind> find_column_kind(std::string_view name) {
  for (const KindName& entry : kKinds) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

size_t TextDictionary::slot_of(std::string_view text, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] >= 0; slot = (slot + 1) & mask) {
    const int32_t code = slots_[slot];
    if (hashes_[static_cast<size_t>(code)] == static_cast<uint32_t>(hash >> 32U) &&
        this->text(code) == text) {
      break;
    }
  }
  return slot;
}

void TextDictionary::grow() {
  constexpr size_t kSlotsMin = 16;
  slots_.assign(std::max(kSlotsMin, slots_.size() * 2), -1);
  for (size_t code = 0; code < ends_.size(); ++code) {
    const std::string_view known = text(static_cast<int32_t>(code));
    slots_[slot_of(known, hash_of(known))] = static_cast<int32_t>(code);
  }
}

int32_t TextDictionary::add(std::string_view text) {
  if (ends_.size() * 2 >= slots_.size()) grow();
  const uint64_t hash = hash_of(text);
  const size_t slot = slot_of(text, hash);
  if (slots_[slot] >= 0) return slots_[slot];
  const auto code = static_cast<int32_t>(ends_.size());
  slots_[slot] = code;
  bytes_.append(text);
  ends_.push_back(bytes_.size());
  hashes_.push_back(static_cast<uint32_t>(hash >> 32U));
  return code;
}

int32_t TextDictionary::find(std::string_view text) const {
  return slots_.empty() ? -1 : slots_[slot_of(text, hash_of(text))];
}

size_t TextDictionary::size_bytes() const {
  return bytes_.capacity() + ends_.capacity() * sizeof(size_t) +
         hashes_.capacity() * sizeof(uint32_t) + slots_.capacity() * sizeof(int32_t);
}

std::string Column::cell_text(size_t row) const {
  if (is_missing(row)) return "";
  if (is_text()) return std::string(dictionary.text(codes[row]));
  if (kind == ColumnKind::kBoolean) return numbers[row] != 0 ? "true" : "false";
  if (kind == ColumnKind::kTime) return time_text(numbers[row]);
  return number_text(numbers[row]);
}

const Column* Frame::find(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace slipway::data
