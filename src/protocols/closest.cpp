#include "protocols/internal/closest.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace slipway::protocols {
namespace {

constexpr size_t kBytesMax = 64;
constexpr size_t kColumnsSearched = 2000;
constexpr size_t kColumnsListed = 12;

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  if (text.size() <= kBytesMax) return out.append(text) + '"';
  return out.append(text.substr(0, kBytesMax)) + "...\"";
}

std::string column_hint(const Signature& signature, std::string_view name) {
  const InputColumn* nearest = nullptr;
  size_t least = std::max<size_t>(2, name.size() / 2);
  const size_t searched = std::min(signature.columns.size(), kColumnsSearched);
  for (size_t i = 0; i < searched; ++i) {
    const size_t distance = edit_distance(name, signature.columns[i].name);
    if (distance <= least && (nearest == nullptr || distance < least)) {
      least = distance;
      nearest = &signature.columns[i];
    }
  }
  if (nearest != nullptr) return "; did you mean " + in_quotes(nearest->name) + "?";
  std::string list = "; expected ";
  for (size_t i = 0; i < std::min(signature.columns.size(), kColumnsListed); ++i) {
    if (i > 0) list += ", ";
    list += in_quotes(signature.columns[i].name);
  }
  return signature.columns.size() > kColumnsListed ? list + ", ..." : list;
}

}  // namespace slipway::protocols
