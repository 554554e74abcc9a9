#include "experiments/run_store.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "experiments/internal/run_tables.h"

namespace slipway::experiments {
namespace {

constexpr int64_t kApplication = 0x534C4950;  // "SLIP", PRAGMA application_id
constexpr int64_t kSchema = 1;                // PRAGMA user_version

// As SQLite keeps them: what stands in a file is compared with these texts.
constexpr std::array<const char*, 6> kTables = {
    R"(CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  error TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  finished_ms INTEGER NOT NULL,
  tool TEXT NOT NULL,
  command TEXT NOT NULL,
  folder TEXT NOT NULL,
  data_path TEXT NOT NULL,
  data_sha256 TEXT NOT NULL,
  data_bytes INTEGER NOT NULL,
  data_rows INTEGER NOT NULL,
  data_columns INTEGER NOT NULL,
  target TEXT NOT NULL,
  task TEXT NOT NULL,
  scoring TEXT NOT NULL,
  partition TEXT NOT NULL,
  folds INTEGER NOT NULL,
  train_rows INTEGER NOT NULL,
  seed TEXT NOT NULL,
  learner TEXT NOT NULL,
  tried INTEGER NOT NULL,
  artifact_path TEXT NOT NULL,
  artifact_sha256 TEXT NOT NULL,
  artifact_bytes INTEGER NOT NULL
) STRICT)",
    R"(CREATE TABLE candidates (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  place INTEGER NOT NULL,
  learner TEXT NOT NULL,
  error TEXT NOT NULL,
  fit_seconds REAL NOT NULL,
  round INTEGER NOT NULL,
  resources INTEGER NOT NULL,
  PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE parameters (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, place, name)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE metrics (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  mean REAL,
  deviation REAL,
  folds TEXT NOT NULL,
  PRIMARY KEY (run, place, name)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE preparation (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE notes (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  place INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID)"};

Status create_tables(Database& database) {
  for (const char* table : kTables) TRY_STATUS(database.run(table));
  return database.run(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kSchema)
          .c_str());
}

/// The file's own words are compared, so that nothing else in it (views, triggers, columns that
/// are computed) is ever run.
Status check_tables(Database& database) {
  const int64_t application = TRY(database.integer("PRAGMA application_id"));
  if (application != kApplication) {
    return failed_precondition(
        "it is a database of another program, not records of Slipway's runs");
  }
  const int64_t schema = TRY(database.integer("PRAGMA user_version"));
  if (schema > kSchema) {
    return failed_precondition(fmt::format(
        "it was written by a later version of Slipway: its schema is {}, this program's {}", schema,
        kSchema));
  }
  Statement statement = TRY(database.prepare(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name != 'sqlite_sequence'"));
  size_t found = 0;
  while (TRY(statement.step())) {
    const std::string sql = statement.text(1);
    if (std::ranges::find(kTables, sql) == kTables.end()) {
      return data_loss(fmt::format("its schema was changed: '{}' is not as Slipway makes it",
                                   statement.text(0).substr(0, 64)));
    }
    ++found;
  }
  if (found == kTables.size()) return {};
  return data_loss(
      fmt::format("its schema was changed: {} tables, expected {}", found, kTables.size()));
}

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  std::string id;
  for (const unsigned char byte : bytes) id.append(fmt::format("{:02x}", byte));
  return id;
}

Status insert_run(Database& database, const RunRecord& run) {
  Statement insert = TRY(database.prepare(
      "INSERT INTO runs (id, status, error, started_ms, finished_ms, tool, command, folder, "
      "data_path, data_sha256, data_bytes, data_rows, data_columns, target, task, scoring, "
      "partition, folds, train_rows, seed, learner, tried, artifact_path, artifact_sha256, "
      "artifact_bytes) "
      "VALUES (?, ?, '', ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', 0, 0, ?, '', 0, '', '', 0)"));
  const std::string seed = fmt::format("{}", run.seed);
  insert.bind(1, run.id).bind(2, run_status_name(RunStatus::kRunning)).bind(3, run.started_ms);
  insert.bind(4, run.tool).bind(5, run.command).bind(6, run.folder);
  insert.bind(7, run.data_path).bind(8, run.data_sha256);
  insert.bind(9, static_cast<int64_t>(run.data_bytes));
  insert.bind(10, static_cast<int64_t>(run.data_rows));
  insert.bind(11, static_cast<int64_t>(run.data_columns));
  insert.bind(12, run.target).bind(13, seed);
  return insert.run();
}

Status update_run(Database& database, const RunRecord& run) {
  Statement update = TRY(database.prepare(
      "UPDATE runs SET status = ?, error = ?, finished_ms = ?, task = ?, scoring = ?, "
      "partition = ?, folds = ?, train_rows = ?, learner = ?, tried = ?, artifact_path = ?, "
      "artifact_sha256 = ?, "
      "artifact_bytes = ? WHERE number = ?"));
  update.bind(1, run_status_name(run.status)).bind(2, run.error).bind(3, run.finished_ms);
  update.bind(4, run.task).bind(5, run.scoring).bind(6, run.partition);
  update.bind(7, static_cast<int64_t>(run.folds)).bind(8, static_cast<int64_t>(run.train_rows));
  update.bind(9, run.learner).bind(10, static_cast<int64_t>(run.tried));
  update.bind(11, run.artifact_path).bind(12, run.artifact_sha256);
  update.bind(13, static_cast<int64_t>(run.artifact_bytes)).bind(14, run.number);
  TRY_STATUS(update.run());
  if (database.changes() == 1) return {};
  return not_found(fmt::format("run {} was deleted while it ran", run.number));
}

Status insert_metrics(Statement& insert, int64_t run, int64_t place,
                      const std::vector<RunMetric>& metrics) {
  for (const RunMetric& metric : metrics) {
    const std::string folds = fmt::format("{}", fmt::join(metric.folds, " "));
    insert.bind(1, run).bind(2, place).bind(3, metric.name);
    insert.bind(4, metric.mean).bind(5, metric.deviation).bind(6, folds);
    TRY_STATUS(insert.run());
  }
  return {};
}

Status insert_parameters(Statement& insert, int64_t run, int64_t place, const NamedTexts& texts) {
  for (const auto& [name, value] : texts) {
    insert.bind(1, run).bind(2, place).bind(3, name).bind(4, value);
    TRY_STATUS(insert.run());
  }
  return {};
}

Status insert_candidates(Database& database, const RunRecord& run) {
  Statement candidates = TRY(database.prepare(
      "INSERT INTO candidates (run, place, learner, error, fit_seconds, round, resources) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)"));
  Statement parameters =
      TRY(database.prepare("INSERT INTO parameters (run, place, name, value) VALUES (?, ?, ?, ?)"));
  Statement metrics = TRY(database.prepare(
      "INSERT INTO metrics (run, place, name, mean, deviation, folds) VALUES (?, ?, ?, ?, ?, ?)"));
  TRY_STATUS(insert_parameters(parameters, run.number, kNoCandidate, run.parameters));
  TRY_STATUS(insert_metrics(metrics, run.number, kNoCandidate, run.test_metrics));
  const size_t count = std::min(run.candidates.size(), kCandidatesMax);
  for (size_t i = 0; i < count; ++i) {
    const RunCandidate& candidate = run.candidates[i];
    const auto place = static_cast<int64_t>(i);
    candidates.bind(1, run.number).bind(2, place).bind(3, candidate.learner);
    candidates.bind(4, candidate.error).bind(5, candidate.fit_seconds);
    candidates.bind(6, static_cast<int64_t>(candidate.round));
    candidates.bind(7, static_cast<int64_t>(candidate.resources));
    TRY_STATUS(candidates.run());
    TRY_STATUS(insert_parameters(parameters, run.number, place, candidate.parameters));
    TRY_STATUS(insert_metrics(metrics, run.number, place, candidate.metrics));
  }
  return {};
}

Status insert_texts(Database& database, const RunRecord& run) {
  Statement preparation =
      TRY(database.prepare("INSERT INTO preparation (run, name, value) VALUES (?, ?, ?)"));
  for (const auto& [name, value] : run.preparation) {
    preparation.bind(1, run.number).bind(2, name).bind(3, value);
    TRY_STATUS(preparation.run());
  }
  Statement notes = TRY(database.prepare("INSERT INTO notes (run, place, text) VALUES (?, ?, ?)"));
  for (size_t i = 0; i < run.notes.size(); ++i) {
    notes.bind(1, run.number).bind(2, static_cast<int64_t>(i)).bind(3, run.notes[i]);
    TRY_STATUS(notes.run());
  }
  return {};
}

std::string file_of(const std::string& folder) { return fmt::format("{}/{}", folder, kRunsFile); }

}  // namespace

Result<Database> open_runs(const std::string& folder, Database::Mode mode) {
  const std::string path = file_of(folder);
  Database database = TRY(Database::open(path, mode));
  const auto prepare = [&]() -> Status {
    if (mode != Database::Mode::kCreate) return check_tables(database);
    Transaction transaction(database);
    TRY_STATUS(transaction.begin());
    const int64_t entries = TRY(database.integer("SELECT count(*) FROM sqlite_schema"));
    TRY_STATUS(entries == 0 ? create_tables(database) : check_tables(database));
    return transaction.commit();
  };
  Status status = prepare();
  if (!status.ok()) return std::move(status).with_context(path);
  // Readers and one writer at a time do not wait for each other. Not before it is known to be ours;
  // as long as somebody reads, the next run will do it.
  if (mode == Database::Mode::kCreate) {
    static_cast<void>(database.run("PRAGMA journal_mode = WAL"));
  }
  return database;
}

ActiveRun::ActiveRun(std::string path, std::unique_ptr<Database> database,
                     std::unique_ptr<RunLock> lock)
    : path_(std::move(path)), database_(std::move(database)), lock_(std::move(lock)) {}
ActiveRun::ActiveRun(ActiveRun&& other) noexcept = default;
ActiveRun& ActiveRun::operator=(ActiveRun&& other) noexcept = default;
ActiveRun::~ActiveRun() = default;

Result<ActiveRun> ActiveRun::begin(const std::string& folder, RunRecord& record) {
  auto lock = std::make_unique<RunLock>(TRY(RunLock::open(folder)));
  RunLock turn = TRY(RunLock::open(folder));
  TRY_STATUS(turn.wait_for_turn());  // two that make the same database hinder each other
  auto database = std::make_unique<Database>(TRY(open_runs(folder, Database::Mode::kCreate)));
  record.id = random_id();
  record.status = RunStatus::kRunning;
  const auto insert = [&]() -> Status {
    Transaction transaction(*database);
    TRY_STATUS(transaction.begin());
    TRY_STATUS(insert_run(*database, record));
    record.number = database->last_row_id();
    // Held before anybody can see the run.
    TRY_STATUS(lock->hold(record.number));
    return transaction.commit();
  };
  std::string path = file_of(folder);
  Status status = insert();
  if (!status.ok()) return std::move(status).with_context(path);
  return ActiveRun(std::move(path), std::move(database), std::move(lock));
}

Status ActiveRun::finish(const RunRecord& record) {
  const auto write = [&]() -> Status {
    if (::access(path_.c_str(), F_OK) != 0) return not_found("it was removed while the run ran");
    Transaction transaction(*database_);
    TRY_STATUS(transaction.begin());
    TRY_STATUS(update_run(*database_, record));
    TRY_STATUS(insert_candidates(*database_, record));
    TRY_STATUS(insert_texts(*database_, record));
    return transaction.commit();
  };
  Status status = write();
  if (!status.ok()) return std::move(status).with_context(path_);
  lock_->release();
  return {};
}

RunStore::RunStore(std::unique_ptr<Database> database, std::unique_ptr<RunLock> lock)
    : database_(std::move(database)), lock_(std::move(lock)) {}
RunStore::RunStore(RunStore&& other) noexcept = default;
RunStore& RunStore::operator=(RunStore&& other) noexcept = default;
RunStore::~RunStore() = default;

Result<RunStore> RunStore::open(const std::string& folder) {
  auto database = std::make_unique<Database>(TRY(open_runs(folder, Database::Mode::kRead)));
  Result<RunLock> lock = RunLock::open(folder);
  return RunStore(std::move(database),
                  lock.ok() ? std::make_unique<RunLock>(std::move(lock).value()) : nullptr);
}

Result<std::vector<RunRecord>> RunStore::list(const RunFilter& filter) {
  return read_runs(*database_, lock_.get(), filter);
}

Result<RunRecord> RunStore::find(std::string_view name) {
  return read_run(*database_, lock_.get(), name);
}

Status delete_runs(const std::string& folder, std::span<const std::string> names) {
  Database database = TRY(open_runs(folder, Database::Mode::kChange));
  const RunLock lock = TRY(RunLock::open(folder));
  const auto remove = [&]() -> Status {
    Transaction transaction(database);
    TRY_STATUS(transaction.begin());
    Statement statement = TRY(database.prepare("DELETE FROM runs WHERE number = ?"));
    for (const std::string& name : names) {
      const RunRecord run = TRY(read_run(database, &lock, name));
      if (run.status == RunStatus::kRunning) {
        return failed_precondition(fmt::format("run {} is still under way", run.number));
      }
      TRY_STATUS(statement.bind(1, run.number).run());
    }
    return transaction.commit();
  };
  Status status = remove();
  if (!status.ok()) return std::move(status).with_context(file_of(folder));
  return {};
}

}  // namespace slipway::experiments
