#include "diagnosis/own_fault.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using std::chrono::seconds;

TEST(OwnFault, AQuietObserverHasNone) {
  EXPECT_EQ(FindOwnFault({.gateway_answers = true, .anchors = 3, .anchors_down = 2, .lookups = 9}),
            OwnFault::None);
}

TEST(OwnFault, WhatSpoilsOtherSignsComesFirst) {
  OwnState state = {.lookups = 3, .lookups_failed = 3};
  EXPECT_EQ(FindOwnFault(state), OwnFault::Dns);
  state.is_silent = true;
  EXPECT_EQ(FindOwnFault(state), OwnFault::Silence);
  state.gateway_answers = false;
  EXPECT_EQ(FindOwnFault(state), OwnFault::Uplink);
  state.receive_drops = 1;
  EXPECT_EQ(FindOwnFault(state), OwnFault::LocalDrops);
  state.clock_step = -seconds(1);
  EXPECT_EQ(FindOwnFault(state), OwnFault::ClockStep);
}

TEST(OwnFault, AllAnchorsDownIsTheUplinkButASingleOneIsNot) {
  EXPECT_EQ(FindOwnFault({.anchors = 2, .anchors_down = 2}), OwnFault::Uplink);
  EXPECT_EQ(FindOwnFault({.anchors = 1, .anchors_down = 1}), OwnFault::None);
}

}  // namespace
}  // namespace pathwitness
