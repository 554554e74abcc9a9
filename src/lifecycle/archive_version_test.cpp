#include "lifecycle/archive_version.h"

#include <gtest/gtest.h>

namespace slipway::lifecycle {
namespace {

TEST(ArchiveVersion, WholeVersionsAreTheirNumbers) {
  EXPECT_EQ(archive_version_number("1.0"), 1U);
  EXPECT_EQ(archive_version_number("7"), 7U);
  EXPECT_EQ(archive_version_number("2.1"), 2'001'000U);
  EXPECT_EQ(archive_version_number("2.1.3"), 2'001'003U);
  EXPECT_NE(archive_version_number("beta"), archive_version_number("alpha"));
  EXPECT_GT(archive_version_number("1.2.3.4"), 1'000'000'000'000'000U);
  EXPECT_GT(archive_version_number("1."), 1'000'000'000'000'000U);
  EXPECT_GT(archive_version_number("99999999999999999999"), 1'000'000'000'000'000U);
}

TEST(ArchiveVersion, LaterIsAsARowOfNumbers) {
  EXPECT_TRUE(later_archive_version("10.0", "9.9"));
  EXPECT_TRUE(later_archive_version("2.0", "1.5"));
  EXPECT_FALSE(later_archive_version("1.0", "1"));
  EXPECT_TRUE(later_archive_version("0.1", "beta"));
  EXPECT_TRUE(later_archive_version("beta", "alpha"));
}

}  // namespace
}  // namespace slipway::lifecycle
