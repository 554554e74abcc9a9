// From a pattern of Python's re to one of PCRE2 that matches the same.
//
// Most of the two syntaxes is one; what differs is rewritten (`\s`, `\Z`, `\uXXXX`, `{,3}`, octal
// escapes, inline flags), and what only PCRE2 knows (verbs, recursion, `\K`, POSIX classes) is an
// error, as in Python. Thread rule: pure functions.
//
//   const TranslatedRegex regex = TRY(translate_regex("(?u)\\b\\w\\w+\\b"));
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::text {

struct TranslatedRegex {
  std::string pattern;  // in UTF-8
  bool ignore_case = false;
  bool multi_line = false;
  bool dot_all = false;
  bool verbose = false;
  bool ascii = false;  // \w, \d, \s and \b know ASCII only
};

/// INVALID_ARGUMENT where re.compile() fails too; UNIMPLEMENTED for what Slipway leaves out (flags
/// within the pattern that change what letters are, `\N{NAME}`, conditions on names).
Result<TranslatedRegex> translate_regex(std::string_view pattern);

}  // namespace slipway::text
