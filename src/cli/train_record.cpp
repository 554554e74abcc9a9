#include "cli/train_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "cli/version.h"
#include "experiments/project_folder.h"

namespace slipway::cli {
namespace {

using experiments::NamedTexts;
using experiments::RunCandidate;
using experiments::RunMetric;
using experiments::RunRecord;
using experiments::RunStatus;

constexpr size_t kTextBytesMax = 4096;  // of a value of the preparation
constexpr size_t kNotesMax = 1000;

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// What the bundle says of the preparation, entry by entry.
NamedTexts preparation_of(const std::string& details) {
  NamedTexts texts;
  simdjson::dom::parser parser;
  simdjson::dom::object entries;
  const simdjson::padded_string padded(details);
  if (parser.parse(padded)["preparation"].get_object().get(entries) != simdjson::SUCCESS) {
    return texts;
  }
  for (const auto& [key, value] : entries) {
    std::string_view text;
    std::string shown = value.get_string().get(text) == simdjson::SUCCESS
                            ? std::string(text)
                            : std::string(simdjson::minify(value));
    if (shown.size() > kTextBytesMax) shown.replace(kTextBytesMax, std::string::npos, "...");
    texts.emplace_back(std::string(key), std::move(shown));
  }
  return texts;
}

NamedTexts texts_of(const training::HyperparameterTexts& texts) {
  return {texts.begin(), texts.end()};
}

RunCandidate candidate_of(const training::Candidate& candidate,
                          const training::CandidateScores& scores) {
  RunCandidate out;
  out.learner = candidate.learner->name;
  out.parameters = texts_of(candidate.hyperparameters);
  for (const auto& [name, value] : candidate.preparation) {
    out.parameters.emplace_back("prep." + name, value);
  }
  out.round = scores.round;
  out.resources = scores.resources;
  out.error = scores.status.message();
  if (!scores.status.ok() || scores.folds.empty()) return out;
  out.fit_seconds = scores.fit_seconds;
  for (size_t i = 0; i < scores.folds[0].size(); ++i) {
    RunMetric metric;
    metric.name = scores.folds[0][i].first;
    metric.mean = scores.mean(metric.name);
    metric.deviation = scores.deviation(metric.name);
    metric.folds.reserve(scores.folds.size());
    for (const training::MetricValues& fold : scores.folds) metric.folds.push_back(fold[i].second);
    out.metrics.push_back(std::move(metric));
  }
  return out;
}

/// The best first, then those that failed.
void add_candidates(const TrainingRun& run, RunRecord& record) {
  record.tried = run.candidates.size();
  std::vector<size_t> places = run.ranking;
  for (size_t i = 0; i < run.scores.size(); ++i) {
    if (!run.scores[i].status.ok()) places.push_back(i);
  }
  places.resize(std::min(places.size(), experiments::kCandidatesMax));
  record.candidates.reserve(places.size());
  for (const size_t i : places) {
    record.candidates.push_back(candidate_of(run.candidates[i], run.scores[i]));
  }
}

void add_notes(const std::vector<std::string>& notes, RunRecord& record) {
  for (const std::string& note : notes) {
    if (record.notes.size() < kNotesMax) record.notes.push_back(note);
  }
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path full = std::filesystem::absolute(path, error);
  return path == "-" || error ? path : full.lexically_normal().string();
}

}  // namespace

std::string project_home() {
  const char* home = std::getenv(experiments::kHomeVariable);
  return home == nullptr ? std::string() : std::string(home);
}

std::string working_directory() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

TrainRecord::TrainRecord(const TrainOptions& options, const data::Table& table) {
  if (options.no_record) return;
  record_.started_ms = now_ms();
  record_.tool = fmt::format("slipway {}", kVersion);
  record_.command = experiments::shell_line(options.command);
  record_.folder = working_directory();
  record_.data_path = absolute(options.data);
  record_.data_sha256 = table.file.sha256;
  record_.data_bytes = table.file.bytes;
  record_.data_rows = table.frame.rows;
  record_.data_columns = table.frame.columns.size();
  record_.target = options.target;
  record_.seed = options.seed;
  const auto begin = [&]() -> Status {
    const std::string folder =
        TRY(experiments::make_project_folder(record_.folder, project_home()));
    active_ = TRY(experiments::ActiveRun::begin(folder, record_));
    return {};
  };
  tell(begin());
}

void TrainRecord::tell(const Status& status) {
  if (!status.ok()) fmt::print(stderr, "slipway: the run is not recorded: {}\n", status.message());
}

void TrainRecord::end() {
  record_.finished_ms = now_ms();
  tell(active_->finish(record_));
}

void TrainRecord::finish(const TrainingRun& run, const std::string& details,
                         const std::string& place, std::string_view bundle) {
  if (!active_) return;
  record_.status = run.was_stopped ? RunStatus::kStopped : RunStatus::kFinished;
  record_.task = task_name(run.problem.task);
  record_.scoring = run.scoring;
  record_.partition = run.partition;
  record_.folds = run.folds;
  record_.train_rows = run.train_rows;
  record_.learner = run.candidates[run.ranking[0]].learner->name;
  record_.parameters = texts_of(run.hyperparameters);
  record_.preparation = preparation_of(details);
  add_notes(run.problem.notes, record_);
  add_notes(run.warnings, record_);
  add_candidates(run, record_);
  for (const auto& [name, value] : run.test_metrics) {
    record_.test_metrics.push_back({name, value, 0, {}});
  }
  record_.artifact_path = absolute(place);
  record_.artifact_sha256 = sha256_hex(bundle);
  record_.artifact_bytes = bundle.size();
  end();
}

void TrainRecord::fail(const Status& status) {
  if (!active_) return;
  const bool is_stopped = status.code() == StatusCode::kCancelled;
  record_.status = is_stopped ? RunStatus::kStopped : RunStatus::kFailed;
  record_.error = status.message();
  end();
}

std::optional<int64_t> TrainRecord::number() const {
  if (!active_) return std::nullopt;
  return record_.number;
}

}  // namespace slipway::cli
