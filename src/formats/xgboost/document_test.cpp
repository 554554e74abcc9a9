#include "formats/xgboost/internal/document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace slipway::xgboost {
namespace {

using Kind = DocumentValue::Kind;

std::string length(uint8_t value) { return std::string("L\0\0\0\0\0\0\0", 8) + char(value); }
std::string name(const std::string& text) {
  return length(static_cast<uint8_t>(text.size())) + text;
}

TEST(DocumentTest, JsonValuesOfEveryKindAreRead) {
  const std::string text =
      R"( {"a": [1, -2.5e1, NaN, -Infinity], "b": {"c": "x\n\u00e9\ud83d\ude00"}, "d": null,
          "e": [true, false], "f": [], "g": [{"h": 1}, "i"]} )";
  const Result<Document> document = parse_json(text, {});
  ASSERT_TRUE(document.ok()) << document.status().to_string();
  const DocumentValue root = document->root();
  const std::vector<double> numbers = root.at("a")->as_numbers("a").value();
  ASSERT_EQ(numbers.size(), 4U);
  EXPECT_EQ(numbers[1], -25);
  EXPECT_TRUE(std::isnan(numbers[2]));
  EXPECT_EQ(numbers[3], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(root.at("b")->at("c")->as_string("c").value(), "x\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(root.at("d")->kind(), Kind::kNull);
  EXPECT_EQ(root.at("e")->as_numbers("e").value(), (std::vector<double>{1, 0}));
  EXPECT_TRUE(root.at("f")->as_numbers("f").value().empty());
  EXPECT_EQ(root.at("g")->children().size(), 2U);
  EXPECT_FALSE(root.find("z").has_value());
}

TEST(DocumentTest, MalformedJsonIsRefusedWithItsPlace) {
  for (const std::string text : {"", "{", "[1,", "[1,]", "{\"a\"}", "{\"a\":1,}", "{,}", "[1 2]",
                                 "nul", "+1", "[1]]", "\"\\q\"", "\"\\ud800\"", "\"\\u12\"",
                                 "\"open", "1e999", "[1, \"a\"]", "[\"a\", 1]", "{a:1}"}) {
    const Result<Document> document = parse_json(text, {});
    ASSERT_FALSE(document.ok()) << text;
    EXPECT_EQ(document.status().code(), StatusCode::kDataLoss) << text;
  }
}

TEST(DocumentTest, UbjsonValuesOfEveryKindAreRead) {
  const std::string text = "{" + name("f") + "[$d#" + length(2) +
                           std::string("\x3F\x80\0\0\xC0\0\0\0", 8) + name("u") + "[$U#" +
                           length(2) + "\xFF\x01" + name("l") + "[$l#" + length(1) +
                           "\xFF\xFF\xFF\xFE" + name("s") + "S" + name("text") + name("a") + "[#" +
                           length(2) + "i\x05I\x01\x02" + name("o") + "[{}{}]" + name("t") + "TFZ}";
  // Three values where one is expected: a member has no name.
  EXPECT_FALSE(parse_ubjson(text, {}).ok());
  const std::string good = text.substr(0, text.size() - 3) + "}";
  const Result<Document> document = parse_ubjson(good, {});
  ASSERT_TRUE(document.ok()) << document.status().to_string();
  const DocumentValue root = document->root();
  EXPECT_EQ(root.at("f")->as_numbers("f").value(), (std::vector<double>{1, -2}));
  EXPECT_EQ(root.at("u")->as_numbers("u").value(), (std::vector<double>{255, 1}));
  EXPECT_EQ(root.at("l")->as_numbers("l").value(), (std::vector<double>{-2}));
  EXPECT_EQ(root.at("s")->as_string("s").value(), "text");
  EXPECT_EQ(root.at("a")->as_numbers("a").value(), (std::vector<double>{5, 258}));
  EXPECT_EQ(root.at("o")->children().size(), 2U);
  EXPECT_EQ(root.at("t")->as_number("t").value(), 1);
}

TEST(DocumentTest, EveryTruncationOfUbjsonIsRefused) {
  const std::string good = "{" + name("f") + "[$d#" + length(2) +
                           std::string("\x3F\x80\0\0\xC0\0\0\0", 8) + name("a") + "[#" + length(1) +
                           "S" + name("text") + "}";
  ASSERT_TRUE(parse_ubjson(good, {}).ok());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(parse_ubjson(good.substr(0, size), {}).status().code(), StatusCode::kDataLoss)
        << size;
  }
}

TEST(DocumentTest, HugeAndNegativeCountsAreRefusedBeforeAnythingIsAllocated) {
  const std::string huge = "L\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
  const std::string negative = "L\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
  for (const std::string& count : {huge, negative}) {
    EXPECT_FALSE(parse_ubjson("[$d#" + count, {}).ok());
    EXPECT_FALSE(parse_ubjson("[$L#" + count, {}).ok());
    EXPECT_FALSE(parse_ubjson("[#" + count, {}).ok());
    EXPECT_FALSE(parse_ubjson("S" + count, {}).ok());
    EXPECT_FALSE(parse_ubjson("{" + count, {}).ok());
  }
}

TEST(DocumentTest, DepthNodesAndMemoryAreLimited) {
  Limits limits;
  EXPECT_EQ(parse_json(std::string(1'000'000, '['), limits).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(parse_ubjson(std::string(1'000'000, '['), limits).status().code(),
            StatusCode::kResourceExhausted);
  limits.objects_max = 10;
  EXPECT_EQ(parse_ubjson("[" + std::string(20, 'Z') + "]", limits).status().code(),
            StatusCode::kResourceExhausted);
  limits = {};
  limits.memory_bytes_max = 10'000;
  EXPECT_EQ(parse_ubjson("[" + std::string(5'000, 'Z') + "]", limits).status().code(),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace slipway::xgboost
