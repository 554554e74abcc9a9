#include "base/json_nonfinite.h"

namespace slipway {

bool replace_json_nonfinite(std::string_view text, std::vector<char>& out,
                            std::vector<size_t>& nan_offsets) {
  out.clear();
  nan_offsets.clear();
  bool found = false;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out.push_back(c);
      if (c == '\\' && i + 1 < text.size()) out.push_back(text[++i]);
      if (c == '"') in_string = false;
      continue;
    }
    in_string = c == '"';
    const auto replace = [&](std::string_view token, std::string_view with) {
      if (c != token.front() || !text.substr(i).starts_with(token)) return false;
      out.insert(out.end(), with.begin(), with.end());
      i += token.size() - 1;
      found = true;
      return true;
    };
    const size_t offset = out.size();
    if (replace("NaN", "null")) {
      nan_offsets.push_back(offset);
    } else if (!replace("Infinity", "1e999")) {
      out.push_back(c);
    }
  }
  return found;
}

}  // namespace slipway
