#include "exporter/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string ErrorOf(const std::vector<std::string>& arguments) {
  try {
    ParseFlags(arguments, "");
  } catch (const FlagError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseFlags, WithoutArgumentsServesTheShippedConfiguration) {
  const Flags flags = ParseFlags({}, "");
  EXPECT_EQ(flags.action, Action::Serve);
  EXPECT_EQ(flags.config_file, "config/default.yaml");
  EXPECT_EQ(flags.environment, "default");
  EXPECT_EQ(flags.telemetry_path, "/metrics");
  EXPECT_FALSE(flags.web_config_file);
  EXPECT_THAT(flags.listen_addresses, ElementsAre(ListenAddress{"", 10059}));
}

TEST(ParseFlags, ListenAddressesReplaceTheDefaultAndKeepTheirOrder) {
  const Flags flags =
      ParseFlags({"--web.listen-address=127.0.0.1:0", "--web.listen-address", "[::1]:9"}, "");
  EXPECT_THAT(flags.listen_addresses,
              ElementsAre(ListenAddress{"127.0.0.1", 0}, ListenAddress{"::1", 9}));
}

TEST(ParseFlags, SystemdsSocketsTakeThePlaceOfAddresses) {
  EXPECT_FALSE(ParseFlags({}, "").uses_systemd_sockets);
  EXPECT_TRUE(ParseFlags({"--web.systemd-socket"}, "").uses_systemd_sockets);
  EXPECT_THAT(ErrorOf({"--web.systemd-socket", "--web.listen-address=:1"}),
              HasSubstr("takes the place of --web.listen-address"));
}

TEST(ParseFlags, ReadsEachNameThatBrowsersMayUse) {
  EXPECT_THAT(ParseFlags({"--web.allowed-host=a.example", "--web.allowed-host", "b.example"}, "")
                  .allowed_hosts,
              ElementsAre("a.example", "b.example"));
}

TEST(ParseFlags, TheFlagWinsOverTheEnvironmentVariable) {
  EXPECT_EQ(ParseFlags({}, "staging").environment, "staging");
  EXPECT_EQ(ParseFlags({"--environment=ci"}, "staging").environment, "ci");
}

TEST(ParseFlags, ReadsLogFlags) {
  const Flags flags = ParseFlags({"--log.level=debug", "--log.format=json"}, "");
  EXPECT_EQ(flags.log_level, LogLevel::Debug);
  EXPECT_EQ(flags.log_format, LogFormat::Json);
}

TEST(ParseFlags, ReadsTheShardAndWatchesAllWithoutOne) {
  EXPECT_EQ(ParseFlags({}, "").shard, Shard());
  EXPECT_EQ(ParseFlags({"--shard=1/3"}, "").shard, (Shard{1, 3}));
  EXPECT_THAT(ErrorOf({"--shard=3/3"}), HasSubstr("--shard: \"3/3\""));
}

TEST(ParseFlags, ReadsHowManyScrapesAreAnsweredAtATime) {
  EXPECT_EQ(ParseFlags({"--web.max-requests=2"}, "").max_scrapes, 2);
  EXPECT_THAT(ErrorOf({"--web.max-requests=0"}), HasSubstr("--web.max-requests"));
}

TEST(ParseFlags, ChoosesTheAction) {
  EXPECT_EQ(ParseFlags({"--config.check"}, "").action, Action::CheckConfig);
  EXPECT_EQ(ParseFlags({"--version"}, "").action, Action::ShowVersion);
  const Flags help = ParseFlags({"--help"}, "");
  EXPECT_EQ(help.action, Action::ShowHelp);
  EXPECT_THAT(help.help, HasSubstr("--web.listen-address"));
}

TEST(ParseFlags, AnUnknownFlagIsOneLineThatNamesIt) {
  const std::string error = ErrorOf({"--web.lsten-address=:1"});
  EXPECT_THAT(error, HasSubstr("--web.lsten-address"));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
}

TEST(ParseFlags, ALeftoverWordIsAnError) {
  EXPECT_THAT(ErrorOf({"serve"}), HasSubstr("serve"));
}

TEST(ParseFlags, ABadChoiceNamesWhatIsAllowed) {
  EXPECT_EQ(ErrorOf({"--log.level=loud"}),
            "--log.level: \"loud\" is not one of debug, info, warn, error");
  EXPECT_EQ(ErrorOf({"--log.format=xml"}), "--log.format: \"xml\" is not one of logfmt, json");
}

TEST(ParseFlags, ABadListenAddressSaysWhichFormsThereAre) {
  EXPECT_EQ(ErrorOf({"--web.listen-address=10059"}),
            "--web.listen-address: \"10059\" is not \":port\", \"host:port\" or \"[v6]:port\"");
}

TEST(ParseFlags, TheTelemetryPathMayNotHideAnotherPage) {
  EXPECT_THAT(ErrorOf({"--web.telemetry-path=/"}), HasSubstr("--web.telemetry-path"));
  EXPECT_THAT(ErrorOf({"--web.telemetry-path=/config"}), HasSubstr("--web.telemetry-path"));
  EXPECT_THAT(ErrorOf({"--web.telemetry-path=/-/ready"}), HasSubstr("--web.telemetry-path"));
  EXPECT_THAT(ErrorOf({"--web.telemetry-path=metrics"}), HasSubstr("--web.telemetry-path"));
  EXPECT_EQ(ParseFlags({"--web.telemetry-path=/m/x"}, "").telemetry_path, "/m/x");
}

TEST(ParseFlags, NothingIsReflectedUnlessAskedFor) {
  EXPECT_FALSE(ParseFlags({}, "").responder);
  const auto responder = ParseFlags({"--responder", "--responder.key-file=key"}, "").responder;
  ASSERT_TRUE(responder);
  EXPECT_EQ(responder->address, (ListenAddress{.host = "", .port = 10060}));
  EXPECT_EQ(responder->key_file, "key");
}

TEST(ParseFlags, AResponderListensWhereItIsTold) {
  const auto responder = ParseFlags({"--responder", "--responder.key-file=key",
                                     "--responder.listen-address=[2001:db8::1]:7"},
                                    "")
                             .responder;
  ASSERT_TRUE(responder);
  EXPECT_EQ(responder->address, (ListenAddress{.host = "2001:db8::1", .port = 7}));
}

TEST(ParseFlags, AResponderIsToldWhole) {
  EXPECT_EQ(ErrorOf({"--responder"}), "--responder needs --responder.key-file");
  EXPECT_THAT(ErrorOf({"--responder.key-file=key"}), HasSubstr("need --responder"));
  EXPECT_THAT(ErrorOf({"--responder.listen-address=:1"}), HasSubstr("need --responder"));
  EXPECT_EQ(ErrorOf({"--responder", "--responder.key-file=key",
                     "--responder.listen-address=reflector.example:1"}),
            "--responder.listen-address: \"reflector.example:1\" is not \":port\", "
            "\"address:port\" or \"[v6]:port\"");
}

TEST(ParseFlags, ReloadingByHttpIsOffUnlessAskedFor) {
  EXPECT_FALSE(ParseFlags({}, "").enable_lifecycle);
  EXPECT_TRUE(ParseFlags({"--web.enable-lifecycle"}, "").enable_lifecycle);
}

TEST(ParseFlags, WritingAboutIncidentsIsOffUnlessAskedFor) {
  EXPECT_FALSE(ParseFlags({}, "").enable_follow_ups);
  EXPECT_TRUE(ParseFlags({"--web.enable-follow-ups"}, "").enable_follow_ups);
}

}  // namespace
}  // namespace pathwitness
