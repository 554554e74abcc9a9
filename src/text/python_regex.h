// PythonRegex: re.findall() of Python's re, by PCRE2 with bounds on its work.
//
//   pattern --regex_translation--> PCRE2's syntax --compile--> PythonRegex
//
// Ownership: owns the compiled pattern. Thread rule: const methods are safe to call concurrently,
// each with a RegexScratch of its own.
//
//   const PythonRegex regex = TRY(PythonRegex::compile("(?u)\\b\\w\\w+\\b"));
//   TRY_STATUS(regex.find_all("two words", scratch, found));
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::text {

/// What a search needs beside the pattern; reused from search to search.
class RegexScratch {
 public:
  RegexScratch();
  ~RegexScratch();
  RegexScratch(RegexScratch&&) noexcept;
  RegexScratch& operator=(RegexScratch&&) noexcept;

 private:
  friend class PythonRegex;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class PythonRegex {
 public:
  /// INVALID_ARGUMENT or UNIMPLEMENTED says what is wrong with the pattern, and where.
  static Result<PythonRegex> compile(std::string_view pattern);
  PythonRegex(PythonRegex&&) noexcept;
  PythonRegex& operator=(PythonRegex&&) noexcept;
  ~PythonRegex();

  /// How many groups it captures.
  uint32_t groups() const;
  size_t size_bytes() const;

  /// Appends what findall() gives: each match from left to right, or its only group where it has
  /// one. The text must be valid UTF-8; the views point into it. INVALID_ARGUMENT if the search
  /// takes too many steps for a text of this length; only for patterns of at most one group.
  Status find_all(std::string_view text, RegexScratch& scratch,
                  std::vector<std::string_view>& found) const;

 private:
  struct Impl;
  explicit PythonRegex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::text
