// The service as systemd would start it: its unit, the user's privileges, and what it tells
// systemd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/exchange.h"
#include "tests/support/loopback.h"
#include "tests/support/notify_socket.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

const std::filesystem::path kPackaging =
    std::filesystem::path(PATHWITNESS_SOURCE_DIR) / "packaging";

std::string ReadFile(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The unit, but for a program that is there.
std::string WriteUnit(const TestFolder& folder) {
  std::string unit = ReadFile(kPackaging / "systemd/pathwitness.service");
  const std::string installed = "/usr/bin/pathwitness";
  unit.replace(unit.find(installed), installed.size(), PATHWITNESS_BINARY);
  return folder.Write("pathwitness.service", unit);
}

// It exits with 0 whatever it finds, and says nothing when that is nothing.
TEST(ServiceUnit, HasNoKeyThatSystemdDoesNotKnow) {
  const TestFolder folder;
  const std::string service = WriteUnit(folder);
  const std::string socket =
      folder.Write("pathwitness.socket", ReadFile(kPackaging / "systemd/pathwitness.socket"));
  EXPECT_THAT(RunToEnd({"systemd-analyze", "verify", "--man=no", service, socket}).output,
              IsEmpty());
}

TEST(ServiceUnit, IsExposedByAtMostTwoOfTen) {
  const TestFolder folder;
  const Ended ended = RunToEnd(
      {"systemd-analyze", "security", "--offline=true", "--threshold=20", WriteUnit(folder)});
  EXPECT_EQ(ended.status, 0) << ended.output;
}

TEST(ServiceUnit, ItsUserAndFolderCanBeMade) {
  if (getuid() != 0) {
    GTEST_SKIP() << "needs root to give a folder away";
  }
  const TestFolder root;
  std::filesystem::create_directory(root.Path() / "etc");
  root.Write("usr/lib/sysusers.d/pathwitness.conf",
             ReadFile(kPackaging / "systemd/pathwitness.sysusers.conf"));
  root.Write("usr/lib/tmpfiles.d/pathwitness.conf",
             ReadFile(kPackaging / "systemd/pathwitness.tmpfiles.conf"));
  const std::string where = "--root=" + root.Path().string();
  const Ended users = RunToEnd({"systemd-sysusers", where});
  ASSERT_EQ(users.status, 0) << users.output;
  EXPECT_THAT(ReadFile(root.Path() / "etc/passwd"),
              AllOf(HasSubstr("pathwitness:x:"), HasSubstr(":/var/lib/pathwitness:")));
  const Ended folders = RunToEnd({"systemd-tmpfiles", "--create", where});
  EXPECT_EQ(folders.status, 0) << folders.output;
  EXPECT_TRUE(std::filesystem::is_directory(root.Path() / "var/lib/pathwitness"));
}

/// The program as a service of a manager with a watchdog.
class ServiceTest : public testing::Test {
 protected:
  std::vector<std::string> Started(std::vector<std::string> by) const {
    by.insert(by.end(), {"env", "NOTIFY_SOCKET=" + socket_.Address(), "WATCHDOG_USEC=30000000"});
    std::vector<std::string> command = Command(place_, {"--web.listen-address=127.0.0.1:0"});
    if (std::filesystem::exists(place_.File("pathwitness"))) {
      command.front() = place_.File("pathwitness").string();
    }
    by.insert(by.end(), command.begin(), command.end());
    return by;
  }

  const Workplace place_;
  const NotifySocket socket_{"@pathwitness-packaging-test-" + std::to_string(getpid())};
};

TEST_F(ServiceTest, TellsOfItsStartItsReloadsItsHealthAndItsEnd) {
  ChildProcess service(Started({}));
  EXPECT_EQ(socket_.NextWith("READY=1", 20s),
            "READY=1\nSTATUS=watching 2 targets, environment default");
  EXPECT_EQ(socket_.NextWith("WATCHDOG=1", 20s), "WATCHDOG=1");
  service.Signal(SIGHUP);
  EXPECT_THAT(socket_.NextWith("RELOADING=1", 20s), HasSubstr("\nMONOTONIC_USEC="));
  EXPECT_EQ(socket_.NextWith("READY=1", 20s), "READY=1");
  service.Signal(SIGTERM);
  EXPECT_EQ(socket_.NextWith("STOPPING=1", 20s), "STOPPING=1");
  EXPECT_EQ(service.AwaitExit(20s), 0) << service.Output();
}

TEST_F(ServiceTest, WhoDeploysItCanWaitUntilItIsWell) {
  const auto [listener, port] = ListenOnLoopback();
  close(listener);
  const std::string place = "127.0.0.1:" + std::to_string(port);
  ChildProcess check(
      {PATHWITNESS_BINARY, "check", "health", "--wait=20s", "--url=http://" + place});
  const ChildProcess service(Command(place_, {"--web.listen-address=" + place}));
  EXPECT_EQ(check.AwaitExit(20s), 0);
  EXPECT_EQ(check.Output(), "healthy\n");
}

/// As User=, AmbientCapabilities=, CapabilityBoundingSet= and NoNewPrivileges= do; the last stands
/// last, so that nothing is regained on the way.
std::vector<std::string> AsUser(const std::string& capabilities) {
  return {"setpriv",
          "--reuid=65532",
          "--regid=65532",
          "--clear-groups",
          "--inh-caps=" + capabilities,
          "--ambient-caps=" + capabilities,
          "--bounding-set=" + capabilities,
          "--no-new-privs"};
}

/// Lets the user that the service runs as have the workplace, and a program there: it may not be
/// allowed to look into the folder of the build.
void GiveAway(const Workplace& place) {
  std::filesystem::copy_file(PATHWITNESS_BINARY, place.File("pathwitness"));
  for (const std::filesystem::path& path : {place.File(""), place.ConfigFile()}) {
    ASSERT_EQ(chown(path.c_str(), 65532, 65532), 0);
  }
}

TEST_F(ServiceTest, TheUnitsPrivilegesAreEnoughForRawSockets) {
  if (getuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  GiveAway(place_);
  ChildProcess service(Started(AsUser("-all,+net_raw")));
  ASSERT_THAT(socket_.NextWith("READY=1", 20s), Not(IsEmpty())) << service.Output();
  EXPECT_THAT(service.ReadUntil("listening", 20s), Not(HasSubstr("without raw sockets")));
}

TEST_F(ServiceTest, NothingIsLeftOfThePrivilegesOnceItListens) {
  if (getuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  GiveAway(place_);
  ChildProcess service(Started(AsUser("-all,+net_raw")));
  ASSERT_THAT(socket_.NextWith("READY=1", 20s), Not(IsEmpty())) << service.Output();
  const std::string status = ReadFile("/proc/" + std::to_string(service.Id()) + "/status");
  EXPECT_THAT(status, HasSubstr("\nUid:\t65532\t65532\t65532\t65532\n"));
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_THAT(status, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  }
  EXPECT_THAT(status, HasSubstr("CapBnd:\t0000000000002000\n")) << "more than CAP_NET_RAW";
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
}

/// The number behind `key` in a text; 0 when it has none.
std::ptrdiff_t NumberBehind(const std::string& key, const std::string& text) {
  const std::size_t found = text.find(key);
  return found == std::string::npos ? 0 : std::stol(text.substr(found + key.size()));
}

TEST_F(ServiceTest, ItsThreadsHaveRoomInTheLimitsOfUnitAndContainer) {
  ChildProcess service(Started({}));
  ASSERT_THAT(socket_.NextWith("READY=1", 20s), Not(IsEmpty())) << service.Output();
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(service.Id()) +
                                                  "/task");
  const auto threads = std::distance(begin(tasks), end(tasks));
  EXPECT_GT(threads, 256);
  const std::string unit = ReadFile(kPackaging / "systemd/pathwitness.service");
  const std::string compose = ReadFile(kPackaging / "compose/docker-compose.yaml");
  EXPECT_GT(NumberBehind("\nTasksMax=", unit), threads + 100);
  EXPECT_GT(NumberBehind("\n  pids_limit: ", compose), threads + 100);
}

TEST_F(ServiceTest, WithoutRoomForItsThreadsItEndsAndSaysWhatItNeeds) {
  if (getuid() != 0) {
    GTEST_SKIP() << "needs root to become another user, as root has no limit";
  }
  GiveAway(place_);
  std::vector<std::string> by = AsUser("-all,+net_raw");
  by.insert(by.begin(), {"prlimit", "--nproc=100"});
  ChildProcess service(Started(by));
  EXPECT_EQ(service.AwaitExit(20s), 1);
  EXPECT_THAT(service.Output(), HasSubstr("needs about 280 threads"));
}

TEST_F(ServiceTest, WithoutTheCapabilityItServesAllTheSame) {
  if (getuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  GiveAway(place_);
  ChildProcess service(Started(AsUser("-all")));
  ASSERT_THAT(socket_.NextWith("READY=1", 20s), Not(IsEmpty())) << service.Output();
  EXPECT_THAT(service.ReadUntil("listening", 20s), HasSubstr("tracing without raw sockets"));
}

/// The beginning of this minute, as in "2026-01-31T16:30".
std::string UtcMinute() {
  const std::string now = RunToEnd({"date", "-u", "+%FT%H:%M"}).output;
  return now.substr(0, now.size() - 1);
}

TEST_F(ServiceTest, TellsTheTimeInUtcWhateverTheZoneOfTheMachine) {
  const std::string before = UtcMinute();
  ChildProcess service(Started({"env", "TZ=EAST-13:45"}));
  const std::string mark = "address=127.0.0.1:";
  const std::string log = service.ReadUntil(mark, 20s);
  const std::size_t port = log.find(mark);
  ASSERT_NE(port, std::string::npos) << log;
  const std::string page =
      Exchange(static_cast<std::uint16_t>(std::stoul(log.substr(port + mark.size()))),
               "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string after = UtcMinute();
  EXPECT_THAT(log, AnyOf(StartsWith("time=" + before), StartsWith("time=" + after)));
  EXPECT_THAT(page, AnyOf(HasSubstr("as of " + before), HasSubstr("as of " + after)));
}

TEST(Program, StartsNoOther) {
  const std::string symbols = RunToEnd({"nm", "-D", "--undefined-only", PATHWITNESS_BINARY}).output;
  if (symbols.find("san_init") != std::string::npos) {
    GTEST_SKIP() << "a sanitizer starts the program that names its lines";
  }
  ASSERT_THAT(symbols, HasSubstr(" socket@"));
  EXPECT_THAT(
      symbols,
      Not(testing::ContainsRegex(" (fork|vfork|posix_spawnp?|exec[lv][ep]*|system|popen)@")));
}

TEST(Program, IsLinkedSoThatItCannotBeOverwritten) {
  const std::string headers = RunToEnd({"readelf", "-hldW", PATHWITNESS_BINARY}).output;
  EXPECT_THAT(headers, AllOf(HasSubstr("Type:                              DYN"),
                             HasSubstr("GNU_RELRO"), HasSubstr("BIND_NOW")));
  EXPECT_THAT(headers, testing::ContainsRegex("GNU_STACK [ 0-9a-fx]* RW "));
}

}  // namespace
}  // namespace pathwitness
