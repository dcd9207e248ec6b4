#include "probes/base/utf8.h"

#include <gtest/gtest.h>

#include <string_view>

namespace pathwitness {
namespace {

TEST(Utf8, TextIsUtf8WithoutNul) {
  EXPECT_TRUE(IsText(""));
  EXPECT_TRUE(IsText("Telefónica 東京 \xf0\x9f\x98\x80\n"));
  EXPECT_FALSE(IsText(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsText("a\xff"));
  EXPECT_FALSE(IsText("\xc0\xaf"));          // longer than it had to be
  EXPECT_FALSE(IsText("\xed\xa0\x80"));      // a surrogate
  EXPECT_FALSE(IsText("\xf4\x90\x80\x80"));  // beyond the last character
  EXPECT_FALSE(IsText("\xf0\x9f\x98"));      // cut off
}

}  // namespace
}  // namespace pathwitness
