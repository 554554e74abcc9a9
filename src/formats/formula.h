// Formula: an expression as people write it in definitions of custom code, taken apart.
//
//   "debt / (income + self.epsilon_)" --parse_formula--> Formula --FormulaCompiler--> terms
//
// The syntax is that of Python's expressions, a small part of it: numbers, texts, names, `self.a_`,
// `col["a b"]`, arithmetic, comparisons, `and or not`, `in`, calls, [lists] and {tables: of}
// constants. Nothing is evaluated here. The result is in postfix order: arguments before their
// call.
//
// Thread rule: immutable once parsed.
//
//   const Formula formula = TRY(parse_formula("log1p(x)", {.line = 3, .column = 12}));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::formats {

/// Where a formula begins in its file, both from 1 on; 0: unknown.
struct FormulaPlace {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// What follows a name: `.key`, `["key"]`, `[3]`, `[i]`.
struct FormulaStep {
  enum class Kind : uint8_t { kKey, kIndex, kVariable };
  Kind kind = Kind::kKey;
  std::string key;  // the variable's name
  int64_t index = 0;
};

struct FormulaNode {
  enum class Kind : uint8_t {
    kNumber,
    kText,
    kPath,   // a name and its steps
    kList,   // of the last `count` results
    kTable,  // of the last `count` pairs
    kCall,   // of a function or operator ("+", "in", "not") with the last `count` results
  };
  Kind kind = Kind::kNumber;
  double number = 0;
  std::string text = {};  // a text's; the name of a path or call
  std::vector<FormulaStep> steps = {};
  uint32_t count = 0;
  uint32_t at = 0;  // byte of the source
};

struct Formula {
  static constexpr size_t kBytesMax = size_t{1} << 14;
  static constexpr size_t kNodesMax = 4096;
  static constexpr size_t kDepthMax = 100;

  std::string source;
  FormulaPlace place;
  std::vector<FormulaNode> nodes;

  /// An error about what stands at a byte of the source: line and column come first.
  Status error(size_t at, std::string_view message) const;
};

/// INVALID_ARGUMENT with line and column.
Result<Formula> parse_formula(std::string_view source, FormulaPlace place);

}  // namespace slipway::formats
