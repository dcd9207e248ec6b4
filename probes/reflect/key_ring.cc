#include "probes/reflect/key_ring.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "probes/http/secret_file.h"

namespace pathwitness {
namespace {

template <typename Number>
std::optional<Number> ReadNumber(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

std::optional<MacKey> ReadKey(std::string_view digits) {
  MacKey key{};
  if (digits.size() != 2 * key.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto byte = ReadNumber<unsigned char>(digits.substr(2 * i, 2), 16);
    if (!byte) {
      return std::nullopt;
    }
    key[i] = std::byte{*byte};
  }
  return key;
}

std::optional<KeyRing::Entry> ReadEntry(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const auto id = ReadNumber<std::uint16_t>(line.substr(0, space), 10);
  const auto key = ReadKey(line.substr(space + 1));
  return id && *id != 0 && key ? std::optional(KeyRing::Entry{*id, *key}) : std::nullopt;
}

}  // namespace

std::optional<KeyRing> KeyRing::Parse(std::string_view text) {
  KeyRing ring;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::optional<Entry> entry = ReadEntry(line);
    if (!entry || ring.Find(entry->id) != nullptr) {
      return std::nullopt;
    }
    ring.entries_.push_back(*entry);
  }
  return ring.entries_.empty() ? std::nullopt : std::optional(ring);
}

std::optional<KeyRing> KeyRing::Read(const std::string& path) {
  const std::optional<std::string> text = ReadSecretFile(path);
  return text ? Parse(*text) : std::nullopt;
}

const MacKey* KeyRing::Find(std::uint16_t id) const {
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  return found == entries_.end() ? nullptr : &found->key;
}

}  // namespace pathwitness
