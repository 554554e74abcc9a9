// TextPattern: a regular expression with Perl's syntax, compiled, with bounds on what a match
// costs.
//
// Wraps PCRE2, UTF-8. Ownership: a value that shares the compiled pattern. Thread rule: immutable;
// each thread brings a Matcher of its own.
//
//   const TextPattern pattern = TRY(TextPattern::compile("^a+b"));
//   TextPattern::Matcher matcher;
//   if (matcher.find(pattern, "caab", 0)) use(matcher.start(), matcher.end());
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway {

class TextPattern {
 public:
  static constexpr size_t kBytesMax = 4096;

  /// INVALID_ARGUMENT says where the pattern is wrong.
  static Result<TextPattern> compile(std::string_view pattern);
  const std::string& text() const { return text_; }
  /// How many groups it captures.
  uint32_t groups() const;
  size_t size_bytes() const;

  class Matcher {
   public:
    Matcher();
    ~Matcher();
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;
    /// The first match from `from` on. A text that is no UTF-8, or on which the match would take
    /// more steps than allowed, has none.
    bool find(const TextPattern& pattern, std::string_view text, size_t from);
    /// The same in a text that is known to be UTF-8.
    bool find_next(const TextPattern& pattern, std::string_view text, size_t from);
    /// Whether there was no match because there were too many steps.
    bool gave_up() const { return gave_up_; }
    size_t start() const;
    size_t end() const;
    /// What the group `number` (of 1 to 9) of the last match holds; empty where it has no part.
    std::string_view group(std::string_view text, size_t number) const;

   private:
    struct Rep;
    bool match(const TextPattern& pattern, std::string_view text, size_t from, uint32_t options);
    std::unique_ptr<Rep> rep_;
    bool gave_up_ = false;
  };

 private:
  TextPattern() = default;
  std::string text_;
  std::shared_ptr<const void> code_;
};

}  // namespace slipway
