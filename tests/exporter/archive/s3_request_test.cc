#include "exporter/archive/s3_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow{std::chrono::seconds(1767225600)};
const S3Credentials kKeys{.access_key = "access", .secret_key = "canary", .session_token = ""};

UploadConfig Upload() {
  UploadConfig upload;
  upload.endpoint = "https://s3.storage.example";
  upload.bucket = "reports";
  return upload;
}

std::string HeaderOf(const HttpRequestConfig& request, const std::string& name) {
  const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == request.headers.end() ? "" : found->second;
}

HttpRequestConfig Put(const UploadConfig& upload, const S3Credentials& keys = kKeys) {
  return PutRequest(upload, "a/2026-01-01/000000Z__b_to_c.json", "{}", keys, kNow);
}

TEST(PutRequest, TheBucketIsInThePath) {
  EXPECT_EQ(Put(Upload()).url,
            "https://s3.storage.example/reports/a/2026-01-01/000000Z__b_to_c.json");
}

TEST(PutRequest, TheBucketIsInTheHostsNameWhenAskedFor) {
  UploadConfig upload = Upload();
  upload.path_style = false;
  EXPECT_EQ(Put(upload).url,
            "https://reports.s3.storage.example/a/2026-01-01/000000Z__b_to_c.json");
  EXPECT_EQ(HeaderOf(Put(upload), "host"), "reports.s3.storage.example");
}

TEST(PutRequest, ThePrefixIsBeforeEachKey) {
  UploadConfig upload = Upload();
  upload.prefix = "production/office";
  EXPECT_THAT(Put(upload).url, HasSubstr("/reports/production/office/a/2026-01-01/"));
}

TEST(PutRequest, TheHostHasItsPortUnlessThatIsUsual) {
  UploadConfig upload = Upload();
  EXPECT_EQ(HeaderOf(Put(upload), "host"), "s3.storage.example");
  upload.endpoint = "http://[2001:db8::1]:9000/";
  EXPECT_EQ(HeaderOf(Put(upload), "host"), "[2001:db8::1]:9000");
  EXPECT_THAT(Put(upload).url, HasSubstr("http://[2001:db8::1]:9000/reports/a/"));
}

TEST(PutRequest, ASessionTokenIsSentAndSigned) {
  S3Credentials keys = kKeys;
  keys.session_token = "token";
  EXPECT_EQ(HeaderOf(Put(Upload(), keys), "x-amz-security-token"), "token");
  EXPECT_THAT(HeaderOf(Put(Upload(), keys), "authorization"), HasSubstr("x-amz-security-token"));
  EXPECT_THAT(HeaderOf(Put(Upload()), "authorization"), Not(HasSubstr("token")));
}

TEST(PutRequest, EncryptionIsAskedForAndSigned) {
  UploadConfig upload = Upload();
  upload.server_side_encryption = "aws:kms";
  upload.kms_key_id = "key";
  const HttpRequestConfig put = Put(upload);
  EXPECT_EQ(HeaderOf(put, "x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(HeaderOf(put, "x-amz-server-side-encryption-aws-kms-key-id"), "key");
  EXPECT_THAT(HeaderOf(put, "authorization"), HasSubstr("x-amz-server-side-encryption;"));
}

TEST(PutRequest, TheSecretKeyIsInNoPartOfIt) {
  const HttpRequestConfig put = Put(Upload());
  for (const auto& [name, value] : put.headers) {
    EXPECT_THAT(value, Not(HasSubstr(kKeys.secret_key))) << name;
  }
  EXPECT_THAT(put.url, Not(HasSubstr(kKeys.secret_key)));
}

class CredentialFiles : public testing::Test {
 protected:
  CredentialFiles() {
    upload_.access_key_file = folder_.Write("access", "AKID\n");
    upload_.secret_key_file = folder_.Write("secret", "s3cret\n");
  }

  TestFolder folder_;
  UploadConfig upload_ = Upload();
};

TEST_F(CredentialFiles, AreReadWithoutTheirLineBreaks) {
  EXPECT_EQ(ReadCredentials(upload_), (S3Credentials{"AKID", "s3cret", ""}));
}

TEST_F(CredentialFiles, AreReadAnewEachTime) {
  ReadCredentials(upload_);
  folder_.Write("secret", "rotated");
  EXPECT_EQ(ReadCredentials(upload_), (S3Credentials{"AKID", "rotated", ""}));
}

TEST_F(CredentialFiles, AreNoneWhenOneIsMissingOrEmpty) {
  folder_.Write("secret", "\n");
  EXPECT_FALSE(ReadCredentials(upload_));
  upload_.secret_key_file = "/nowhere/secret";
  EXPECT_FALSE(ReadCredentials(upload_));
}

TEST_F(CredentialFiles, AKeyThatWouldBreakAHeaderIsNone) {
  folder_.Write("access", "AKID\r\nx-evil: 1");
  EXPECT_FALSE(ReadCredentials(upload_));
}

TEST_F(CredentialFiles, ATokenThatCannotBeReadIsNotLeftOut) {
  upload_.session_token_file = "/nowhere/token";
  EXPECT_FALSE(ReadCredentials(upload_));
  upload_.session_token_file = folder_.Write("token", "t\n");
  EXPECT_EQ(ReadCredentials(upload_)->session_token, "t");
}

TEST(S3Failure, FollowsTheStatus) {
  const auto of = [](int status, const std::string& body = "") {
    HttpResult result;
    result.status = status;
    result.body = body;
    return FailureOf(result);
  };
  EXPECT_FALSE(of(200));
  EXPECT_FALSE(of(204));
  EXPECT_EQ(of(301), UploadFailure::Refused);
  EXPECT_EQ(of(400), UploadFailure::Refused);
  EXPECT_EQ(of(403), UploadFailure::Denied);
  EXPECT_EQ(of(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>"), UploadFailure::Clock);
  EXPECT_EQ(of(404), UploadFailure::NotFound);
  EXPECT_EQ(of(500), UploadFailure::Server);
  EXPECT_EQ(of(503), UploadFailure::Throttled);
}

TEST(S3Failure, IsOfTheConnectionWhenThatBroke) {
  HttpResult result;
  result.status = 200;
  result.failure = HttpFailure::SendRecv;
  EXPECT_EQ(FailureOf(result), UploadFailure::Interrupted);
}

TEST(S3ErrorCode, IsAShortNameOrNothing) {
  EXPECT_EQ(S3ErrorCode("<?xml?><Error><Code>NoSuchBucket</Code></Error>"), "NoSuchBucket");
  EXPECT_EQ(S3ErrorCode("<Code></Code>"), "");
  EXPECT_EQ(S3ErrorCode("<Code>a b</Code>"), "");
  EXPECT_EQ(S3ErrorCode("<Code>" + std::string(65, 'a') + "</Code>"), "");
  EXPECT_EQ(S3ErrorCode("<html>bad gateway</html>"), "");
}

}  // namespace
}  // namespace pathwitness
