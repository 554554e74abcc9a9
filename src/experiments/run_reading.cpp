// Records out of runs.db.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "experiments/internal/run_tables.h"

namespace slipway::experiments {
namespace {

constexpr int64_t kRunsMax = 1'000'000;
constexpr int64_t kRowsMax = 1'000'000;  // of one run in one table

#define SLIPWAY_RUN_COLUMNS                                                                     \
  "number, id, status, error, started_ms, finished_ms, tool, command, folder, data_path, "      \
  "data_sha256, data_bytes, data_rows, data_columns, target, task, scoring, partition, folds, " \
  "train_rows, seed, learner, tried, artifact_path, artifact_sha256, artifact_bytes"

std::optional<RunStatus> find_status(std::string_view name) {
  for (const RunStatus status :
       {RunStatus::kRunning, RunStatus::kFinished, RunStatus::kStopped, RunStatus::kFailed}) {
    if (run_status_name(status) == name) return status;
  }
  return std::nullopt;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<RunRecord> record_of(const Statement& row) {
  RunRecord run;
  run.number = row.integer(0);
  run.id = row.text(1);
  const auto wrong = [&](std::string_view what) {
    return data_loss(fmt::format("run {} has no {} that can be", run.number, what));
  };
  const bool is_id =
      run.id.size() == 32 && run.id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) return wrong("id");  // it becomes a name of folders
  const std::optional<RunStatus> status = find_status(row.text(2));
  if (!status) return wrong("status");
  run.status = *status;
  run.error = row.text(3);
  run.started_ms = row.integer(4);
  run.finished_ms = row.integer(5);
  run.tool = row.text(6);
  run.command = row.text(7);
  run.folder = row.text(8);
  run.data_path = row.text(9);
  run.data_sha256 = row.text(10);
  run.data_bytes = static_cast<uint64_t>(row.integer(11));
  run.data_rows = static_cast<uint64_t>(row.integer(12));
  run.data_columns = static_cast<uint64_t>(row.integer(13));
  run.target = row.text(14);
  run.task = row.text(15);
  run.scoring = row.text(16);
  run.partition = row.text(17);
  run.folds = static_cast<uint64_t>(row.integer(18));
  run.train_rows = static_cast<uint64_t>(row.integer(19));
  const std::optional<uint64_t> seed = number_of<uint64_t>(row.text(20));
  if (!seed) return wrong("seed");
  run.seed = *seed;
  run.learner = row.text(21);
  run.tried = static_cast<uint64_t>(row.integer(22));
  run.artifact_path = row.text(23);
  run.artifact_sha256 = row.text(24);
  run.artifact_bytes = static_cast<uint64_t>(row.integer(25));
  return run;
}

/// A run that says that it runs, of whose process nothing is left.
Status settle_status(Database& database, const RunLock* lock, RunRecord& run) {
  if (run.status != RunStatus::kRunning) return {};
  if (lock != nullptr && lock->is_held(run.number)) return {};
  // It may have finished between the two looks.
  Statement again =
      TRY(database.prepare("SELECT " SLIPWAY_RUN_COLUMNS " FROM runs WHERE number = ?"));
  again.bind(1, run.number);
  const bool is_there = TRY(again.step());
  if (is_there) run = TRY(record_of(again));
  if (run.status == RunStatus::kRunning) run.status = RunStatus::kInterrupted;
  return {};
}

std::vector<double> folds_of(const std::string& text) {
  std::vector<double> folds;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    folds.push_back(number_of<double>(word).value_or(std::numeric_limits<double>::quiet_NaN()));
    at = end + 1;
  }
  return folds;
}

/// Calls `take` with each row of one run, at most kRowsMax.
template <typename Take>
Status each_row(Database& database, const char* sql, int64_t run, const Take& take) {
  Statement statement = TRY(database.prepare(sql));
  statement.bind(1, run);
  for (int64_t i = 0; i < kRowsMax && TRY(statement.step()); ++i) take(statement);
  return {};
}

/// Where a candidate's rows belong; null: it is none of those that are kept.
RunCandidate* candidate_at(RunRecord& run, int64_t place) {
  const auto count = static_cast<int64_t>(run.candidates.size());
  return place >= 0 && place < count ? &run.candidates[static_cast<size_t>(place)] : nullptr;
}

Status read_candidates(Database& database, RunRecord& run) {
  TRY_STATUS(
      each_row(database,
               "SELECT learner, error, fit_seconds, round, resources FROM candidates WHERE run = ? "
               "ORDER BY place LIMIT 1000",
               run.number, [&](const Statement& row) {
                 RunCandidate candidate;
                 candidate.learner = row.text(0);
                 candidate.error = row.text(1);
                 candidate.fit_seconds = row.real(2);
                 candidate.round = static_cast<uint64_t>(row.integer(3));
                 candidate.resources = static_cast<uint64_t>(row.integer(4));
                 run.candidates.push_back(std::move(candidate));
               }));
  TRY_STATUS(each_row(database,
                      "SELECT place, name, value FROM parameters WHERE run = ? "
                      "ORDER BY place, name",
                      run.number, [&](const Statement& row) {
                        RunCandidate* candidate = candidate_at(run, row.integer(0));
                        if (candidate == nullptr && row.integer(0) != kNoCandidate) return;
                        (candidate == nullptr ? run.parameters : candidate->parameters)
                            .emplace_back(row.text(1), row.text(2));
                      }));
  return each_row(
      database,
      "SELECT place, name, mean, deviation, folds FROM metrics WHERE run = ? "
      "ORDER BY place, name",
      run.number, [&](const Statement& row) {
        RunCandidate* candidate = candidate_at(run, row.integer(0));
        if (candidate == nullptr && row.integer(0) != kNoCandidate) return;
        RunMetric metric{row.text(1), row.real(2), row.real(3), folds_of(row.text(4))};
        (candidate == nullptr ? run.test_metrics : candidate->metrics).push_back(std::move(metric));
      });
}

Status read_texts(Database& database, RunRecord& run) {
  TRY_STATUS(each_row(
      database, "SELECT name, value FROM preparation WHERE run = ? ORDER BY name", run.number,
      [&](const Statement& row) { run.preparation.emplace_back(row.text(0), row.text(1)); }));
  return each_row(database, "SELECT text FROM notes WHERE run = ? ORDER BY place", run.number,
                  [&](const Statement& row) { run.notes.push_back(row.text(0)); });
}

/// What a list shows of a run: the best candidate's metrics and those of the rows kept back.
Status read_best(Database& database, RunRecord& run) {
  if (run.learner.empty()) return {};
  run.candidates.resize(1);
  run.candidates[0].learner = run.learner;
  return each_row(database,
                  "SELECT place, name, mean, deviation FROM metrics WHERE run = ? AND place <= 0 "
                  "ORDER BY name",
                  run.number, [&](const Statement& row) {
                    RunMetric metric{row.text(1), row.real(2), row.real(3), {}};
                    (row.integer(0) == 0 ? run.candidates[0].metrics : run.test_metrics)
                        .push_back(std::move(metric));
                  });
}

}  // namespace

Result<std::vector<RunRecord>> read_runs(Database& database, const RunLock* lock,
                                         const RunFilter& filter) {
  const std::string sql = fmt::format(
      "SELECT " SLIPWAY_RUN_COLUMNS
      " FROM runs WHERE (?1 = '' OR target = ?1) AND (?2 = '' OR learner = ?2) ORDER BY "
      "(SELECT mean FROM metrics WHERE run = number AND place = 0 AND name = ?3) {} NULLS LAST, "
      "number DESC LIMIT ?4",
      filter.least_first ? "ASC" : "DESC");
  Statement statement = TRY(database.prepare(sql.c_str()));
  const int64_t limit =
      filter.limit == 0 ? kRunsMax : static_cast<int64_t>(std::min<size_t>(filter.limit, kRunsMax));
  statement.bind(1, filter.target).bind(2, filter.learner).bind(3, filter.metric).bind(4, limit);
  std::vector<RunRecord> runs;
  while (TRY(statement.step())) runs.push_back(TRY(record_of(statement)));
  for (RunRecord& run : runs) {
    TRY_STATUS(settle_status(database, lock, run));
    TRY_STATUS(read_best(database, run));
  }
  return runs;
}

Result<RunRecord> read_run(Database& database, const RunLock* lock, std::string_view name) {
  const std::optional<int64_t> number = number_of<int64_t>(name);
  const bool is_id = name.size() == 32;
  if (!number && !is_id && name != "latest") {
    return invalid_argument(fmt::format(
        "expected a run's number, its id of 32 digits, or latest, got '{}'", name.substr(0, 64)));
  }
  Statement statement = TRY(database.prepare(
      is_id    ? "SELECT " SLIPWAY_RUN_COLUMNS " FROM runs WHERE id = ?"
      : number ? "SELECT " SLIPWAY_RUN_COLUMNS " FROM runs WHERE number = ?"
               : "SELECT " SLIPWAY_RUN_COLUMNS " FROM runs ORDER BY number DESC LIMIT 1"));
  if (is_id) {
    statement.bind(1, name);
  } else if (number) {
    statement.bind(1, *number);
  }
  const bool is_there = TRY(statement.step());
  if (!is_there) {
    return not_found(fmt::format("there is no run {} (`slipway runs` lists them)", name));
  }
  RunRecord run = TRY(record_of(statement));
  TRY_STATUS(settle_status(database, lock, run));
  TRY_STATUS(read_candidates(database, run));
  TRY_STATUS(read_texts(database, run));
  return run;
}

}  // namespace slipway::experiments
