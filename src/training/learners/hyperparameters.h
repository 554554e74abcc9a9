// Hyperparameters: what a learner can be told, under scikit-learn's names, checked before any work.
//
//   texts ("C" = "0.1") --Hyperparameters::check(table)--> typed values, defaults filled in
//
// Values come as texts, which is what command lines, YAML scalars and journals hold. A table per
// learner says name, kind, default, range and words. Thread rule: a value.
//
//   Hyperparameters found = TRY(Hyperparameters::check("ridge", table, {{"alpha", "0.5"}}));
//   double alpha = found.number("alpha");
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::training {

/// Names to values, as the user wrote them.
using HyperparameterTexts = std::map<std::string, std::string>;

struct Hyperparameter {
  enum class Kind : uint8_t {
    kNumber,
    kInteger,
    kCount,  // a whole number is a count, a fraction (with a point, at most 1.0) a share of all
    kFlag,
    kWord,  // nothing but words
  };
  std::string_view name;
  Kind kind = Kind::kNumber;
  std::string_view fallback;  // the default, as text
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;       // the range does not hold `low` itself
  std::string_view words = {};  // "none|sqrt|log2": what it may be beside (or instead of) a number
};

class Hyperparameters {
 public:
  /// INVALID_ARGUMENT names the learner and the hyperparameter: an unknown name (with the nearest
  /// known one), a text that is none of its kind, a value out of range.
  static Result<Hyperparameters> check(std::string_view learner,
                                       std::span<const Hyperparameter> table,
                                       const HyperparameterTexts& given);

  /// Each of the table's names has a value; asking for another name is a bug (CHECK), as is asking
  /// for the number of a word.
  double number(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  /// The word, in lower case; "" where the value is a number.
  std::string_view word(std::string_view name) const;
  /// A kCount as a count of `all`: as sklearn does, at least 1, a share rounded down or up.
  uint64_t count(std::string_view name, uint64_t all, bool round_up = false) const;
  /// A kCount that was given as a whole number.
  bool is_whole(std::string_view name) const;
  /// All values as texts, defaults included; for records of a training run.
  const HyperparameterTexts& texts() const { return texts_; }

 private:
  struct Value {
    double number = 0;
    std::string word;  // empty: a number
    bool is_whole = false;
  };
  static Result<Value> parse(std::string_view learner, const Hyperparameter& entry,
                             const std::string& text);
  const Value& at(std::string_view name) const;

  std::map<std::string, Value, std::less<>> values_;
  HyperparameterTexts texts_;
};

}  // namespace slipway::training
