#include "lifecycle/s3_sign.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

const AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                              ""};
// 24 May 2013, 00:00:00 UTC
const auto kThen = std::chrono::system_clock::from_time_t(1369353600);

std::string signature(const S3Request& request, const AwsCredentials& credentials = kExample) {
  const std::string header = sign_s3(request, credentials, "us-east-1", kThen).at("authorization");
  return header.substr(header.find("Signature=") + 10);
}

// The expected signatures stand in AWS's "Authenticating Requests: Using the Authorization Header".
TEST(S3SignTest, GetsAnObjectAsInTheExampleOfAws) {
  const S3Request request{
      "examplebucket.s3.amazonaws.com", "/test.txt", {}, {{"range", "bytes=0-9"}}};
  EXPECT_EQ(signature(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const auto headers = sign_s3(request, kExample, "us-east-1", kThen);
  EXPECT_EQ(headers.at("x-amz-date"), "20130524T000000Z");
  EXPECT_NE(headers.at("authorization")
                .find("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"),
            std::string::npos);
}

TEST(S3SignTest, AsksForAPropertyOfABucketAsInTheExampleOfAws) {
  EXPECT_EQ(signature({"examplebucket.s3.amazonaws.com", "/", {{"lifecycle", ""}}, {}}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3SignTest, ListsObjectsAsInTheExampleOfAws) {
  EXPECT_EQ(
      signature({"examplebucket.s3.amazonaws.com", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}}),
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3SignTest, ASessionTokenIsSentAndSigned) {
  AwsCredentials credentials = kExample;
  credentials.session_token = "token";
  const auto headers = sign_s3({"host", "/", {}, {}}, credentials, "us-east-1", kThen);
  EXPECT_EQ(headers.at("x-amz-security-token"), "token");
  EXPECT_NE(headers.at("authorization").find("x-amz-security-token,"), std::string::npos);
}

TEST(S3SignTest, QueriesAreSortedAndEncoded) {
  EXPECT_EQ(encode_query({{"prefix", "a b/c"}, {"list-type", "2"}, {"a+", "="}}),
            "a%2B=%3D&list-type=2&prefix=a%20b%2Fc");
}

TEST(S3SignTest, ProfilesOfTheCredentialsFile) {
  const std::string_view text =
      "[default]\naws_access_key_id = A\r\naws_secret_access_key=B\n# a note\n"
      "[ other ]\naws_access_key_id=C\naws_secret_access_key=D=\naws_session_token = E\n[bare]\n";
  EXPECT_EQ(read_aws_profile(text, "default")->secret_key, "B");
  EXPECT_EQ(read_aws_profile(text, "other")->secret_key, "D=");
  EXPECT_EQ(read_aws_profile(text, "other")->session_token, "E");
  EXPECT_FALSE(read_aws_profile(text, "bare").has_value());
  EXPECT_FALSE(read_aws_profile(text, "none").has_value());
}

}  // namespace
}  // namespace slipway::lifecycle
