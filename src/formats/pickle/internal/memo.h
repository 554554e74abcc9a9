// A pickle's memo: numbers to nodes. Picklers number densely from zero, so it is a vector; a number
// far beyond what was stored so far (only hand-made files have them) goes to a hash map, so that
// one opcode cannot ask for gigabytes.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {

class Memo {
 public:
  /// How many different numbers were stored.
  uint64_t size() const { return size_; }

  void put(uint64_t number, uint32_t node) {
    if (number >= dense_.size()) {
      if (number > 2 * size_ + kFreeGap) {
        if (sparse_.insert_or_assign(number, node).second) ++size_;
        return;
      }
      dense_.resize(number + 1, kNoNode);
    }
    if (dense_[number] == kNoNode) ++size_;
    dense_[number] = node;
  }

  /// kNoNode if nothing was stored under it.
  uint32_t get(uint64_t number) const {
    if (number < dense_.size() && dense_[number] != kNoNode) return dense_[number];
    if (sparse_.empty()) return kNoNode;
    const auto found = sparse_.find(number);
    return found == sparse_.end() ? kNoNode : found->second;
  }

 private:
  static constexpr uint64_t kFreeGap = 4096;
  std::vector<uint32_t> dense_;
  std::unordered_map<uint64_t, uint32_t> sparse_;
  uint64_t size_ = 0;
};

}  // namespace slipway::pickle
