#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pathwitness {

/// The part of a path, or of what is behind it, that something is attributed to.
enum class Segment : std::uint8_t {
  Prober,  // this machine
  SourceLan,
  SourceIsp,
  Interconnect,  // between two networks: both are to be asked
  Transit,
  Ix,  // the exchange's network and the port of the member behind it
  DestinationAs,
  DestinationHost,
  Dns,
  Tls,
  Application,
  Undetermined,
};

/// The `segment` label.
constexpr std::string_view SegmentName(Segment segment) {
  switch (segment) {
    case Segment::Prober:
      return "prober";
    case Segment::SourceLan:
      return "source_lan";
    case Segment::SourceIsp:
      return "source_isp";
    case Segment::Interconnect:
      return "interconnect";
    case Segment::Transit:
      return "transit";
    case Segment::Ix:
      return "ix";
    case Segment::DestinationAs:
      return "destination_as";
    case Segment::DestinationHost:
      return "destination_host";
    case Segment::Dns:
      return "dns";
    case Segment::Tls:
      return "tls";
    case Segment::Application:
      return "application";
    case Segment::Undetermined:
      return "undetermined";
  }
  return "";
}

/// Whose a hop and the link that leads to it are. An interconnect is that link: `asn_near` on this
/// side of it, `asn` on the other.
struct HopOwner {
  Segment segment = Segment::Undetermined;
  std::uint32_t asn = 0;       // 0: unknown
  std::uint32_t asn_near = 0;  // of an interconnect or an exchange; 0: unknown
  std::string name;  // who to ask, as "AS64500" or "office-lan"; several when undetermined
  bool may_be_border = false;  // the hop before a border: its address may be on the far router

  bool operator==(const HopOwner&) const = default;
};

}  // namespace pathwitness
