#pragma once

#include "exporter/history/sqlite.h"

namespace pathwitness {

/// The layout of the file, counted up with every change of it (docs/history.md tells the layout).
inline constexpr int kHistorySchema = 1;

/// Makes an empty file a history, or an older history a new one, in one transaction. Fails with
/// Corrupt for a file of something else, with NewerSchema for one by a later version.
void BringUpToDate(SqliteDatabase& database);

/// For readers: as above, but changes nothing; an empty file is CannotOpen.
void RequireReadable(SqliteDatabase& database);

}  // namespace pathwitness
