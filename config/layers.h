#pragma once

#include "config/section.h"
#include "config/yaml_tree.h"

namespace pathwitness {

/// Lays a document over another: maps merge, single values and lists are replaced, `targets` merge
/// by name. What stands in `over` keeps its position. `remove: true` takes a target away; a key
/// without a value changes nothing. A pulse of another kind replaces the kind that was there.
void LayOver(YamlNode& base, YamlNode over, ReadLog& log);

/// Appends the `targets` of a document that may have nothing else.
void AddTargets(YamlNode& base, YamlNode more, ReadLog& log);

}  // namespace pathwitness
