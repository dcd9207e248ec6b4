#include "probes/asn/asn_database.h"

#include <sys/stat.h>

#include <variant>

namespace pathwitness {

std::optional<AsnDatabase::Identity> AsnDatabase::Look() const {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return Identity{.device = status.st_dev,
                  .inode = status.st_ino,
                  .size = status.st_size,
                  .seconds = status.st_mtim.tv_sec,
                  .nanoseconds = status.st_mtim.tv_nsec};
}

bool AsnDatabase::Refresh() {
  if (path_.empty()) {
    return false;
  }
  // Looked at before it is read: what is written while it is read is found the next time.
  const std::optional<Identity> now = Look();
  if (has_looked_ && now == seen_) {
    return false;
  }
  has_looked_ = true;
  seen_ = now;
  MmdbFile::Result read = MmdbFile::Load(path_);
  if (auto* const file = std::get_if<std::shared_ptr<const MmdbFile>>(&read)) {
    current_ = std::move(*file);
    failure_.reset();
    return true;
  }
  const std::optional<MmdbFailure> before = std::exchange(failure_, std::get<MmdbFailure>(read));
  return before != failure_;
}

}  // namespace pathwitness
