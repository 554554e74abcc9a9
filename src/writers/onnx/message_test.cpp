#include "writers/onnx/internal/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slipway::writers {
namespace {

TEST(OnnxMessage, EncodesAsProtobufDoes) {
  onnx::Message message;
  message.integer(1, 150);  // the example of protobuf's own documentation
  EXPECT_EQ(message.bytes(), std::string("\x08\x96\x01"));
  onnx::Message text;
  text.text(2, "testing");
  EXPECT_EQ(text.bytes(), std::string("\x12\x07testing"));
  onnx::Message negative;
  negative.integer(1, -1);
  EXPECT_EQ(negative.bytes(), std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  onnx::Message packed;
  const std::vector<int64_t> values = {3, 270, 86942};
  packed.packed(6, values);
  EXPECT_EQ(packed.bytes(), std::string("\x32\x06\x03\x8e\x02\x9e\xa7\x05"));
}

}  // namespace
}  // namespace slipway::writers
