#include <fmt/format.h>

#include "rows/bounded_line.h"

namespace slipway::rows {

Result<bool> read_bounded_line(std::istream& input, size_t bytes_max, std::string& line) {
  line.clear();
  char piece[8192];
  while (true) {
    input.getline(piece, sizeof(piece));
    const auto count = static_cast<size_t>(input.gcount());
    if (input.bad()) return data_loss("the input cannot be read");
    if (input.eof()) {
      line.append(piece, count);
      return count > 0 || !line.empty();
    }
    if (!input.fail()) {  // count includes the newline, which is not stored
      line.append(piece, count - 1);
      return true;
    }
    line.append(piece, count);
    input.clear();
    if (line.size() > bytes_max) {
      return resource_exhausted(fmt::format("a line is over {} bytes", bytes_max));
    }
  }
}

}  // namespace slipway::rows
