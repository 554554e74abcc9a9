// Labels: texts numbered in the order in which they are first seen.
//
//   Labels classes;
//   const size_t place = classes.place("yes");
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::pmml {

class Labels {
 public:
  size_t place(std::string_view label) {
    const auto found = places_.find(label);
    if (found != places_.end()) return found->second;
    places_.emplace(label, list_.size());
    list_.emplace_back(label);
    return list_.size() - 1;
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::map<std::string, size_t, std::less<>> places_;
  std::vector<std::string> list_;
};

}  // namespace slipway::pmml
