#include "transport/internal/content_coding.h"

#include <gtest/gtest.h>

namespace slipway::transport {
namespace {

TEST(ContentCodingTest, ReadsAcceptEncodingWithItsWeights) {
  for (const char* yes : {"gzip", "GZip", "x-gzip", "deflate, gzip;q=1.0", "*", "gzip;q=0.001",
                          "br;q=1, gzip ; q=0.8", "gzip;q=0.5, identity;q=0.5"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *;q=1",
                         "gzip;q=0.5, identity", "gzip;q=x", "gzipped", ";q=1", ",,,"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
  EXPECT_FALSE(accepts_gzip({}));
}

TEST(ContentCodingTest, CompressesTextOnly) {
  for (const char* yes : {"application/json", "text/plain; version=0.0.4",
                          "application/problem+json", "image/svg+xml"}) {
    EXPECT_TRUE(is_compressible(yes)) << yes;
  }
  for (const char* no : {"application/octet-stream", "image/png", ""}) {
    EXPECT_FALSE(is_compressible(no)) << no;
  }
}

TEST(ContentCodingTest, DecodesWhatItEncoded) {
  ContentCoder coder;
  for (int round = 0; round < 3; round++) {
    std::string text;
    for (int i = 0; i < 1000 * (round + 1); i++) text += std::to_string(i % 97) + ",";
    std::string body = text;
    ASSERT_TRUE(coder.gzip(body));
    EXPECT_LT(body.size(), text.size());
    std::string plain;
    EXPECT_EQ(coder.decode("gzip", body, text.size(), plain), DecodeResult::kOk);
    EXPECT_EQ(plain, text);
    EXPECT_EQ(coder.decode("gzip", body, text.size() - 1, plain), DecodeResult::kTooLarge);
    EXPECT_EQ(coder.decode("zstd", body, text.size(), plain), DecodeResult::kUnknownCoding);
  }
}

TEST(ContentCodingTest, LeavesABodyThatWouldGrow) {
  ContentCoder coder;
  std::string body = "abc";
  EXPECT_FALSE(coder.gzip(body));
  EXPECT_EQ(body, "abc");
}

}  // namespace
}  // namespace slipway::transport
