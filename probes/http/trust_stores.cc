#include "probes/http/trust_stores.h"

#include <openssl/x509_vfy.h>
#include <sys/stat.h>

namespace pathwitness {
namespace {

constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";

TrustStores::Store Load(const std::string& file) {
  TrustStores::Store store(X509_STORE_new(), X509_STORE_free);
  if (store == nullptr || X509_STORE_load_file(store.get(), file.c_str()) != 1) {
    return nullptr;
  }
  // As curl and browsers do: a root or an intermediate in the file is trusted by itself.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

}  // namespace

TrustStores::Store TrustStores::Find(const std::string& file) {
  const std::string path = file.empty() ? kSystemBundle : file;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    entries_.erase(path);
    return nullptr;
  }
  const std::int64_t modified = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  Entry& entry = entries_[path];
  if (entry.store == nullptr || entry.modified != modified) {
    entry = {.modified = modified, .store = Load(path)};
  }
  return entry.store;
}

}  // namespace pathwitness
