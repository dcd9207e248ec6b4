#include "probes/dns/ptr_reply.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace pathwitness {
namespace {

using std::chrono::seconds;

/// A message as it is written down in RFC 1035: the header says what the sections hold.
class Message {
 public:
  Message(std::uint8_t questions, std::uint8_t answers) {
    Add({0, 1, 0x81, 0x80, 0, questions, 0, answers, 0, 0, 0, 0});
  }
  Message& Add(std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) {
      bytes_.push_back(std::byte{static_cast<unsigned char>(byte)});
    }
    return *this;
  }
  Message& Label(std::string_view text) {
    Add({static_cast<unsigned>(text.size())});
    for (const char c : text) {
      Add({static_cast<unsigned char>(c)});
    }
    return *this;
  }
  /// Type PTR, class IN, this TTL, and so many bytes of data.
  Message& Ptr(unsigned ttl, unsigned length) {
    return Add({0, 12, 0, 1, 0, 0, ttl >> 8U, ttl & 0xffU, length >> 8U, length & 0xffU});
  }
  std::optional<PtrRecord> Read() const { return ReadPtrReply(bytes_); }
  std::span<const std::byte> Bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// An answer without a question: the root has this name.
std::optional<PtrRecord> WithLabel(std::string_view label) {
  return Message(0, 1).Add({0}).Ptr(60, 0).Label(label).Add({0}).Read();
}

TEST(PtrReply, NamesAreInLowerCaseWithTheirTtl) {
  EXPECT_EQ(Message(1, 1)
                .Label("1")
                .Label("example")
                .Add({0, 0, 12, 0, 1})
                .Add({0xc0, 12})
                .Ptr(300, 9)
                .Label("Ae-1_0")
                .Add({0xc0, 14})  // points at "example"
                .Read(),
            (PtrRecord{.name = "ae-1_0.example", .ttl = seconds(300)}));
}

TEST(PtrReply, TheShortestTtlOfAChainCounts) {
  const auto read = Message(0, 2)
                        .Add({0, 0, 5, 0, 1, 0, 0, 0, 7, 0, 1, 0})  // a CNAME of 7 s
                        .Add({0})
                        .Ptr(60, 3)
                        .Label("r")
                        .Add({0})
                        .Read();
  EXPECT_EQ(read, (PtrRecord{.name = "r", .ttl = seconds(7)}));
}

TEST(PtrReply, ANameOfOtherBytesIsNone) {
  EXPECT_TRUE(WithLabel("core-1_a"));
  for (const std::string_view name : {"<script>", "a b", "a\"b", "a\\b", "a\nb", "\xc3\xa4", ""}) {
    EXPECT_FALSE(WithLabel(name)) << name;
  }
  EXPECT_FALSE(WithLabel(std::string_view("a\0b", 3)));
}

TEST(PtrReply, PointersThatGoInACircleOrForwardAreDamage) {
  EXPECT_FALSE(Message(0, 1).Add({0}).Ptr(60, 2).Add({0xc0, 23}).Read());
  EXPECT_FALSE(Message(0, 1).Add({0}).Ptr(60, 2).Add({0xc0, 25}).Label("a").Add({0}).Read());
}

TEST(PtrReply, ANameLongerThanAnyIsDamage) {
  Message message(0, 1);
  message.Add({0}).Ptr(60, 0);
  for (int i = 0; i < 5; ++i) {
    message.Label(std::string(60, 'a'));
  }
  EXPECT_FALSE(message.Add({0}).Read());
}

TEST(PtrReply, EveryCutShortMessageIsDamage) {
  Message message(1, 1);
  message.Label("1").Add({0, 0, 12, 0, 1}).Add({0xc0, 12}).Ptr(60, 3).Label("r").Add({0});
  ASSERT_TRUE(message.Read());
  for (std::size_t size = 0; size < message.Bytes().size(); ++size) {
    EXPECT_FALSE(ReadPtrReply(message.Bytes().first(size))) << size;
  }
}

TEST(ReverseName, TurnsBytesOrNibblesRound) {
  EXPECT_EQ(ReverseName(*IpAddress::Parse("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(ReverseName(*IpAddress::Parse("2001:db8::ab")),
            "b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace pathwitness
