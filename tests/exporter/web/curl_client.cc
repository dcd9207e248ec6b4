#include "tests/exporter/web/curl_client.h"

#include <curl/curl.h>

#include <memory>
#include <string_view>

namespace pathwitness {
namespace {

std::size_t Append(char* bytes, std::size_t size, std::size_t count, std::string* text) {
  text->append(bytes, size * count);
  return size * count;
}

void SetBlob(CURL* curl, CURLoption option, std::string& text) {
  curl_blob blob{.data = text.data(), .len = text.size(), .flags = CURL_BLOB_COPY};
  curl_easy_setopt(curl, option, &blob);
}

void SetTls(CURL* curl, const CurlOrder& order) {
  if (std::string authority = order.authority; !authority.empty()) {
    SetBlob(curl, CURLOPT_CAINFO_BLOB, authority);
  }
  if (order.certificate) {
    std::string certificate = order.certificate->CertificatePem();
    std::string key = order.certificate->KeyPem();
    SetBlob(curl, CURLOPT_SSLCERT_BLOB, certificate);
    SetBlob(curl, CURLOPT_SSLKEY_BLOB, key);
  }
  if (order.tls_version != 0) {
    constexpr int kAsMaximum = 16;  // CURL_SSLVERSION_MAX_x is CURL_SSLVERSION_x shifted
    curl_easy_setopt(curl, CURLOPT_SSLVERSION,
                     order.tls_version | (order.tls_version << kAsMaximum));
  }
  if (!order.ciphers.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, order.ciphers.c_str());
  }
}

/// The "Subject:CN = ..." of the first certificate.
std::string ServerName(CURL* curl) {
  curl_certinfo* certificates = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CERTINFO, &certificates);
  const bool has_any = certificates != nullptr && certificates->num_of_certs > 0;
  for (const curl_slist* line = has_any ? certificates->certinfo[0] : nullptr; line != nullptr;
       line = line->next) {
    constexpr std::string_view kSubject = "Subject:CN = ";
    if (std::string_view(line->data).starts_with(kSubject)) {
      return line->data + kSubject.size();
    }
  }
  return "";
}

}  // namespace

CurlAnswer Ask(const CurlOrder& order) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  CurlAnswer answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, order.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &Append);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &answer.headers);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_CERTINFO, 1L);
  if (!order.user_and_password.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_USERPWD, order.user_and_password.c_str());
  }
  SetTls(curl.get(), order);
  answer.error = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  answer.server_name = ServerName(curl.get());
  return answer;
}

}  // namespace pathwitness
