#include "diagnosis/as_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

AddressOwner Network(std::uint32_t asn, std::string name = "") {
  return {.kind = AddressKind::Network,
          .asn = asn,
          .name = name.empty() ? "AS" + std::to_string(asn) : std::move(name)};
}

HopOwner In(Segment segment) {
  return {.segment = segment};
}

TEST(AsPath, HasEachNetworkOnceInARowAndNoUnknownOnes) {
  EXPECT_THAT(AsPath({{.kind = AddressKind::Private},
                      Network(64500),
                      Network(64500),
                      {},
                      Network(64500),
                      Network(64501),
                      Network(64500)},
                     16),
              ElementsAre(64500, 64501, 64500));
}

TEST(AsPath, EndsAtTheMost) {
  EXPECT_THAT(AsPath({Network(1), Network(2), Network(3)}, 2), ElementsAre(1, 2));
}

TEST(UnexpectedTransit, IsWhatIsExpectedNeitherByNumberNorByName) {
  const auto unexpected =
      UnexpectedTransit({Network(64500), Network(64501, "lab-isp"), Network(64502), Network(64502)},
                        std::vector(4, In(Segment::Transit)), {"AS64500", "lab-isp"});
  EXPECT_THAT(unexpected, ElementsAre(Network(64502)));
}

TEST(UnexpectedTransit, IsNoneOfTheNetworksAtTheEndsWhereverTheyShow) {
  EXPECT_THAT(UnexpectedTransit({Network(64499), Network(64500), Network(64510), Network(64510)},
                                {In(Segment::SourceLan), In(Segment::SourceIsp),
                                 In(Segment::Interconnect), In(Segment::DestinationAs)},
                                {"AS64500"}),
              IsEmpty());
}

TEST(UnexpectedTransit, LeavesOutWhatIsNoNetwork) {
  EXPECT_THAT(UnexpectedTransit({{.kind = AddressKind::Private},
                                 {},
                                 {.kind = AddressKind::Exchange, .asn = 64999, .name = "IX-A"}},
                                std::vector(3, In(Segment::Transit)), {"AS64500"}),
              IsEmpty());
}

}  // namespace
}  // namespace pathwitness
