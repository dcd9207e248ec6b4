#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/history/history_values.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pathwitness {

enum class SqliteAccess : std::uint8_t {
  Write,  // made when it is not there
  Read,
  Immutable,  // of a file that nobody writes, where no lock can be put beside it
};

/// Bytes, where a string_view would be text.
struct SqliteBlob {
  std::string_view bytes;
};

/// One connection to an SQLite file; the only place that knows sqlite3.h.
///
/// The first failure stays: everything after it does nothing until TakeFailure, so that a sequence
/// of calls is checked once, at its end. Belongs to one thread.
class SqliteDatabase {
 public:
  SqliteDatabase(const std::filesystem::path& file, SqliteAccess access);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  std::optional<HistoryFailure> Failure() const { return failure_; }
  std::string FailureText() const { return failure_text_; }
  std::optional<HistoryFailure> TakeFailure();

  /// What SQLite itself finds nothing wrong with.
  void Fail(HistoryFailure failure, std::string text);

  /// One or several statements; results are thrown away.
  void Run(const std::string& sql);

  /// The first column of the first row; 0 when there is none.
  std::int64_t Ask(const std::string& sql);

  /// Ends a transaction that was begun with Run("BEGIN...") : COMMIT when nothing failed since,
  /// else ROLLBACK. The failure stays.
  void End();

 private:
  friend class SqliteStatement;
  void Check(int code);

  sqlite3* handle_ = nullptr;
  std::optional<HistoryFailure> failure_;
  std::string failure_text_;
};

/// A statement that is run again and again. The database must outlive it.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  /// Begins a run with the values of its parameters: integers, text, blobs, double, optional
  /// integers (NULL). Texts and blobs must live until the run is over.
  template <typename... Values>
  SqliteStatement& With(const Values&... values) {
    Reset();
    int index = 0;
    (Bind(++index, values), ...);
    return *this;
  }

  /// Goes to the next row. False behind the last one, and when something fails.
  bool Next();

  /// Goes through all rows without looking at them.
  void Run();

  std::int64_t Integer(int column) const;
  double Real(int column) const;
  bool IsNull(int column) const;

  /// Until the next call of Next, With or Run.
  std::string_view Bytes(int column) const;
  std::string Text(int column) const { return std::string(Bytes(column)); }

 private:
  void Reset();
  void Bind(int index, std::int64_t value);
  void Bind(int index, double value);
  void Bind(int index, std::string_view text);
  void Bind(int index, SqliteBlob blob);
  void Bind(int index, const std::optional<std::int64_t>& value);

  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace pathwitness
