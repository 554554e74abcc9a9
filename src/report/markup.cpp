#include "report/internal/markup.h"

#include "text/code_point.h"

namespace slipway::report {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

/// XML 1.0, section 2.2: what a document may hold.
bool is_xml_character(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0x7F && code != 0xFFFE && code != 0xFFFF;
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
  for (size_t place = 0; place < text.size();) {
    if (place > kTextBytesMax) {
      out += kEllipsis;
      return;
    }
    const char32_t code = text::next_code_point(text, place);
    switch (code) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: text::append_code_point(out, is_xml_character(code) ? code : text::kReplacement);
    }
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  append_text(out, text);
  return out;
}

std::string shortened(std::string_view text, size_t characters_max) {
  size_t place = 0;
  size_t before_last = 0;
  for (size_t count = 0; count < characters_max && place < text.size(); ++count) {
    before_last = place;
    text::next_code_point(text, place);
  }
  if (place == text.size()) return std::string(text);
  return std::string(text.substr(0, before_last)).append(kEllipsis);
}

}  // namespace slipway::report
