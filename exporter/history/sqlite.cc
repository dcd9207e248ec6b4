#include "exporter/history/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace pathwitness {
namespace {

constexpr int kPatience = 1000;  // milliseconds that another process may hold the file

HistoryFailure FailureOf(int code, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT) {
    return HistoryFailure::Full;  // SQLite says "disk I/O error" when it cannot grow its index
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return HistoryFailure::Full;
    case SQLITE_READONLY:
      return HistoryFailure::ReadOnly;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return HistoryFailure::Corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return HistoryFailure::Busy;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return system_error == EROFS ? HistoryFailure::ReadOnly : HistoryFailure::CannotOpen;
    case SQLITE_IOERR:
      return HistoryFailure::InputOutput;
    default:
      return HistoryFailure::Other;
  }
}

int Flags(SqliteAccess access) {
  const int kind = access == SqliteAccess::Write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                 : SQLITE_OPEN_READONLY;
  return kind | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
}

// RFC 3986: what means something in a URI is written as %XX.
std::string UriOf(const std::filesystem::path& file, SqliteAccess access) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '?' || c == '#' || c == '%') {
      uri += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    } else {
      uri += c;
    }
  }
  return access == SqliteAccess::Immutable ? uri + "?immutable=1" : uri;
}

}  // namespace

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, SqliteAccess access) {
  const int code = sqlite3_open_v2(UriOf(file, access).c_str(), &handle_, Flags(access), nullptr);
  Check(code);
  if (handle_ == nullptr || failure_) {
    return;
  }
  // SQLite reads what it cannot write, and says so only when it is too late to say why.
  if (access == SqliteAccess::Write && sqlite3_db_readonly(handle_, "main") == 1) {
    Fail(HistoryFailure::ReadOnly, "the file cannot be written");
    return;
  }
  sqlite3_busy_timeout(handle_, kPatience);
  // The file may be damaged, on purpose even: it must not be able to run anything.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  Run("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(handle_);
}

std::optional<HistoryFailure> SqliteDatabase::TakeFailure() {
  failure_text_.clear();
  return std::exchange(failure_, std::nullopt);
}

void SqliteDatabase::Fail(HistoryFailure failure, std::string text) {
  if (!failure_) {
    failure_ = failure;
    failure_text_ = std::move(text);
  }
}

void SqliteDatabase::Check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
    return;
  }
  const int system_error = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  const bool is_of_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  Fail(FailureOf(code, is_of_system ? system_error : 0),
       handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_));
}

void SqliteDatabase::Run(const std::string& sql) {
  if (!failure_) {
    Check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
  }
}

std::int64_t SqliteDatabase::Ask(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  return statement.With().Next() ? statement.Integer(0) : 0;
}

void SqliteDatabase::End() {
  Run("COMMIT");
  if (failure_ && handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql)
    : database_(database) {
  if (!database.failure_) {
    database.Check(sqlite3_prepare_v3(database.handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
  }
}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_);
}

bool SqliteStatement::Next() {
  if (database_.failure_ || statement_ == nullptr) {
    return false;
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  database_.Check(code);
  sqlite3_reset(statement_);
  return false;
}

void SqliteStatement::Run() {
  while (Next()) {
  }
}

std::int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double SqliteStatement::Real(int column) const {
  return sqlite3_column_double(statement_, column);
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view SqliteStatement::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void SqliteStatement::Bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
}

void SqliteStatement::Bind(int index, double value) {
  sqlite3_bind_double(statement_, index, value);
}

// A null destructor: the bytes stay where they are until the run is over.
void SqliteStatement::Bind(int index, std::string_view text) {
  sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), nullptr);
}

void SqliteStatement::Bind(int index, SqliteBlob blob) {
  sqlite3_bind_blob(statement_, index, blob.bytes.data(), static_cast<int>(blob.bytes.size()),
                    nullptr);
}

void SqliteStatement::Bind(int index, const std::optional<std::int64_t>& value) {
  if (value) {
    Bind(index, *value);
  } else {
    sqlite3_bind_null(statement_, index);
  }
}

}  // namespace pathwitness
