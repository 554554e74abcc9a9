#include "protocols/internal/shared_memory.h"

#include <gmock/gmock.h>

#include <limits>

#include "protocols/shared_memory_object_test.h"

namespace slipway::protocols {
namespace {

using testing::HasSubstr;

TEST(SharedMemoryTest, ReadsAndWritesWhatIsRegistered) {
  SharedObject object("plain", 64);
  ASSERT_TRUE(object.put("0123456789abcdef"));
  SharedMemory shared(true, 1024);
  ASSERT_TRUE(shared.add("a", object.key(), 4, 32).ok());
  const auto slice = shared.slice("a", 2, 4);
  ASSERT_TRUE(slice.ok());
  std::string bytes;
  ASSERT_TRUE(slice->read(bytes).ok());
  EXPECT_EQ(bytes, "6789");
  ASSERT_TRUE(slice->write("WXY", "out").ok());
  EXPECT_EQ(object.get(4, 6), "45WXY9");
  const Status too_long = slice->write("12345", "out");
  EXPECT_EQ(too_long.code(), StatusCode::kInternal);
  EXPECT_THAT(too_long.message(), HasSubstr("(4 bytes) should be at least 5 bytes"));
}

TEST(SharedMemoryTest, ARegionThatTheClientCutsOffIsAnErrorAndIsNotMadeLongerAgain) {
  SharedObject object("cut", 4096);
  SharedMemory shared(true, 4096);
  ASSERT_TRUE(shared.add("a", object.key(), 0, 4096).ok());
  const auto slice = shared.slice("a", 0, 4096);
  ASSERT_TRUE(slice.ok());
  ASSERT_TRUE(object.resize(100));
  std::string bytes;
  EXPECT_EQ(slice->read(bytes).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(slice->write(std::string(200, 'x'), "out").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(object.bytes(), 100U);
  EXPECT_TRUE(slice->write("fits", "out").ok());
}

TEST(SharedMemoryTest, ASliceLivesOnWhenItsRegionIsUnregisteredAndTheObjectIsGone) {
  SharedMemory shared(true, 4096);
  SharedSlice slice;
  {
    SharedObject object("gone", 16);
    ASSERT_TRUE(object.put("still here"));
    ASSERT_TRUE(shared.add("a", object.key(), 0, 16).ok());
    slice = shared.slice("a", 0, 10).value();
    ASSERT_TRUE(shared.remove("a").ok());
  }
  EXPECT_EQ(shared.slice("a", 0, 1).status().code(), StatusCode::kNotFound);
  std::string bytes;
  ASSERT_TRUE(slice.read(bytes).ok());
  EXPECT_EQ(bytes, "still here");
}

TEST(SharedMemoryTest, SizesAndOffsetsBeyondTheObjectAreRefusedWithoutOverflow) {
  SharedObject object("sizes", 64);
  SharedMemory shared(true, 1 << 20);
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  constexpr uint64_t kOff = std::numeric_limits<int64_t>::max();
  const std::pair<uint64_t, uint64_t> kBad[] = {
      {0, 65},    {64, 1},        {65, 0},          {0, 0},    {1, kMost},      {kMost, 1},
      {0, kMost}, {kMost, kMost}, {kMost - 31, 32}, {kOff, 1}, {kOff - 31, 32}, {32, kOff}};
  for (const auto& [offset, bytes] : kBad) {
    const Status status = shared.add("a", object.key(), offset, bytes);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << offset << " " << bytes;
    EXPECT_THAT(status.message(), HasSubstr("failed to register shared memory region 'a'"));
  }
  ASSERT_TRUE(shared.add("a", object.key(), 0, 64).ok());
  const std::pair<uint64_t, uint64_t> kBadSlices[] = {
      {64, 0}, {64, 1}, {0, 65}, {63, 2}, {1, kMost}, {kMost, 1}, {kMost, kMost}, {32, kMost - 31}};
  for (const auto& [offset, bytes] : kBadSlices) {
    EXPECT_EQ(shared.slice("a", offset, bytes).status().code(), StatusCode::kInvalidArgument)
        << offset << " " << bytes;
  }
}

TEST(SharedMemoryTest, HostileKeysAreRefused) {
  SharedMemory shared(true, 1 << 20);
  const std::string kBad[] = {"",
                              "/",
                              "///",
                              ".",
                              "..",
                              "/..",
                              "/../etc/passwd",
                              "a/b",
                              "/a/../b",
                              std::string("a\0b", 3),
                              std::string(255, 'k'),
                              "sem.lock",
                              "/sem.lock"};
  for (const std::string& key : kBad) {
    const Status status = shared.add("a", key, 0, 1);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << key;
    EXPECT_THAT(status.message(), HasSubstr("invalid shm key"));
  }
  EXPECT_EQ(shared.add("a", "slipway_there_is_none", 0, 1).code(), StatusCode::kInternal);
  EXPECT_EQ(shared.add("", "k", 0, 1).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(shared.add(std::string(257, 'n'), "k", 0, 1).code(), StatusCode::kInvalidArgument);
}

TEST(SharedMemoryTest, KeepsTheRulesOfTritonForNames) {
  SharedObject object("names", 64);
  SharedMemory shared(true, 1 << 20);
  ASSERT_TRUE(shared.add("a", object.key(), 0, 64).ok());
  EXPECT_EQ(shared.add("a", object.key(), 0, 64).code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(shared.add("b", object.key(), 0, 8).ok());
  EXPECT_EQ(shared.status("").value().size(), 2U);
  EXPECT_EQ(shared.status("b").value().front().bytes, 8U);
  EXPECT_EQ(shared.status("c").status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(shared.remove("c").ok());
  EXPECT_TRUE(shared.remove("").ok());
  EXPECT_TRUE(shared.status("").value().empty());
}

TEST(SharedMemoryTest, WhereItIsNotAllowedNothingIsRegistered) {
  SharedObject object("off", 64);
  SharedMemory shared(false, 1 << 20);
  EXPECT_EQ(shared.add("a", object.key(), 0, 64).code(), StatusCode::kUnimplemented);
  EXPECT_EQ(shared.remove("a").code(), StatusCode::kUnimplemented);
  EXPECT_TRUE(shared.status("").value().empty());
}

}  // namespace
}  // namespace slipway::protocols
