// Runs as text for a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "cli/plain_text.h"
#include "cli/runs_output.h"
#include "data/cell_text.h"

namespace slipway::cli {
namespace {

using experiments::NamedTexts;
using experiments::RunCandidate;
using experiments::RunMetric;
using experiments::RunRecord;

constexpr size_t kCandidatesShown = 20;
constexpr size_t kNameWidth = 40;
constexpr size_t kLineWidth = 2000;

template <typename... Arguments>
void add(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

std::string number(double value) {
  return std::isnan(value) ? std::string("n/a") : fmt::format("{:.4f}", value);
}

std::string time_of(int64_t ms) {
  const int64_t seconds = ms / 1000;
  return data::time_text(static_cast<double>(seconds));
}

std::string duration_of(const RunRecord& run) {
  return run.finished_ms == 0 ? std::string("?") : fmt::format("{:.1f} s", run.seconds());
}

std::string candidate_text(const RunCandidate& candidate) {
  std::string text = candidate.learner;
  for (const auto& [name, value] : candidate.parameters) {
    text.append(" ").append(name).append("=").append(value);
  }
  if (candidate.resources > 0) {
    text.append(fmt::format(" (round {}, {})", candidate.round, candidate.resources));
  }
  return text;
}

void add_pairs(std::string& out, const char* title, const NamedTexts& texts) {
  if (texts.empty()) return;
  add(out, "\n{}\n", title);
  for (const auto& [name, value] : texts) {
    add(out, "  {:<28} {}\n", plain_text(name, kNameWidth), plain_text(value, kLineWidth));
  }
}

void add_metrics(std::string& out, const RunRecord& run) {
  if (run.candidates.empty() || run.candidates[0].metrics.empty()) return;
  const bool has_test = !run.test_metrics.empty();
  add(out, "\n{:<34}{:>10}{:>10}{:>10}\n", "metric", "mean", "+/-", has_test ? "kept back" : "");
  for (const RunMetric& metric : run.candidates[0].metrics) {
    const auto test = std::ranges::find(run.test_metrics, metric.name, &RunMetric::name);
    add(out, "  {:<32}{:>10}{:>10}{:>10}\n", plain_text(metric.name, kNameWidth),
        number(metric.mean), number(metric.deviation),
        test == run.test_metrics.end() ? "" : number(test->mean));
  }
}

void add_candidates(std::string& out, const RunRecord& run) {
  if (run.candidates.size() < 2) return;
  add(out, "\n{} candidates by {}\n", run.tried, plain_text(run.scoring, kNameWidth));
  const size_t shown = std::min(run.candidates.size(), kCandidatesShown);
  for (size_t i = 0; i < shown; ++i) {
    const RunCandidate& candidate = run.candidates[i];
    const auto metric = std::ranges::find(candidate.metrics, run.scoring, &RunMetric::name);
    const std::string text = plain_text(candidate_text(candidate), kLineWidth);
    if (metric == candidate.metrics.end()) {
      add(out, "{:>4}  {:>10} {:>8}  {}: {}\n", i + 1, "", "", text,
          plain_text(candidate.error, kLineWidth));
    } else {
      add(out, "{:>4}  {:>10} {:>8}  {}\n", i + 1, number(metric->mean), number(metric->deviation),
          text);
    }
  }
  if (run.tried > shown) add(out, "      ... {} more\n", run.tried - shown);
}

}  // namespace

std::string runs_table(std::span<const RunRecord> runs, const std::string& metric) {
  if (runs.empty()) return "no runs\n";
  std::string out = fmt::format("{:>5}  {:<11} {:<17} {:>9}  {:<16} {:<20} {}\n", "run", "status",
                                "began (UTC)", "took", "target", "learner", "metric");
  for (const RunRecord& run : runs) {
    const std::string& name = metric.empty() ? run.scoring : metric;
    const RunMetric* best = run.metric(name);
    std::string shown;
    if (best != nullptr) {
      shown = fmt::format("{} {} +/- {}", plain_text(name, kNameWidth), number(best->mean),
                          number(best->deviation));
    }
    if (!run.error.empty()) shown = plain_text(run.error, 60);
    std::string began = time_of(run.started_ms).substr(0, 16);
    std::ranges::replace(began, 'T', ' ');
    add(out, "{:>5}  {:<11} {:<17} {:>9}  {:<16} {:<20} {}\n", run.number,
        run_status_name(run.status), began, duration_of(run), plain_text(run.target, 16),
        plain_text(run.learner, 20), shown);
  }
  return out;
}

std::string run_text(const RunRecord& run) {
  std::string out = fmt::format("run {}: {}\n", run.number, run_status_name(run.status));
  const auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) add(out, "  {:<12} {}\n", name, plain_text(value, kLineWidth));
  };
  line("error", run.error);
  line("id", run.id);
  line("began", fmt::format("{}, took {}", time_of(run.started_ms), duration_of(run)));
  line("command", run.command);
  line("folder", run.folder);
  line("data", fmt::format("{}: {} rows, {} columns, {} bytes", run.data_path, run.data_rows,
                           run.data_columns, run.data_bytes));
  line("", run.data_sha256.empty() ? "" : "sha256 " + run.data_sha256);
  line("target", run.target);
  line("task", run.task);
  if (run.folds > 0) {
    line("judged", fmt::format("by {}, {}, {} rows", run.scoring, run.partition, run.train_rows));
  }
  line("seed", fmt::format("{}", run.seed));
  line("tool", run.tool);
  if (!run.artifact_path.empty()) {
    line("bundle", fmt::format("{} ({})", run.artifact_path, artifact_state(run)));
    line("", "sha256 " + run.artifact_sha256);
  }
  for (const std::string& note : run.notes) line("note", note);
  line("learner", run.learner);
  add_pairs(out, "hyperparameters", run.parameters);
  add_pairs(out, "preparation", run.preparation);
  add_metrics(out, run);
  add_candidates(out, run);
  return out;
}

}  // namespace slipway::cli
