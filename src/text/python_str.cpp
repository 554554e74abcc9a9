#include "text/python_str.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/code_point.h"

namespace slipway::text {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kDottedCapitalI = 0x130;
constexpr char32_t kDotAbove = 0x307;

struct Range {
  char32_t first;
  char32_t last;
};

template <size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
  const auto found = std::ranges::lower_bound(ranges, code, {}, &Range::last);
  return found != ranges.end() && found->first <= code;
}

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

/// Unicode's Cased: letters with case, and Other_Lowercase and Other_Uppercase.
bool is_cased(char32_t code) {
  static constexpr std::array kOther = {
      Range{0xAA, 0xAA},       Range{0xBA, 0xBA},       Range{0x2B0, 0x2B8},
      Range{0x2C0, 0x2C1},     Range{0x2E0, 0x2E4},     Range{0x345, 0x345},
      Range{0x37A, 0x37A},     Range{0x1D2C, 0x1D6A},   Range{0x1D78, 0x1D78},
      Range{0x1D9B, 0x1DBF},   Range{0x2071, 0x2071},   Range{0x207F, 0x207F},
      Range{0x2090, 0x209C},   Range{0x2160, 0x217F},   Range{0x24B6, 0x24E9},
      Range{0x2C7C, 0x2C7D},   Range{0xA69C, 0xA69D},   Range{0xA770, 0xA770},
      Range{0xA7F8, 0xA7F9},   Range{0xAB5C, 0xAB5F},   Range{0x10780, 0x10780},
      Range{0x10783, 0x10785}, Range{0x10787, 0x107B0}, Range{0x107B2, 0x107BA},
      Range{0x1F130, 0x1F149}, Range{0x1F150, 0x1F169}, Range{0x1F170, 0x1F189}};
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT: return true;
    default: return is_in(kOther, code);
  }
}

/// Unicode's Case_Ignorable: marks, modifiers, and punctuation that stands inside words.
bool is_case_ignorable(char32_t code) {
  static constexpr std::array<char32_t, 17> kInsideWords = {
      0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
      0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
  switch (category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return std::ranges::binary_search(kInsideWords, code);
  }
}

/// Whether the capital sigma at begin..end ends a word: behind a cased letter, and before none.
/// Each run of ignorable characters is passed by the sigmas at its two ends only.
bool is_final_sigma(std::string_view text, size_t begin, size_t end) {
  char32_t code = 0;
  do {
    if (begin == 0) return false;
    code = previous_code_point(text, begin);
  } while (is_case_ignorable(code));
  if (!is_cased(code)) return false;
  do {
    if (end == text.size()) return true;
    code = next_code_point(text, end);
  } while (is_case_ignorable(code));
  return !is_cased(code);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x80U; });
}

/// Calls put(code) for each code point of the NFKD, but in the text's order of marks.
template <typename Put>
void each_decomposed(std::string_view text, const Put& put) {
  constexpr utf8proc_ssize_t kLongest = 18;  // Unicode's, of U+FDFA
  std::array<utf8proc_int32_t, kLongest> parts{};
  for (size_t place = 0; place < text.size();) {
    const char32_t code = next_code_point(text, place);
    if (code < 0x80) {
      put(code);
      continue;
    }
    int boundary = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(code), parts.data(), kLongest,
        static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), &boundary);
    for (utf8proc_ssize_t i = 0; i < std::clamp<utf8proc_ssize_t>(count, 0, kLongest); ++i) {
      put(static_cast<char32_t>(parts[static_cast<size_t>(i)]));
    }
  }
}

}  // namespace

bool is_word(char32_t code) {
  if (code < 0x80) {
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9') || code == '_';
  }
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

bool is_space(char32_t code) {
  if (code <= 0x20) return code == 0x20 || (code >= 0x09 && code <= 0x0D) || code >= 0x1C;
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_punctuation(char32_t code) {
  const utf8proc_category_t of = category(code);
  return of >= UTF8PROC_CATEGORY_PC && of <= UTF8PROC_CATEGORY_PO;
}

void append_valid(std::string_view text, std::string& out) {
  if (is_ascii(text)) {
    out.append(text);
    return;
  }
  for (size_t place = 0; place < text.size();) {
    append_code_point(out, next_code_point(text, place));
  }
}

void append_lower(std::string_view text, std::string& out) {
  for (size_t place = 0; place < text.size();) {
    const size_t begin = place;
    const char32_t code = next_code_point(text, place);
    if (code < 0x80) {
      out.push_back(static_cast<char>(code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code));
    } else if (code == kCapitalSigma) {
      append_code_point(out, is_final_sigma(text, begin, place) ? kFinalSigma : kSmallSigma);
    } else if (code == kDottedCapitalI) {
      out.push_back('i');
      append_code_point(out, kDotAbove);
    } else {
      append_code_point(
          out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code))));
    }
  }
}

void append_without_accents(std::string_view text, std::string& out) {
  if (is_ascii(text)) {
    out.append(text);
    return;
  }
  each_decomposed(text, [&out](char32_t code) {
    const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
    if (property->combining_class == 0) append_code_point(out, code);
  });
}

void append_ascii(std::string_view text, std::string& out) {
  each_decomposed(text, [&out](char32_t code) {
    if (code < 0x80) out.push_back(static_cast<char>(code));
  });
}

}  // namespace slipway::text
