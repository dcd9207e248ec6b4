#pragma once

#include <string>
#include <vector>

#include "probes/http/http_client.h"

struct x509_st;            // OpenSSL's X509
struct x509_store_ctx_st;  // OpenSSL's X509_STORE_CTX

namespace pathwitness {

/// What one certificate says of itself.
///
/// Names are RFC 2253 text in printable ASCII, everything else escaped; texts are cut at
/// 512 bytes. A time that cannot be read is 0. Never fails: whoever the server is chose the bytes.
CertificateFacts ReadCertificate(const x509_st& certificate);

/// The chain as the server presented it, leaf first, at most 10 members.
std::vector<CertificateFacts> ReadPresentedChain(x509_store_ctx_st& verification);

}  // namespace pathwitness
