// Cleaning rules: what somebody declares about the texts of a column, rather than edits the file.
// They are part of the model that learns from the table, so that requests are cleaned as training
// rows were. YAML:
//
//   rules:
//     city: [trim, lower]
//     name:
//       - replace: {pattern: "\\s+", by: " "}      # Perl's syntax, every match
//       - map: {"n/a": null, "m": "male"}           # whole texts; null: missing
//     height:
//       - unit: {to: cm, units: {cm: 1, m: 100, in: 2.54}}   # "1.8 m" and 180 become 180
//
// A column's rules apply in their order. After `unit` or `number` it holds numbers, and nothing
// may follow. Thread rule: a value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace slipway::data {

struct CleaningRule {
  enum class Kind : uint8_t {
    kTrim,
    kLower,
    kUpper,
    kReplace,  // every match of `pattern` by `by`
    kMap,      // a whole text by another, or by none
    kNumber,   // "12" is 12; a text that is no number is refused
    kUnit,     // "1.8 m": a number with one of the units, or without
  };
  Kind kind = Kind::kTrim;
  std::string pattern;
  std::string by;
  std::vector<std::pair<std::string, std::optional<std::string>>> map;
  std::vector<std::pair<std::string, double>> units;  // and what one is in the wanted unit
  std::string to;                                     // that unit
  std::string place;                                  // "line 4, column 9", for messages

  bool gives_number() const { return kind == Kind::kNumber || kind == Kind::kUnit; }
};

/// By column.
using CleaningRules = std::map<std::string, std::vector<CleaningRule>, std::less<>>;

/// INVALID_ARGUMENT names line, column and rule: no YAML, an unknown rule, a wrong part of it.
Result<CleaningRules> parse_cleaning_rules(std::string_view yaml);

}  // namespace slipway::data
