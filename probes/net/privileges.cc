#include "probes/net/privileges.h"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace pathwitness {
namespace {

struct FreeCapabilities {
  void operator()(cap_t capabilities) const { cap_free(capabilities); }
};
using Capabilities = std::unique_ptr<_cap_struct, FreeCapabilities>;

constexpr cap_value_t kNetRaw = CAP_NET_RAW;

bool HasFlag(const Capabilities& capabilities, cap_flag_t set) {
  cap_flag_value_t value = CAP_CLEAR;
  return cap_get_flag(capabilities.get(), kNetRaw, set, &value) == 0 && value == CAP_SET;
}

[[noreturn]] void Throw(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

bool RaiseNetRaw() {
  const Capabilities capabilities(cap_get_proc());
  if (capabilities == nullptr) {
    return false;
  }
  if (HasFlag(capabilities, CAP_EFFECTIVE)) {
    return true;
  }
  return HasFlag(capabilities, CAP_PERMITTED) &&
         cap_set_flag(capabilities.get(), CAP_EFFECTIVE, 1, &kNetRaw, CAP_SET) == 0 &&
         cap_set_proc(capabilities.get()) == 0;
}

void DropCapabilities(KeptCapability kept) {
  const Capabilities had(cap_get_proc());
  const Capabilities wanted(cap_init());  // all sets empty
  if (had == nullptr || wanted == nullptr) {
    Throw("cannot read capabilities");
  }
  if (kept == KeptCapability::NetRaw && HasFlag(had, CAP_PERMITTED)) {
    cap_set_flag(wanted.get(), CAP_PERMITTED, 1, &kNetRaw, CAP_SET);
    cap_set_flag(wanted.get(), CAP_EFFECTIVE, 1, &kNetRaw, CAP_SET);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || cap_reset_ambient() != 0 ||
      cap_set_proc(wanted.get()) != 0) {
    Throw("cannot drop capabilities");
  }
}

}  // namespace pathwitness
