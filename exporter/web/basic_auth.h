#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "probes/crypto/digest.h"

namespace pathwitness {

struct Credentials {
  std::string user;
  std::string password;
};

/// Reads the value of an Authorization header. Empty for other schemes and for what is broken.
/// Source: RFC 7617, 2.
std::optional<Credentials> ParseBasicAuth(std::string_view header);

enum class PasswordVerdict : std::uint8_t {
  Right,
  Wrong,
  Busy,  // too many are being checked
};

/// Checks passwords against bcrypt hashes: one at a time on a thread of its own, as each takes tens
/// of milliseconds of CPU on purpose, so that guessing costs the guesser more than the probers.
///
/// Verdicts are kept under a keyed hash, so that a scraper pays once. A name that is unknown takes
/// as long as one that is known. Who guesses from one address leaves room for others. May be used
/// from many threads at once.
class PasswordChecker {
 public:
  using Users = std::map<std::string, std::string, std::less<>>;  // bcrypt by name

  /// How many may wait to be checked.
  struct Limits {
    std::size_t waiting;
    std::size_t of_one_address;
  };

  /// Throws std::system_error.
  explicit PasswordChecker(Limits limits = {16, 8});
  ~PasswordChecker();
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  /// Waits for those that came before. `address` is the client's.
  PasswordVerdict Check(const Users& users, const Credentials& given, std::string_view address);

 private:
  struct Job {
    std::string hash;
    std::string password;
    std::string client;  // under which its address is counted
    std::promise<bool> is_right;
  };

  std::optional<bool> Recall(const Sha256Digest& key) const;
  void Remember(const Sha256Digest& key, bool is_right);
  std::optional<std::future<bool>> Queue(Job job);
  void Run();

  const Limits limits_;
  const std::string secret_;  // of the keyed hash
  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  bool is_stopping_ = false;
  std::deque<Job> jobs_;
  std::set<Sha256Digest> right_;
  std::set<Sha256Digest> wrong_;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace pathwitness
