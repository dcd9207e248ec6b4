#include "exporter/evidence/plain_text.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(PlainText, KeepsLettersOfAllLanguages) {
  EXPECT_EQ(PlainText("Telefónica 東京"), "Telefónica 東京");
}

TEST(PlainText, StopsTerminalEscapesOfBothKinds) {
  EXPECT_EQ(PlainText("\x1b[31mred"), "?[31mred");
  EXPECT_EQ(PlainText("\xc2\x9b"
                      "31mred"),
            "?31mred");  // CSI as one character
}

TEST(PlainText, StopsLineFeedsAndTabs) {
  EXPECT_EQ(PlainText("a\nb\tc\rd"), "a?b?c?d");
}

TEST(PlainLines, KeepsLinesAndStopsTheRest) {
  EXPECT_EQ(PlainLines("first\r\nsecond\x1b[31m\n\nfourth"), "first\nsecond?[31m\n\nfourth");
}

TEST(PlainText, StopsWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(PlainText("a\xe2\x80\xae"
                      "b"),
            "a?b");
}

TEST(PlainText, WhatIsNoUtf8BecomesQuestionMarks) {
  EXPECT_EQ(PlainText("\xff"), "?");
  EXPECT_EQ(PlainText("\xc0\xaf"), "??");       // longer than it had to be
  EXPECT_EQ(PlainText("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(PlainText("\xf0\x9f\x98"), "???");  // cut off
}

TEST(PlainText, ColumnsAreCharactersAndNotBytes) {
  EXPECT_EQ(PadRight("ó", 3), "ó  ");
  EXPECT_EQ(PadLeft("ó", 3), "  ó");
  EXPECT_EQ(PadRight("long", 2), "long");
}

}  // namespace
}  // namespace pathwitness
