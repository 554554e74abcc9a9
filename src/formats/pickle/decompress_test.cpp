#include "formats/pickle/internal/decompress.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/file.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {
namespace {

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
  const std::string bomb = deflated(std::string(80 << 20, '\0'));
  Limits limits;
  limits.decompression_ratio_max = 100;
  EXPECT_EQ(decompress(bomb, Compression::kZlib, limits).status().code(),
            StatusCode::kResourceExhausted);
  limits.decompression_ratio_max = 1100;
  EXPECT_TRUE(decompress(bomb, Compression::kZlib, limits).ok());
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
