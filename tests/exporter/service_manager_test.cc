#include "exporter/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "tests/support/notify_socket.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::IsEmpty;

/// A service manager with a watchdog, and a process that it started.
class ServiceManagerTest : public testing::Test {
 protected:
  const TestFolder folder_;
  const NotifySocket socket_{(folder_.Path() / "notify").string()};
  ServiceManager manager_{{.notify_socket = socket_.Address(),
                           .watchdog_usec = "30000000",
                           .watchdog_pid = std::to_string(getpid())}};
};

TEST_F(ServiceManagerTest, LearnsThatItIsReadyAndWhatItDoes) {
  manager_.OnReady("watching 5 targets");
  EXPECT_EQ(socket_.Next(), "READY=1\nSTATUS=watching 5 targets");
}

TEST_F(ServiceManagerTest, LearnsWhenAReloadBeganAndThatItEnded) {
  manager_.OnReloading(MonoTime(std::chrono::microseconds(1234567)));
  EXPECT_EQ(socket_.Next(), "RELOADING=1\nMONOTONIC_USEC=1234567");
  manager_.OnReloaded();
  EXPECT_EQ(socket_.Next(), "READY=1");
}

TEST_F(ServiceManagerTest, LearnsThatItStops) {
  manager_.OnStopping();
  EXPECT_EQ(socket_.Next(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, IsFedWhileEveryEngineTurns) {
  manager_.OnSupervised({});
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
  EXPECT_THAT(socket_.Next(), IsEmpty());
}

TEST_F(ServiceManagerTest, IsNotFedButToldWhyWhileAnEngineIsStuck) {
  manager_.OnReady("watching 5 targets");
  socket_.Next();
  manager_.OnSupervised({"trace", "dns"});
  EXPECT_EQ(socket_.Next(), "STATUS=no progress: trace, dns");
  EXPECT_THAT(socket_.Next(), IsEmpty());
  manager_.OnSupervised({});
  EXPECT_EQ(socket_.Next(), "STATUS=watching 5 targets");
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
}

TEST(ServiceManager, IsReachedByAnAbstractName) {
  const NotifySocket socket("@pathwitness-service-manager-test-" + std::to_string(getpid()));
  ServiceManager({.notify_socket = socket.Address()}).OnStopping();
  EXPECT_EQ(socket.Next(), "STOPPING=1");
}

TEST(ServiceManager, IsNotFedWhenTheWatchdogIsAnothers) {
  const TestFolder folder;
  const NotifySocket socket((folder.Path() / "notify").string());
  ServiceManager({.notify_socket = socket.Address(), .watchdog_usec = "1000", .watchdog_pid = "1"})
      .OnSupervised({});
  EXPECT_THAT(socket.Next(), IsEmpty());
  ServiceManager({.notify_socket = socket.Address()}).OnSupervised({});
  EXPECT_THAT(socket.Next(), IsEmpty());
}

TEST(ServiceManager, NobodyWhoListensIsNoFailure) {
  for (const std::string& address :
       {std::string(), std::string("vsock:2:1"), std::string("/nonexistent/notify"),
        "/" + std::string(200, 'x')}) {
    ServiceManager manager({.notify_socket = address, .watchdog_usec = "1000"});
    EXPECT_NO_THROW(manager.OnSupervised({})) << address;
  }
}

}  // namespace
}  // namespace pathwitness
