#include "formats/bundle/bundle.h"

#include <gtest/gtest.h>

#include "formats/bundle/files_test.h"

namespace slipway::bundle {
namespace {

using formats::FormatSet;
using formats::ReadOptions;
using formats::ReadReport;

/// Recognises files that begin with its name; what it read is the class of its report.
class NamedFormat final : public formats::ModelFormat {
 public:
  explicit NamedFormat(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  std::string_view description() const override { return name_; }
  bool recognises(std::string_view start) const override { return start.starts_with(name_); }
  Result<ReadReport> read(FileBytes bytes, const ReadOptions& options, const FormatSet& /*all*/,
                          const Limits& /*limits*/) const override {
    ReadReport report;
    report.info.class_name =
        std::string(bytes.view()) + (options.select.empty() ? "" : "@" + options.select);
    for (const std::string& column : options.column_names) report.info.class_name += "|" + column;
    report.info.container = name_;
    return report;
  }

 private:
  const std::string name_;
};

const FormatSet& formats() {
  static const FormatSet all = [] {
    FormatSet set;
    set.add(make_format());
    set.add(std::make_unique<NamedFormat>("alpha"));
    set.add(std::make_unique<NamedFormat>("beta"));
    return set;
  }();
  return all;
}

Result<ReadReport> read(const Files& files, const std::string& select = "") {
  return read_files(files, {select}, formats(), {});
}

TEST(Bundle, TheOnlyModelIsFoundByItsContent) {
  const ReadReport report =
      read({{"README.md", "notes"}, {"code/inference.py", "import os"}, {"x/m.bin", "alpha 1"}})
          .value();
  EXPECT_EQ(report.info.class_name, "alpha 1");
}

TEST(Bundle, SeveralModelsAreCandidatesAndSelectNamesOne) {
  const Files files = {{"a", "alpha 1"}, {"b/c", "beta 2"}};
  const ReadReport report = read(files).value();
  ASSERT_EQ(report.candidates.size(), 2U);
  EXPECT_EQ(report.candidates[1].path, "b/c");
  EXPECT_EQ(read(files, "b/c").value().info.class_name, "beta 2");
  EXPECT_EQ(read(files, "b/c/models.eu").value().info.class_name, "beta 2@models.eu");
  EXPECT_EQ(read(files, "nothing").status().code(), StatusCode::kNotFound);
}

TEST(Bundle, WhatSelectSaysOfTheOnlyModelIsInsideIt) {
  EXPECT_EQ(read({{"a", "alpha"}}, "models.eu").value().info.class_name, "alpha@models.eu");
}

TEST(Bundle, NoModelIsAnErrorThatListsTheFiles) {
  const Status status = read({{"notes.txt", "text"}}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("notes.txt"), std::string::npos);
}

TEST(Bundle, FilesThatTellTheAnswersComeAlong) {
  const ReadReport report = read({{"v/alpha.bin", "alpha"},
                                  {"v/expected.csv", "alpha"},
                                  {"other/expected.csv", "beta"},
                                  {"alpha.bin.samples.json", "{}"}})
                                .value();
  ASSERT_EQ(report.companions.size(), 2U);
  EXPECT_EQ(report.companions[0].name, "v/expected.csv");
  EXPECT_EQ(report.companions[1].name, "alpha.bin.samples.json");
}

TEST(Bundle, AnMlflowModelsSignatureNamesTheColumns) {
  const std::string document =
      "flavors: {sklearn: {pickled_model: model.pkl}}\n"
      "signature: {inputs: '[{\"name\": \"a\", \"type\": \"double\"}]'}\n";
  const ReadReport report =
      read({{"top/MLmodel", document}, {"top/model.pkl", "alpha"}, {"top/other.pkl", "beta"}})
          .value();
  EXPECT_EQ(report.info.class_name, "alpha|a");
  EXPECT_EQ(report.info.container, "alpha in MLflow");
}

TEST(Bundle, AnMlflowPathIsOnlyAName) {
  const Files files = {{"MLmodel", "flavors: {sklearn: {pickled_model: ../../etc/passwd}}\n"}};
  EXPECT_EQ(read(files).status().code(), StatusCode::kInvalidArgument);
}

TEST(Bundle, PythonFunctionIsAGap) {
  const ReadReport report =
      read({{"MLmodel", "flavors: {python_function: {loader_module: my.code}}\n"}}).value();
  ASSERT_EQ(report.gaps.size(), 1U);
  EXPECT_EQ(report.gaps[0].class_name, "my.code");
  EXPECT_EQ(report.status().code(), StatusCode::kUnimplemented);
}

TEST(Bundle, WhatIsCompressedTwiceIsNoModel) {
  const formats::ModelFormat* bundle = formats().named("bundle");
  const std::string empty_gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
  EXPECT_TRUE(bundle->recognises(empty_gzip));
  EXPECT_EQ(bundle->read(empty_gzip, {}, formats(), {}).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::bundle
