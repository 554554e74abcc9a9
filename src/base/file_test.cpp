#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace slipway {
namespace {

TEST(FileTest, ReadsWholeFilesAndNamesThePathInErrors) {
  const std::string folder = testing::TempDir() + "file_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/bytes";
  std::ofstream(path, std::ios::binary) << std::string("a\0b", 3);
  EXPECT_EQ(read_file(path, Limits{}).value(), std::string("a\0b", 3));
  EXPECT_EQ(read_file_start(path, 2).value(), std::string("a\0", 2));
  EXPECT_EQ(read_file_start(path, 64).value(), std::string("a\0b", 3));
  EXPECT_EQ(read_file(path, Limits{.file_bytes_max = 2}).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(read_file(folder, Limits{}).status().code(), StatusCode::kInvalidArgument);
  const Status missing = read_file(folder + "/none", Limits{}).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_NE(missing.message().find(folder + "/none"), std::string::npos);
}

TEST(FileTest, AFifoIsRefusedInsteadOfWaitedFor) {
  const std::string path = testing::TempDir() + "file_test_fifo";
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_file(path, Limits{}).status().code(), StatusCode::kInvalidArgument);
}

TEST(FileTest, AMappedFileKeepsItsBytesWhileSomebodyWaitsToWriteIt) {
  const std::string path = testing::TempDir() + "file_test_mapped";
  const std::string before(size_t{3} << 20, 'a');
  std::ofstream(path, std::ios::binary) << before;
  std::thread writer;
  {
    const FileBytes bytes = map_file(path, Limits{}).value();
    EXPECT_EQ(bytes.view(), before);
    // Truncates the file: at once if it was read into memory, after this block if it is mapped.
    writer = std::thread([&path] { std::ofstream(path, std::ios::binary) << "b"; });
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    EXPECT_EQ(bytes.view(), before);
    const FileBytes copy = bytes;
    EXPECT_EQ(copy.data(), bytes.data());
  }
  writer.join();
  EXPECT_EQ(map_file(path, Limits{}).value().view(), "b");
}

TEST(FileTest, AFileThatSomebodyWritesIsReadInstead) {
  const std::string path = testing::TempDir() + "file_test_written";
  const std::string content(size_t{3} << 20, 'a');
  std::ofstream file(path, std::ios::binary);
  file << content << std::flush;
  const FileBytes bytes = map_file(path, Limits{}).value();  // no lease while `file` is open
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(bytes.view(), content);
  EXPECT_EQ(map_file(path, Limits{}).value().size(), 0U);
  EXPECT_EQ(map_file(path + "_none", Limits{}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(map_file(testing::TempDir(), Limits{}).status().code(), StatusCode::kInvalidArgument);
}

TEST(FileTest, MappedFilesAreHeldToTheLimitToo) {
  const std::string path = testing::TempDir() + "file_test_limit";
  std::ofstream(path, std::ios::binary) << "abc";
  EXPECT_EQ(map_file(path, Limits{.file_bytes_max = 2}).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(FileTest, Sha256MatchesTheStandardsExample) {  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace slipway
