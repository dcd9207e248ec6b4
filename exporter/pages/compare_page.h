#pragma once

#include <array>
#include <optional>
#include <string>

#include "exporter/evidence/comparison.h"
#include "exporter/pages/html.h"

namespace pathwitness {

inline constexpr std::size_t kMostComparedMoments = 3;

/// What the page of a comparison shows: the form as it was filled in, and what came of it.
struct CompareView {
  PageFrame frame;
  std::string target;
  std::array<std::string, kMostComparedMoments> at;
  std::optional<Comparison> comparison;  // empty: `problem` says why
  std::string problem;                   // empty: nothing was asked for yet
  std::string json_path;                 // of the same comparison; empty: there is none
};

/// The page at `/compare`.
std::string ComparePage(const CompareView& view);

}  // namespace pathwitness
