#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "exporter/drill/drill.h"

namespace pathwitness {

/// An alert of a notification that belongs to a drill.
struct DrillAlert {
  std::string drill;  // its label
  DrillNotice notice;
};

/// Reads what Alertmanager posts to a webhook, in the order of the document; alerts that carry no
/// label `drill`, no name or a status that Alertmanager does not know are left out. Never fails on
/// a hostile text but says in a line what is wrong with it.
/// Source: Alertmanager, "Configuration", <webhook_config>, version 4.
std::variant<std::vector<DrillAlert>, std::string> ReadAlertNotification(std::string_view text);

}  // namespace pathwitness
