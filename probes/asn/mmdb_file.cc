#include "probes/asn/mmdb_file.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

namespace pathwitness {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 128;
constexpr unsigned kNodesToLookAt = 10'000;

/// Memory that looks like a file, which nobody else can change.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("mmdb", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  bool Write(std::span<const char> content) const {
    while (!content.empty()) {
      const ssize_t written = write(descriptor_, content.data(), content.size());
      if (written <= 0) {
        return false;
      }
      content = content.subspan(static_cast<std::size_t>(written));
    }
    return descriptor_ >= 0;
  }

  std::string Path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// "AS64500" or "64500"; 0 for anything else.
std::uint32_t ReadAsn(std::string_view text) {
  if (text.starts_with("AS") || text.starts_with("as")) {
    text.remove_prefix(2);
  }
  std::uint32_t asn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), asn);
  return error == std::errc() && end == text.data() + text.size() ? asn : 0;
}

std::string_view TextOf(const MMDB_entry_data_s& field) {
  return field.type == MMDB_DATA_TYPE_UTF8_STRING
             ? std::string_view(field.utf8_string, field.data_size)
             : std::string_view();
}

std::uint32_t AsnOf(const MMDB_entry_data_s& field) {
  switch (field.type) {
    case MMDB_DATA_TYPE_UINT16:
      return field.uint16;
    case MMDB_DATA_TYPE_UINT32:
      return field.uint32;
    case MMDB_DATA_TYPE_UINT64:
      return field.uint64 <= std::numeric_limits<std::uint32_t>::max()
                 ? static_cast<std::uint32_t>(field.uint64)
                 : 0;
    default:
      return ReadAsn(TextOf(field));
  }
}

// Names go into labels and text: one line, not endless.
std::string CleanName(std::string_view text) {
  std::string name(text.substr(0, kLongestName));
  if (name.size() < text.size()) {
    const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
    const bool is_cut = is_inside(text[kLongestName]);
    while (is_cut && !name.empty() && is_inside(name.back())) {
      name.pop_back();
    }
    name.resize(name.size() - (is_cut && !name.empty() ? 1 : 0));
  }
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return name;
}

bool FindField(MMDB_entry_s entry, const char* key, MMDB_entry_data_s& field) {
  const std::array<const char*, 2> path = {key, nullptr};
  return MMDB_aget_value(&entry, &field, path.data()) == MMDB_SUCCESS && field.has_data;
}

// GeoLite2 and DB-IP; IPinfo.
std::optional<AsnRecord> ReadRecord(const MMDB_entry_s& entry) {
  AsnRecord record;
  MMDB_entry_data_s field{};
  for (const char* const key : {"autonomous_system_number", "asn"}) {
    if (record.asn == 0 && FindField(entry, key, field)) {
      record.asn = AsnOf(field);
    }
  }
  if (record.asn == 0) {
    return std::nullopt;
  }
  for (const char* const key : {"autonomous_system_organization", "as_name", "name"}) {
    if (record.name.empty() && FindField(entry, key, field)) {
      record.name = CleanName(TextOf(field));
    }
  }
  return record;
}

std::variant<std::vector<char>, MmdbFailure> ReadWhole(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return MmdbFailure::Missing;
  }
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || status.type() != fs::file_type::regular) {
    return MmdbFailure::Unreadable;
  }
  if (size > kLargestMmdb) {
    return MmdbFailure::TooLarge;
  }
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> content(size);
  stream.read(content.data(), static_cast<std::streamsize>(size));
  if (!stream.is_open() || stream.bad()) {
    return MmdbFailure::Unreadable;
  }
  content.resize(static_cast<std::size_t>(stream.gcount()));  // it may have shrunk meanwhile
  return content;
}

}  // namespace

struct MmdbFile::Open {
  Open() = default;
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    if (is_open) {
      MMDB_close(&database);
    }
  }

  MMDB_s database{};
  bool is_open = false;
};

MmdbFile::MmdbFile(std::unique_ptr<Open> open) : open_(std::move(open)) {}

MmdbFile::~MmdbFile() = default;

MmdbFile::Result MmdbFile::Load(const fs::path& path) {
  const auto content = ReadWhole(path);
  const auto* const bytes = std::get_if<std::vector<char>>(&content);
  return bytes == nullptr ? Result(std::get<MmdbFailure>(content)) : FromBytes(*bytes);
}

MmdbFile::Result MmdbFile::FromBytes(std::span<const char> content) {
  const MemoryFile memory;
  if (!memory.Write(content)) {
    return MmdbFailure::Unreadable;
  }
  auto open = std::make_unique<Open>();
  const int result = MMDB_open(memory.Path().c_str(), MMDB_MODE_MMAP, &open->database);
  if (result != MMDB_SUCCESS) {
    return result == MMDB_FILE_OPEN_ERROR && !content.empty() ? MmdbFailure::Unreadable
                                                              : MmdbFailure::Damaged;
  }
  open->is_open = true;
  const std::shared_ptr<const MmdbFile> file(new MmdbFile(std::move(open)));
  if (!file->HasAsn()) {
    return MmdbFailure::NoAsn;
  }
  return file;
}

// Walks the tree until a record tells an AS. A hostile tree may go in circles, so it is not walked
// for ever.
bool MmdbFile::HasAsn() const {
  std::vector<std::uint32_t> nodes = {0};
  for (unsigned i = 0; i < kNodesToLookAt && !nodes.empty(); ++i) {
    const std::uint32_t number = nodes.back();
    nodes.pop_back();
    MMDB_search_node_s node{};
    if (MMDB_read_node(&open_->database, number, &node) != MMDB_SUCCESS) {
      continue;
    }
    const auto look = [&](std::uint8_t type, std::uint64_t record, const MMDB_entry_s& entry) {
      if (type == MMDB_RECORD_TYPE_SEARCH_NODE) {
        nodes.push_back(static_cast<std::uint32_t>(record));
      }
      return type == MMDB_RECORD_TYPE_DATA && ReadRecord(entry).has_value();
    };
    if (look(node.left_record_type, node.left_record, node.left_record_entry) ||
        look(node.right_record_type, node.right_record, node.right_record_entry)) {
      return true;
    }
  }
  return false;
}

std::optional<AsnRecord> MmdbFile::Find(const IpAddress& address) const {
  sockaddr_storage storage{};
  const std::span<const std::byte> bytes = address.Bytes();
  if (address.Family() == IpFamily::Ipv4) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    std::memcpy(&four.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &four, sizeof four);
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    std::memcpy(&six.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &six, sizeof six);
  }
  int error = MMDB_SUCCESS;
  const MMDB_lookup_result_s found =
      MMDB_lookup_sockaddr(&open_->database, reinterpret_cast<const sockaddr*>(&storage), &error);
  if (error != MMDB_SUCCESS || !found.found_entry) {
    return std::nullopt;
  }
  return ReadRecord(found.entry);
}

WallTime MmdbFile::Built() const {
  constexpr std::uint64_t kLatest = 1ULL << 32U;
  const std::uint64_t seconds = open_->database.metadata.build_epoch;
  return WallTime(std::chrono::seconds(std::min(seconds, kLatest)));
}

std::string MmdbFile::Type() const {
  const char* const type = open_->database.metadata.database_type;
  return CleanName(type == nullptr ? std::string_view() : std::string_view(type));
}

}  // namespace pathwitness
