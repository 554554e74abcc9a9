// Bytes in these tests are numpy.save's.
#include "protocols/cloud/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace slipway::protocols::cloud {
namespace {

Signature numbers(size_t columns) {
  Signature signature;
  signature.columns.resize(columns);
  return signature;
}

std::string file(std::string_view header, std::string_view data) {
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  bytes += data;
  return bytes;
}

TEST(NpyTest, ReadsNumbersOfAllTypesAndOrders) {
  struct Case {
    std::string_view header;
    std::string_view data;
  };
  using namespace std::string_view_literals;
  // [[1, 2], [3, 4]] each time.
  const Case cases[] = {
      {"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }", "\x01\x02\x03\x04"},
      {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", "\x01\x03\x02\x04"},
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }",
       "\x01\x00\x02\x00\x03\x00\x04\x00"sv},
      {"{'descr': '>i4', 'fortran_order': False, 'shape': (2, 2), }",
       "\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04"sv},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (2, 2), }",
       "\x00\x3c\x00\x40\x00\x42\x00\x44"sv},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
       "\0\0\x80\x3f\0\0\x00\x40\0\0\x40\x40\0\0\x80\x40"sv},
  };
  for (const Case& one : cases) {
    InputBuffer input;
    const Status status = read_npy(file(one.header, one.data), numbers(2), input);
    ASSERT_TRUE(status.ok()) << one.header << ": " << status.message();
    ASSERT_EQ(input.rows(), 2U);
    EXPECT_EQ(input.number_row(0)[0], 1) << one.header;
    EXPECT_EQ(input.number_row(0)[1], 2) << one.header;
    EXPECT_EQ(input.number_row(1)[0], 3) << one.header;
    EXPECT_EQ(input.number_row(1)[1], 4) << one.header;
  }
}

TEST(NpyTest, OneDimensionIsARowOrTheRowsOfOneColumn) {
  const std::string bytes =
      file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\1", 3));
  InputBuffer input;
  ASSERT_TRUE(read_npy(bytes, numbers(3), input).ok());
  EXPECT_EQ(input.rows(), 1U);
  ASSERT_TRUE(read_npy(bytes, numbers(1), input).ok());
  EXPECT_EQ(input.rows(), 3U);
}

TEST(NpyTest, RefusesWhatItCannotRead) {
  InputBuffer input;
  const std::string good =
      file("{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2), }", "ab");
  ASSERT_TRUE(read_npy(good, numbers(2), input).ok());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_npy(good.substr(0, size), numbers(2), input).ok()) << size;
  }
  for (const char* header :
       {"{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': '<U2', 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': [('a', '|i1')], 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 2), }",
        "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 1), }",
        "{'descr': '|i1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '|i1', 'fortran_order': False, 'shape': (0, 2), }", "{}", ""}) {
    EXPECT_FALSE(read_npy(file(header, "ab"), numbers(2), input).ok()) << header;
  }
}

TEST(NpyTest, WritesWhatItReads) {
  OutputBuffer output;
  output.rows = 2;
  output.width = 2;
  output.numbers = {0.25, NAN, -1e300, 3};
  std::string bytes;
  OutputSpec spec;
  spec.width = 2;
  append_npy(bytes, spec, output);
  EXPECT_EQ(bytes.size() % 32, 0U);
  InputBuffer input;
  ASSERT_TRUE(read_npy(bytes, numbers(2), input).ok());
  EXPECT_EQ(input.number_row(1)[0], -1e300);
  EXPECT_TRUE(std::isnan(input.number_row(0)[1]));
}

TEST(NpyTest, TextsHaveTheWidthOfTheLongest) {
  LabelTable labels;
  labels.dtype = DType::kString;
  labels.strings = {"a", "\xc3\xa9\xe2\x82\xac!"};  // é€!
  OutputSpec spec;
  spec.dtype = DType::kString;
  spec.is_vector = true;
  spec.labels = {labels};
  OutputBuffer output;
  output.rows = 2;
  output.width = 1;
  output.indices = {0, 1};
  std::string bytes;
  append_npy(bytes, spec, output);
  EXPECT_NE(bytes.find("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }"),
            std::string::npos);
  using namespace std::string_view_literals;
  EXPECT_TRUE(bytes.ends_with("a\0\0\0\0\0\0\0\0\0\0\0\xe9\0\0\0\xac\x20\0\0!\0\0\0"sv));
}

}  // namespace
}  // namespace slipway::protocols::cloud
