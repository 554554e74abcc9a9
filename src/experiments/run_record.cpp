#include "experiments/run_record.h"

#include <algorithm>

namespace slipway::experiments {

std::string_view run_status_name(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning: return "running";
    case RunStatus::kFinished: return "finished";
    case RunStatus::kStopped: return "stopped";
    case RunStatus::kFailed: return "failed";
    case RunStatus::kInterrupted: return "interrupted";
  }
  return "";
}

const RunMetric* RunRecord::metric(std::string_view name) const {
  if (candidates.empty()) return nullptr;
  for (const RunMetric& metric : candidates[0].metrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

double RunRecord::seconds() const {
  return finished_ms == 0 ? 0 : static_cast<double>(finished_ms - started_ms) / 1000;
}

std::string shell_line(const std::vector<std::string>& words) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line.push_back(' ');
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line.append(word);
      continue;
    }
    line.push_back('\'');
    for (const char c : word) {
      if (c == '\'') {
        line.append("'\\''");
      } else {
        line.push_back(c);
      }
    }
    line.push_back('\'');
  }
  return line;
}

}  // namespace slipway::experiments
