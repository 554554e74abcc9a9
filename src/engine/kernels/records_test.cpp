// What records become. That the numbers are scikit-learn's is held by formats/sklearn's parity
// test.
#include "graph/ops/records.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/compile.h"
#include "graph/ops/basic.h"

namespace slipway::engine {
namespace {

std::shared_ptr<const Executable> compiled(std::vector<std::string> vocabulary,
                                           VectorizeRecordsOp::Options options) {
  GraphBuilder builder(1);
  const auto width = static_cast<uint32_t>(vocabulary.size());
  std::vector<ColumnPick> all;
  for (uint32_t i = 0; i < width; ++i) all.push_back({0, i});
  const ValueId made = *builder.add(
      std::make_unique<VectorizeRecordsOp>(std::move(vocabulary), options), {kRecordsInput}, "");
  const ValueId dense = *builder.add(std::make_unique<SelectOp>(std::move(all)), {made}, "");
  Signature signature;
  signature.columns = {{"record", ColumnType::kRecord}};
  signature.rows_are_records = true;
  signature.matrices.records = true;
  signature.outputs = {{"transform", dense, DType::kFloat64, width, false, {}, {}}};
  return *compile(*std::move(builder).finish(std::move(signature)));
}

using Fields = std::vector<std::pair<std::string, StringCell>>;

void add_row(const Fields& fields, InputBuffer& input) {
  input.add_row();
  input.begin_record(input.rows() - 1, 0);
  for (const auto& [key, value] : fields) {
    ASSERT_TRUE(input.add_field(input.store_key(key), value).ok());
  }
}

Result<std::vector<double>> run(const Executable& model, const std::vector<Fields>& rows) {
  InputBuffer input;
  input.reset(0, 1, {.records = true});
  for (const Fields& fields : rows) add_row(fields, input);
  std::vector<OutputBuffer> outputs;
  const auto scratch = model.make_scratch();
  TRY_STATUS(model.run(input.batch(), 1, *scratch, outputs));
  return outputs[0].numbers;
}

const StringCell kLondon = StringCell::text("London");

TEST(RecordsTest, DenseAndSparseGiveTheSame) {
  for (const bool sparse : {false, true}) {
    const auto model = compiled({"city=London", "city=Paris", "wind"}, {.sparse = sparse});
    const auto values =
        run(*model, {{{"wind", StringCell::number(2)}, {"city", kLondon}},
                     {},
                     {{"city", StringCell::text("Paris")}, {"other", StringCell::number(5)}},
                     {{"city", StringCell::text("London and a long way beyond it")}},
                     {{"city", StringCell::number(1)}, {"wind", kLondon}}});
    ASSERT_TRUE(values.ok()) << values.status().to_string();
    EXPECT_EQ(*values, (std::vector<double>{1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  }
}

TEST(RecordsTest, WhatComesTwiceIsAddedUp) {
  for (const bool sparse : {false, true}) {
    const auto model = compiled({"a=b", "c"}, {.sparse = sparse});
    const auto values = run(*model, {{{"c", StringCell::number(4)},
                                      {"a", StringCell::text("b")},
                                      {"a=b", StringCell::number(2.5)},
                                      {"a", StringCell::text("b")}}});
    EXPECT_EQ(*values, (std::vector<double>{4.5, 4}));
  }
}

TEST(RecordsTest, NumbersAreAsTheDtypeHoldsThem) {
  using Rounding = VectorizeRecordsOp::Numbers::Rounding;
  const auto value = [](VectorizeRecordsOp::Numbers numbers, StringCell cell) {
    const auto model = compiled({"x"}, {.numbers = numbers});
    const auto values = run(*model, {{{"x", cell}}});
    return values.ok() ? std::optional((*values)[0]) : std::nullopt;
  };
  EXPECT_EQ(value({Rounding::kFloat32}, StringCell::number(0.1)), double{0.1F});
  EXPECT_EQ(value({Rounding::kFloat32}, StringCell::number(-1e300)), -HUGE_VAL);
  EXPECT_EQ(value({Rounding::kWhole, -128, 127, false}, StringCell::number(-7.9)), -7);
  EXPECT_EQ(value({Rounding::kWhole, -128, 127, false}, StringCell::number(128)), std::nullopt);
  EXPECT_EQ(value({Rounding::kWhole, -128, 127, false}, StringCell::nan()), std::nullopt);
  EXPECT_EQ(value({Rounding::kWhole, -128, 127, false}, StringCell::number(NAN)), std::nullopt);
  EXPECT_TRUE(std::isnan(*value({}, StringCell::none())));
  EXPECT_EQ(value({Rounding::kNone, 0, 0, false}, StringCell::none()), std::nullopt);
  EXPECT_TRUE(std::isnan(*value({Rounding::kNone, 0, 0, false}, StringCell::nan())));
}

TEST(RecordsTest, AnErrorNamesKeyAndRow) {
  using Rounding = VectorizeRecordsOp::Numbers::Rounding;
  const auto model = compiled({"x"}, {.numbers = {Rounding::kWhole, -128, 127, false}});
  const auto values = run(*model, {{}, {{"x", StringCell::number(1000)}}});
  EXPECT_EQ(values.status().message(),
            "key \"x\" in row 1: the DictVectorizer's dtype holds no such value: 1000");
  InputBuffer input;
  input.reset(1, 1, {.records = true});  // no record was begun
  std::vector<OutputBuffer> outputs;
  EXPECT_EQ(model->run(input.batch(), 1, *model->make_scratch(), outputs).message(),
            "row 0: expected an object, got none");
}

TEST(RecordsTest, AWideVocabularyCostsARowWhatItsRecordHolds) {
  std::vector<std::string> vocabulary;
  for (int i = 0; i < 100'000; ++i) vocabulary.push_back("k" + std::to_string(i));
  const auto model = compiled(std::move(vocabulary), {.sparse = true});
  const auto values = run(*model, {{{"k99999", StringCell::number(3)}}});
  ASSERT_TRUE(values.ok()) << values.status().to_string();
  EXPECT_EQ((*values)[99'999], 3);
  // An answer has a limit of its own: here 2000 rows would be 200 million numbers.
  EXPECT_EQ(run(*model, std::vector<Fields>(2000)).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::engine
