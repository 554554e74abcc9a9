#include "formats/decompress.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/file.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {
namespace {

using formats::Compression;
using formats::decompress;
using formats::detect_compression;

std::string deflated(const std::string& plain) {
  uLongf size = compressBound(plain.size());
  std::string out(size, '\0');
  std::string in = plain;
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                             reinterpret_cast<Bytef*>(in.data()), in.size(), 9);
  EXPECT_EQ(code, Z_OK);
  out.resize(size);
  return out;
}

TEST(Decompress, EachFormatIsKnownByItsFirstBytes) {
  struct Case {
    const char* file;
    const char* name;
  };
  constexpr Case kCases[] = {{"values.joblib.z", "zlib"},  {"values.joblib.gz", "gzip"},
                             {"values.joblib.bz2", "bz2"}, {"values.joblib.lzma", "lzma"},
                             {"values.joblib.xz", "xz"},   {"values.joblib.lz4", "lz4"},
                             {"values.pkl.zst", "zstd"},   {"values.joblib", ""}};
  for (const Case& known : kCases) {
    const std::string path = std::string(SLIPWAY_TEST_DATA_DIR) + "/pickle/numpy2/" + known.file;
    const std::string bytes = read_file(path, Limits{}).value();
    EXPECT_TRUE(looks_like_pickle(bytes)) << known.file;
    EXPECT_EQ(parse(bytes, {}).value().compression(), known.name) << known.file;
  }
}

TEST(Decompress, ABombIsStoppedByItsRatio) {
  const std::string zeros = deflated(std::string(8 << 20, '\0'));  // about a thousandth of it
  Limits limits;
  limits.decompressed_bytes_free = 1 << 20;
  const Status bomb = decompress(zeros, Compression::kZlib, limits).status();
  EXPECT_EQ(bomb.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(bomb.message().find("decompression_ratio_max"), std::string::npos) << bomb.to_string();
  limits.decompression_ratio_max = 1100;
  EXPECT_TRUE(decompress(zeros, Compression::kZlib, limits).ok());
  limits.decompression_ratio_max = UINT64_MAX;  // overflows to "no bound"
  EXPECT_TRUE(decompress(zeros, Compression::kZlib, limits).ok());
}

TEST(Decompress, AModelOfZerosIsNoBomb) {
  EXPECT_TRUE(decompress(deflated(std::string(32 << 20, '\0')), Compression::kZlib, {}).ok());
}

TEST(Decompress, StreamsMayFollowEachOtherAndWhatFollowsThemIsIgnored) {
  const std::string two = deflated("one, ") + deflated("two");
  EXPECT_EQ(decompress(two, Compression::kZlib, {}).value(), "one, two");
  EXPECT_EQ(decompress(two + "garbage", Compression::kZlib, {}).value(), "one, two");
  EXPECT_EQ(decompress(two.substr(0, two.size() - 1), Compression::kZlib, {}).status().code(),
            StatusCode::kDataLoss);
}

TEST(Decompress, EveryFormatTellsWhereItWasCutOrDamaged) {
  for (const char* name :
       {"joblib.z", "joblib.gz", "joblib.bz2", "joblib.lzma", "joblib.xz", "joblib.lz4", "pkl.zst",
        "two.gz", "two.bz2", "two.xz", "two.lz4", "two.zst"}) {
    const std::string path = std::string(SLIPWAY_TEST_DATA_DIR) + "/pickle/numpy2/values." + name;
    const std::string bytes = read_file(path, Limits{}).value();
    const Compression compression = detect_compression(bytes);
    ASSERT_TRUE(decompress(bytes, compression, {}).ok()) << name;
    for (const size_t size : {bytes.size() / 3, bytes.size() / 2, bytes.size() * 3 / 4}) {
      // Between two streams a cut would leave a whole one.
      EXPECT_EQ(
          decompress(std::string_view(bytes).substr(0, size), compression, {}).status().code(),
          StatusCode::kDataLoss)
          << name << " cut at " << size;
    }
    if (compression == Compression::kZstd) continue;  // Python writes it without a checksum
    std::string damaged = bytes;
    for (size_t i = damaged.size() / 4; i < damaged.size() / 4 + 40; ++i) damaged[i] ^= 0x5A;
    EXPECT_FALSE(decompress(damaged, compression, {}).ok()) << name;
  }
}

TEST(Decompress, TheSizeLimitHolds) {
  const std::string bytes = deflated(std::string(1000, 'a'));
  Limits limits;
  limits.decompressed_bytes_max = 1000;
  EXPECT_EQ(decompress(bytes, Compression::kZlib, limits).value(), std::string(1000, 'a'));
  limits.decompressed_bytes_max = 999;
  EXPECT_EQ(decompress(bytes, Compression::kZlib, limits).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(Decompress, AHugeLzmaDictionaryIsRefused) {
  // lzma alone: properties, a dictionary of 4 GiB - 1, unknown size.
  const std::string header = "\x5d" + std::string("\xff\xff\xff\xff", 4) + std::string(8, '\xff');
  EXPECT_EQ(decompress(header + std::string(8, '\0'), Compression::kLzma, {}).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(Decompress, DamageIsDataLoss) {
  std::string bytes = deflated("a text that is long enough to be damaged in its middle");
  bytes[bytes.size() - 1] ^= 1;  // the checksum
  EXPECT_EQ(decompress(bytes, Compression::kZlib, {}).status().code(), StatusCode::kDataLoss);
  for (const Compression compression : {Compression::kZlib, Compression::kGzip, Compression::kBzip2,
                                        Compression::kXz, Compression::kLz4, Compression::kZstd}) {
    EXPECT_EQ(decompress("no such format", compression, {}).status().code(), StatusCode::kDataLoss)
        << compression_name(compression);
    EXPECT_EQ(decompress("", compression, {}).status().code(), StatusCode::kDataLoss)
        << compression_name(compression);
  }
}

}  // namespace
}  // namespace slipway::pickle
