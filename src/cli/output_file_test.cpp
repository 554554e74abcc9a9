#include "cli/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / (std::string("slipway_output_") +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::string content(const std::string& name) const {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

TEST_F(OutputFileTest, TakesItsPlaceWhenItIsWhole) {
  put("scores.csv", "old");
  OutputFile out(path("scores.csv"));
  ASSERT_TRUE(out.open().ok());
  std::fputs("new", out.file());
  EXPECT_EQ(content("scores.csv"), "old");
  ASSERT_TRUE(out.finish().ok());
  EXPECT_EQ(content("scores.csv"), "new");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, WhatIsNotFinishedLeavesNothing) {
  put("scores.csv", "old");
  {
    OutputFile out(path("scores.csv"));
    ASSERT_TRUE(out.open().ok());
    std::fputs("half", out.file());
  }
  EXPECT_EQ(content("scores.csv"), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, KeepsTheModeAndTheLink) {
  put("scores.csv", "old");
  fs::permissions(path("scores.csv"), fs::perms(0640));
  fs::create_symlink("scores.csv", path("link.csv"));
  OutputFile out(path("link.csv"));
  ASSERT_TRUE(out.open().ok());
  std::fputs("new", out.file());
  ASSERT_TRUE(out.finish().ok());
  EXPECT_TRUE(fs::is_symlink(path("link.csv")));
  EXPECT_EQ(content("scores.csv"), "new");
  EXPECT_EQ(fs::status(path("scores.csv")).permissions(), fs::perms(0640));
}

TEST_F(OutputFileTest, LeavesFilesOfOthersAlone) {
  put("scores.csv.partial", "precious");
  OutputFile out(path("scores.csv"));
  ASSERT_TRUE(out.open().ok());
  ASSERT_TRUE(out.finish().ok());
  EXPECT_EQ(content("scores.csv.partial"), "precious");
}

TEST_F(OutputFileTest, SaysWhatCannotBeWritten) {
  const Status status = OutputFile(path("nowhere/scores.csv")).open();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("nowhere/scores.csv"), std::string::npos);
}

}  // namespace
}  // namespace slipway::cli
