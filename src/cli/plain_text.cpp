#include "cli/plain_text.h"

#include "text/code_point.h"

namespace slipway::cli {

std::string plain_text(std::string_view text, size_t characters_max) {
  std::string out;
  size_t place = 0;
  for (size_t i = 0; i < characters_max && place < text.size(); ++i) {
    const char32_t code = text::next_code_point(text, place);
    const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    text::append_code_point(out, is_control ? U'?' : code);
  }
  return out;
}

}  // namespace slipway::cli
