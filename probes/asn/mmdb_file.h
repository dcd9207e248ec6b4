#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "probes/base/asn_lookup.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Why a database cannot be used.
enum class MmdbFailure : std::uint8_t {
  Missing,     // there is no such file
  Unreadable,  // it may not be read, or is none
  TooLarge,    // above kLargestMmdb
  Damaged,     // truncated, half written, or of another format
  NoAsn,       // a database of something else
};

/// The `reason` label, by MmdbFailure.
inline constexpr std::array<std::string_view, 5> kMmdbFailureNames = {
    "missing", "unreadable", "too_large", "damaged", "no_asn"};

inline constexpr std::uint64_t kLargestMmdb = 256U << 20U;

/// A database in MaxMind's DB format that tells the AS of an address: GeoLite2-ASN, DB-IP and
/// IPinfo lite, by the names of their fields.
///
/// The file is read into memory, not mapped: whoever truncates a mapped file stops the process with
/// SIGBUS. What it says is not trusted: a damaged record is as good as none.
/// Source: MaxMind, "MaxMind DB File Format Specification", version 2.0.
class MmdbFile final : public AsnLookup {
 public:
  using Result = std::variant<std::shared_ptr<const MmdbFile>, MmdbFailure>;

  static Result Load(const std::filesystem::path& path);

  /// The same for a file's content.
  static Result FromBytes(std::span<const char> content);

  ~MmdbFile() override;

  std::optional<AsnRecord> Find(const IpAddress& address) const override;

  /// When the database was made, as it says.
  WallTime Built() const;

  /// What it says it is, as "GeoLite2-ASN".
  std::string Type() const;

 private:
  struct Open;

  explicit MmdbFile(std::unique_ptr<Open> open);
  bool HasAsn() const;

  std::unique_ptr<Open> open_;
};

}  // namespace pathwitness
