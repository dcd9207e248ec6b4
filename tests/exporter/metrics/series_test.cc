#include "exporter/metrics/series.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

/// Samples as they come: hostile labels, whole and broken numbers.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  std::string Label() {
    std::string text(Below(12), '\0');
    for (char& character : text) {
      character = static_cast<char>(Below(256));
    }
    return text;
  }

  double Number() {
    const auto whole = static_cast<double>(Below(1'000'000));
    return Below(2) == 0 ? whole : whole / 7;
  }

  std::uint64_t Below(std::uint64_t end) { return random_() % end; }

 private:
  std::mt19937_64 random_;
};

TEST(FamilyText, EqualsWhatTheModelsWriterMakesOfTheSameSamples) {
  Chance chance(1);
  std::string text;
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const ProberKey key{chance.Label(), ProberKind::TraceUdp, ProberFamily::Ipv6};
    const std::string label = chance.Label();
    const double number = chance.Number();
    const std::uint64_t count = chance.Below(1000);
    Histogram histogram({.001, chance.Number() + 1});
    histogram.Observe(number);

    FamilyText(kPathReached, text).Add(With(LabelText(key), "a", label), number);
    FamilyText(kPathHopRtt, text).AddSummary(LabelText(key), number, count);
    FamilyText(kPathRtt, text).AddHistogram(LabelText(key), histogram);

    prometheus::MetricFamily gauge = NewFamily(kPathReached);
    AddSample(gauge, With(IdentityLabels(key), "a", label), number);
    prometheus::MetricFamily summary = NewFamily(kPathHopRtt);
    AddSummary(summary, IdentityLabels(key), number, count);
    prometheus::MetricFamily buckets = NewFamily(kPathRtt);
    AddHistogram(buckets, IdentityLabels(key), histogram);
    AppendText({gauge, summary, buckets}, expected);
  }
  EXPECT_EQ(text, expected);
}

TEST(PageWriter, IsNotAskedForMoreWhenNobodyReads) {
  int pieces = 0;
  PageWriter page([&](std::string_view) {
    ++pieces;
    return false;
  });
  for (int i = 0; i < 3; ++i) {
    page.Text() = "piece";
    page.Finish();
  }
  EXPECT_EQ(pieces, 1);
  EXPECT_FALSE(page.IsRead());
}

}  // namespace
}  // namespace pathwitness
