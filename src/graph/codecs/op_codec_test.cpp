// Operators as fields and back: nothing is lost, and what is wrong is named.
// src/cli/container_test.cpp holds whole models, written and read, against their fixtures.
#include "graph/codecs/op_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "graph/ops/expression.h"
#include "graph/ops/expression_builder.h"
#include "graph/ops/impute_model.h"
#include "graph/ops/neighborhood.h"
#include "graph/ops/quadratic.h"
#include "graph/ops/svm.h"
#include "graph/ops/text.h"

namespace slipway {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

OpFields::Values saved(const Op& op) {
  const OpCodec* codec = find_op_codec(op.name());
  EXPECT_NE(codec, nullptr);
  OpFields fields;
  codec->save(op, fields);
  EXPECT_TRUE(fields.finish().ok()) << fields.finish().to_string();
  return fields.values();
}

/// The message, or "" where it is loaded.
std::string refusal(std::string_view op, const OpFields::Values& values) {
  OpFields fields(values);
  const auto loaded = find_op_codec(op)->load(fields);
  const Status status = fields.finish();
  EXPECT_EQ(loaded != nullptr, fields.ok());
  return status.message();
}

template <typename T>
std::unique_ptr<const Op> loaded(const T& op) {
  OpFields fields(saved(op));
  auto again = find_op_codec(op.name())->load(fields);
  EXPECT_TRUE(fields.finish().ok()) << fields.finish().to_string();
  EXPECT_EQ(again->name(), op.name());
  return again;
}

SvmProbabilityOp sigmoids() { return {3, {-1, -2, -3}, {0.5, 0.25, 0.125}}; }

TEST(OpCodec, EveryNameStandsForOneOperator) {
  std::set<std::string_view> ops;
  std::set<std::string_view> names;
  for (const auto table : op_codecs()) {
    for (const OpCodec& codec : table) {
      EXPECT_TRUE(ops.insert(codec.op).second) << codec.op;
      EXPECT_TRUE(names.insert(codec.operator_name).second) << codec.operator_name;
      EXPECT_EQ(find_op_codec(codec.op), &codec);
    }
  }
  EXPECT_EQ(find_op_codec("select"), nullptr);
}

TEST(OpCodec, NumbersTruthValuesAndMissingOnesComeBack) {
  const KnnImputeOp op({.missing = kNan, .neighbors = 2, .distance_weights = true}, 2,
                       {1, kNan, -0.0, 4}, {1, 0});
  const auto again = loaded(op);
  const auto& back = static_cast<const KnnImputeOp&>(*again);
  ASSERT_TRUE(back.options.missing.has_value());
  EXPECT_TRUE(std::isnan(*back.options.missing));
  EXPECT_TRUE(back.options.distance_weights);
  EXPECT_FALSE(back.options.nan_counts);
  EXPECT_TRUE(std::signbit(back.points[2]));
  EXPECT_EQ(back.columns, op.columns);
  const auto none = loaded(KnnImputeOp({}, 1, {1}, {0}));
  EXPECT_FALSE(static_cast<const KnnImputeOp&>(*none).options.missing.has_value());
}

TEST(OpCodec, ListsOfStructsAndEnumerationsComeBack) {
  using Op = QuadraticFormsOp;
  const Op op(2, -0.5,
              {{Op::Kind::kSquare, {1, 2}, {1, 2, 3, 4}, 0.5},
               {Op::Kind::kDiagonal, {3, 4}, {5, 6}, -1},
               {Op::Kind::kBilinear, {0, 0}, {}, 2}});
  const auto again = loaded(op);
  const auto& back = static_cast<const Op&>(*again);
  ASSERT_EQ(back.forms.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back.forms[i].kind, op.forms[i].kind);
    EXPECT_EQ(back.forms[i].mean, op.forms[i].mean);
    EXPECT_EQ(back.forms[i].matrix, op.forms[i].matrix);
    EXPECT_EQ(back.forms[i].constant, op.forms[i].constant);
  }
}

TEST(OpCodec, AnExpressionComesBackInstructionForInstruction) {
  ExpressionBuilder terms;
  const TermId text = terms.column(kStringsInput, 1, ValueKind::kString);
  const TermId time = terms.apply(Code::kParseTime, {text}, 2).value();
  const TermId month = terms.apply(Code::kTimePart, {time}, 1).value();
  const TermId place =
      terms.find_interval(month, {{1, 3, false, true}, {3, 9, true, false}}).value();
  const TermId line =
      terms.interpolate(place, {{0, 1}, {5, 7}, PiecewiseLine::Beyond::kClamp}).value();
  const TermId found = terms.find(text, std::vector<std::string>{"a", "b"}).value();
  const TermId picked = terms.pick(found, {1.5, 2.5}).value();
  const TermId matched = terms.matches(text, "^[a-z]+$").value();
  const std::array outputs = {line, picked, matched};
  const auto built = terms.build(outputs).value();
  const auto again = loaded(*built.op);
  const auto& a = built.op->program;
  const auto& b = static_cast<const ExpressionOp&>(*again).program;
  ASSERT_EQ(a.code.size(), b.code.size());
  for (size_t i = 0; i < a.code.size(); ++i) {
    EXPECT_EQ(a.code[i].code, b.code[i].code);
    EXPECT_EQ(a.code[i].a, b.code[i].a);
    EXPECT_EQ(a.code[i].b, b.code[i].b);
  }
  ASSERT_EQ(b.intervals.size(), 1U);
  ASSERT_EQ(b.intervals[0].size(), 2U);
  EXPECT_TRUE(b.intervals[0][1].low_open);
  EXPECT_EQ(b.lines[0].y, a.lines[0].y);
  EXPECT_EQ(b.lines[0].beyond, PiecewiseLine::Beyond::kClamp);
  EXPECT_EQ(b.text_lists, a.text_lists);
  EXPECT_EQ(b.number_lists, a.number_lists);
  EXPECT_EQ(b.patterns[0].text(), "^[a-z]+$");
  EXPECT_TRUE(again->infer(std::array{ValueType{ValueKind::kString, 2}}).ok());
}

TEST(OpCodec, WordsAreCountedTheSameWay) {
  text::AnalyzerOptions options;
  options.stop_words = {"the", "a"};
  options.longest = 2;
  options.accents = text::AnalyzerOptions::Accents::kAscii;
  const VectorizeTextOp op(
      std::make_shared<const text::TextAnalyzer>(text::TextAnalyzer::create(options).value()),
      {"one", "one two"}, {.column = 1, .sparse = true, .binary = true});
  const auto again = loaded(op);
  const auto& back = static_cast<const VectorizeTextOp&>(*again);
  EXPECT_EQ(back.vocabulary, op.vocabulary);
  EXPECT_EQ(back.analyzer->options().stop_words, options.stop_words);
  EXPECT_EQ(back.analyzer->options().accents, options.accents);
  EXPECT_EQ(back.analyzer->options().longest, 2U);
  EXPECT_FALSE(back.options.sparse);  // tensors of a file are dense
  EXPECT_TRUE(back.options.binary);
}

TEST(OpCodec, WhatIsWrongIsNamed) {
  OpFields::Values values = saved(sigmoids());
  values.erase("a");
  EXPECT_EQ(refusal("svm_probability", values), "the attribute a is missing");
  values["a"] = std::string("x");
  EXPECT_EQ(refusal("svm_probability", values), "the attribute a is of another type");
  values["a"] = std::vector<double>{1};
  EXPECT_EQ(refusal("svm_probability", values), "");  // infer() counts them
  values["classes"] = int64_t{-1};
  EXPECT_EQ(refusal("svm_probability", values),
            "the attribute classes is -1, expected 0 to 4294967295");
  values["classes"] = int64_t{3};
  values["more"] = int64_t{1};
  EXPECT_NE(refusal("svm_probability", values).find("it has 4 attributes, expected 3"),
            std::string::npos);
}

TEST(OpCodec, SizesThatDoNotFitAndUnknownWordsAreErrors) {
  const QuadraticFormsOp op(1, 1, {{QuadraticFormsOp::Kind::kDiagonal, {1}, {2}, 0}});
  OpFields::Values values = saved(op);
  values["kinds"] = std::vector<std::string>{"round"};
  EXPECT_EQ(refusal("quadratic_forms", values),
            "the attribute kinds says 'round', expected one of: square, diagonal, bilinear");
  values = saved(op);
  values["means_sizes"] = std::vector<int64_t>{2};
  EXPECT_NE(refusal("quadratic_forms", values).find("another length"), std::string::npos);
  values["means_sizes"] = std::vector<int64_t>{1, 0};
  EXPECT_NE(refusal("quadratic_forms", values).find("another length"), std::string::npos);
  values["means_sizes"] = std::vector<int64_t>{-1};
  EXPECT_NE(refusal("quadratic_forms", values).find("out of range"), std::string::npos);
}

TEST(OpCodec, AnInstructionThatIsNotThereIsAnError) {
  ExpressionBuilder terms;
  const std::array outputs = {terms.number(1)};
  OpFields::Values values = saved(*terms.build(outputs).value().op);
  values["code"] = std::vector<std::string>{"number", "run"};
  EXPECT_EQ(refusal("expression", values), "there is no instruction 'run'");
  values["code"] = std::vector<std::string>{"number"};
  EXPECT_NE(refusal("expression", values).find("another length"), std::string::npos);
  values = saved(*terms.build(outputs).value().op);
  values["patterns"] = std::vector<std::string>{"("};
  EXPECT_NE(refusal("expression", values), "");
}

}  // namespace
}  // namespace slipway
