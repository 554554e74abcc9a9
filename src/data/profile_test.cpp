// The numbers themselves are compared with pandas' in tests/e2e/test_data.py.
#include "data/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/read_frame.h"

namespace slipway::data {
namespace {

using testing::HasSubstr;

Result<Profile> profile(std::string_view text, const std::string& target = "") {
  const Frame frame = read_frame_bytes(text, "", {}).value();
  return profile_frame(frame, target);
}

TEST(ProfileTest, ATableWithoutRowsHasAProfile) {
  const Profile found = profile("a,b\n").value();
  EXPECT_EQ(found.rows, 0U);
  EXPECT_EQ(found.columns.size(), 2U);
  EXPECT_EQ(found.duplicate_rows, 0U);
  EXPECT_TRUE(found.suspicions.empty());
  EXPECT_EQ(profile("a,b\n", "a").status().message(), "the target has no values: 'a'");
}

TEST(ProfileTest, OneRowHasNoDeviation) {
  const Profile found = profile("a,b\n1,x\n").value();
  EXPECT_EQ(found.columns[0].number->mean, 1);
  EXPECT_TRUE(std::isnan(found.columns[0].number->std));
  EXPECT_TRUE(std::isnan(found.correlations.values[0]));
}

TEST(ProfileTest, MissingCellsAndZerosOfEitherSignAreEqual) {
  EXPECT_EQ(profile("a,b\n0,\n-0,NA\n1,x\n0,\n").value().duplicate_rows, 2U);
}

TEST(ProfileTest, InfiniteValuesAreCountedAndLeftOutOfTheHistogram) {
  const Profile found = profile("a\ninf\n1\n2\n3\n-inf\n").value();
  const NumberProfile& number = *found.columns[0].number;
  EXPECT_EQ(number.infinite, 2U);
  EXPECT_EQ(number.histogram.edges.front(), 1);
  EXPECT_EQ(number.histogram.edges.back(), 3);
  EXPECT_EQ(number.quantiles[3], 2);
}

TEST(ProfileTest, WholeNumbersOfFewKindsAreClasses) {
  const auto classes = [](std::string_view text) {
    return has_classes(read_frame_bytes(text, "", {}).value().columns[0]);
  };
  EXPECT_TRUE(classes("a\n0\n1\n1\n"));
  EXPECT_TRUE(classes("a\nx\n"));
  EXPECT_FALSE(classes("a\n0.5\n1\n"));
  EXPECT_FALSE(classes("a\n2024-05-01\n"));
  std::string many = "a\n";
  for (int i = 0; i <= 20; ++i) many.append(std::to_string(i)).append("\n");
  EXPECT_FALSE(classes(many));
}

TEST(ProfileTest, TheTargetMustBeThere) {
  EXPECT_THAT(profile("age,b\n1,2\n", "agee").status().message(),
              HasSubstr("there is no column 'agee' for the target (there is 'age')"));
}

}  // namespace
}  // namespace slipway::data
