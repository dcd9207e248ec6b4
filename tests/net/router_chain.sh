#!/bin/sh
# Makes routers around the network namespace that this runs in: router_chain.sh SHAPE PREFIX
#
#   chain   here -- PREFIX1 -- PREFIX2 -- PREFIX3 -- PREFIX4
#           Link i (from 0) is 198.51.100.(4i)/30 and 2001:db8:i::/64, .1 to the left, .2 to the
#           right; the last namespace is the destination.
#   plain   the same with limits on ICMP errors as Linux has them by default, and 203.0.113.0/24 on
#           the last namespace
#   uplinks here == PREFIX1 and PREFIX2, by devices up1 (198.51.100.0/30) and up2 (198.51.100.4/30);
#           all goes through up1 but what bears mark 7.
#   down    removes the namespaces of both.
set -eu
shape=$1
prefix=$2

router() {
  ip netns add "$prefix$1"
  ip -n "$prefix$1" link set lo up
  ip netns exec "$prefix$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.ipv4.conf.all.rp_filter=0
  [ "$shape" = plain ] ||
    ip netns exec "$prefix$1" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
}

# address NAMESPACE DEVICE LINK SIDE
address() {
  ip -n "$1" link set "$2" up
  ip -n "$1" addr add "198.51.100.$((4 * $3 + $4))/30" dev "$2"
  ip -n "$1" addr add "2001:db8:$3::$4/64" dev "$2" nodad
}

# here_address DEVICE LINK
here_address() {
  ip link set "$1" up
  ip addr add "198.51.100.$((4 * $2 + 1))/30" dev "$1"
  ip addr add "2001:db8:$2::1/64" dev "$1" nodad
}

case $shape in
chain | plain)
  for i in 1 2 3 4; do router $i; done
  ip link add up1 type veth peer name left netns "${prefix}1"
  here_address up1 0
  address "${prefix}1" left 0 2
  ip route add default via 198.51.100.2
  ip -6 route add default via 2001:db8:0::2
  for i in 1 2 3; do
    ip -n "$prefix$i" link add right type veth peer name left netns "$prefix$((i + 1))"
    address "$prefix$i" right $i 1
    address "$prefix$((i + 1))" left $i 2
    ip -n "$prefix$i" route add default via "198.51.100.$((4 * i + 2))"
    ip -n "$prefix$i" -6 route add default via "2001:db8:$i::2"
    ip -n "$prefix$((i + 1))" route add 198.51.100.0/30 via "198.51.100.$((4 * i + 1))"
    ip -n "$prefix$((i + 1))" -6 route add 2001:db8:0::/64 via "2001:db8:$i::1"
  done
  if [ "$shape" = plain ]; then
    ip -n "${prefix}4" route add local 203.0.113.0/24 dev lo
  fi
  ;;
uplinks)
  for i in 1 2; do
    router $i
    ip link add up$i type veth peer name left netns "$prefix$i"
    here_address up$i $((i - 1))
    address "$prefix$i" left $((i - 1)) 2
  done
  ip route add default via 198.51.100.2 metric 1
  ip route add default via 198.51.100.6 metric 2
  ip -6 route add default via 2001:db8:0::2 metric 1
  ip -6 route add default via 2001:db8:1::2 metric 2
  for family in -4 -6; do ip $family rule add fwmark 7 lookup 107; done
  ip route add default via 198.51.100.6 table 107
  ip -6 route add default via 2001:db8:1::2 table 107
  ;;
down)
  for i in 1 2 3 4; do ip netns del "$prefix$i" 2>/dev/null || true; done
  ;;
esac
