#include "transport/internal/grpc_wire.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slipway::transport {
namespace {

using Next = GrpcMessageReader::Next;

std::string frame(std::string_view message, char flag = 0) {
  std::string bytes(1, flag);
  for (const size_t shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(message.size() >> shift);
  return bytes.append(message);
}

std::string gzip(std::string text) {
  ContentCoder coder;
  EXPECT_TRUE(coder.gzip(text));
  return text;
}

TEST(GrpcWireTest, KnowsItsContentTypes) {
  for (const char* good : {"application/grpc", "application/grpc+proto", "application/grpc+json",
                           "application/grpc;charset=utf-8"}) {
    EXPECT_TRUE(is_grpc_content_type(good)) << good;
  }
  for (const char* bad : {"", "application/json", "application/grpc-web", "application/grpcx"}) {
    EXPECT_FALSE(is_grpc_content_type(bad)) << bad;
  }
}

TEST(GrpcWireTest, ParsesTimeouts) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_grpc_timeout("1H"), 1h);
  EXPECT_EQ(parse_grpc_timeout("2M"), 2min);
  EXPECT_EQ(parse_grpc_timeout("3S"), 3s);
  EXPECT_EQ(parse_grpc_timeout("0m"), 0ms);
  EXPECT_EQ(parse_grpc_timeout("99999999u"), 99999999us);
  EXPECT_EQ(parse_grpc_timeout("5n"), 5ns);
  EXPECT_GT(*parse_grpc_timeout("99999999H"), 24h * 365 * 100);
  for (const char* bad : {"", "S", "1", "1s", "-1S", "+1S", " 1S", "1.5S", "123456789S", "1 S"}) {
    EXPECT_FALSE(parse_grpc_timeout(bad).has_value()) << bad;
  }
}

TEST(GrpcWireTest, PercentEncodesStatusMessages) {
  std::string out;
  append_grpc_message(out, "50% of\n\"größe\" ~");
  EXPECT_EQ(out, "50%25 of%0A\"gr%C3%B6%C3%9Fe\" ~");
  out.clear();
  append_grpc_message(out, std::string(1'000'000, 'x'));
  EXPECT_EQ(out.size(), 1024U);
}

TEST(GrpcWireTest, FindsGzipInAList) {
  EXPECT_TRUE(names_gzip("identity, deflate ,gzip"));
  EXPECT_TRUE(names_gzip("gzip"));
  EXPECT_FALSE(names_gzip("identity,xgzip"));
  EXPECT_FALSE(names_gzip(""));
}

TEST(GrpcWireTest, FramesMessages) {
  std::string out;
  std::string message = "abc";
  append_grpc_frame(out, message, nullptr);
  EXPECT_EQ(out, frame("abc"));
  ContentCoder coder;
  out.clear();
  message.assign(5000, 'z');
  append_grpc_frame(out, message, &coder);
  EXPECT_EQ(out, frame(gzip(std::string(5000, 'z')), 1));
  out.clear();
  message = "short";
  append_grpc_frame(out, message, &coder);
  EXPECT_EQ(out, frame("short")) << "not worth it";
}

class GrpcMessageReaderTest : public testing::Test {
 protected:
  /// All messages, or the error's code, of bytes that come in steps.
  std::vector<std::string> read(std::string_view bytes, size_t step, std::string_view coding = "") {
    GrpcMessageReader reader;
    reader.reset(coding, limit_);
    std::vector<std::string> messages;
    while (!bytes.empty()) {
      reader.buffer().append(bytes.substr(0, step));
      bytes.remove_prefix(std::min(step, bytes.size()));
      for (;;) {
        std::string_view message;
        const Next next = reader.next(coder_, message);
        if (next == Next::kNeedMore) break;
        if (next == Next::kError) {
          messages.emplace_back(status_code_name(reader.error().code()));
          return messages;
        }
        messages.emplace_back(message);
      }
    }
    messages.emplace_back(reader.empty() ? "end" : "cut");
    return messages;
  }
  using List = std::vector<std::string>;
  uint64_t limit_ = 10'000;
  ContentCoder coder_;
};

TEST_F(GrpcMessageReaderTest, ReadsMessagesWhereverTheyAreSplit) {
  const std::string packed = gzip(std::string(3000, 'p'));
  const std::string bytes = frame("") + frame("abc") + frame(packed, 1) + frame("last");
  for (size_t step = 1; step < 60; step++) {
    EXPECT_EQ(read(bytes, step, "gzip"), (List{"", "abc", std::string(3000, 'p'), "last", "end"}));
  }
}

TEST_F(GrpcMessageReaderTest, SaysWhatIsWrong) {
  EXPECT_EQ(read(frame("abc", 2), 100), List{"INTERNAL"});
  EXPECT_EQ(read(frame("abc", 1), 100), List{"INTERNAL"}) << "compressed without a coding";
  EXPECT_EQ(read(frame("no gzip", 1), 100, "gzip"), List{"INTERNAL"});
  EXPECT_EQ(read(frame("abc").substr(0, 7), 100), List{"cut"});
  EXPECT_EQ(read(frame("abc").substr(0, 3), 100), List{"cut"});
}

TEST_F(GrpcMessageReaderTest, HoldsTheLimitAtTheByteAndStopsBombs) {
  EXPECT_EQ(read(frame(std::string(10'000, 'x')), 20'000), (List{std::string(10'000, 'x'), "end"}));
  EXPECT_EQ(read(frame(std::string(10'001, 'x')), 5), List{"RESOURCE_EXHAUSTED"});
  EXPECT_EQ(read(std::string("\0\xff\xff\xff\xff", 5), 5), List{"RESOURCE_EXHAUSTED"});
  EXPECT_EQ(read(frame(gzip(std::string(1'000'000, 'x')), 1), 9999, "gzip"),
            List{"RESOURCE_EXHAUSTED"});
}

TEST_F(GrpcMessageReaderTest, KnowsTheCodings) {
  GrpcMessageReader reader;
  for (const char* good : {"", "identity", "gzip", "deflate"}) {
    reader.reset(good, 1);
    EXPECT_TRUE(reader.check_coding().ok()) << good;
  }
  reader.reset("snappy", 1);
  EXPECT_EQ(reader.check_coding().code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace slipway::transport
