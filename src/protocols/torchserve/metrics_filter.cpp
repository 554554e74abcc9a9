#include "protocols/torchserve/metrics_filter.h"

#include <algorithm>

namespace slipway::protocols::torchserve {

std::string filter_metrics(std::string_view page, std::span<const std::string_view> names) {
  std::string kept;
  std::string head;  // of the family whose samples follow
  while (!page.empty()) {
    const size_t end = std::min(page.find('\n'), page.size() - 1) + 1;
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(end);
    if (line.starts_with("# HELP")) head.clear();
    if (line.starts_with('#')) {
      head += line;
      continue;
    }
    const std::string_view name = line.substr(0, line.find_first_of("{ "));
    if (std::ranges::find(names, name) == names.end()) continue;
    kept += head;
    kept += line;
    head.clear();
  }
  return kept;
}

}  // namespace slipway::protocols::torchserve
