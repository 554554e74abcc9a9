// What the records need of SQLite, with its errors as Status. Files are taken for hostile: their
// schemas run no function of the program's, sizes and work are bounded.
//
//   Database database = TRY(Database::open(path, Database::Mode::kCreate));
//   Statement select = TRY(database.prepare("SELECT name FROM runs WHERE number = ?"));
//   select.bind(1, number);
//   while (TRY(select.step())) use(select.text(0));
//
// Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace slipway::experiments {

class Statement {
 public:
  /// Places count from 1. A text must live until the statement has stepped.
  Statement& bind(int place, int64_t value);
  /// NaN is stored as NULL.
  Statement& bind(int place, double value);
  Statement& bind(int place, std::string_view value);
  /// Whether there is a row.
  Result<bool> step();
  /// For a statement without rows: runs it, and makes it ready to be bound anew.
  Status run();

  /// Columns count from 0; what is of another type is converted, as SQLite does.
  int64_t integer(int column) const;
  /// NULL is NaN.
  double real(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode : uint8_t {
    kRead,    // NOT_FOUND if there is no file
    kChange,  // likewise
    kCreate,  // makes it
  };
  /// UNAVAILABLE, PERMISSION_DENIED, DATA_LOSS (no database) name the path.
  static Result<Database> open(const std::string& path, Mode mode);

  /// Statements without rows, parted by semicolons.
  Status run(const char* sql);
  Result<Statement> prepare(const char* sql);
  /// The first cell of the first row; 0 if there is none.
  Result<int64_t> integer(const char* sql);
  int64_t last_row_id() const;
  int64_t changes() const;

 private:
  explicit Database(sqlite3* database);
  Status set_up(Mode mode);
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<int> looks_;  // how often its work was looked at; before the database that does
  std::unique_ptr<sqlite3, Close> database_;
};

/// Everything from begin() to commit(), or nothing of it.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  /// Waits for other writers.
  Status begin();
  Status commit();

 private:
  Database& database_;
  bool is_open_ = false;
};

}  // namespace slipway::experiments
