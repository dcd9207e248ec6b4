#include "probes/reflect/key_ring.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

const std::string kOnes(64, '1');
const std::string kAs(64, 'a');

TEST(KeyRing, SignsWithTheFirstAndKnowsAll) {
  const auto ring = KeyRing::Parse("# new\n2 " + kAs + "\n\n1 " + kOnes);
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->First().id, 2);
  ASSERT_NE(ring->Find(1), nullptr);
  EXPECT_EQ(ring->Find(1)->front(), std::byte{0x11});
  EXPECT_EQ(ring->Find(3), nullptr);
}

TEST(KeyRing, IsNoneWithAnyLineThatIsNoKey) {
  for (const std::string& text :
       {std::string(), std::string("# none\n"), "0 " + kOnes, "65536 " + kOnes, "-1 " + kOnes,
        "1 " + kOnes.substr(1), "1 " + kOnes + "1", "1 " + kOnes.substr(1) + "g", "1  " + kOnes,
        kOnes, "1 " + kOnes + "\r\n", "1 " + kOnes + "\n1 " + kAs, "1 " + kOnes + "\nrest"}) {
    EXPECT_FALSE(KeyRing::Parse(text)) << text;
  }
}

TEST(KeyRing, IsReadFromAFile) {
  const TestFolder folder;
  const auto ring = KeyRing::Read(folder.Write("key", "1 " + kOnes + "\n"));
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->First().id, 1);
}

TEST(KeyRing, IsNoneWithoutAFile) {
  EXPECT_FALSE(KeyRing::Read("/nonexistent/key"));
}

}  // namespace
}  // namespace pathwitness
