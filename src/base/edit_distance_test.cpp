#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsAndSubstitutions) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("port", "port"), 0);
  EXPECT_EQ(edit_distance("", "port"), 4);
  EXPECT_EQ(edit_distance("prot", "port"), 2);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(EditDistance, LooksAtSixtyFourBytesOnly) {
  EXPECT_EQ(edit_distance(std::string(64, 'a') + "b", std::string(64, 'a') + "ccc"), 0);
  EXPECT_EQ(edit_distance(std::string(1000, 'a'), std::string(1000, 'b')), 64);
}

TEST(EditDistance, FindsTheNearestName) {
  EXPECT_EQ(nearest_name("acces-log", {"port", "access-log"}), "access-log");
  EXPECT_EQ(nearest_name("zebra", {"port", "access-log"}), "");
}

}  // namespace
}  // namespace slipway
