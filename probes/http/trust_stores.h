#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

struct x509_store_st;  // OpenSSL's X509_STORE

namespace pathwitness {

/// The certificate authorities of each CA file in use, parsed once.
///
/// Parsing the system's bundle costs 20 ms, which libcurl would spend inside the TLS phase; its
/// own cache holds a single file, so targets with different files would evict each other.
class TrustStores {
 public:
  using Store = std::shared_ptr<x509_store_st>;

  /// Null when `file` cannot be read or holds no certificate. A file that was written since it was
  /// read is read again. Empty `file`: the system's bundle.
  Store Find(const std::string& file);

 private:
  struct Entry {
    std::int64_t modified = 0;  // nanoseconds of the file's mtime
    Store store;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace pathwitness
