#include "formats/read_report.h"

#include <fmt/format.h>

namespace slipway::formats {

Status ReadReport::status() const {
  if (graph != nullptr) return {};
  if (!candidates.empty()) {
    std::string text = "the file holds several models; choose one with --select:";
    for (const Candidate& candidate : candidates) {
      text += fmt::format("\n  --select {}  ({})", candidate.path, candidate.class_name);
    }
    text +=
        "\neach is served alone: for a scaler and a model to work as one, save them as a Pipeline";
    return failed_precondition(std::move(text));
  }
  std::string text;
  bool refused = false;
  for (const Gap& gap : gaps) {
    text += fmt::format("{}{}{}{} (byte {}): {}", text.empty() ? "" : "\n", gap.path,
                        gap.path.empty() ? "" : ": ", gap.class_name, gap.offset, gap.message);
    refused = refused || gap.is_refused;
  }
  return refused ? permission_denied(std::move(text)) : unimplemented(std::move(text));
}

}  // namespace slipway::formats
