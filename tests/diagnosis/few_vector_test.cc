#include "diagnosis/few_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int> Elements(const FewVector<int>& few) {
  return {few.begin(), few.end()};
}

TEST(FewVector, KeepsTheOrderWhenItOutgrowsItsOnePlace) {
  FewVector<int> few;
  EXPECT_THAT(Elements(few), IsEmpty());
  few.push_back(1);
  EXPECT_THAT(Elements(few), ElementsAre(1));
  few.push_back(2);
  few.push_back(3);
  EXPECT_THAT(Elements(few), ElementsAre(1, 2, 3));
}

TEST(FewVector, LosesJustWhatIsToGo) {
  FewVector<int> few;
  few.push_back(1);
  few.EraseIf([](int value) { return value == 2; });
  EXPECT_THAT(Elements(few), ElementsAre(1));
  few.push_back(2);
  few.EraseIf([](int value) { return value == 1; });
  EXPECT_THAT(Elements(few), ElementsAre(2));
  few.EraseIf([](int value) { return value == 2; });
  EXPECT_THAT(Elements(few), IsEmpty());
}

}  // namespace
}  // namespace pathwitness
