#include "lifecycle/s3_listing.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

TEST(S3ListingTest, ReadsKeysTagsSizesAndTheContinuation) {
  const auto listing = read_listing(
      R"(<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
      R"(<Name>models</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>)"
      R"(<Contents><Key>a%20b/1/m%26.pkl</Key><ETag>&quot;9b2c&quot;</ETag><Size>17</Size></Contents>)"
      R"(<Contents><Key>c+d</Key><ETag>&#34;x-2&#34;</ETag><Size>0</Size><Owner><ID>y</ID></Owner></Contents>)"
      R"(<NextContinuationToken>1ue/&amp;=</NextContinuationToken></ListBucketResult>)");
  ASSERT_TRUE(listing.ok()) << listing.status().message();
  ASSERT_EQ(listing->objects.size(), 2U);
  EXPECT_EQ(listing->objects[0].key, "a b/1/m&.pkl");
  EXPECT_EQ(listing->objects[0].etag, "\"9b2c\"");
  EXPECT_EQ(listing->objects[0].size_bytes, 17U);
  EXPECT_EQ(listing->objects[1].key, "c d");
  EXPECT_EQ(listing->next, "1ue/&=");
}

TEST(S3ListingTest, AnEmptyBucketIsAListing) {
  const auto listing =
      read_listing("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  ASSERT_TRUE(listing.ok());
  EXPECT_TRUE(listing->objects.empty());
  EXPECT_EQ(listing->next, "");
}

TEST(S3ListingTest, RefusesWhatIsBroken) {
  for (const char* text :
       {"", "<html></html>", "<ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%x</Key><Size>1</Size>"
        "</Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_FALSE(read_listing(text).ok()) << text;
  }
}

TEST(S3ListingTest, ReadsErrors) {
  EXPECT_EQ(
      read_s3_error("<Error><Code>NoSuchKey</Code><Message>It is not there</Message></Error>"),
      "NoSuchKey: It is not there");
  EXPECT_EQ(read_s3_error("no"), "");
}

}  // namespace
}  // namespace slipway::lifecycle
