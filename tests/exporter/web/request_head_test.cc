#include "exporter/web/request_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pathwitness {
namespace {

/// 0: it may go on.
int StatusOf(const std::vector<HeadField>& fields) {
  const std::optional<HttpResponse> refusal = RefuseHead(fields);
  return refusal ? refusal->status : 0;
}

TEST(RequestHead, WhatIsClearMayGoOn) {
  EXPECT_EQ(StatusOf({}), 0);
  EXPECT_EQ(StatusOf({{"Host", "h"}, {"Content-Length", "0"}}), 0);
  EXPECT_EQ(StatusOf({{"Host", "h"}, {"Content-Length", " 65536 \t"}}), 400);
  EXPECT_EQ(StatusOf({{"Host", "h"}, {"Content-Length", "65536 \t"}}), 0);
  EXPECT_EQ(StatusOf({{"Host", "h"}, {"Transfer-Encoding", "chunked"}}), 0);
  EXPECT_EQ(StatusOf({{"Accept", "a"}, {"Accept", "b"}}), 0);
}

TEST(RequestHead, WhatTwoReadersTakeDifferentlyIsRefused) {
  for (const char* name : {"Host", "Content-Length", "Transfer-Encoding", "Authorization", "Origin",
                           "Sec-Fetch-Site"}) {
    EXPECT_EQ(StatusOf({{name, "1"}, {"X", ""}, {name, "1"}}), 400) << name;
  }
  EXPECT_EQ(StatusOf({{"host", "a"}, {"HOST", "b"}}), 400);
  EXPECT_EQ(StatusOf({{"Content-Length", "4"}, {"Transfer-Encoding", "chunked"}}), 400);
}

TEST(RequestHead, ALengthIsDigits) {
  for (const char* length : {"", "+4", "-4", "4,4", "0x4", "4 4", "4a", "4.0", "4\v"}) {
    EXPECT_EQ(StatusOf({{"Content-Length", length}}), 400) << length;
  }
}

TEST(RequestHead, ALengthThatIsTooLargeIsKnownBeforeTheBody) {
  EXPECT_EQ(StatusOf({{"Content-Length", "65537"}}), 413);
  EXPECT_EQ(StatusOf({{"Content-Length", "99999999999999999999999999"}}), 413);
}

TEST(RequestHead, FieldsThatWouldNotBeSeenAreNotSentAlong) {
  std::vector<HeadField> fields(kMostHeadFields, {"X", "y"});
  EXPECT_EQ(StatusOf(fields), 0);
  fields.emplace_back("X", "y");
  EXPECT_EQ(StatusOf(fields), 431);
}

}  // namespace
}  // namespace pathwitness
