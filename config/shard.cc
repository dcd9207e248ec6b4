#include "config/shard.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "probes/base/keyed_hash.h"

namespace pathwitness {
namespace {

constexpr unsigned kMostShards = 1000;

// No secret, but never to be changed: it decides who watches what.
constexpr HashKey kKey = {0x7061746877697473ULL, 0x6e65737373686172ULL};

std::optional<unsigned> ReadNumber(std::string_view text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// FNV-1a: a name of any length as one word.
std::uint64_t WordOf(std::string_view name) {
  std::uint64_t word = 0xcbf29ce484222325ULL;
  for (const char character : name) {
    word = (word ^ static_cast<unsigned char>(character)) * 0x100000001b3ULL;
  }
  return word;
}

}  // namespace

std::optional<Shard> Shard::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<unsigned> index = ReadNumber(text.substr(0, slash));
  const std::optional<unsigned> count = ReadNumber(text.substr(slash + 1));
  if (!index || !count || *count > kMostShards || *index >= *count) {
    return std::nullopt;
  }
  return Shard{*index, *count};
}

std::string Shard::ToString() const {
  return std::to_string(index) + "/" + std::to_string(count);
}

bool Watches(const Shard& shard, std::string_view target) {
  const std::uint64_t word = WordOf(target);
  unsigned winner = 0;
  std::uint64_t largest = 0;
  for (unsigned i = 0; i < shard.count; ++i) {
    const std::uint64_t draw = KeyedHash(kKey, std::array<std::uint64_t, 2>{word, i});
    if (draw > largest) {
      largest = draw;
      winner = i;
    }
  }
  return winner == shard.index;
}

}  // namespace pathwitness
