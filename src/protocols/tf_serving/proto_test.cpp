// Requests of PredictionService made byte by byte: what no ordinary client sends.
#include <gtest/gtest.h>

#include "protocols/internal/proto_writer.h"
#include "protocols/kserve_v2/fuzz_models_test.h"
#include "protocols/tf_serving/proto_request.h"

namespace slipway::protocols::tf_serving {
namespace {

/// A TensorProto of this type and shape; `fill` writes its data.
template <typename Fill>
std::string tensor(uint32_t type, std::vector<int64_t> shape, Fill fill) {
  std::string bytes;
  ProtoWriter out(bytes);
  out.varint(1, type);
  const size_t dims = out.open(2);
  for (const int64_t size : shape) {
    const size_t dim = out.open(2);
    out.varint(1, static_cast<uint64_t>(size));
    out.close(dim);
  }
  out.close(dims);
  fill(out);
  return bytes;
}

std::string request(const std::vector<std::pair<std::string, std::string>>& tensors) {
  std::string bytes;
  ProtoWriter out(bytes);
  for (const auto& [name, value] : tensors) {
    const size_t entry = out.open(2);
    out.bytes(1, name);
    out.bytes(2, value);
    out.close(entry);
  }
  return bytes;
}

class TfServingProtoTest : public testing::Test {
 protected:
  Status read(const std::string& message, const Signature& signature) {
    plan_.clear();
    return read_predict_proto(message, {signature, {}}, {}, buffers_, input_, plan_, wanted_);
  }
  std::vector<double> numbers() {
    return {input_.number_row(0), input_.number_row(0) + input_.rows() * input_.columns()};
  }

  const Signature matrix_ = kserve_v2::fuzz_signature(false);  // two numbers
  const Signature named_ = kserve_v2::fuzz_signature(true);    // age, city
  ReadBuffers buffers_;
  InputBuffer input_;
  AnswerPlan plan_;
  OutputMask wanted_ = 0;
};

constexpr uint32_t kFloat = 1;
constexpr uint32_t kDouble = 2;
constexpr uint32_t kString = 7;
constexpr uint32_t kInt64 = 9;
constexpr uint32_t kHalf = 19;

TEST_F(TfServingProtoTest, FewerValuesThanTheShapeSaysRepeatTheLastAndNoneAreZero) {
  ASSERT_TRUE(read(request({{"x", tensor(kFloat, {2, 2},
                                         [](ProtoWriter& out) {
                                           out.head(5, 8);
                                           out.raw(1.5F);
                                           out.raw(2.5F);
                                         })}}),
                   matrix_)
                  .ok());
  EXPECT_EQ(numbers(), (std::vector<double>{1.5, 2.5, 2.5, 2.5}));
  EXPECT_EQ(plan_.outputs.size(), 2U);
  ASSERT_TRUE(read(request({{"x", tensor(kDouble, {1, 2}, [](ProtoWriter&) {})}}), matrix_).ok());
  EXPECT_EQ(numbers(), (std::vector<double>{0, 0}));
  ASSERT_TRUE(
      read(
          request({{"x", tensor(kHalf, {1, 2}, [](ProtoWriter& out) { out.varint(13, 0x3C00); })}}),
          matrix_)
          .ok());
  EXPECT_EQ(numbers(), (std::vector<double>{1, 1}));
  ASSERT_TRUE(
      read(
          request(
              {{"age", tensor(kInt64, {2},
                              [](ProtoWriter& out) { out.varint(10, static_cast<uint64_t>(-3)); })},
               {"city", tensor(kString, {2, 1}, [](ProtoWriter& out) { out.bytes(8, "Rome"); })}}),
          named_)
          .ok());
  EXPECT_EQ(input_.number_row(1)[0], -3);
  EXPECT_EQ(input_.string_row(0)[1].view(), "Rome");
  EXPECT_EQ(input_.string_row(1)[1].view(), "Rome");
}

TEST_F(TfServingProtoTest, MoreValuesThanTheShapeSaysArePassedOver) {
  ASSERT_TRUE(read(request({{"x", tensor(kDouble, {1, 2},
                                         [](ProtoWriter& out) {
                                           out.head(6, 24);
                                           for (const double value : {1.0, 2.0, 3.0})
                                             out.raw(value);
                                         })}}),
                   matrix_)
                  .ok());
  EXPECT_EQ(numbers(), (std::vector<double>{1, 2}));
}

TEST_F(TfServingProtoTest, TextsInTensorContentStandBehindTheirLengths) {
  const auto ages = tensor(kDouble, {2}, [](ProtoWriter&) {});
  const auto cities = [&](std::string_view content) {
    return request({{"age", ages}, {"city", tensor(kString, {2}, [&](ProtoWriter& out) {
                                      out.bytes(4, content);
                                    })}});
  };
  ASSERT_TRUE(read(cities(std::string_view("\x01\x02"
                                           "abc")),
                   named_)
                  .ok());
  EXPECT_EQ(input_.string_row(1)[1].view(), "bc");
  for (const std::string_view wrong : {"\x01",
                                       "\x01\x02"
                                       "ab",
                                       "\x01\x01"
                                       "abc",
                                       "\x01\xFF\xFF\xFF\xFF\x0F"
                                       "a"}) {
    EXPECT_EQ(read(cities(wrong), named_).code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(TfServingProtoTest, AShapeByItselfTakesLittleMemory) {
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {1LL << 40, 2}, {1LL << 20, 2}, {-1, 2}, {INT64_MAX, 2}, {2}, {2, 3}, {1, 1, 2}, {}}) {
    const Status status =
        read(request({{"x", tensor(kDouble, shape, [](ProtoWriter&) {})}}), matrix_);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  }
  EXPECT_LE(input_.rows() * input_.columns(), size_t{1} << 20);
}

TEST_F(TfServingProtoTest, WhatIsWrongIsNamed) {
  const auto number = tensor(kDouble, {1}, [](ProtoWriter&) {});
  const auto text = tensor(kString, {1}, [](ProtoWriter&) {});
  const std::pair<std::string, std::string> cases[] = {
      {request({}), "0!=2"},
      {request({{"age", number}}), "Missing but required: {city}"},
      {request({{"age", number}, {"town", text}}), "Sent extra: {town}"},
      {request({{"age", number}, {"city", number}}), "expected BYTES"},
      {request({{"age", text}, {"city", text}}), "expected a datatype of numbers"},
      {request({{"age", tensor(8, {1}, [](ProtoWriter&) {})}, {"city", text}}), "type 8"},
      {request({{"age", std::string("\xFF")}, {"city", text}}), "malformed"},
      {request({{"age", number}, {"age", number}}), "age"}};
  for (const auto& [message, expected] : cases) {
    const Status status = read(message, named_);
    ASSERT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(expected), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace slipway::protocols::tf_serving
