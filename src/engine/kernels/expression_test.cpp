#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/compile.h"
#include "graph/ops/expression_builder.h"

namespace slipway::engine {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Two columns, a number and a text, and one formula of them.
class Formula {
 public:
  using Make = std::function<Result<TermId>(ExpressionBuilder&, TermId x, TermId s)>;

  explicit Formula(const Make& make) {
    ExpressionBuilder terms;
    const TermId x = terms.column(kNumbersInput, 0, ValueKind::kDense);
    const TermId s = terms.column(kStringsInput, 1, ValueKind::kString);
    const Result<TermId> made = make(terms, x, s);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    GraphBuilder graph(2);
    const auto value = terms.add_to(graph, {{*made}}, "f");
    EXPECT_TRUE(value.ok()) << value.status().to_string();
    Signature signature;
    signature.columns = {{"x"}, {"s", ColumnType::kText}};
    signature.matrices.strings = true;
    signature.outputs = {{"f", *value, terms.is_text(*made) ? DType::kString : DType::kFloat64}};
    auto finished = std::move(graph).finish(signature);
    EXPECT_TRUE(finished.ok()) << finished.status().to_string();
    auto compiled = compile(*finished);
    EXPECT_TRUE(compiled.ok()) << compiled.status().to_string();
    model_ = *compiled;
  }

  Status run(size_t rows, double x, const std::string& s) {
    input_.reset(rows, 2, {.strings = true});
    for (size_t row = 0; row < rows; ++row) {
      input_.number_row(row)[0] = x;
      if (s != "?") input_.string_row(row)[1] = input_.store(s);
    }
    const auto scratch = model_->make_scratch();
    return model_->run(input_.batch(), 1, *scratch, outputs_);
  }
  double number(double x, const std::string& s = "?") {
    const Status status = run(1, x, s);
    EXPECT_TRUE(status.ok()) << status.to_string();
    return outputs_[0].numbers[0];
  }
  std::string text(double x, const std::string& s = "?") {
    const Status status = run(1, x, s);
    EXPECT_TRUE(status.ok()) << status.to_string();
    const StringCell cell = outputs_[0].strings[0];
    return cell.is_text() ? std::string(cell.view()) : "<missing>";
  }
  const OutputBuffer& output() const { return outputs_[0]; }

 private:
  std::shared_ptr<const Executable> model_;
  InputBuffer input_;
  std::vector<OutputBuffer> outputs_;
};

Formula of_number(Code code, uint32_t a = 0) {
  return Formula([=](ExpressionBuilder& t, TermId x, TermId) { return t.apply(code, {x}, a); });
}
Formula of_text(Code code, uint32_t a = 0) {
  return Formula([=](ExpressionBuilder& t, TermId, TermId s) { return t.apply(code, {s}, a); });
}
Formula with(Code code, double y) {
  return Formula([=](ExpressionBuilder& t, TermId x, TermId) {
    return t.apply(code, {x, t.number(y)});
  });
}

TEST(ExpressionTest, ArithmeticKeepsMissingNumbersMissing) {
  EXPECT_EQ(with(Code::kAdd, 2).number(3), 5);
  EXPECT_EQ(with(Code::kModulo, 3).number(-4), 2);
  EXPECT_EQ(with(Code::kPower, 2).number(-3), 9);
  EXPECT_TRUE(std::isnan(with(Code::kPower, 0).number(kNan)));
  EXPECT_TRUE(std::isnan(with(Code::kMinimum, 0).number(kNan)));
  EXPECT_TRUE(std::isnan(with(Code::kMaximum, kNan).number(4)));
  EXPECT_EQ(of_number(Code::kRoundHalfEven).number(2.5), 2);
  EXPECT_EQ(of_number(Code::kRoundHalfUp).number(-2.5), -2);
  EXPECT_EQ(of_number(Code::kRoundHalfUp).number(0.49999999999999994), 0);
  EXPECT_EQ(of_number(Code::kToFloat32).number(0.1), double{0.1F});
  // scipy.stats.norm.ppf
  EXPECT_NEAR(of_number(Code::kNormalQuantile).number(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(of_number(Code::kNormalQuantile).number(1e-10), -6.361340902404056, 1e-12);
}

TEST(ExpressionTest, LogicIsKleenes) {
  for (const double y : {0.0, 1.0, kNan}) {
    for (const double x : {0.0, 1.0, kNan}) {
      const double both = with(Code::kAnd, y).number(x);
      const double either = with(Code::kOr, y).number(x);
      const bool unknown = std::isnan(x) || std::isnan(y);
      if (x == 0 || y == 0) {
        EXPECT_EQ(both, 0);
      } else {
        EXPECT_EQ(std::isnan(both), unknown);
      }
      if (x == 1 || y == 1) {
        EXPECT_EQ(either, 1);
      } else {
        EXPECT_EQ(std::isnan(either), unknown);
      }
    }
  }
  EXPECT_TRUE(std::isnan(of_number(Code::kNot).number(kNan)));
  EXPECT_EQ(of_number(Code::kIsMissing).number(kNan), 1);
}

TEST(ExpressionTest, AggregatesLeaveMissingNumbersOut) {
  const auto of_three = [](Code code) {
    return Formula([=](ExpressionBuilder& t, TermId x, TermId) {
      return t.apply(code, {x, t.number(4), t.number(1)});
    });
  };
  EXPECT_EQ(of_three(Code::kSumOf).number(kNan), 5);
  EXPECT_EQ(of_three(Code::kMedianOf).number(2), 2);
  EXPECT_EQ(of_three(Code::kMedianOf).number(kNan), 2.5);
  EXPECT_EQ(of_three(Code::kMinimumOf).number(3), 1);
  EXPECT_EQ(of_three(Code::kMaximumOf).number(3), 4);
  EXPECT_EQ(of_three(Code::kMeanOf).number(4), 3);
  EXPECT_EQ(of_three(Code::kCountOf).number(kNan), 2);
}

TEST(ExpressionTest, TextsAreMadeInTheRowsOwnRoom) {
  EXPECT_EQ(of_text(Code::kUpper).text(0, "straße é"), "STRASSE É");
  EXPECT_EQ(of_text(Code::kLower).text(0, "ÀB"), "àb");
  EXPECT_EQ(of_text(Code::kTrim).text(0, " a b\t"), "a b");
  EXPECT_EQ(of_text(Code::kUpper).text(0), "<missing>");
  EXPECT_EQ(of_text(Code::kLength).number(0, "aéb"), 3);
  EXPECT_EQ(of_number(Code::kSpell).text(3), "3");
  EXPECT_EQ(of_number(Code::kSpell).text(0.1), "0.1");
  EXPECT_EQ(of_text(Code::kParseNumber).number(0, " -1.5e2"), -150);
  EXPECT_TRUE(std::isnan(of_text(Code::kParseNumber).number(0, "1x")));
  Formula part([](ExpressionBuilder& t, TermId x, TermId s) {
    return t.apply(Code::kSubstring, {s, x, t.number(2)});
  });
  EXPECT_EQ(part.text(2, "aébc"), "éb");
  EXPECT_EQ(part.text(9, "abc"), "");
}

TEST(ExpressionTest, MadeTextsOutliveTheirChunk) {
  Formula twice([](ExpressionBuilder& t, TermId, TermId s) {
    return t.apply(Code::kConcat, {s, s});
  });
  ASSERT_TRUE(twice.run(1000, 0, "ab").ok());
  for (size_t row = 0; row < 1000; ++row) EXPECT_EQ(twice.output().strings[row].view(), "abab");
}

TEST(ExpressionTest, ATextThatIsTooLongFailsItsRow) {
  Formula upper = of_text(Code::kUpper);
  const Status status = upper.run(1, 0, std::string(5000, 'a'));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("row 0"), std::string::npos);
}

TEST(ExpressionTest, PatternsMatchAndReplace) {
  Formula match([](ExpressionBuilder& t, TermId, TermId s) { return t.matches(s, "^a+b"); });
  EXPECT_EQ(match.number(0, "aab"), 1);
  EXPECT_EQ(match.number(0, "caab"), 0);
  Formula replace(
      [](ExpressionBuilder& t, TermId, TermId s) { return t.replace(s, "b*", t.text("-")); });
  // re.sub("b*", "-", "abba") of Python 3.7 and later.
  EXPECT_EQ(replace.text(0, "abba"), "-a--a-");
  // A match that would take for ever is none.
  Formula bomb([](ExpressionBuilder& t, TermId, TermId s) { return t.matches(s, "^(a+)+$"); });
  EXPECT_EQ(bomb.number(0, std::string(60, 'a') + "b"), 0);
}

TEST(ExpressionTest, TablesFindAndPick) {
  Formula coded([](ExpressionBuilder& t, TermId, TermId s) -> Result<TermId> {
    return t.pick(TRY(t.find(s, std::vector<std::string>{"a", "b"})), std::vector<double>{10, 20});
  });
  EXPECT_EQ(coded.number(0, "b"), 20);
  EXPECT_TRUE(std::isnan(coded.number(0, "c")));
  EXPECT_TRUE(std::isnan(coded.number(0)));
  Formula place([](ExpressionBuilder& t, TermId x, TermId) {
    return t.find(x, std::vector<double>{3, 1});
  });
  EXPECT_EQ(place.number(1), 1);
  EXPECT_EQ(place.number(2), -1);
  Formula binned([](ExpressionBuilder& t, TermId x, TermId) -> Result<TermId> {
    const TermId bin = TRY(t.find_interval(x, {{0, 1, false, true}, {1, 2, true, false}}));
    return t.pick(bin, std::vector<std::string>{"low", "high"});
  });
  EXPECT_EQ(binned.text(0), "low");
  EXPECT_EQ(binned.text(1), "<missing>");
  EXPECT_EQ(binned.text(2), "high");
  const auto line = [](PiecewiseLine::Beyond beyond) {
    return Formula([=](ExpressionBuilder& t, TermId x, TermId) {
      return t.interpolate(x, {{0, 1, 3}, {0, 10, 20}, beyond});
    });
  };
  EXPECT_EQ(line(PiecewiseLine::Beyond::kExtend).number(2), 15);
  EXPECT_EQ(line(PiecewiseLine::Beyond::kExtend).number(5), 30);
  EXPECT_EQ(line(PiecewiseLine::Beyond::kClamp).number(5), 20);
  EXPECT_TRUE(std::isnan(line(PiecewiseLine::Beyond::kMissing).number(-1)));
}

TEST(ExpressionTest, TimesAreReadTakenApartAndWritten) {
  Formula days = of_text(Code::kParseTime, static_cast<uint32_t>(TimeKind::kDate));
  EXPECT_EQ(days.number(0, "2024-02-29"), 19782.0 * 86400);
  EXPECT_TRUE(std::isnan(days.number(0, "2023-02-29")));
  Formula moments = of_text(Code::kParseTime, static_cast<uint32_t>(TimeKind::kDateTime));
  EXPECT_EQ(moments.number(0, "1970-01-02T00:00:01.5Z"), 86401.5);
  Formula weekday = of_number(Code::kTimePart, static_cast<uint32_t>(TimePart::kDayOfWeek));
  EXPECT_EQ(weekday.number(0), 3);  // a Thursday
  EXPECT_EQ(weekday.number(-1), 2);
  Formula format([](ExpressionBuilder& t, TermId x, TermId) {
    return t.apply_with_text(Code::kFormatTime, {x}, "%a %d %b %Y, %I:%M %p (%j)");
  });
  EXPECT_EQ(format.text(1709251199), "Thu 29 Feb 2024, 11:59 PM (060)");
  Formula number([](ExpressionBuilder& t, TermId x, TermId) {
    return t.apply_with_text(Code::kFormatNumber, {x}, "<%+08.2f>");
  });
  EXPECT_EQ(number.text(3.14159), "<+0003.14>");
}

TEST(ExpressionTest, ARowThatMissesItsConditionFails) {
  Formula positive([](ExpressionBuilder& t, TermId x, TermId) -> Result<TermId> {
    const TermId holds = TRY(t.apply(Code::kLess, {t.number(0), x}));
    return t.apply_with_text(Code::kRequire, {x, holds}, "x must be positive");
  });
  EXPECT_EQ(positive.number(1), 1);
  const Status status = positive.run(3, -1, "?");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("x must be positive"), std::string::npos);
}

TEST(ExpressionTest, ATermUsedTwiceIsComputedOnce) {
  ExpressionBuilder terms;
  TermId sum = terms.column(kNumbersInput, 0, ValueKind::kDense);
  for (int i = 0; i < 40; ++i) sum = terms.apply(Code::kAdd, {sum, sum}).value();
  const auto built = terms.build({{sum}});
  ASSERT_TRUE(built.ok());
  EXPECT_LT(built->op->program.code.size(), 200U);
  Formula doubled([](ExpressionBuilder& t, TermId x, TermId) -> Result<TermId> {
    TermId value = x;
    for (int i = 0; i < 40; ++i) value = TRY(t.apply(Code::kAdd, {value, value}));
    return value;
  });
  EXPECT_EQ(doubled.number(1), std::ldexp(1, 40));
}

TEST(ExpressionTest, UnsoundProgramsAreRefused) {
  const std::vector<ValueType> inputs{{ValueKind::kDense, 2}};
  const auto refused = [&](std::vector<Instruction> code) {
    ExpressionProgram program;
    program.outputs = 1;
    program.code = std::move(code);
    program.numbers = {1};
    return !ExpressionOp(std::move(program)).infer(inputs).ok();
  };
  EXPECT_FALSE(refused({{Code::kLoad, 0, 1}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kLoad, 0, 2}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kLoad, 1, 0}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kNumber, 1}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kNumber, 0}}));
  EXPECT_TRUE(refused({{Code::kNumber, 0}, {Code::kUpper}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kRecall, 0}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kNumber, 0}, {Code::kSumOf, 2}, {Code::kStore}}));
  EXPECT_TRUE(refused({{Code::kNumber, 0}, {Code::kSumOf, 0}, {Code::kStore}}));
  EXPECT_TRUE(refused({}));
}

TEST(ExpressionTest, FormatsAreChecked) {
  EXPECT_TRUE(parse_number_format("%5.2f").ok());
  EXPECT_FALSE(parse_number_format("%s").ok());
  EXPECT_FALSE(parse_number_format("%n").ok());
  EXPECT_FALSE(parse_number_format("%f%f").ok());
  EXPECT_FALSE(parse_number_format("%99999999999999f").ok());
  EXPECT_FALSE(check_time_format("%Q").ok());
  EXPECT_FALSE(check_time_format("%").ok());
}

}  // namespace
}  // namespace slipway::engine
