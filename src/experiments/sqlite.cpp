#include "experiments/internal/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cmath>
#include <limits>

namespace slipway::experiments {
namespace {

constexpr int kBusyMs = 20'000;
constexpr int kValueBytesMax = 64 << 20;
// What one connection may do before a database is taken for a trap: about a minute's work.
constexpr int kStepsBetweenLooks = 1'000'000;
constexpr int kLooksMax = 1'000;

Status error_of(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const std::string text = sqlite3_errmsg(database);
  switch (code) {
    case SQLITE_NOMEM: return resource_exhausted("not enough memory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return unavailable("another process is writing: " + text);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return data_loss(text);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return permission_denied(text);
    case SQLITE_TOOBIG: return resource_exhausted(text);
    case SQLITE_INTERRUPT: return resource_exhausted("reading it takes beyond measure");
    default: return unavailable(text);
  }
}

/// Written by hand into a URI: what would end the path in it.
std::string escaped_path(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      out.append(fmt::format("%{:02x}", static_cast<unsigned char>(c)));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

/// SQLite keeps files of its own beside a database in this form, and makes them to read, too; where
/// nothing can be made nobody writes either, and the file stands for itself.
bool can_be_read_alone(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::access(folder.c_str(), W_OK) != 0 && ::access((path + "-wal").c_str(), F_OK) != 0;
}

int look(void* looks) { return ++*static_cast<int*>(looks) > kLooksMax ? 1 : 0; }

}  // namespace

Statement::Statement(sqlite3_stmt* statement) : statement_(statement) {}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int place, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), place, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int place, double value) {
  CHECK((std::isnan(value) ? sqlite3_bind_null(statement_.get(), place)
                           : sqlite3_bind_double(statement_.get(), place, value)) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int place, std::string_view value) {
  // What is too large fails when it steps.
  static_cast<void>(sqlite3_bind_text64(statement_.get(), place, value.data(), value.size(),
                                        SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(statement_.get()));
}

Status Statement::run() {
  const Result<bool> row = step();
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  return row.status();
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {reinterpret_cast<const char*>(text), size};
}

Database::Database(sqlite3* database) : looks_(std::make_unique<int>(0)), database_(database) {}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path, Mode mode) {
  if (mode != Mode::kCreate && ::access(path.c_str(), F_OK) != 0) {
    return not_found(fmt::format("there is no {}", path));
  }
  // Reading takes the write-ahead log into account, for which SQLite writes beside the file.
  const bool alone = mode == Mode::kRead && can_be_read_alone(path);
  const std::string uri = fmt::format("file:{}{}", escaped_path(path), alone ? "?immutable=1" : "");
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (mode == Mode::kCreate ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                     : alone               ? SQLITE_OPEN_READONLY
                                           : SQLITE_OPEN_READWRITE);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &opened, flags, nullptr);
  Database database(opened);
  if (opened == nullptr) return resource_exhausted("not enough memory");
  Status status = code == SQLITE_OK ? database.set_up(mode) : error_of(opened);
  if (!status.ok()) return std::move(status).with_context(path);
  return database;
}

Status Database::set_up(Mode mode) {
  sqlite3* database = database_.get();
  sqlite3_progress_handler(database, kStepsBetweenLooks, look, looks_.get());
  sqlite3_busy_timeout(database, kBusyMs);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, kValueBytesMax);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  TRY_STATUS(run("PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON"));
  if (mode == Mode::kRead) return run("PRAGMA query_only = ON");
  return run("PRAGMA synchronous = NORMAL");
}

Status Database::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : error_of(database_.get());
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
  Statement prepared(statement);
  if (code != SQLITE_OK) return error_of(database_.get());
  return prepared;
}

Result<int64_t> Database::integer(const char* sql) {
  Statement statement = TRY(prepare(sql));
  const bool has_row = TRY(statement.step());
  return has_row ? statement.integer(0) : 0;
}

int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(database_.get()); }
int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

Transaction::~Transaction() {
  if (is_open_) static_cast<void>(database_.run("ROLLBACK"));
}

Status Transaction::begin() {
  TRY_STATUS(database_.run("BEGIN IMMEDIATE"));
  is_open_ = true;
  return {};
}

Status Transaction::commit() {
  TRY_STATUS(database_.run("COMMIT"));
  is_open_ = false;
  return {};
}

}  // namespace slipway::experiments
