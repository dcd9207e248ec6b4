#include "exporter/web/basic_auth.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "exporter/web/connection_census.h"
#include "exporter/web/lower_case.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostRemembered = 1000;  // of each verdict

/// Of nobody's password, for names that are unknown.
constexpr std::string_view kNobodysHash =
    "$2b$10$SjxcJM7aG5AbY7auECtAXe1RY.tD.DvT0NBzGSdzjKoXdDQ0nXfyu";

std::string NewSecret() {
  std::array<char, kSha256Bytes> secret{};
  if (getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) {
    throw std::system_error(errno, std::generic_category(), "cannot get a random number");
  }
  return {secret.data(), secret.size()};
}

/// bcrypt reads up to a NUL; a password that has one would be as good as what stands before it.
bool IsRight(const std::string& hash, const std::string& password) {
  if (password.find('\0') != std::string::npos) {
    return false;
  }
  const auto scratch = std::make_unique<crypt_data>();  // 32 KiB: not for the stack
  const char* const made = crypt_r(password.c_str(), hash.c_str(), scratch.get());
  return made != nullptr && std::string_view(made).size() == hash.size() &&
         CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  constexpr std::size_t kGroup = 4;
  constexpr std::size_t kBytesOfGroup = 3;
  if (text.empty() || text.size() % kGroup != 0) {
    return std::nullopt;
  }
  std::vector<unsigned char> bytes(text.size() / kGroup * kBytesOfGroup);
  const int length =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (length < 0) {
    return std::nullopt;
  }
  std::string decoded(bytes.begin(), bytes.begin() + length);
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
    text.remove_suffix(1);
    decoded.pop_back();
  }
  return decoded;
}

}  // namespace

std::optional<Credentials> ParseBasicAuth(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (LowerCase(header.substr(0, kScheme.size())) != kScheme) {
    return std::nullopt;
  }
  const std::optional<std::string> pair = DecodeBase64(header.substr(kScheme.size()));
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return std::nullopt;
  }
  return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

PasswordChecker::PasswordChecker(Limits limits)
    : limits_(limits), secret_(NewSecret()), thread_([this] { Run(); }) {}

PasswordChecker::~PasswordChecker() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    jobs_.clear();  // whoever waits hears that nobody will answer
  }
  has_work_.notify_one();
  thread_.join();
}

PasswordVerdict PasswordChecker::Check(const Users& users, const Credentials& given,
                                       std::string_view address) {
  const auto known = users.find(given.user);
  const std::string hash(known == users.end() ? kNobodysHash : std::string_view(known->second));
  // The hash is of a known length, so what is hashed together cannot be cut in another place.
  const Sha256Digest key = HmacSha256(secret_, hash + given.password);
  std::optional<bool> is_right = Recall(key);
  if (!is_right) {
    std::optional<std::future<bool>> answer =
        Queue({.hash = hash, .password = given.password, .client = CountedName(address)});
    try {
      if (!answer) {
        return PasswordVerdict::Busy;
      }
      is_right = answer->get();
    } catch (const std::future_error&) {
      return PasswordVerdict::Busy;
    }
    Remember(key, *is_right);
  }
  return *is_right && known != users.end() ? PasswordVerdict::Right : PasswordVerdict::Wrong;
}

std::optional<bool> PasswordChecker::Recall(const Sha256Digest& key) const {
  const std::lock_guard lock(mutex_);
  if (right_.contains(key)) {
    return true;
  }
  return wrong_.contains(key) ? std::optional(false) : std::nullopt;
}

/// Guesses do not push out what is right.
void PasswordChecker::Remember(const Sha256Digest& key, bool is_right) {
  const std::lock_guard lock(mutex_);
  std::set<Sha256Digest>& verdicts = is_right ? right_ : wrong_;
  if (verdicts.size() == kMostRemembered) {
    verdicts.clear();
  }
  verdicts.insert(key);
}

std::optional<std::future<bool>> PasswordChecker::Queue(Job job) {
  const std::lock_guard lock(mutex_);
  const auto of_client =
      static_cast<std::size_t>(std::ranges::count(jobs_, job.client, &Job::client));
  if (jobs_.size() == limits_.waiting || of_client == limits_.of_one_address) {
    return std::nullopt;
  }
  std::future<bool> answer = job.is_right.get_future();
  jobs_.push_back(std::move(job));
  has_work_.notify_one();
  return answer;
}

void PasswordChecker::Run() {
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
    if (is_stopping_) {
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.is_right.set_value(IsRight(job.hash, job.password));
    lock.lock();
  }
}

}  // namespace pathwitness
