#include "probes/trace/hash_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pathwitness {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::uint32_t> NumbersOf(const HashIndex& index, std::uint64_t hash) {
  std::vector<std::uint32_t> numbers;
  index.ForEach(hash, [&](std::uint32_t number) {
    numbers.push_back(number);
    return false;
  });
  return numbers;
}

TEST(HashIndex, OneHashMayHaveSeveralNumbers) {
  HashIndex index;
  EXPECT_EQ(index.Find(7), std::nullopt);
  index.Add(7, 1);
  index.Add(7, 2);
  EXPECT_THAT(NumbersOf(index, 7), UnorderedElementsAre(1, 2));
  index.Remove(7, 1);
  EXPECT_THAT(NumbersOf(index, 7), UnorderedElementsAre(2));
}

TEST(HashIndex, WhatWasPushedAsideIsFoundWhenTheOtherIsGone) {
  // All want one slot of 64: bit 0 does not choose it.
  const std::vector<std::uint64_t> hashes = {2, 2 + 128, 2 + 256, 3 + 384};
  HashIndex index;
  for (const std::uint64_t hash : hashes) {
    index.Add(hash, static_cast<std::uint32_t>(hash));
  }
  index.Remove(hashes[1], static_cast<std::uint32_t>(hashes[1]));
  EXPECT_THAT(NumbersOf(index, hashes[1]), IsEmpty());
  for (const std::size_t i : {0U, 2U, 3U}) {
    EXPECT_EQ(index.Find(hashes[i]), static_cast<std::uint32_t>(hashes[i]));
  }
}

TEST(HashIndex, NothingIsLostWhenItGrows) {
  constexpr std::uint32_t kMany = 1000;
  HashIndex index;
  for (std::uint32_t number = 1; number <= kMany; ++number) {
    index.Add(number, number);
  }
  EXPECT_EQ(index.Size(), kMany);
  for (std::uint32_t number = 1; number <= kMany; ++number) {
    ASSERT_EQ(index.Find(number), number);
  }
}

}  // namespace
}  // namespace pathwitness
