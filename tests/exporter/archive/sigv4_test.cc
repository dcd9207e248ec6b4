#include "exporter/archive/sigv4.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// 2015-08-30T12:36:00Z, and keys and scope of the test suite.
// Source: AWS General Reference, "Signature Version 4 Test Suite" (now in awslabs/aws-c-auth,
// tests/aws-signing-test-suite); the names of the cases are those of its folders.
const SigningScope kSuiteScope{
    .at = WallTime(std::chrono::seconds(1440938160)), .region = "us-east-1", .service = "service"};
const S3Credentials kSuiteKeys{.access_key = "AKIDEXAMPLE",
                               .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                               .session_token = ""};

std::string SuiteAuthorization(const std::string& names, const std::string& signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
         "SignedHeaders=" +
         names + ", Signature=" + signature;
}

struct SuiteCase {
  std::string name;
  std::string method;
  std::string path;
  std::string query;
  Headers headers;  // beside host and x-amz-date
  std::string body;
  std::string names;  // of the signed headers
  std::string signature;
};

void PrintTo(const SuiteCase& suite_case, std::ostream* out) {
  *out << suite_case.name;
}

class SigV4Suite : public testing::TestWithParam<SuiteCase> {};

TEST_P(SigV4Suite, SignsAsPublished) {
  const SuiteCase& given = GetParam();
  SignedRequest request{.method = given.method,
                        .path = EncodePath(given.path),
                        .query = given.query,
                        .headers = given.headers,
                        .payload_sha256 = ToHex(Sha256(given.body))};
  request.headers.emplace_back("X-Amz-Date", AmzDate(kSuiteScope.at));
  request.headers.emplace_back("Host", "example.amazonaws.com");
  EXPECT_EQ(Authorization(request, kSuiteKeys, kSuiteScope),
            SuiteAuthorization(given.names, given.signature));
}

const std::string kToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx"
    "7"
    "mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNV"
    "XA"
    "kiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQ"
    "wj2ICCR/oLxBA==";

INSTANTIATE_TEST_SUITE_P(
    Published, SigV4Suite,
    testing::Values(
        SuiteCase{.name = "get-vanilla",
                  .method = "GET",
                  .path = "/",
                  .names = "host;x-amz-date",
                  .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        SuiteCase{.name = "get-vanilla-query-order-key-case",
                  .method = "GET",
                  .path = "/",
                  .query = "Param1=value1&Param2=value2",
                  .names = "host;x-amz-date",
                  .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        SuiteCase{.name = "get-unreserved",
                  .method = "GET",
                  .path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                  .names = "host;x-amz-date",
                  .signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
        SuiteCase{.name = "get-utf8",
                  .method = "GET",
                  .path = "/\xe1\x88\xb4",
                  .names = "host;x-amz-date",
                  .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        SuiteCase{.name = "get-header-value-order",
                  .method = "GET",
                  .path = "/",
                  .headers = {{"My-Header1", "value4,value1,value3,value2"}},
                  .names = "host;my-header1;x-amz-date",
                  .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
        SuiteCase{.name = "get-header-value-trim",
                  .method = "GET",
                  .path = "/",
                  .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
                  .names = "host;my-header1;my-header2;x-amz-date",
                  .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        SuiteCase{.name = "post-vanilla",
                  .method = "POST",
                  .path = "/",
                  .names = "host;x-amz-date",
                  .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        SuiteCase{.name = "post-sts-header-before",
                  .method = "POST",
                  .path = "/",
                  .headers = {{"X-Amz-Security-Token", kToken}},
                  .names = "host;x-amz-date;x-amz-security-token",
                  .signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
        SuiteCase{
            .name = "post-x-www-form-urlencoded",
            .method = "POST",
            .path = "/",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
            .body = "Param1=value1",
            .names = "content-type;host;x-amz-date",
            .signature = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"}));

// Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
// Transferring Payload in a Single Chunk", its examples GET Object and PUT Object.
const SigningScope kS3Scope{.at = WallTime(std::chrono::seconds(1369353600)),
                            .region = "us-east-1"};
const S3Credentials kS3Keys{.access_key = "AKIAIOSFODNN7EXAMPLE",
                            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                            .session_token = ""};

TEST(SigV4, SignsAnObjectThatIsPutAsS3Documents) {
  const std::string sha256 = ToHex(Sha256("Welcome to Amazon S3."));
  const SignedRequest request{.method = "PUT",
                              .path = EncodePath("/test$file.text"),
                              .query = "",
                              .headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                                          {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                          {"x-amz-date", "20130524T000000Z"},
                                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                          {"x-amz-content-sha256", sha256}},
                              .payload_sha256 = sha256};
  EXPECT_EQ(request.path, "/test%24file.text");
  EXPECT_TRUE(Authorization(request, kS3Keys, kS3Scope)
                  .ends_with("Signature="
                             "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4, SignsAnObjectThatIsGotAsS3Documents) {
  const std::string sha256 = ToHex(Sha256(""));
  const SignedRequest request{.method = "GET",
                              .path = "/test.txt",
                              .query = "",
                              .headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                                          {"Range", "bytes=0-9"},
                                          {"x-amz-date", "20130524T000000Z"},
                                          {"x-amz-content-sha256", sha256}},
                              .payload_sha256 = sha256};
  EXPECT_TRUE(Authorization(request, kS3Keys, kS3Scope)
                  .ends_with("Signature="
                             "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(SigV4, ColonsAndEqualSignsOfAPathAreEncoded) {
  EXPECT_EQ(EncodePath("/a:b/c=d e"), "/a%3Ab/c%3Dd%20e");
}

}  // namespace
}  // namespace pathwitness
