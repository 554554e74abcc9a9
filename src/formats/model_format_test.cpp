#include "formats/model_format.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "graph/ops/basic.h"

namespace slipway::formats {
namespace {

/// A model of one text and two number columns that passes its numbers on.
class FakeModel final : public ForeignModel {
 public:
  explicit FakeModel(bool computable) : computable_(computable) {}
  ModelInfo info() const override { return {.class_name = "fake.Model", .library = "Fake"}; }
  std::span<const InputColumn> columns() const override { return columns_; }
  bool columns_named() const override { return true; }
  Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const ForeignInputs& inputs,
                                        const ForeignOptions&,
                                        const std::string& path) const override {
    if (!computable_) return unimplemented("objective 'magic'");
    const ValueId wide =
        TRY(graph.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 0}, {0, 1}}),
                      {inputs.numbers}, path));
    return std::vector<OutputSpec>{{.name = "predict", .value = wide, .width = 2}};
  }

 private:
  const bool computable_;
  const std::vector<InputColumn> columns_ = {{"a"}, {"city", ColumnType::kText}, {"b"}};
};

class FakeFormat final : public ModelFormat {
 public:
  std::string_view name() const override { return "fake"; }
  std::string_view description() const override { return "Fake (FAKE)"; }
  bool recognises(std::string_view start) const override { return start.starts_with("FAKE"); }
  Result<std::unique_ptr<const ForeignModel>> parse(std::string_view bytes,
                                                    const Limits&) const override {
    std::unique_ptr<const ForeignModel> model =
        std::make_unique<const FakeModel>(bytes == "FAKE good");
    return model;
  }
};

FormatSet fakes() {
  FormatSet formats;
  formats.add(std::make_unique<FakeFormat>());
  return formats;
}

TEST(FormatSetTest, FindsAFormatByContentAndByName) {
  const FormatSet formats = fakes();
  EXPECT_NE(formats.find("FAKE..."), nullptr);
  EXPECT_EQ(formats.find("something else"), nullptr);
  EXPECT_NE(formats.named("fake"), nullptr);
  EXPECT_EQ(formats.named("other"), nullptr);
  EXPECT_EQ(formats.description(), "Fake (FAKE)");
}

TEST(FormatSetTest, AForeignModelByItselfGetsItsColumnsApart) {
  const FormatSet formats = fakes();
  const Result<ReadReport> report =
      formats.find("FAKE")->read(std::string("FAKE good"), {}, formats, Limits{});
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_NE(report->graph, nullptr);
  EXPECT_EQ(report->info.file_bytes, 9U);
  const Signature& signature = report->graph->signature();
  EXPECT_EQ(signature.columns.size(), 3U);
  EXPECT_TRUE(signature.matrices.strings);
  EXPECT_EQ(report->graph->type(signature.outputs[0].value).width, 2U);
}

TEST(FormatSetTest, WhatAForeignModelCannotComputeIsAGap) {
  const FormatSet formats = fakes();
  const Result<ReadReport> report =
      formats.find("FAKE")->read(std::string("FAKE bad"), {}, formats, Limits{});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->graph, nullptr);
  EXPECT_NE(report->status().message().find("objective 'magic'"), std::string::npos);
}

TEST(FormatSetTest, SelectNeedsAFileOfSeveralModels) {
  const FormatSet formats = fakes();
  EXPECT_EQ(formats.find("FAKE")
                ->read(std::string("FAKE good"), {"a"}, formats, Limits{})
                .status()
                .code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace slipway::formats
