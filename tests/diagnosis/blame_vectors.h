#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/statistics.h"

namespace pathwitness {

/// Cases that an independent implementation of the same model computed.
inline nlohmann::json BlameVectors(const std::string& kind) {
  return nlohmann::json::parse(
             std::ifstream(std::string(PATHWITNESS_SOURCE_DIR) + "/tests/data/blame-vectors.json"))
      .at(kind);
}

/// From [[sent, received], ...].
inline std::vector<Counts> CountsOf(const nlohmann::json& rows) {
  std::vector<Counts> counts;
  for (const auto& row : rows) {
    counts.push_back({.sent = row.at(0), .received = row.at(1)});
  }
  return counts;
}

}  // namespace pathwitness
