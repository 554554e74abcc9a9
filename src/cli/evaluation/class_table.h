// ClassTable: a model's classes, and what cells of data mean as one of them.
//
//   cell "1", 1.0 or true --find--> class 1 of a model with the labels 0 and 1
//
// Labels compare as the model's own: whole numbers by value whatever they are written as, truth
// values as true, false, 1 or 0, texts letter by letter. Thread rule: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/frame.h"
#include "graph/signature.h"

namespace slipway::cli {

class ClassTable {
 public:
  explicit ClassTable(const LabelTable& labels);
  /// Classes known by their texts alone, in the order given: numbers where `are_numbers`.
  ClassTable(std::vector<std::string> texts, bool are_numbers);

  size_t size() const { return texts_.size(); }
  const std::string& text(size_t label) const { return texts_[label]; }
  const std::vector<std::string>& texts() const { return texts_; }
  bool holds_numbers() const { return are_numbers_; }

  std::optional<int32_t> find(std::string_view text) const;
  std::optional<int32_t> find(double value) const;

  /// The first so many, for messages: "a, b, c, ...".
  std::string list() const;

 private:
  void index();

  std::vector<std::string> texts_;
  bool are_numbers_ = false;
  bool are_booleans_ = false;
  std::unordered_map<std::string, int32_t> by_text_;
};

/// The text that stands for a number as a label: "1" for 1.0, "0.5".
std::string label_text(double value);

}  // namespace slipway::cli
