#include "tensor/batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tensor/dtype.h"

namespace slipway {
namespace {

TEST(BatchTest, FreshCellsAreMissing) {
  InputBuffer buffer;
  buffer.reset(2, 3, true);
  EXPECT_TRUE(std::isnan(buffer.number_row(1)[2]));
  EXPECT_TRUE(buffer.string_row(1)[2].missing());
  buffer.reset(1, 3, false);
  EXPECT_EQ(buffer.batch().strings, nullptr);
}

TEST(BatchTest, StoredTextsStayWhereTheyAreWhenMoreFollow) {
  InputBuffer buffer;
  buffer.reset(1, 1, true);
  const StringCell first = buffer.store("first");
  const StringCell large = buffer.store(std::string(100'000, 'x'));
  for (int i = 0; i < 10'000; ++i) static_cast<void>(buffer.store("more text"));
  EXPECT_EQ(first.view(), "first");
  EXPECT_EQ(large.size, 100'000U);
  EXPECT_EQ(buffer.store("").view(), "");
  EXPECT_FALSE(buffer.store("").missing());
}

TEST(BatchTest, AddRowKeepsEarlierRows) {
  InputBuffer buffer;
  buffer.reset(0, 2, false);
  for (int i = 0; i < 5; ++i) {
    buffer.add_row();
    buffer.number_row(static_cast<size_t>(i))[1] = i;
  }
  EXPECT_EQ(buffer.rows(), 5U);
  EXPECT_EQ(buffer.number_row(3)[1], 3);
}

TEST(BatchTest, OipNamesGoBothWays) {
  EXPECT_EQ(oip_name(DType::kFloat32), "FP32");
  EXPECT_EQ(dtype_from_oip_name("BYTES"), DType::kString);
  EXPECT_EQ(dtype_from_oip_name("FP8"), std::nullopt);
}

}  // namespace
}  // namespace slipway
