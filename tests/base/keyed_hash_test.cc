#include "probes/base/keyed_hash.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

// Vectors of the reference implementation: key 00 01 .. 0f, input 00 01 .. of the given length.
constexpr HashKey kReferenceKey = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

TEST(KeyedHash, AgreesWithSipHashsReferenceVectors) {
  EXPECT_EQ(KeyedHash<0>(kReferenceKey, {}), 0x726fdb47dd0e0e31ULL);
  EXPECT_EQ(KeyedHash<1>(kReferenceKey, {0x0706050403020100ULL}), 0x93f5f5799a932462ULL);
}

TEST(KeyedHash, AnotherKeyGivesAnotherValue) {
  EXPECT_NE(KeyedHash<1>({1, 2}, {3}), KeyedHash<1>({1, 3}, {3}));
}

}  // namespace
}  // namespace pathwitness
