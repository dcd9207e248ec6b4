#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/archive/archive.h"
#include "exporter/archive/s3_request.h"
#include "exporter/archive/sigv4.h"
#include "exporter/archive/upload_engine.h"
#include "probes/crypto/digest.h"
#include "probes/disk/files.h"
#include "tests/http/fetch.h"
#include "tests/support/drive.h"
#include "tests/support/nginx_server.h"
#include "tests/support/recording_log.h"
#include "tests/support/swift_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_folder.h"

// Uploads to a real service that checks each signature.
namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// Real time for sockets and signatures; Skip makes the engine's time run ahead.
class SkippingClock final : public Clock {
 public:
  MonoTime Now() const override { return std::chrono::steady_clock::now() + skipped_; }
  WallTime WallNow() const override { return std::chrono::system_clock::now() + wall_step_; }
  void Skip(Duration step) { skipped_ += step; }
  void StepWall(Duration step) { wall_step_ += step; }

 private:
  Duration skipped_{};
  Duration wall_step_{};
};

class S3Service : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    swift_ = std::make_unique<SwiftServer>();
    ASSERT_EQ(swift_->Ask("PUT", "/reports").status, 200);
  }
  static void TearDownTestSuite() { swift_.reset(); }

  S3Service() {
    config_.archive.directory = (folder_.Path() / "archive").string();
    config_.upload.endpoint = swift_->Url();
    config_.upload.bucket = "reports";
    config_.upload.prefix = testing::UnitTest::GetInstance()->current_test_info()->name();
    config_.upload.access_key_file = folder_.Write("access", SwiftServer::kAccessKey);
    config_.upload.secret_key_file = folder_.Write("secret", SwiftServer::kSecretKey);
    archive_ =
        std::make_unique<Archive>(config_.archive.directory, ArchiveSnapshot{}, clock_, log_);
    archive_->SetLimits(
        {.retention = hours(24 * 14), .max_bytes = 1U << 30U, .is_uploading = true});
    archive_->Explore(MonoTime::max());
    Restart();
  }

  void Restart() {
    engine_ = std::make_unique<UploadEngine>(board_, clock_, log_);
    Apply();
  }

  void Apply() { engine_->Apply(std::make_shared<const Config>(config_), clock_.Now()); }

  std::string Keep(const std::string& target) {
    const auto outcome = archive_->Keep({.target = target,
                                         .source = "2001:db8::1",
                                         .destination = "2001:db8::2",
                                         .at = clock_.WallNow(),
                                         .forms = {{"txt", "text of " + target}, {"json", "{}"}}});
    return std::get<ReportName>(outcome).Path();
  }

  bool DriveUntil(const std::function<bool()>& is_done) {
    return pathwitness::DriveUntil(
        *engine_, [this] { return clock_.Now(); }, is_done);
  }

  bool AwaitUploads(std::uint64_t reports) {
    clock_.Skip(UploadEngine::kLongestWait);
    return DriveUntil([&] { return Known().reports >= reports; });
  }

  bool AwaitFailure(UploadFailure failure) {
    const std::uint64_t before = Failures(failure);
    clock_.Skip(UploadEngine::kLongestWait);
    return DriveUntil([&] { return Failures(failure) > before; });
  }

  UploadSnapshot Known() const {
    const UploadBoard::Pointer known = board_.Find(0);
    return known ? *known : UploadSnapshot{};
  }

  std::uint64_t Failures(UploadFailure failure) const {
    return Known().failures.at(static_cast<std::size_t>(failure));
  }

  std::string InBucket(const std::string& path) const {
    const HttpResult result = swift_->Ask("GET", "/reports/" + config_.upload.prefix + "/" + path);
    return result.status == 200 ? result.body : "status " + std::to_string(result.status);
  }

  static inline std::unique_ptr<SwiftServer> swift_;
  SkippingClock clock_;
  RecordingLog log_;
  TestFolder folder_;
  Config config_;
  UploadBoard board_;
  std::unique_ptr<Archive> archive_;
  std::unique_ptr<UploadEngine> engine_;
};

TEST_F(S3Service, WhatIsUploadedIsWhatWasKept) {
  const std::string path = Keep("hq-to-lab");
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(InBucket(path + ".txt"), "text of hq-to-lab");
  EXPECT_EQ(InBucket(path + ".json"), "{}");
  const auto manifest = ReadWholeFile(folder_.Path() / "archive" / (path + ".sha256"), 9999);
  EXPECT_EQ(InBucket(path + ".sha256"), manifest);
}

TEST_F(S3Service, TargetsOfAnyNameAreUploaded) {
  std::vector<std::string> paths;
  for (const std::string target : {"../../etc", "a b", "\xc3\xa9", "a=b:c", "100%", "a+b&c"}) {
    paths.push_back(Keep(target));
  }
  ASSERT_TRUE(AwaitUploads(paths.size()));
  for (const std::string& path : paths) {
    EXPECT_EQ(InBucket(path + ".json"), "{}") << path;
  }
}

TEST_F(S3Service, AnEmptyFileIsAnObjectToo) {
  const auto outcome = archive_->Keep({.target = "a",
                                       .source = "192.0.2.1",
                                       .destination = "192.0.2.2",
                                       .at = clock_.WallNow(),
                                       .forms = {{"txt", ""}}});
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(InBucket(std::get<ReportName>(outcome).Path() + ".txt"), "");
}

TEST_F(S3Service, AReportThatIsPutTwiceIsThereOnce) {
  const std::string path = Keep("a");
  const std::string ticket = Spool::TicketOf(*ParseReportName(path));
  const auto text = ReadWholeFile(folder_.Path() / "archive/.spool" / ticket, 9999);
  ASSERT_TRUE(AwaitUploads(1));
  folder_.Write("archive/.spool/" + ticket, *text);  // as after a crash before it was taken away
  Restart();
  ASSERT_TRUE(AwaitUploads(2));
  EXPECT_EQ(InBucket(path + ".txt"), "text of a");
}

TEST_F(S3Service, AWrongSecretIsDeniedUntilTheFileIsRight) {
  folder_.Write("secret", "wrong");
  const std::string path = Keep("a");
  ASSERT_TRUE(AwaitFailure(UploadFailure::Denied));
  EXPECT_THAT(log_.Lines().back(), testing::HasSubstr("code=SignatureDoesNotMatch"));
  folder_.Write("secret", SwiftServer::kSecretKey);
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(InBucket(path + ".txt"), "text of a");
}

TEST_F(S3Service, AnUnknownKeyIsDenied) {
  folder_.Write("access", "pathwitness:nobody");
  Keep("a");
  EXPECT_TRUE(AwaitFailure(UploadFailure::Denied));
}

TEST_F(S3Service, ABucketThatIsMissingIsSaidSo) {
  config_.upload.bucket = "no-such-bucket";
  Apply();
  Keep("a");
  ASSERT_TRUE(AwaitFailure(UploadFailure::NotFound));
  EXPECT_THAT(log_.Lines().back(), testing::HasSubstr("code=NoSuchBucket"));
}

TEST_F(S3Service, AnotherRegionIsRefusedWithoutLosingTheReport) {
  config_.upload.region = "eu-central-1";
  Apply();
  Keep("a");
  ASSERT_TRUE(AwaitFailure(UploadFailure::Refused));
  config_.upload.region = SwiftServer::kRegion;
  Apply();
  EXPECT_TRUE(AwaitUploads(1));
}

TEST_F(S3Service, AClockThatIsWrongIsSaidSoAndForgivenWhenItIsRight) {
  Keep("a");
  clock_.StepWall(hours(2));
  ASSERT_TRUE(AwaitFailure(UploadFailure::Clock));
  clock_.StepWall(-hours(2));
  EXPECT_TRUE(AwaitUploads(1));
}

TEST_F(S3Service, EncryptionThatIsAskedForIsPartOfTheSignature) {
  config_.upload.server_side_encryption = "AES256";
  Apply();
  Keep("a");
  clock_.Skip(UploadEngine::kLongestWait);
  // Swift has no such encryption and says so, behind the check of the signature.
  EXPECT_TRUE(DriveUntil([&] {
    return Known().reports == 1 || Failures(UploadFailure::Server) > 0 ||
           Failures(UploadFailure::Refused) > 0;
  }));
  EXPECT_EQ(Failures(UploadFailure::Denied), 0U);
}

TEST_F(S3Service, AfterAnOutageEverythingIsThere) {
  swift_->StopProxy();
  std::vector<std::string> paths;
  for (int i = 0; i < 10; ++i) {
    paths.push_back(Keep("t" + std::to_string(i)));
  }
  ASSERT_TRUE(AwaitFailure(UploadFailure::Unreachable));
  Restart();
  ASSERT_TRUE(AwaitFailure(UploadFailure::Unreachable));
  EXPECT_EQ(Known().pending, 10U);
  swift_->StartProxy();
  ASSERT_TRUE(AwaitUploads(10));
  for (const std::string& path : paths) {
    EXPECT_EQ(InBucket(path + ".json"), "{}") << path;
  }
}

class S3BehindTls : public S3Service {
 protected:
  S3BehindTls()
      : authority_(TestCertificate::Authority("lab")),
        leaf_(authority_.Issue({})),
        nginx_({.certificate_pem = leaf_.CertificatePem(),
                .key_pem = leaf_.KeyPem(),
                .directives = "location / { proxy_pass " + swift_->Url() +
                              "; proxy_set_header Host $http_host; }"}) {
    config_.upload.endpoint = nginx_.Url("");
    config_.upload.tls.ca_file = folder_.Write("ca.pem", authority_.CertificatePem());
    Apply();
  }

  TestCertificate authority_;
  TestCertificate leaf_;
  NginxServer nginx_;
};

TEST_F(S3BehindTls, AnAuthorityOfItsOwnIsTrusted) {
  const std::string path = Keep("a");
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(InBucket(path + ".txt"), "text of a");
}

TEST_F(S3BehindTls, AStrangersCertificateIsNot) {
  config_.upload.tls.ca_file = "";
  Apply();
  Keep("a");
  EXPECT_TRUE(AwaitFailure(UploadFailure::Tls));
}

}  // namespace
}  // namespace pathwitness
