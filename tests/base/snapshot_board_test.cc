#include "probes/base/snapshot_board.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "probes/base/histogram.h"

namespace pathwitness {
namespace {

using Board = SnapshotBoard<std::string, int>;

TEST(SnapshotBoard, ReadersSeeTheNewestSnapshotInTheOrderOfKeys) {
  Board board;
  Board::Writer writer = board.NewWriter();
  writer.Publish("b", std::make_shared<int>(1));
  writer.Publish("a", std::make_shared<int>(2));
  writer.Publish("b", std::make_shared<int>(3));
  const auto all = board.All();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(*all[0], 2);
  EXPECT_EQ(*all[1], 3);
  writer.Remove("a");
  EXPECT_EQ(board.Find("a"), nullptr);
}

TEST(SnapshotBoard, AnOlderWriterIsSilent) {
  Board board;
  Board::Writer abandoned = board.NewWriter();
  Board::Writer successor = board.NewWriter();
  successor.Publish("a", std::make_shared<int>(1));
  abandoned.Publish("a", std::make_shared<int>(2));
  abandoned.Remove("a");
  EXPECT_EQ(*board.Find("a"), 1);
}

TEST(SnapshotBoard, AReaderKeepsWhatItTookWhileOthersPublish) {
  Board board;
  Board::Writer writer = board.NewWriter();
  writer.Publish("a", std::make_shared<int>(0));
  std::thread publisher([writer]() mutable {
    for (int i = 1; i <= 1000; ++i) {
      writer.Publish("a", std::make_shared<int>(i));
    }
  });
  int last = 0;
  for (int i = 0; i < 1000; ++i) {
    const Board::Pointer seen = board.Find("a");
    EXPECT_GE(*seen, last);
    last = *seen;
  }
  publisher.join();
  EXPECT_EQ(*board.Find("a"), 1000);
}

TEST(Histogram, AValueOnABoundBelongsBelowIt) {
  Histogram histogram({1, 2});
  for (const double value : {0.5, 1.0, 1.5, 2.0, 2.5}) {
    histogram.Observe(value);
  }
  EXPECT_EQ(histogram.counts, (std::vector<std::uint64_t>{2, 2, 1}));
  EXPECT_EQ(histogram.Count(), 5U);
  EXPECT_DOUBLE_EQ(histogram.sum, 7.5);
}

}  // namespace
}  // namespace pathwitness
