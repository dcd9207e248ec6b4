#include "probes/pulse/pulse_reading.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <system_error>

namespace pathwitness {
namespace {

using Json = nlohmann::json;

constexpr double kYear10000 = 253402300800;  // Unix seconds

PulseReading Checked(std::optional<double> seconds) {
  const bool is_time = seconds && *seconds >= 0 && *seconds < kYear10000;  // false for NaN too
  return is_time ? PulseReading(*seconds) : PulseReading(PulseFailure::Invalid);
}

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsDigit(char letter) {
  return letter >= '0' && letter <= '9';
}

// Takes a text apart from its front; after the first mismatch every step fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool IsGood() const { return is_good_; }
  bool IsAtEnd() const { return rest_.empty(); }
  char Next() const { return rest_.empty() ? '\0' : rest_.front(); }
  std::string_view Rest() const { return rest_; }

  bool Fail() {
    is_good_ = false;
    return false;
  }

  /// The longest run of letters that `is_wanted`; maybe empty.
  template <typename Predicate>
  std::string_view TakeWhile(Predicate is_wanted) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_wanted);
    return Take(static_cast<std::size_t>(end - rest_.begin()));
  }

  std::string_view Take(std::size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  bool Expect(std::string_view text) {
    if (rest_.substr(0, text.size()) != text) {
      return Fail();
    }
    rest_.remove_prefix(text.size());
    return is_good_;
  }

  void SkipBlanks() {
    TakeWhile([](char letter) { return letter == ' ' || letter == '\t'; });
  }

  /// Exactly `digits` digits.
  int Number(std::size_t digits) {
    int number = 0;
    for (const char letter : Take(digits)) {
      number = IsDigit(letter) ? number * 10 + (letter - '0') : (Fail(), 0);
      --digits;
    }
    return digits == 0 ? number : (Fail(), 0);
  }

 private:
  std::string_view rest_;
  bool is_good_ = true;
};

struct CivilTime {
  int year = 0;
  int month = 0;  // from 1
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;  // 60: a leap second
};

std::optional<double> ToUnix(const CivilTime& time) {
  const std::chrono::year_month_day date{std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > 60) {
    return std::nullopt;
  }
  const auto midnight = std::chrono::sys_days(date).time_since_epoch();
  return static_cast<double>(std::chrono::seconds(midnight).count()) +
         static_cast<double>(time.hour * 3600 + time.minute * 60 + time.second);
}

int Month(Scanner& scanner) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const found = std::find(kMonths.begin(), kMonths.end(), scanner.Take(3));
  if (found == kMonths.end()) {
    scanner.Fail();
    return 0;
  }
  return static_cast<int>(found - kMonths.begin()) + 1;
}

void ClockOfDay(Scanner& scanner, CivilTime& time) {
  time.hour = scanner.Number(2);
  scanner.Expect(":");
  time.minute = scanner.Number(2);
  scanner.Expect(":");
  time.second = scanner.Number(2);
}

std::optional<double> Finished(const Scanner& scanner, const CivilTime& time) {
  return scanner.IsGood() && scanner.IsAtEnd() ? ToUnix(time) : std::nullopt;
}

// "06 Nov 1994 08:49:37 GMT", behind "Sun, "
std::optional<double> ReadImfFixdate(Scanner scanner) {
  CivilTime time;
  time.day = scanner.Number(2);
  scanner.Expect(" ");
  time.month = Month(scanner);
  scanner.Expect(" ");
  time.year = scanner.Number(4);
  scanner.Expect(" ");
  ClockOfDay(scanner, time);
  scanner.Expect(" GMT");
  return Finished(scanner, time);
}

// "06-Nov-94 08:49:37 GMT", behind "Sunday, "
std::optional<double> ReadRfc850(Scanner scanner, WallTime now) {
  CivilTime time;
  time.day = scanner.Number(2);
  scanner.Expect("-");
  time.month = Month(scanner);
  scanner.Expect("-");
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int this_year = static_cast<int>(today.year());
  time.year = this_year / 100 * 100 + scanner.Number(2);
  time.year -= time.year > this_year + 50 ? 100 : 0;  // more than 50 years ahead is the past
  scanner.Expect(" ");
  ClockOfDay(scanner, time);
  scanner.Expect(" GMT");
  return Finished(scanner, time);
}

// "Nov  6 08:49:37 1994", behind "Sun "
std::optional<double> ReadAsctime(Scanner scanner) {
  CivilTime time;
  time.month = Month(scanner);
  scanner.Expect(" ");
  const bool is_padded = scanner.Next() == ' ';
  scanner.Take(is_padded ? 1 : 0);
  time.day = scanner.Number(is_padded ? 1 : 2);
  scanner.Expect(" ");
  ClockOfDay(scanner, time);
  scanner.Expect(" ");
  time.year = scanner.Number(4);
  return Finished(scanner, time);
}

std::optional<double> ReadHttpDate(std::string_view text, WallTime now) {
  Scanner scanner(text);
  const std::string_view weekday =
      scanner.TakeWhile([](char letter) { return Lower(letter) >= 'a' && Lower(letter) <= 'z'; });
  if (weekday.size() < 3) {
    return std::nullopt;
  }
  const bool has_comma = scanner.Next() == ',';
  scanner.Take(has_comma ? 1 : 0);
  if (!scanner.Expect(" ")) {
    return std::nullopt;
  }
  if (!has_comma) {
    return ReadAsctime(scanner);
  }
  return weekday.size() == 3 ? ReadImfFixdate(scanner) : ReadRfc850(scanner, now);
}

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

double Fraction(Scanner& scanner) {
  if (scanner.Next() != '.') {
    return 0;
  }
  scanner.Take(1);
  const std::string_view digits = scanner.TakeWhile(IsDigit);
  if (digits.empty()) {
    scanner.Fail();
  }
  double fraction = 0;
  for (std::size_t i = std::min<std::size_t>(digits.size(), 12); i > 0; --i) {
    fraction = (fraction + (digits[i - 1] - '0')) / 10;
  }
  return fraction;
}

/// Seconds that the local time is ahead of UTC.
double Offset(Scanner& scanner) {
  const std::string_view sign = scanner.Take(1);
  if (sign == "Z" || sign == "z") {
    return 0;
  }
  if (sign != "+" && sign != "-") {
    scanner.Fail();
    return 0;
  }
  const int hours = scanner.Number(2);
  scanner.Expect(":");
  const int minutes = scanner.Number(2);
  if (hours > 23 || minutes > 59) {
    scanner.Fail();
  }
  return (sign == "-" ? -1 : 1) * (hours * 3600.0 + minutes * 60.0);
}

}  // namespace

std::optional<double> ReadRfc3339(std::string_view text) {
  Scanner scanner(text);
  CivilTime time;
  time.year = scanner.Number(4);
  scanner.Expect("-");
  time.month = scanner.Number(2);
  scanner.Expect("-");
  time.day = scanner.Number(2);
  const std::string_view separator = scanner.Take(1);
  if (separator != "T" && separator != "t" && separator != " ") {
    return std::nullopt;
  }
  ClockOfDay(scanner, time);
  const double fraction = Fraction(scanner);
  const double offset = Offset(scanner);
  const auto local = Finished(scanner, time);
  return local ? std::optional(*local + fraction - offset) : std::nullopt;
}

namespace {

/// One reference token of a pointer, with its escapes undone; empty when an escape is wrong.
std::optional<std::string> Unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
      continue;
    }
    const char escape = ++i < token.size() ? token[i] : '\0';
    if (escape != '0' && escape != '1') {
      return std::nullopt;
    }
    text += escape == '0' ? '~' : '/';
  }
  return text;
}

const Json* Member(const Json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  std::size_t index = 0;
  const char* const end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, index);
  const bool is_index = error == std::errc{} && stop == end && (key.size() == 1 || key[0] != '0');
  return value.is_array() && is_index && index < value.size() ? &value[index] : nullptr;
}

const Json* Pointed(const Json& document, std::string_view pointer) {
  const Json* value = &document;
  while (value != nullptr && !pointer.empty()) {
    if (pointer.front() != '/') {
      return nullptr;
    }
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const auto key = Unescaped(token);
    value = key ? Member(*value, *key) : nullptr;
  }
  return value;
}

bool IsLabelLetter(char letter) {
  return (Lower(letter) >= 'a' && Lower(letter) <= 'z') || IsDigit(letter) || letter == '_';
}

bool IsMetricLetter(char letter) {
  return IsLabelLetter(letter) || letter == ':';
}

/// Behind the opening quote; takes the closing one too.
std::string LabelValue(Scanner& scanner) {
  std::string value;
  while (!scanner.IsAtEnd() && scanner.Next() != '"') {
    const char letter = scanner.Take(1).front();
    if (letter != '\\') {
      value += letter;
      continue;
    }
    const char escape = scanner.Next();
    if (escape != 'n' && escape != '\\' && escape != '"') {
      scanner.Fail();
      return value;
    }
    value += escape == 'n' ? '\n' : escape;
    scanner.Take(1);
  }
  scanner.Expect("\"");
  return value;
}

/// Behind the opening brace; takes the closing one too.
std::map<std::string, std::string> Labels(Scanner& scanner) {
  std::map<std::string, std::string> labels;
  scanner.SkipBlanks();
  while (scanner.IsGood() && scanner.Next() != '}') {
    const std::string name(scanner.TakeWhile(IsLabelLetter));
    scanner.SkipBlanks();
    scanner.Expect("=");
    scanner.SkipBlanks();
    if (!scanner.Expect("\"") || name.empty()) {
      scanner.Fail();
      return labels;
    }
    if (!labels.emplace(name, LabelValue(scanner)).second) {
      scanner.Fail();
    }
    scanner.SkipBlanks();
    if (scanner.Next() != '}') {
      scanner.Expect(",");
      scanner.SkipBlanks();
    }
  }
  scanner.Expect("}");
  return labels;
}

/// A decimal floating-point number, the whole text; empty for anything else, NaN and infinities.
std::optional<double> ReadNumber(std::string_view text) {
  const bool has_plus = !text.empty() && text.front() == '+';
  text.remove_prefix(has_plus ? 1 : 0);
  if (text.empty() || (has_plus && text.front() == '-')) {
    return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end && std::isfinite(number) ? std::optional(number)
                                                                      : std::nullopt;
}

/// The value's text on one line, when it is a sample of `metric` that carries `labels`.
std::optional<std::string_view> MatchingValue(std::string_view line, std::string_view metric,
                                              const std::map<std::string, std::string>& labels) {
  Scanner scanner(line);
  scanner.SkipBlanks();
  if (scanner.TakeWhile(IsMetricLetter) != metric) {
    return std::nullopt;
  }
  const bool has_blank = scanner.Next() == ' ' || scanner.Next() == '\t';
  scanner.SkipBlanks();
  const bool has_braces = scanner.Next() == '{';
  scanner.Take(has_braces ? 1 : 0);
  const auto carried = has_braces ? Labels(scanner) : std::map<std::string, std::string>{};
  const bool carries_all = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto found = carried.find(label.first);
    return found != carried.end() && found->second == label.second;
  });
  scanner.SkipBlanks();
  const auto value = scanner.TakeWhile(
      [](char letter) { return letter != ' ' && letter != '\t' && letter != '\r'; });
  return scanner.IsGood() && carries_all && (has_blank || has_braces) && !value.empty()
             ? std::optional(value)
             : std::nullopt;
}

}  // namespace

PulseReading ReadHttpDateHeader(const std::vector<std::pair<std::string, std::string>>& headers,
                                std::string_view name, WallTime now) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return EqualsIgnoringCase(header.first, name);
  });
  if (found == headers.end()) {
    return PulseFailure::Missing;
  }
  return Checked(ReadHttpDate(Trimmed(found->second), now));
}

PulseReading ReadJsonField(std::string_view document, std::string_view pointer) {
  constexpr bool kThrowing = false;
  const Json parsed = Json::parse(document, nullptr, kThrowing);
  if (parsed.is_discarded()) {
    return PulseFailure::Invalid;
  }
  const Json* const value = Pointed(parsed, pointer);
  if (value == nullptr || value->is_null()) {
    return PulseFailure::Missing;
  }
  if (const auto* text = value->get_ptr<const std::string*>()) {
    return Checked(ReadRfc3339(*text));
  }
  return Checked(value->is_number() ? std::optional(value->get<double>()) : std::nullopt);
}

PulseReading ReadPrometheusSample(std::string_view text, std::string_view metric,
                                  const std::map<std::string, std::string>& labels) {
  PulseReading newest = PulseFailure::Missing;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const auto value = MatchingValue(text.substr(0, end), metric, labels);
    text.remove_prefix(end + 1);
    if (!value) {
      continue;
    }
    const PulseReading reading = Checked(ReadNumber(*value));
    const double* const seconds = std::get_if<double>(&reading);
    const double* const before = std::get_if<double>(&newest);
    if (before == nullptr || (seconds != nullptr && *seconds > *before)) {
      newest = reading;
    }
  }
  return newest;
}

PulseReading ReadFileTime(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? PulseFailure::Missing : PulseFailure::Io;
  }
  constexpr double kNanosecond = 1e-9;
  return Checked(static_cast<double>(status.st_mtim.tv_sec) +
                 static_cast<double>(status.st_mtim.tv_nsec) * kNanosecond);
}

}  // namespace pathwitness
