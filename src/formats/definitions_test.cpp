#include "formats/definitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/formula_terms.h"

namespace slipway::formats {
namespace {

using testing::HasSubstr;

std::string spelled(const FormulaNode& node) {
  switch (node.kind) {
    case FormulaNode::Kind::kNumber: return std::to_string(static_cast<int>(node.number));
    case FormulaNode::Kind::kText: return "'" + node.text + "'";
    case FormulaNode::Kind::kPath: {
      std::string text = node.text;
      for (const FormulaStep& step : node.steps) {
        text += step.kind == FormulaStep::Kind::kIndex ? "[" + std::to_string(step.index) + "]"
                                                       : "." + step.key;
      }
      return text;
    }
    case FormulaNode::Kind::kList: return "list" + std::to_string(node.count);
    case FormulaNode::Kind::kTable: return "table" + std::to_string(node.count);
    case FormulaNode::Kind::kCall: break;
  }
  return node.text + "/" + std::to_string(node.count);
}

/// Postfix, or the message.
std::string parsed(std::string_view source) {
  const Result<Formula> formula = parse_formula(source, {.line = 7, .column = 5});
  if (!formula.ok()) return std::string(formula.status().message());
  std::string text;
  for (const FormulaNode& node : formula->nodes) text += (text.empty() ? "" : " ") + spelled(node);
  return text;
}

TEST(FormulaTest, OperatorsBindAsInPython) {
  EXPECT_EQ(parsed("a + b * c"), "a b c */2 +/2");
  EXPECT_EQ(parsed("(a + b) * c"), "a b +/2 c */2");
  EXPECT_EQ(parsed("a - b - c"), "a b -/2 c -/2");
  EXPECT_EQ(parsed("a ** b ** c"), "a b c **/2 **/2");
  EXPECT_EQ(parsed("-a ** 2"), "a 2 **/2 negate/1");
  EXPECT_EQ(parsed("2 ** -a"), "2 a negate/1 **/2");
  EXPECT_EQ(parsed("-a * b"), "a negate/1 b */2");
  EXPECT_EQ(parsed("not a == b and c or d"), "a b ==/2 not/1 c and/2 d or/2");
  EXPECT_EQ(parsed("(a > 1) & (b < 2)"), "a 1 >/2 b 2 </2 &/2");
  EXPECT_EQ(parsed("a // b % c"), "a b ///2 c %/2");
  EXPECT_EQ(parsed("a not in [1, -2,]"), "a 1 -2 list2 not in/2");
}

TEST(FormulaTest, CallsPathsAndTables) {
  EXPECT_EQ(parsed("log1p(x)"), "x log1p/1");
  EXPECT_EQ(parsed("clip(x, self.low_[0], self.high_['a b'])"),
            "x self.low_[0] self.high_.a b clip/3");
  EXPECT_EQ(parsed("lookup(city, {'a': 1, 'b': 2}, 0)"), "city 'a' 1 'b' 2 table2 0 lookup/3");
  EXPECT_EQ(parsed("f(g(a), (b))"), "a g/1 b f/2");
  EXPECT_EQ(parsed("\"it's\" + '\\d\\n'"), "'it's' '\\d\n' +/2");
}

TEST(FormulaTest, ErrorsSayWhereAndWhat) {
  EXPECT_THAT(parsed("a +"), HasSubstr("line 7, column 8: something is missing at the end"));
  EXPECT_THAT(parsed("a b"), HasSubstr("line 7, column 7: expected an operator, got 'b'"));
  EXPECT_THAT(parsed("(a"), HasSubstr("'(' is never closed"));
  EXPECT_THAT(parsed("[a)"), HasSubstr("')' closes nothing"));
  EXPECT_THAT(parsed("a)"), HasSubstr("')' closes nothing"));
  EXPECT_THAT(parsed("{1: 2, 3}"), HasSubstr("expected ': value'"));
  EXPECT_THAT(parsed("{1, 2}"), HasSubstr("',' cannot stand here"));
  EXPECT_THAT(parsed("(a, b)"), HasSubstr("',' cannot stand here"));
  EXPECT_THAT(parsed("0 < a < 1"), HasSubstr("comparisons do not chain"));
  EXPECT_THAT(parsed("a if b else c"), HasSubstr("expected an operator"));
  EXPECT_THAT(parsed("'abc"), HasSubstr("never closed"));
  EXPECT_THAT(parsed("1e999"), HasSubstr("no number"));
  EXPECT_THAT(parsed("a\n+ $"), HasSubstr("line 8, column 3"));
  EXPECT_THAT(parsed(""), HasSubstr("missing"));
  EXPECT_THAT(parsed(std::string(5000, '(')), HasSubstr("too deeply nested"));
  EXPECT_THAT(parsed(std::string(5000, '-') + "1"), HasSubstr("too deeply nested"));
  EXPECT_THAT(parsed(std::string(Formula::kBytesMax + 1, '1')), HasSubstr("longer than"));
}

/// Every name is a column of numbers; `t` is one of texts.
class Columns final : public FormulaScope {
 public:
  explicit Columns(ExpressionBuilder& terms) : terms_(terms) {}
  Result<FormulaValue> find(const FormulaNode& path) override {
    if (path.text == "t") return FormulaValue(terms_.column(1, 0, ValueKind::kString));
    if (path.text.size() > 1) return invalid_argument("no column '" + path.text + "'");
    return FormulaValue(terms_.column(0, 0, ValueKind::kDense));
  }

 private:
  ExpressionBuilder& terms_;
};

std::string compiled(std::string_view source) {
  ExpressionBuilder terms;
  Columns columns(terms);
  const Formula formula = parse_formula(source, {.line = 1, .column = 1}).value();
  const Result<TermId> term = compile_formula(formula, columns, terms);
  if (!term.ok()) return std::string(term.status().message());
  return terms.is_text(*term) ? "text" : "number";
}

TEST(FormulaTest, TypesAreProvedBeforeARowIsSeen) {
  EXPECT_EQ(compiled("a + 1"), "number");
  EXPECT_EQ(compiled("t + 'x'"), "text");
  EXPECT_EQ(compiled("where(t == 'x', lower(t), 'other')"), "text");
  EXPECT_EQ(compiled("lookup(t, {'a': 1.5}, 0)"), "number");
  EXPECT_EQ(compiled("year(parse_date(t))"), "number");
  EXPECT_EQ(compiled("round(a, 2)"), "number");
  EXPECT_EQ(compiled("digitize(a, [0, 1])"), "number");
  EXPECT_THAT(compiled("t + 1"), HasSubstr("column 3: + is between two numbers or two texts"));
  EXPECT_THAT(compiled("log(t)"), HasSubstr("argument 1 of log must be a number"));
  EXPECT_THAT(compiled("log(a, a)"), HasSubstr("log takes 1 arguments, not 2"));
  EXPECT_THAT(compiled("exec('ls')"), HasSubstr("no function 'exec'"));
  EXPECT_THAT(compiled("[1, 2]"), HasSubstr("the result is a list"));
  EXPECT_THAT(compiled("[1, a]"), HasSubstr("constants only"));
  EXPECT_THAT(compiled("[1, 'a']"), HasSubstr("not both"));
  EXPECT_THAT(compiled("matches(t, '(')"), HasSubstr("column 1"));
  EXPECT_THAT(compiled("income + 1"), HasSubstr("no column 'income'"));
}

std::string definitions_error(const std::string& yaml) {
  const auto parsed = parse_definitions(yaml);
  return parsed.ok() ? "ok" : std::string(parsed.status().message());
}

TEST(DefinitionsTest, ReadsWhatCustomCodeComputes) {
  const auto parsed = parse_definitions(R"(
model: sha256:00
definitions:
  shop.add_ratio:
    inputs: {income: number, city: text}
    keep: true
    outputs:
      ratio: debt / (income + self.epsilon_)
      big: "income > 10"
  shop.Log: {each: log1p(x)}
  shop.Same: {same_as: StandardScaler}
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const Definition* ratio = (*parsed)->find("shop.add_ratio");
  ASSERT_NE(ratio, nullptr);
  EXPECT_TRUE(ratio->keep);
  ASSERT_EQ(ratio->outputs.size(), 2U);
  EXPECT_EQ(ratio->outputs[0].name, "ratio");
  EXPECT_EQ(ratio->outputs[1].formula.place.column, 13U);
  EXPECT_TRUE((*ratio->inputs)[1].is_text);
  EXPECT_TRUE((*parsed)->find("shop.Log")->each.has_value());
  EXPECT_EQ((*parsed)->find("shop"), nullptr);
  EXPECT_FALSE((*parsed)->check_model("sha256:01").ok());
  EXPECT_TRUE((*parsed)->check_model("sha256:00").ok());
}

TEST(DefinitionsTest, ErrorsSayLineAndColumn) {
  EXPECT_THAT(definitions_error("definitions: {a: {outputs: {y: 1 +}}}"),
              HasSubstr("line 1, column"));
  EXPECT_THAT(definitions_error("definitions:\n  a:\n    outputs:\n      y: 1 + * 2\n"),
              HasSubstr("line 4, column 14"));
  EXPECT_THAT(definitions_error("definitions: {a: {each: x, same_as: B}}"),
              HasSubstr("just one of"));
  EXPECT_THAT(definitions_error("definitions: {a: {}}"), HasSubstr("just one of"));
  EXPECT_THAT(definitions_error("definitions: {a: {code: x}}"), HasSubstr("unknown key 'code'"));
  EXPECT_THAT(definitions_error("definition: {}"), HasSubstr("unknown key 'definition'"));
  EXPECT_THAT(definitions_error("definitions: {a: {each: x}, a: {each: x}}"),
              HasSubstr("defined twice"));
  EXPECT_THAT(definitions_error("definitions: [1]"), HasSubstr("must be a map"));
  EXPECT_THAT(definitions_error("{"), HasSubstr("no YAML"));
  EXPECT_THAT(definitions_error(""), HasSubstr("expected a map"));
  EXPECT_THAT(definitions_error(std::string(100000, '[')), HasSubstr("no YAML"));
  EXPECT_THAT(definitions_error(std::string(Definitions::kBytesMax + 1, ' ')),
              HasSubstr("longer than"));
}

}  // namespace
}  // namespace slipway::formats
